/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Row 39 where nothing moves any more: a run that has only to be cold, or without pressure, to go on or to
 * end. It waits for that as long as it takes, and never ends by a time; who is asleep is told after
 * `holdback: limit`, with what is missing.
 */
#include "protocol/interlock_rows.h"

#include <math.h>

#define STILL_COOLS_K 1.0

/* What keeps it from its end. */
enum lack { LACK_DWELL, LACK_READING, LACK_COLD, LACK_PROOF, LACK_EMPTY };

static bool is_lowest(const struct step *step)
{
	return step->p->heater_off || step->m->setpoint_k <= plan_cooling_target_k(step->ambient_k);
}

/* A frozen abort stands by a hazard, which has its own alarm. */
static bool only_waits(const struct step *step)
{
	uint8_t phase = step->m->phase;

	if (step_is_decompressing(step))
		return step->m->setpoint_gpa <= 0 && !step->p->frozen;
	if (phase == PHASE_ISOTHERM)
		return step->m->cold_run && step->m->soak_s >= step->plan->isotherm_s;
	return (phase == PHASE_COOL || (phase == PHASE_ABORTING && !step->p->frozen)) && is_lowest(step);
}

/* COOL goes on at the room's temperature; what else ends, and who only stays, at T_release. */
static bool ends_at_room(const struct step *step)
{
	return step->m->phase == PHASE_COOL && !step->p->stay;
}

static double ends_below_k(const struct step *step)
{
	double release_k = step->limits->release_temperature_k;

	if (!ends_at_room(step))
		return release_k;
	return fmin(plan_cooling_target_k(step->ambient_k) + COOL_DONE_BAND_K, release_k);
}

static enum lack look_at_temperature(const struct step *step)
{
	if (!step->t_fresh)
		return LACK_READING;
	if (step->in->temperature_k.value > ends_below_k(step))
		return LACK_COLD;
	return step->cold ? LACK_DWELL : LACK_PROOF;
}

/* A 1 atm run that aborts tells of its pressure by itself (ALARM_FOREIGN_PRESSURE). */
static enum lack look_at_pressure(const struct step *step)
{
	bool empties =
		step_is_decompressing(step) || (step->plan->reference && step->m->phase != PHASE_ABORTING);

	return !empties || step->p->stay || step->ambient ? LACK_DWELL : LACK_EMPTY;
}

static enum lack find_lack(const struct step *step)
{
	enum lack lack = look_at_temperature(step);

	return lack == LACK_DWELL ? look_at_pressure(step) : lack;
}

/* What comes and goes waits as long in sum; what still cools is not late. */
static bool is_late(struct step *step, bool waits, bool lacks)
{
	double *waited_s = &step->p->timer[TIMER_END], *lowest_k = &step->p->memory[MEMORY_END_K];
	double kelvin = interlock_middle(&step->p->reads_k);

	if (!waits || *waited_s <= 0 || kelvin < *lowest_k - STILL_COOLS_K) {
		*waited_s = 0;
		*lowest_k = kelvin;
	}
	if (waits && lacks)
		*waited_s += step->dt;
	return *waited_s > step->plan->holdback_limit_s;
}

static void describe(const struct step *step, enum lack lack, char ret_what[MACHINE_WHY])
{
	double kelvin = step->in->temperature_k.value;

	switch (lack) {
	case LACK_DWELL:
		interlock_say(ret_what, "the dwell");
		break;
	case LACK_READING:
		interlock_say(ret_what, "no good temperature since %.1f K", step->m->last_good_k);
		break;
	case LACK_COLD:
		interlock_say(ret_what, "%.1f K, more than %.1f K, and not cooling", kelvin,
			      ends_below_k(step));
		break;
	case LACK_PROOF:
		interlock_say(
			ret_what,
			"%.1f K, but perhaps %.1f K, or the second sensor's %.1f K is old or more than %.1f "
			"K",
			kelvin, step_hottest_k(step), step->in->temperature2_k.value,
			step->limits->release_temperature_k);
		break;
	case LACK_EMPTY:
		interlock_say(ret_what, "oil %.1f bar (ambient: %.1f bar), and the press says %s",
			      step->in->oil_bar.value, step->limits->ambient_oil_bar,
			      step->in->press_depressurised ? "depressurised" : "not depressurised");
		break;
	}
}

static const char *find_remedy(const struct step *step, enum lack lack)
{
	static const char *const remedies[] = {
		[LACK_DWELL] = "Nothing to do.",
		[LACK_READING] = "Check the thermocouple and its line, or hand over.",
		[LACK_COLD] = "Check what keeps it warm: if it is the heater, cut its mains.",
		[LACK_PROOF] = "Check the sensors and their calibration, or hand over.",
		[LACK_EMPTY] = "Check gauge, valve and pump at its panel."};

	return lack == LACK_COLD && ends_at_room(step)
		       ? "A warm room? Cool it, or abort, which releases at T_release already."
		       : remedies[lack];
}

enum verdict check_end(struct step *step, char *ret_text)
{
	enum lack lack = find_lack(step);
	char what[MACHINE_WHY];

	if (!is_late(step, only_waits(step), lack != LACK_DWELL))
		return VERDICT_CLEAR;
	/* Whatever keeps it warm, it is not to be the heater. */
	step->p->heater_off = true;
	describe(step, lack, what);
	interlock_say(ret_text, "%s waits for %.0f min: %.100s. Heater off; goes on by itself. %s",
		      phase_name((enum phase)step->m->phase), step->p->timer[TIMER_END] / 60, what,
		      find_remedy(step, lack));
	return VERDICT_WARN;
}
