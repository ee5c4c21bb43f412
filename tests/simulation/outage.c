/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/outage.h"

#include <math.h>
#include <string.h>

#include "tests/simulation/world.h"

/* ---- hands at the panels ---- */

static void release_press(void)
{
	world.lab.press.oil_bar *= chance_is(&world.chance, 0.6) ? 0 : chance_unit(&world.chance);
}

static void pump_press(void)
{
	world.lab.press.oil_bar += chance_between(&world.chance, 5, 400);
}

static void heat_cell(void)
{
	struct furnace_plant *furnace = &world.lab.furnace;
	double by_k = chance_between(&world.chance, 5, 200);

	world.warmed_s = (double)world.now_ns / 1e9;
	furnace->heater_k += by_k;
	furnace->cell_k += by_k;
	furnace->sensor_k += by_k;
}

static void reset_press(void)
{
	press_plant_reset(&world.lab.press);
}

static void drop_trace(void)
{
	world.lab.chip.trace = 0;
}

static void replace_chip_controller(void)
{
	world.lab.chip.counter = 1000 + chance_pick(&world.chance, 1000);
	world.lab.chip.trace = 0;
	counters_hit(world.counters, COUNTER_CRASH, CRASH_OTHER_CHIP);
}

/* People do what the thing before them asks for: nobody releases a press that is empty. */
static bool is_loaded(void)
{
	return world.lab.press.oil_bar > world.site.limits.ambient_oil_bar;
}

static bool is_empty(void)
{
	return !is_loaded();
}

static bool is_locked(void)
{
	return world.lab.press.watchdog_tripped || world.lab.press.power_failed;
}

static bool has_trace(void)
{
	return world.lab.chip.trace != 0;
}

static bool always(void)
{
	return true;
}

static const struct {
	const char *what;
	bool (*may)(void);
	void (*act)(void);
} hands[] = {{"releases the press", is_loaded, release_press},
	     {"pumps the press up", is_empty, pump_press},
	     {"heats the cell", always, heat_cell},
	     {"resets the press's trip", is_locked, reset_press},
	     {"deletes the chip's trace", has_trace, drop_trace},
	     {"replaces the chip's controller", always, replace_chip_controller}};
#define HANDS (sizeof(hands) / sizeof(hands[0]))

static void use_hands(void)
{
	uint32_t which = chance_pick(&world.chance, HANDS);

	while (!hands[which].may())
		which = (which + 1) % HANDS;
	world_tell("somebody at the panels %s", hands[which].what);
	hands[which].act();
}

/* ---- what fails meanwhile ---- */

/* One of those that this night knows; it lasts beyond the next start. */
static void let_fail(double t_s, double gap_s)
{
	static const enum trouble_kind kinds[] = {
		TROUBLE_PRESS_SILENT,    TROUBLE_PRESS_SILENT, TROUBLE_RTU_SILENT, TROUBLE_CHIP_SILENT,
		TROUBLE_ADAPTER,         TROUBLE_BLOWOUT,      TROUBLE_BLOWOUT,    TROUBLE_BLOWOUT,
		TROUBLE_TC_BREAK,        TROUBLE_LOCAL,        TROUBLE_MAINS_OUT,  TROUBLE_IDENTITY_PRESS,
		TROUBLE_IDENTITY_FURNACE};
	enum trouble_kind kind = kinds[chance_pick(&world.chance, sizeof(kinds) / sizeof(kinds[0]))];
	double beyond_s = 5 * pow(60, chance_unit(&world.chance));

	if (world.trouble.chosen[kind] && !trouble_is_on(&world.trouble, kind))
		trouble_begin_for(&world.trouble, kind, t_s, gap_s + beyond_s);
}

double outage_begin(double t_s, double gap_s)
{
	if (trouble_is_on(&world.trouble, TROUBLE_OUTAGE) && chance_is(&world.chance, 0.6))
		let_fail(t_s, gap_s);
	return gap_s * chance_unit(&world.chance);
}

void outage_visit(void)
{
	if (trouble_is_on(&world.trouble, TROUBLE_HANDS) && chance_is(&world.chance, 0.8))
		use_hands();
}

/* Whoever submits from now on submits for the file that densd has read. */
static void choose_site_file(void)
{
	bool other = trouble_is_on(&world.trouble, TROUBLE_SITE);

	memcpy(world.site.sha256, world.site_sha256, sizeof(world.site.sha256));
	if (other)
		memset(world.site.sha256, '0', 8);
	if (world.checker.has_plan && strcmp(world.checker.plan.site_sha256, world.site.sha256) != 0)
		counters_hit(world.counters, COUNTER_CRASH, CRASH_OTHER_SITE);
}

void outage_end(void)
{
	const struct trouble *trouble = &world.trouble;

	choose_site_file();
	for (int bus = 0; bus < WORLD_BUSES; bus++)
		if (trouble_is_silent(trouble, bus)) {
			counters_hit(world.counters, COUNTER_CRASH, CRASH_DARK);
			break;
		}
}
