/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The graphite furnace in the press and its controller. Three thermal nodes: graphite heater, cell (where
 * sample and thermocouple are), inner anvils, which lose heat to the cooled press. The controller is a PID
 * with fixed, autotuned gains on the cell's thermocouple. Pure; one step is 20 to 50 ms of lab time.
 *
 * Near ambient nothing but the anvils cools the cell: the last kelvins trail a 20 K/min ramp.
 */
#ifndef DENSD_DENSIM_FURNACE_PLANT_H
#define DENSD_DENSIM_FURNACE_PLANT_H

#include <stdbool.h>

#include "tools/densim/faults.h"

#define FURNACE_AMBIENT_K 296.15
#define FURNACE_POWER_W 1000.0

struct furnace_plant {
	double heater_k, cell_k, anvil_k; /* nodes */
	double sensor_k;                  /* what the thermocouple junction has */
	double measured_k;                /* what the controller shows */
	double sensor_error;          /* share of its rise above ambient that the junction reads too high */
	double setpoint_k, working_k; /* target and, with a rate limit, the one in force */
	double rate_k_per_min;        /* setpoint rate limit, 0: off */
	double output_pct, manual_pct;
	double gain_pct_per_k, integral_s, derivative_s;     /* PID */
	double integral_pct, slope_k_per_s, last_measured_k; /* PID memory */
	bool manual, panel_manual, sensor_break, power_failed;
};

void furnace_plant_init(struct furnace_plant *ret_furnace);
/*
 * One step. @contactor: mains reach the heater. @compression_w: heat put into the cell by the press.
 * @noise_k: added to the thermocouple's reading.
 */
void furnace_plant_step(struct furnace_plant *furnace, const struct faults *faults, bool contactor,
			double compression_w, double noise_k, double step_s);
/* Mains came back: the controller starts in automatic, with its setpoint kept and the flag set. */
void furnace_plant_restart(struct furnace_plant *furnace);

#endif
