/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/furnace_plant.h"

#include <math.h>

/* J/K of each node, W/K between them */
#define HEATER_J_PER_K 70.0
#define CELL_J_PER_K 30.0
#define ANVIL_J_PER_K 400.0
#define HEATER_CELL_W_PER_K 10.0
#define HEATER_ANVIL_W_PER_K 1.5
#define ANVIL_AMBIENT_W_PER_K 6.0
#define SENSOR_LAG_S 0.5
/* The gains it comes with */
#define GAIN_PCT_PER_K 4.0
#define INTEGRAL_S 20.0
#define DERIVATIVE_S 1.2
#define DERIVATIVE_FILTER_S 0.8
#define SLIP_LAG_S 5.0
#define BROKEN_READING_K 1645.15 /* upscale burn-out: 1372 degC */

void furnace_plant_init(struct furnace_plant *ret_furnace)
{
	*ret_furnace = (struct furnace_plant){
		.heater_k = FURNACE_AMBIENT_K,
		.cell_k = FURNACE_AMBIENT_K,
		.anvil_k = FURNACE_AMBIENT_K,
		.sensor_k = FURNACE_AMBIENT_K,
		.measured_k = FURNACE_AMBIENT_K,
		.last_measured_k = FURNACE_AMBIENT_K,
		.setpoint_k = 293.15,
		.working_k = 293.15,
		.gain_pct_per_k = GAIN_PCT_PER_K,
		.integral_s = INTEGRAL_S,
		.derivative_s = DERIVATIVE_S,
	};
}

static double power_w(const struct furnace_plant *furnace, const struct faults *faults, bool contactor)
{
	if (!contactor || faults->on[FAULT_HEATER_OPEN] || faults->on[FAULT_POWER_FAIL])
		return 0;
	double pct = furnace->output_pct;
	if (faults->on[FAULT_RELAY_WELDED])
		pct = faults->value[FAULT_RELAY_WELDED];
	return FURNACE_POWER_W * pct / 100;
}

static void step_nodes(struct furnace_plant *furnace, double heat_w, double compression_w, double step_s)
{
	double to_cell_w = HEATER_CELL_W_PER_K * (furnace->heater_k - furnace->cell_k);
	double to_anvil_w = HEATER_ANVIL_W_PER_K * (furnace->heater_k - furnace->anvil_k);
	double lost_w = ANVIL_AMBIENT_W_PER_K * (furnace->anvil_k - FURNACE_AMBIENT_K);
	furnace->heater_k += (heat_w - to_cell_w - to_anvil_w) / HEATER_J_PER_K * step_s;
	furnace->cell_k += (to_cell_w + compression_w) / CELL_J_PER_K * step_s;
	furnace->anvil_k += (to_anvil_w - lost_w) / ANVIL_J_PER_K * step_s;
}

static void step_sensor(struct furnace_plant *furnace, const struct faults *faults, double noise_k,
			double step_s)
{
	double seen_k = furnace->cell_k, lag_s = SENSOR_LAG_S;
	if (faults->on[FAULT_TC_SLIP]) {
		seen_k = FURNACE_AMBIENT_K + faults->value[FAULT_TC_SLIP] * (seen_k - FURNACE_AMBIENT_K);
		lag_s = SLIP_LAG_S;
	}
	furnace->sensor_k += (seen_k - furnace->sensor_k) * step_s / lag_s;
	furnace->sensor_break = faults->on[FAULT_TC_BREAK];
	if (furnace->sensor_break)
		furnace->measured_k = BROKEN_READING_K;
	else if (!faults->on[FAULT_TC_FREEZE])
		furnace->measured_k = furnace->sensor_k + noise_k +
				      furnace->sensor_error * (furnace->sensor_k - FURNACE_AMBIENT_K);
}

static void step_working(struct furnace_plant *furnace, const struct faults *faults, double step_s)
{
	double factor = faults->on[FAULT_RAMP_WRONG] ? faults->value[FAULT_RAMP_WRONG] : 1;
	double most_k = factor * furnace->rate_k_per_min / 60 * step_s;
	double missing_k = furnace->setpoint_k - furnace->working_k;
	if (furnace->rate_k_per_min <= 0 || fabs(missing_k) <= most_k)
		furnace->working_k = furnace->setpoint_k;
	else
		furnace->working_k += copysign(most_k, missing_k);
}

/* PI on the error, D on the filtered measurement; the integral stands still while it would wind up. */
static void step_controller(struct furnace_plant *furnace, const struct faults *faults, double step_s)
{
	double slope = (furnace->measured_k - furnace->last_measured_k) / step_s;
	furnace->last_measured_k = furnace->measured_k;
	furnace->slope_k_per_s += (slope - furnace->slope_k_per_s) * step_s / (DERIVATIVE_FILTER_S + step_s);
	if (furnace->sensor_break || furnace->manual) {
		furnace->output_pct = furnace->sensor_break ? 0 : furnace->manual_pct;
		furnace->integral_pct = furnace->output_pct;
		furnace->working_k = furnace->rate_k_per_min > 0 ? furnace->measured_k : furnace->setpoint_k;
		return;
	}
	step_working(furnace, faults, step_s);
	double error_k = furnace->working_k - furnace->measured_k;
	double wish = furnace->gain_pct_per_k * (error_k - furnace->derivative_s * furnace->slope_k_per_s) +
		      furnace->integral_pct;
	furnace->output_pct = fmin(fmax(wish, 0), 100);
	if ((wish < 100 || error_k < 0) && (wish > 0 || error_k > 0))
		furnace->integral_pct += furnace->gain_pct_per_k * error_k * step_s / furnace->integral_s;
	furnace->integral_pct = fmin(fmax(furnace->integral_pct, 0), 100);
}

/* Somebody at the panel: manual while @fault is on, and back to automatic when it is cleared. */
static void step_panel(struct furnace_plant *furnace, bool fault)
{
	if (fault && !furnace->manual)
		furnace->manual_pct = furnace->output_pct;
	if (fault != furnace->panel_manual)
		furnace->manual = fault;
	furnace->panel_manual = fault;
}

void furnace_plant_step(struct furnace_plant *furnace, const struct faults *faults, bool contactor,
			double compression_w, double noise_k, double step_s)
{
	step_panel(furnace, faults->on[FAULT_FURNACE_MANUAL]);
	step_sensor(furnace, faults, noise_k, step_s);
	if (faults->on[FAULT_POWER_FAIL])
		furnace->output_pct = 0;
	else
		step_controller(furnace, faults, step_s);
	step_nodes(furnace, power_w(furnace, faults, contactor), compression_w, step_s);
}

void furnace_plant_restart(struct furnace_plant *furnace)
{
	furnace->power_failed = true;
	furnace->manual = false;
	furnace->output_pct = 0;
	furnace->integral_pct = 0;
	furnace->slope_k_per_s = 0;
	furnace->last_measured_k = furnace->measured_k;
	furnace->working_k = furnace->measured_k;
}
