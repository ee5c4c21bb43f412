/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/trouble.h"

#include <math.h>
#include <string.h>

#include "tests/simulation/world.h"

#define QUIET_SHARE 0.25
#define TIMED_MOST_S 7200.0
#define YEAR_S (365.25 * 86400)
#define IDENTITY_FURNACE_AT 122
#define IDENTITY_PRESS_AT 0x10A

struct kind {
	const char *name;
	double shortest_s, longest_s;
};
static const struct kind kinds[TROUBLE_COUNT] = {
#define TROUBLES_ROW(id, name, shortest, longest) [TROUBLE_##id] = {name, shortest, longest},
	TROUBLES(TROUBLES_ROW)
#undef TROUBLES_ROW
};

const char *trouble_name(enum trouble_kind kind)
{
	return kinds[kind].name;
}

static bool restarts(uint32_t kind)
{
	return kind == TROUBLE_CONTROL_CRASH || kind == TROUBLE_FIRE_CRASH || kind == TROUBLE_POWER_CUT ||
	       kind == TROUBLE_STORE_CORRUPT || kind == TROUBLE_AMBUSH || kind == TROUBLE_INTENT_CRASH;
}

void trouble_init(struct trouble *ret_trouble, double hours)
{
	static const double means_s[2][5] = {
		[LEVEL_VALUES] = {200, 600, 1200, 3600, 7200}, [LEVEL_FRAMES] = {60, 200, 600, 1800, 3600}};

	*ret_trouble = (struct trouble){.quiet_s = hours * 3600 * (1 - QUIET_SHARE), .due_s = INFINITY};
	for (uint32_t i = 0; i < TROUBLE_COUNT; i++) {
		ret_trouble->last_s[i] = -INFINITY;
		if (i >= TROUBLE_FRAME_FIRST && world.level != LEVEL_FRAMES)
			continue;
		ret_trouble->chosen[i] = chance_is(&world.chance, 0.5) && !(world.no_crashes && restarts(i));
		if (ret_trouble->chosen[i])
			ret_trouble->kinds[ret_trouble->chosen_count++] = i;
	}
	ret_trouble->long_from_s = chance_between(&world.chance, 0, hours * 3600 / 4);
	ret_trouble->mean_s = means_s[world.level][chance_pick(&world.chance, 5)];
	ret_trouble->next_s = chance_wait(&world.chance, ret_trouble->mean_s);
}

static double draw(double low, double high, bool log)
{
	return log ? low * pow(high / low, chance_unit(&world.chance))
		   : chance_between(&world.chance, low, high);
}

/* Those that are switches of densim, each with a value drawn from a range. */
static void set_densim(enum trouble_kind kind, bool on)
{
	static const struct {
		enum trouble_kind kind;
		enum fault fault;
		double low, high;
		bool log; /* small values as often as large ones */
	} switches[] = {{TROUBLE_TC_BREAK, FAULT_TC_BREAK, 1, 1},
			{TROUBLE_TC_FREEZE, FAULT_TC_FREEZE, 1, 1},
			{TROUBLE_TC_SLIP, FAULT_TC_SLIP, 0, 0.95},
			{TROUBLE_WELDED, FAULT_RELAY_WELDED, 1, 100, true},
			{TROUBLE_HEATER_OPEN, FAULT_HEATER_OPEN, 1, 1},
			{TROUBLE_VALVE, FAULT_VALVE_STUCK, 1, 1},
			{TROUBLE_LEAK, FAULT_GASKET_LEAK, 0.005, 0.3},
			{TROUBLE_BLOWOUT, FAULT_GASKET_BLOWOUT, 1, 1},
			{TROUBLE_FALSE_ACK, FAULT_FALSE_ACK, 1, 1},
			{TROUBLE_MANUAL, FAULT_FURNACE_MANUAL, 1, 1},
			{TROUBLE_LOCAL, FAULT_PRESS_LOCAL, 1, 1},
			{TROUBLE_NITROGEN, FAULT_NITROGEN_LOSS, 0, 1},
			{TROUBLE_CHIP_OPEN, FAULT_CHIP_OPEN, 1, 1},
			{TROUBLE_MAINS_OUT, FAULT_POWER_FAIL, 1, 1},
			{TROUBLE_UNITS, FAULT_UNITS_CHANGED, 1, 1}};
	struct faults *faults = &world.lab.faults;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (switches[i].kind != kind)
			continue;
		faults->on[switches[i].fault] = on;
		faults->value[switches[i].fault] = draw(switches[i].low, switches[i].high, switches[i].log);
	}
}

/* In a twin night it is only drawn: whoever decides by the wall clock then decides otherwise. */
static void jump(double by_s)
{
	if (!world.steady_wall)
		world.jumped_us += (int64_t)(by_s * 1e6);
}

/* Each kills what it names, or moves it once. */
static void strike_plant(enum trouble_kind kind)
{
	struct chance *chance = &world.chance;

	if (kind == TROUBLE_TC_JUMP)
		world.lab.furnace.sensor_k += chance_between(chance, -300, 300);
	if (kind == TROUBLE_OVER_PRESSURE)
		world.lab.press.oil_bar += chance_between(chance, 20, 200);
	if (kind == TROUBLE_STROKE)
		world.lab.press.lost_pct += chance_between(chance, 10, 60);
	if (kind == TROUBLE_DEVICE_RESET)
		furnace_plant_restart(&world.lab.furnace);
	if (kind == TROUBLE_PRESS_RESET)
		press_plant_restart(&world.lab.press);
	if (kind == TROUBLE_CONTACTOR)
		world.lab.press.heater_enable = false;
	if (kind == TROUBLE_LATE_STEP)
		world.late_ns = (int64_t)(chance_between(chance, 0.1, 3) * 1e9);
	if (kind == TROUBLE_CLOCK_JUMP)
		jump(chance_is(chance, 0.5) ? 10 * YEAR_S : -10 * YEAR_S);
	if (kind == TROUBLE_CLOCK_HOUR)
		jump(chance_is(chance, 0.5) ? 3600 : -3600);
	if (kind == TROUBLE_NTP_STEP)
		jump(chance_between(chance, -3, 3));
	/* CLOCK_BOOTTIME goes on, and so does the laboratory. */
	if (kind == TROUBLE_SUSPEND)
		world.asleep_until_ns =
			world.now_ns + (int64_t)(pow(10, chance_between(chance, 0.5, 4.2)) * 1e9);
}

static void strike_program(enum trouble_kind kind)
{
	struct chance *chance = &world.chance;
	struct control *control = world.control;

	if (!world.up)
		return;
	if (kind == TROUBLE_CONTROL_CRASH)
		world_kill(false, chance_pick(chance, 40), crash_draw_gap_s());
	if (kind == TROUBLE_POWER_CUT)
		world_kill(true, chance_pick(chance, 40), crash_draw_gap_s());
	if (kind == TROUBLE_RECORDER_CRASH)
		world_kill_worker(&control->recorder, "crashed");
	if (kind == TROUBLE_GATEWAY_CRASH)
		world_kill_worker(&control->gateway, "crashed");
	if (kind == TROUBLE_BUS_CRASH)
		world_kill_worker(&control->buses[chance_pick(chance, WORLD_BUSES)], "crashed");
	if (kind == TROUBLE_SLOW_DEVICE)
		world.lines[chance_pick(chance, WORLD_BUSES)].slow_ns = INT64_C(4000000000);
	if (kind == TROUBLE_STORE_CORRUPT) {
		world.book.corrupt = true;
		world_kill(chance_is(chance, 0.5), 0, crash_draw_gap_s());
	}
}

/* Some lines suffer from it, each as badly as it happens: one answer in 200, or every second one. */
static void draw_share(double ret_share[WORLD_BUSES])
{
	for (int bus = 0; bus < WORLD_BUSES; bus++)
		ret_share[bus] =
			chance_is(&world.chance, 0.6) ? 0.005 * pow(100, chance_unit(&world.chance)) : 0;
}

void trouble_begin_for(struct trouble *trouble, enum trouble_kind kind, double t_s, double duration_s)
{
	counters_hit(world.counters, COUNTER_TROUBLE, kind);
	trouble->last_s[kind] = t_s;
	trouble->on[kind] = true;
	if (world.level == LEVEL_FRAMES)
		draw_share(trouble->share[kind]);
	trouble->until_s[kind] = fmin(t_s + duration_s, trouble->quiet_s);
	trouble->due_s = fmin(trouble->due_s, trouble->until_s[kind]);
	world_tell("trouble: %s for %.0f s", kinds[kind].name, duration_s);
	set_densim(kind, true);
}

static void begin(struct trouble *trouble, enum trouble_kind kind, double t_s)
{
	const struct kind *what = &kinds[kind];

	if (what->longest_s < 0)
		return;
	if (what->longest_s > 0) {
		/* Short ones are as likely as long ones. */
		trouble_begin_for(trouble, kind, t_s,
				  what->shortest_s * pow(what->longest_s / what->shortest_s,
							 chance_unit(&world.chance)));
		return;
	}
	counters_hit(world.counters, COUNTER_TROUBLE, kind);
	trouble->last_s[kind] = t_s;
	world_tell("trouble: %s", what->name);
	strike_plant(kind);
	strike_program(kind);
	client_strike(&world.client, kind);
}

static void begin_long(struct trouble *trouble, double t_s)
{
	trouble->long_from_s = INFINITY;
	for (uint32_t i = 0; i < trouble->chosen_count; i++)
		if (kinds[trouble->kinds[i]].longest_s < 0)
			trouble_begin_for(trouble, (enum trouble_kind)trouble->kinds[i], t_s, INFINITY);
}

static void end(struct trouble *trouble, enum trouble_kind kind)
{
	trouble->on[kind] = false;
	set_densim(kind, false);
	world_tell("trouble: %s is over", kinds[kind].name);
}

/* A program that dies as soon as it is up. */
static void kill_again(struct worker *worker)
{
	if (world.up && !world.dead && worker->socket >= 0)
		world_kill_worker(worker, "crashed again");
}

/* What acts again and again while it is on. */
static void act(const struct trouble *trouble, double t_s)
{
	bool every_5_s = world.now_ns % (5 * INT64_C(1000000000)) == 0;

	if (trouble->on[TROUBLE_NOISE])
		world.lab.furnace.measured_k += chance_between(&world.chance, -8, 8);
	if (trouble->on[TROUBLE_MASTER_FURNACE] && every_5_s)
		world.lab.furnace.setpoint_k += 10;
	if (trouble->on[TROUBLE_MASTER_PRESS] && every_5_s)
		world.lab.press.setpoint_bar += 20;
	if (trouble->on[TROUBLE_GATEWAY_LOOP])
		kill_again(&world.control->gateway);
	if (trouble->on[TROUBLE_RECORDER_LOOP] && world.now_ns % (5 * WORLD_QUANTUM_NS) == 0)
		kill_again(&world.control->recorder);
	if (trouble->on[TROUBLE_DRIFT])
		world.lab.furnace.anvil_k += 5e-4 * sin(t_s / 500);
}

/* Most of a night is spent in a few phases: this one waits until a run is in the phase that was drawn. */
static void lay_by(struct trouble *trouble, uint32_t kind, double t_s)
{
	trouble->timed.kind = kind;
	trouble->timed.phase =
		(uint8_t)(PHASE_PREFLIGHT + chance_pick(&world.chance, PHASE_MAX - PHASE_PREFLIGHT));
	trouble->timed.until_s = t_s + TIMED_MOST_S;
}

static void begin_laid_by(struct trouble *trouble, double t_s)
{
	bool met = world.client.has_state && world.client.state.phase == trouble->timed.phase;

	if (trouble->timed.until_s == 0 || (!met && t_s < trouble->timed.until_s))
		return;
	trouble->timed.until_s = 0;
	if (met && t_s < trouble->quiet_s)
		begin(trouble, (enum trouble_kind)trouble->timed.kind, t_s);
}

static void end_due(struct trouble *trouble, double t_s)
{
	trouble->due_s = INFINITY;
	for (uint32_t i = 0; i < trouble->chosen_count; i++) {
		uint32_t kind = trouble->kinds[i];

		if (trouble->on[kind] && t_s >= trouble->until_s[kind]) {
			trouble->last_s[kind] = t_s;
			end(trouble, (enum trouble_kind)kind);
		} else if (trouble->on[kind]) {
			trouble->due_s = fmin(trouble->due_s, trouble->until_s[kind]);
		}
	}
}

void trouble_step(struct trouble *trouble, double t_s)
{
	uint32_t kind;

	if (t_s >= trouble->due_s)
		end_due(trouble, t_s);
	act(trouble, t_s);
	if (t_s >= trouble->long_from_s && t_s < trouble->quiet_s)
		begin_long(trouble, t_s);
	begin_laid_by(trouble, t_s);
	if (t_s < trouble->next_s || t_s >= trouble->quiet_s || trouble->chosen_count == 0)
		return;
	trouble->next_s = t_s + chance_wait(&world.chance, trouble->mean_s);
	kind = trouble->kinds[chance_pick(&world.chance, trouble->chosen_count)];
	if (trouble->on[TROUBLE_TIMED] && trouble->timed.until_s == 0 && chance_is(&world.chance, 0.5))
		lay_by(trouble, kind, t_s);
	else
		begin(trouble, (enum trouble_kind)kind, t_s);
}

bool trouble_is_on(const struct trouble *trouble, enum trouble_kind kind)
{
	return trouble->on[kind];
}

bool trouble_was_on(const struct trouble *trouble, enum trouble_kind kind, double t_s, double within_s)
{
	return trouble->on[kind] || t_s - trouble->last_s[kind] <= within_s;
}

double trouble_share(const struct trouble *trouble, enum trouble_kind kind, int bus)
{
	return trouble->share[kind][bus];
}

bool trouble_is_silent(const struct trouble *trouble, int bus)
{
	static const enum trouble_kind silent[] = {[WORLD_PRESS] = TROUBLE_PRESS_SILENT,
						   [WORLD_RTU] = TROUBLE_RTU_SILENT,
						   [WORLD_CHIP] = TROUBLE_CHIP_SILENT};

	return trouble->on[silent[bus]] || trouble->on[TROUBLE_MAINS_OUT];
}

static void change(uint16_t at, uint16_t address, uint16_t count, uint16_t *words)
{
	if (at >= address && at < address + count)
		words[at - address] = 0x1111;
}

/* A planted fault: below 300 bar densd takes the press for empty. */
static void spoil_halfway(uint16_t address, uint16_t count, uint16_t *words)
{
	if (world.plant != PLANT_HALFWAY || world.lab.press.oil_bar > 300 || address > 0x100 ||
	    address + count < 0x107)
		return;
	words[0x100 - address] = words[0x101 - address] = 0;
	words[0x106 - address] |= 1u << 3; /* DEPRESSURISED */
}

void trouble_spoil(const struct trouble *trouble, int bus, uint8_t unit, uint16_t address, uint16_t count,
		   uint16_t *words)
{
	if (bus == WORLD_RTU && unit == REGISTERS_FURNACE_UNIT && trouble->on[TROUBLE_IDENTITY_FURNACE])
		change(IDENTITY_FURNACE_AT, address, count, words);
	if (bus == WORLD_PRESS)
		spoil_halfway(address, count, words);
	if (bus == WORLD_PRESS && trouble->on[TROUBLE_IDENTITY_PRESS])
		change(IDENTITY_PRESS_AT, address, count, words);
}
