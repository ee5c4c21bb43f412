/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/crashes.h"

#include <math.h>

#include "tests/simulation/world.h"

enum crash_place { PLACE_PRESS, PLACE_SCAN, PLACE_RECOVERY };

double crash_draw_gap_s(void)
{
	static const double longest_s[] = {2, 8, 8, 60, 3600, 20000};

	return chance_between(&world.chance, 0.5, longest_s[chance_pick(&world.chance, 6)]);
}

static void lay(struct ambush *ambush)
{
	static const uint8_t press[] = {
		PHASE_IDLE,          PHASE_PREFLIGHT, PHASE_COMPRESS,   PHASE_HEAT,      PHASE_ISOTHERM,
		PHASE_COOL,          PHASE_COOL,      PHASE_DECOMPRESS, PHASE_DONE,      PHASE_HOLD,
		PHASE_ABORTING,      PHASE_TRIPPED,   PHASE_TRIPPED,    PHASE_ABORTING,  PHASE_HEAT,
		PHASE_RECOVERY_WAIT, PHASE_ISOTHERM,  PHASE_DECOMPRESS, PHASE_DECOMPRESS};
	static const uint8_t scan[] = {SCAN_PURGE, SCAN_ARM,       SCAN_FIRE,         SCAN_READ,
				       SCAN_COOL,  SCAN_REFERENCE, SCAN_SECTION_DONE, SCAN_CHIP_FAULT};
	struct chance *chance = &world.chance;
	double kind = chance_unit(chance);

	*ambush = (struct ambush){.laid = true, .met_s = -1, .mean_s = ambush->mean_s};
	ambush->where = kind < 0.7 ? PLACE_PRESS : kind < 0.9 ? PLACE_SCAN : PLACE_RECOVERY;
	if (ambush->where == PLACE_PRESS)
		ambush->phase = press[chance_pick(chance, sizeof(press))];
	if (ambush->where == PLACE_SCAN)
		ambush->phase = scan[chance_pick(chance, sizeof(scan))];
	/* Just after the phase began, or deep inside. */
	ambush->after_s = 0.1 * pow(ambush->where == PLACE_PRESS ? 6000 : 100, chance_unit(chance));
}

static bool is_there(const struct ambush *ambush)
{
	const struct state_body *state = &world.client.state;

	if (!world.up || world.dead)
		return false;
	if (ambush->where == PLACE_RECOVERY)
		return world.control->recovering.active;
	if (!world.client.has_state)
		return false;
	return (ambush->where == PLACE_PRESS ? state->phase : state->scan_phase) == ambush->phase;
}

void crash_step(struct ambush *ambush, double t_s)
{
	static const double means_s[] = {100, 500, 2500};

	if (ambush->mean_s <= 0)
		ambush->mean_s = means_s[chance_pick(&world.chance, 3)];
	if (!trouble_is_on(&world.trouble, TROUBLE_AMBUSH) || t_s < ambush->rest_s) {
		ambush->laid = false;
		return;
	}
	if (!ambush->laid)
		lay(ambush);
	if (!is_there(ambush))
		ambush->met_s = -1;
	else if (ambush->met_s < 0)
		ambush->met_s = t_s;
	if (ambush->met_s < 0 || t_s - ambush->met_s < ambush->after_s)
		return;
	world_kill(chance_is(&world.chance, 0.25), chance_pick(&world.chance, 40), crash_draw_gap_s());
	ambush->laid = false;
	ambush->rest_s = t_s + chance_wait(&world.chance, ambush->mean_s);
}

void crash_at_intent(uint8_t kind)
{
	struct chance *chance = &world.chance;

	if (trouble_is_on(&world.trouble, TROUBLE_INTENT_CRASH) &&
	    chance_is(chance, kind == INTENT_FIRE ? 0.3 : 0.1))
		world_kill(chance_is(chance, 0.3), chance_pick(chance, 4), crash_draw_gap_s());
}

void crash_at_fire(void)
{
	if (trouble_is_on(&world.trouble, TROUBLE_FIRE_CRASH) && chance_is(&world.chance, 0.5))
		world_kill(chance_is(&world.chance, 0.3), chance_pick(&world.chance, 12), crash_draw_gap_s());
}
