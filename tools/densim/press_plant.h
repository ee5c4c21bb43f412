/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The belt press and its PLC: oil pump, valves, seal friction (the loading branch lies below the unloading
 * one), gasket creep, leak and blow-out; modes, watchdog and contactor as in drivers/press-map.md. Pure.
 */
#ifndef DENSD_DENSIM_PRESS_PLANT_H
#define DENSD_DENSIM_PRESS_PLANT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/densim/faults.h"

enum press_plant_mode { PRESS_PLANT_LOCK, PRESS_PLANT_REGULATE };
struct press_plant {
	/* requests, as last written */
	uint16_t heartbeat, mode, watchdog_s;
	float setpoint_bar, ramp_bar_per_s;
	bool heater_enable;
	/* the machine */
	enum press_plant_mode mode_active;
	double active_bar; /* setpoint in force, moving at the ramp limit */
	double oil_bar, sample_gpa;
	double measured_bar;        /* oil pressure as the PLC's transducer gives it */
	double crept_gpa, lost_pct; /* gasket creep; pump volume lost through leaks */
	double silent_s;            /* since the last change of the heartbeat */
	bool watchdog_tripped, power_failed, local, pump_running, pump_low;
	bool no_contactor; /* a pump plays the press: the heater is wired straight to the mains */
};

void press_plant_init(struct press_plant *ret_press);
/*
 * One step; @watchdog_least_s: the watchdog never trips earlier than this (0.25 s x N).
 * Returns the heat of compression put into the cell, W.
 */
double press_plant_step(struct press_plant *press, const struct faults *faults, double watchdog_least_s,
			double noise_bar, double step_s);
/* The seven registers of the write block, acted on only if it is safe to. */
void press_plant_request(struct press_plant *press, uint16_t heartbeat, uint16_t mode, float setpoint_bar,
			 float ramp_bar_per_s, uint16_t watchdog_s);
/* RESET: clears WATCHDOG_TRIPPED and POWER_FAILED in LOCK. */
void press_plant_reset(struct press_plant *press);
void press_plant_restart(struct press_plant *press);
bool press_plant_contactor(const struct press_plant *press);
/* STATUS word of the map. */
uint16_t press_plant_status(const struct press_plant *press);
double press_plant_stroke_pct(const struct press_plant *press);
/* The calibration the site file states: sample pressure of an oil pressure on each branch. */
double press_plant_loading_gpa(double oil_bar);
double press_plant_unloading_gpa(double oil_bar);

#endif
