/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void read_all(struct plant *rig)
{
	struct inputs *in = &rig->in;
	struct measurement *all[] = {&in->temperature_k,
				     &in->temperature2_k,
				     &in->ambient_k,
				     &in->furnace_setpoint_k,
				     &in->furnace_output_pct,
				     &in->pressure_gpa,
				     &in->pressure_setpoint_gpa,
				     &in->oil_bar,
				     &in->oil_setpoint_bar,
				     &in->stroke_pct,
				     &in->flow_ml_per_min};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->quality != QUALITY_NONE)
			all[i]->t_lab_s = rig->now;
}

void rig_tick(struct plant *rig, double dt)
{
	rig->now += dt;
	read_all(rig);
	if (rig->spoil)
		rig->spoil(rig);
	plant_event(rig, &(struct event){.kind = EVENT_TICK});
}

void rig_ticks(struct plant *rig, int count, double dt)
{
	for (int i = 0; i < count; i++)
		rig_tick(rig, dt);
}

void rig_put(struct plant *rig, enum phase phase)
{
	bool cold = phase == PHASE_COMPRESS || phase == PHASE_DECOMPRESS || phase <= PHASE_PREFLIGHT ||
		    phase == PHASE_DONE;

	plant_put(rig, phase);
	rig->now = 0;
	machine_init(&rig->machine, 0);
	rig->machine.phase = (uint8_t)phase;
	rig->machine.resume_phase = PHASE_ISOTHERM;
	rig->machine.latched = phase == PHASE_TRIPPED;
	rig->machine.setpoint_k = cold ? PLANT_AMBIENT_K : RUN_K;
	rig->machine.setpoint_gpa = 7;
	rig->machine.private_state.resume_offered = true;
	rig->plan.temperature_k = RUN_K;
	rig->in.temperature_k.value = rig->machine.setpoint_k;
	rig->in.pressure_gpa.value = 7;
	rig->in.furnace_output_pct.value = 0;
	rig->in.press_depressurised = false;
	rig_tick(rig, 0);
}

void rig_put_soak(struct plant *rig)
{
	rig_put(rig, PHASE_ISOTHERM);
}

void rig_put_reference(struct plant *rig)
{
	rig_put(rig, PHASE_ISOTHERM);
	rig->plan.reference = true;
	rig->plan.pressure_gpa = PLAN_ATM_GPA;
}

bool rig_fired(const struct plant *rig, const char *name)
{
	for (size_t i = 0; i < interlock_count; i++)
		if (strcmp(interlock_table[i].name, name) == 0)
			return rig->machine.private_state.fired & (UINT64_C(1) << i);
	fail_msg("no row %s", name);
	return false;
}

bool rig_raised(const struct plant *rig, enum alarm alarm)
{
	return rig->machine.alarms.active & (UINT64_C(1) << alarm);
}

void rig_assert_says(const struct plant *rig, const char *words)
{
	if (!strstr(rig->last_text, words))
		fail_msg("'%s' is not in '%s'", words, rig->last_text);
}

static double last_read_lab_s;

static void stand(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = last_read_lab_s;
}

void rig_stop_reading(struct plant *rig, double lab_s)
{
	last_read_lab_s = lab_s;
	rig->spoil = stand;
}

void rig_restart(struct plant *rig, enum recovery_action action)
{
	struct recovery_decision decision = {.row = 21,
					     .action = (uint8_t)action,
					     .text = "restart",
					     .pressure_gpa = rig->in.pressure_gpa.value,
					     .temperature_k = rig->in.temperature_k.value};

	plant_event(rig, &(struct event){.kind = EVENT_RECOVER, .recovery = &decision});
}
