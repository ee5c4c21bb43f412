/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small laboratory for the machine's tests: a press and a furnace that follow their setpoints with a lag,
 * a store that answers after some ticks, and a checker of the invariants at every step.
 */
#ifndef DENSD_TESTS_PLANT_H
#define DENSD_TESTS_PLANT_H

#include "protocol/machine.h"

#define PLANT_TICK_S 0.1
#define PLANT_AMBIENT_K 298.0

struct plant {
	struct plan plan;
	struct machine machine;
	struct actions actions;
	struct inputs in;
	double now, temperature_k, pressure_gpa, store_delay_s, durable_at_lab_s;
	uint64_t pending_intent;
	bool auto_durable;                  /* the store answers by itself */
	bool freeze_process;                /* T and P no longer follow */
	bool skip_refresh;                  /* inputs stand as the test made them, but stay fresh */
	void (*spoil)(struct plant *plant); /* changes the inputs of each tick; NULL: none */
	double heat_pct;                    /* of a furnace in manual: its output, a second late */
	uint32_t ramp_ticks;                /* in which a controller was told to ramp */
	double most_setpoint_rate_k, most_setpoint_rate_gpa;
	uint32_t alarms_raised[ALARM_MAX];
	char last_text[MACHINE_WHY]; /* of the last alarm raised */
	enum phase trail[64];
	int trail_count;
};

void plant_default_plan(struct plan *ret_plan);
/* The same with one section of calorimetry, scanned at 200 K/s. */
void plant_scan_plan(struct plan *ret_plan);
void plant_init(struct plant *plant, double pressure_gpa, double temperature_k);
/* One event of any kind, invariants checked; returns the answer code. */
uint8_t plant_event(struct plant *plant, const struct event *event);
void plant_tick(struct plant *plant);
/* Ticks until @phase or @limit_s of lab time; true when reached. */
bool plant_run_to(struct plant *plant, enum phase phase, double limit_s);
void plant_run(struct plant *plant, double seconds);
void plant_start(struct plant *plant);
uint8_t plant_verb(struct plant *plant, enum verb verb);
/* A machine in @phase of a 7 GPa, 643 K run, with inputs that fit it. */
void plant_put(struct plant *plant, enum phase phase);

#endif
