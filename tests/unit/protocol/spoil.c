/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spoil.h"

#include "protocol/interlock_rows.h"

#define FAR 1e9
#define IN(phase) (1u << (phase))
#define CLIMBS (IN(PHASE_COMPRESS) | IN(PHASE_HEAT) | IN(PHASE_ISOTHERM))
#define PROGRAMME (CLIMBS | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS))
#define MOVES (PROGRAMME | IN(PHASE_HOLD) | IN(PHASE_ABORTING))
#define LOADED (MOVES | IN(PHASE_TRIPPED) | IN(PHASE_RECOVERY_WAIT))
#define HEATED (IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_ABORTING))

void spoil_hotter(struct plant *rig)
{
	rig->in.temperature_k.value = 700;
}

static void rises_at_zero(struct plant *rig)
{
	rig->in.furnace_output_pct.value = 0;
	rig->in.temperature_k.value = 300 + rig->now * 0.1;
}

static void does_not_heat(struct plant *rig)
{
	rig->machine.setpoint_k = 600;
	rig->in.temperature_k.value = 500;
	rig->in.furnace_output_pct.value = 90;
}

static void drops(struct plant *rig)
{
	rig->in.pressure_gpa.value = 7 - rig->now;
}

void spoil_over(struct plant *rig)
{
	rig->in.pressure_gpa.value = 7.4;
}

void spoil_breaks(struct plant *rig)
{
	rig->in.furnace_sensor_break = true;
}

static void slips(struct plant *rig)
{
	rig->machine.setpoint_k = 600;
	rig->in.furnace_output_pct.value = 50;
	rig->in.temperature_k.value = 600 - 10 * rig->now;
}

static void apart(struct plant *rig)
{
	rig->in.temperature2_k = rig->in.temperature_k;
	rig->in.temperature2_k.value += 50;
}

static void freezes(struct plant *rig)
{
	rig->in.furnace_output_pct.value = 50;
	rig->in.temperature_k.value = 600;
}

static void no_temperature(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = 0;
}

static void no_pressure(struct plant *rig)
{
	rig->in.pressure_gpa.t_lab_s = 0;
}

static void no_oil(struct plant *rig)
{
	rig->in.oil_bar.t_lab_s = 0;
}

void spoil_furnace_differs(struct plant *rig)
{
	rig->in.furnace_readback_differs = true;
}

static void contactor_opens(struct plant *rig)
{
	rig->in.furnace_contactor_open = true;
}

static void press_differs(struct plant *rig)
{
	rig->in.press_readback_differs = true;
}

static void other_furnace(struct plant *rig)
{
	rig->in.furnace_identity_ok = false;
}

void spoil_other_units(struct plant *rig)
{
	rig->in.units_differ = true;
}

static void furnace_gone(struct plant *rig)
{
	rig->in.furnace_lost = true;
}

void spoil_press_gone(struct plant *rig)
{
	rig->in.press_lost = true;
}

static void sticks(struct plant *rig)
{
	rig->machine.setpoint_gpa = 7.5;
	rig->in.pressure_gpa.value = 7;
}

void spoil_empty(struct plant *rig)
{
	rig->in.stroke_pct.value = 1;
}

void spoil_other_master(struct plant *rig)
{
	rig->in.furnace_second_master = true;
}

static void local(struct plant *rig)
{
	rig->in.press_local = true;
}

void spoil_waits_too_long(struct plant *rig)
{
	rig->machine.holdback_s = 4000;
}

static void waits_for_its_end(struct plant *rig)
{
	rig->plan.holdback_limit_s = 4;
	rig->machine.cold_run = true;
	rig->machine.soak_s = 1e6;
	rig->machine.private_state.heater_off = true;
	rig->machine.setpoint_gpa = 0;
	rig->in.temperature_k.value = 400;
}

static void held_hot(struct plant *rig)
{
	rig->machine.private_state.hold_hot_since_lab_s = 0;
	rig->plan.limits.hot_hold_limit_s = 1;
}

static void warm_release(struct plant *rig)
{
	rig->machine.private_state.decompressing = true;
	rig->machine.private_state.waiting_intent = 0;
	rig->in.temperature_k.value = 340;
}

const struct spoil_row spoil_rows[SPOIL_ROWS] = {
	{"runaway", spoil_hotter, 2, LOADED, true, {"runaway_over_protocol_k", "machine_temperature_k"}},
	{"welded relay", rises_at_zero, 40, LOADED, true, {"welded_rise_k_per_s", "welded_time_s"}},
	{"not heating",
	 does_not_heat,
	 70,
	 HEATED | IN(PHASE_HOLD),
	 true,
	 {"not_heating_output_pct", "not_heating_time_s", "not_heating_lag_k", "not_heating_share"}},
	{"lag", does_not_heat, 9, HEATED, true, {"lag_band_k", "lag_integral_k_s"}},
	{"pressure loss", drops, 3, LOADED, false, {"loss_rate_gpa_per_s"}},
	{"over-pressure", spoil_over, 2, LOADED, false, {"over_pressure_gpa", "machine_pressure_gpa"}},
	{"sensor break", spoil_breaks, 2, LOADED, true, {NULL}},
	{"slip", slips, 4, MOVES, true, {"slip_fall_k", "slip_time_s", "slip_output_pct"}},
	{"pair apart", apart, 20, LOADED, true, {"pair_difference_k", "pair_time_s"}},
	{"frozen value", freezes, 50, MOVES, true, {"frozen_time_s", "frozen_output_pct", "frozen_grace_s"}},
	{"stale temperature", no_temperature, 8, LOADED, true, {"fresh_age_s", "stale_hold_s"}},
	{"stale pressure", no_pressure, 8, LOADED, false, {"fresh_age_s", "stale_hold_s"}},
	{"furnace read-back", spoil_furnace_differs, 2, LOADED, true, {NULL}},
	{"press read-back", press_differs, 2, LOADED, false, {NULL}},
	{"contactor", contactor_opens, 2, IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_HOLD), true, {NULL}},
	{"identity", other_furnace, 5, LOADED, true, {"bus_lost_s"}},
	{"units", spoil_other_units, 2, LOADED, true, {NULL}},
	{"bus lost", no_oil, 5, LOADED | IN(PHASE_HANDED_OVER), true, {"bus_lost_s"}},
	{"furnace line gone", furnace_gone, 40, LOADED, true, {"reopen_limit_s"}},
	{"press line gone", spoil_press_gone, 40, LOADED, false, {"reopen_limit_s"}},
	{"stuck",
	 sticks,
	 40,
	 MOVES & ~IN(PHASE_DECOMPRESS),
	 false,
	 {"stuck_error_gpa", "stuck_time_s", "stuck_move_gpa"}},
	{"stroke", spoil_empty, 2, MOVES, false, {"stroke_reserve_pct"}},
	{"second master", spoil_other_master, 2, LOADED, true, {NULL}},
	{"manual", local, 4, LOADED, true, {"fresh_age_s"}},
	{"setpoint not reached", spoil_waits_too_long, 2, PROGRAMME | IN(PHASE_ABORTING), true, {NULL}},
	{"end not reached",
	 waits_for_its_end,
	 5,
	 IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS) | IN(PHASE_ABORTING),
	 true,
	 {NULL}},
	{"held hot", held_hot, 2, IN(PHASE_HOLD), true, {NULL}},
	{"release", warm_release, 2, IN(PHASE_DECOMPRESS) | IN(PHASE_ABORTING), false, {"release_dwell_s"}},
};

/* Every other row out of the way. */
void spoil_keep_limits(struct plan *plan, const char *const *names)
{
	struct limits defaults;

	plan->holdback_temperature_k = FAR;
	limits_default(&defaults);
	for (size_t i = 0; i < LIMITS_COUNT; i++)
		limits_set(&plan->limits, &limits_table[i], limits_table[i].safer == SAFER_HIGHER ? 0 : FAR);
	plan->limits.release_temperature_k = defaults.release_temperature_k;
	for (int i = 0; i < 6 && names[i]; i++)
		limits_set(&plan->limits, limits_find(names[i]),
			   limits_get(&defaults, limits_find(names[i])));
}

void spoil_put(struct plant *rig, enum phase phase)
{
	plant_put(rig, phase);
	rig->now = 0;
	machine_init(&rig->machine, 0);
	rig->machine.resume_phase = PHASE_ISOTHERM;
	rig->machine.setpoint_k = 600;
	rig->machine.setpoint_gpa = 7;
	rig->machine.private_state.resume_offered = true;
	rig->machine.private_state.wait_mode = WAIT_ADOPT;
	rig->plan.temperature_k = 600;
	rig->in.temperature_k.value = 600;
	rig->in.press_depressurised = false;
	rig->in.furnace_output_pct.value = 0;
	rig->machine.phase = (uint8_t)phase;
	rig->machine.latched = phase == PHASE_TRIPPED;
}

static void read_all(struct plant *rig)
{
	struct inputs *in = &rig->in;

	in->temperature_k.t_lab_s = in->furnace_output_pct.t_lab_s = in->furnace_setpoint_k.t_lab_s =
		rig->now;
	in->pressure_gpa.t_lab_s = in->pressure_setpoint_gpa.t_lab_s = in->oil_bar.t_lab_s = rig->now;
	in->stroke_pct.t_lab_s = in->temperature2_k.t_lab_s = in->ambient_k.t_lab_s = rig->now;
}

void spoil_tick(struct plant *rig, double dt)
{
	rig->now += dt;
	read_all(rig);
	if (rig->spoil)
		rig->spoil(rig);
	plant_event(rig, &(struct event){.kind = EVENT_TICK});
}
