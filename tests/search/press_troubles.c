/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be wrong: the inputs as they then are, and the memory that an
 * interlock would have of it. */
#include <math.h>
#include <string.h>

#include "protocol/interlock_rows.h"
#include "tests/search/press.h"

/* timers as if their condition had lasted for long */
#define LONG_S 100000.0

static void wait_long(struct machine *m, enum interlock_timer timer)
{
	m->private_state.timer[timer] = LONG_S;
}

static void output(struct inputs *in, double pct)
{
	in->furnace_output_pct.value = pct;
}

static void remember_read(const struct inputs *in, struct machine *m, double above_k)
{
	m->private_state.memory[MEMORY_READ_LAB_S] = in->temperature_k.t_lab_s - 1;
	m->private_state.memory[MEMORY_READ_K] = in->temperature_k.value + above_k;
}

static void runaway(struct inputs *in, struct machine *m)
{
	output(in, 50);
	wait_long(m, TIMER_RUNAWAY);
}

static void welded(struct inputs *in, struct machine *m)
{
	output(in, 0);
	m->private_state.reads_k.slope_per_s = 1;
	wait_long(m, TIMER_WELDED);
}

static void not_heating(struct inputs *in, struct machine *m)
{
	output(in, 100);
	m->private_state.memory[MEMORY_HEATED_FROM_K] = in->temperature_k.value;
	wait_long(m, TIMER_NOT_HEATING);
}

static void lag(struct inputs *in, struct machine *m)
{
	output(in, 100);
	wait_long(m, TIMER_LAG);
}

static void loss_rate(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.reads_gpa.slope_per_s = -1;
}

static void loss_low(struct inputs *in, struct machine *m)
{
	(void)in;
	wait_long(m, TIMER_LOSS);
}

static void sensor_break(struct inputs *in, struct machine *m)
{
	(void)m;
	in->furnace_sensor_break = true;
}

static void bad_reads(struct inputs *in, struct machine *m)
{
	(void)in;
	remember_read(in, m, 0);
	m->private_state.bad_reads = 7;
}

static void jump(struct inputs *in, struct machine *m)
{
	remember_read(in, m, 10000);
}

static void slip(struct inputs *in, struct machine *m)
{
	output(in, 50);
	for (int i = MEMORY_RING_K; i <= MEMORY_RING_LAST; i++)
		m->private_state.memory[i] = in->temperature_k.value + 100;
}

static void pair(struct inputs *in, struct machine *m)
{
	in->temperature2_k = in->temperature_k;
	in->temperature2_k.value += 30;
	wait_long(m, TIMER_PAIR);
}

static void second_breaks(struct inputs *in, struct machine *m)
{
	in->temperature2_k = in->temperature_k;
	in->temperature2_k.value += 100000;
	in->temperature2_k.quality = QUALITY_GOOD;
	in->temperature2_k.t_lab_s = PRESS_NOW_S;
	m->private_state.memory[MEMORY_READ2_LAB_S] = PRESS_NOW_S - 1;
	m->private_state.memory[MEMORY_READ2_K] = in->temperature_k.value;
}

static void pair_agrees(struct inputs *in, struct machine *m)
{
	(void)m;
	in->temperature2_k = in->temperature_k;
}

static void pair_hot(struct inputs *in, struct machine *m)
{
	pair_agrees(in, m);
	in->temperature2_k.value = 310;
}

static void pair_stale(struct inputs *in, struct machine *m)
{
	pair_agrees(in, m);
	in->temperature2_k.t_lab_s -= 30;
}

static void frozen(struct inputs *in, struct machine *m)
{
	output(in, 50);
	remember_read(in, m, 0);
	wait_long(m, TIMER_FROZEN);
}

static void t_stale_long(struct inputs *in, struct machine *m)
{
	in->temperature_k.t_lab_s -= 30;
	m->private_state.good_k_lab_s -= 30;
}

static void p_stale_long(struct inputs *in, struct machine *m)
{
	in->pressure_gpa.t_lab_s -= 30;
	in->oil_bar.t_lab_s -= 30;
	m->private_state.good_gpa_lab_s -= 30;
}

#define FLAG(field)                                                    \
	static void flag_##field(struct inputs *in, struct machine *m) \
	{                                                              \
		(void)m;                                               \
		in->field = !in->field;                                \
	}
FLAG(furnace_readback_differs)
FLAG(press_readback_differs)
FLAG(furnace_contactor_open)
FLAG(furnace_second_master)
FLAG(press_second_master)
FLAG(units_differ)
FLAG(order_unproven)
FLAG(devices_armed)
FLAG(store_ok)
FLAG(furnace_identity_ok)
FLAG(press_identity_ok)

static void furnace_other(struct inputs *in, struct machine *m)
{
	in->furnace_identity_ok = false;
	wait_long(m, TIMER_IDENTITY);
}

static void press_other(struct inputs *in, struct machine *m)
{
	in->press_identity_ok = false;
	wait_long(m, TIMER_IDENTITY);
}

static void furnace_gone(struct inputs *in, struct machine *m)
{
	in->furnace_lost = true;
	wait_long(m, TIMER_FURNACE_LOST);
}

static void press_gone(struct inputs *in, struct machine *m)
{
	in->press_lost = true;
	wait_long(m, TIMER_PRESS_LOST);
}

static void furnace_manual(struct inputs *in, struct machine *m)
{
	in->furnace_manual = true;
	wait_long(m, TIMER_MANUAL);
}

static void press_local(struct inputs *in, struct machine *m)
{
	in->press_local = true;
	wait_long(m, TIMER_MANUAL);
}

static void stuck(struct inputs *in, struct machine *m)
{
	m->private_state.memory[MEMORY_STUCK_GPA] = in->pressure_gpa.value;
	wait_long(m, TIMER_STUCK);
}

static void stroke(struct inputs *in, struct machine *m)
{
	(void)m;
	in->stroke_pct.value = 1;
}

static void holdback(struct inputs *in, struct machine *m)
{
	(void)in;
	m->holdback_s = m->holdback_sum_s = LONG_S;
}

static void holdback_sum(struct inputs *in, struct machine *m)
{
	(void)in;
	m->holdback_sum_s = LONG_S;
}

static void held_hot(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.hold_hot_since_lab_s = PRESS_NOW_S - 10000;
}

static void hazard_gone(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.clear_since_lab_s = PRESS_NOW_S - 10000;
}

static void friends(struct inputs *in, struct machine *m)
{
	(void)in;
	wait_long(m, TIMER_FRIENDS);
}

static void warm_room(struct inputs *in, struct machine *m)
{
	(void)m;
	in->ambient_k.value = 306;
}

/* For the verbs: the last tick found something. */
static void hazard_stands(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.fired = 1;
}

static void panel_locked(struct inputs *in, struct machine *m)
{
	(void)m;
	in->press_locked = true;
}

#define IN(phase) (UINT32_C(1) << (phase))
#define SEGMENTS \
	(IN(PHASE_COMPRESS) | IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS))
#define RUNNING (SEGMENTS | IN(PHASE_HOLD) | IN(PHASE_ABORTING))
#define GUARDED (RUNNING | IN(PHASE_TRIPPED) | IN(PHASE_RECOVERY_WAIT) | IN(PHASE_HANDED_OVER))
#define PREFLIGHT IN(PHASE_PREFLIGHT)

const struct press_trouble press_troubles[] = {
	{"runaway for long", runaway, .phases = GUARDED},
	{"relay welded", welded, .trips = true, .phases = GUARDED},
	{"does not heat", not_heating, .phases = RUNNING},
	{"lags", lag, .phases = RUNNING},
	{"pressure falls fast", loss_rate, .trips = true, .pressure = true, .phases = GUARDED},
	{"pressure below setpoint for long", loss_low, .pressure = true, .phases = GUARDED},
	{"sensor break", sensor_break, .heater_off = true},
	{"bad reads", bad_reads, .phases = GUARDED},
	{"jump", jump, .heater_off = true, .phases = GUARDED},
	{"slip", slip, .phases = RUNNING},
	{"thermocouples apart", pair, .heater_off = true},
	{"second sensor breaks upscale", second_breaks, .heater_off = true, .no_trip = true,
	 .phases = GUARDED},
	{"second sensor agrees", pair_agrees},
	{"second sensor hot", pair_hot},
	{"second sensor stale", pair_stale},
	{"frozen", frozen, .heater_off = true, .phases = RUNNING},
	{"T stale for long", t_stale_long, .heater_off = true},
	{"P stale for long", p_stale_long, .heater_off = true, .pressure = true},
	{"furnace read-back", flag_furnace_readback_differs, .phases = GUARDED},
	{"press read-back", flag_press_readback_differs, .heater_off = true, .pressure = true,
	 .phases = GUARDED},
	{"contactor open", flag_furnace_contactor_open, .phases = GUARDED},
	{"second master, furnace", flag_furnace_second_master, .phases = GUARDED},
	{"second master, press", flag_press_second_master, .phases = GUARDED},
	{"units changed", flag_units_differ, .heater_off = true, .phases = GUARDED | PREFLIGHT},
	{"word order unproven", flag_order_unproven, .phases = PREFLIGHT},
	{"watchdog not armed", flag_devices_armed, .phases = PREFLIGHT},
	{"store fails", flag_store_ok},
	{"nobody strange for long", friends, .asserts = true, .phases = IN(PHASE_TRIPPED)},
	{"furnace not identified", flag_furnace_identity_ok, .heater_off = true},
	{"press not identified", flag_press_identity_ok},
	{"another furnace for long", furnace_other, .heater_off = true},
	{"another press for long", press_other, .heater_off = true, .pressure = true},
	{"furnace line gone", furnace_gone, .heater_off = true, .phases = GUARDED},
	{"press line gone", press_gone, .heater_off = true, .pressure = true, .phases = GUARDED},
	{"furnace in manual", furnace_manual, .phases = GUARDED},
	{"press in local", press_local, .phases = GUARDED | PREFLIGHT},
	{"pump stuck", stuck, .pressure = true, .phases = RUNNING},
	{"stroke end", stroke, .pressure = true, .phases = RUNNING},
	{"holdback too long", holdback, .phases = SEGMENTS | IN(PHASE_ABORTING)},
	{"holdback sum too long", holdback_sum, .phases = SEGMENTS},
	{"held hot too long", held_hot, .phases = IN(PHASE_HOLD)},
	{"hazard gone for a minute", hazard_gone, .phases = IN(PHASE_ABORTING)},
	{"warm room", warm_room, .phases = PREFLIGHT},
	{"panel shows LOCK", panel_locked, .phases = IN(PHASE_HANDED_OVER)},
	{"a hazard stands", hazard_stands, .phases = IN(PHASE_MAX)},
};
const size_t press_trouble_count = sizeof(press_troubles) / sizeof(press_troubles[0]);
