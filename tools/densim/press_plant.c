/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/press_plant.h"

#include <math.h>

#define OIL_FULL_BAR 2000.0
#define SAMPLE_FULL_GPA 7.0
#define BRANCH_APART 0.06 /* unloading above loading at mid range, share */
#define PUMP_LAG_S 0.8
#define PUMP_BAR_PER_S 10.0 /* the most it can do */
#define BLOWOUT_BAR_PER_S 600.0
#define SEEP_BAR_PER_S 0.002 /* valves shut, oil still seeps */
#define CREEP_SHARE 0.0006   /* of the pressure, in the end */
#define CREEP_S 600.0
#define STROKE_PCT_PER_BAR 0.03
#define STROKE_PCT_PER_LEAKED_BAR 0.01
#define COMPRESSION_J_PER_GPA 20.0 /* a small warming of the cell */
#define OVER_PRESSURE_BAR 2100.0

enum status_bit {
	STATUS_LOCKED = 1 << 0,
	STATUS_REGULATING = 1 << 1,
	STATUS_LOCAL = 1 << 2,
	STATUS_DEPRESSURISED = 1 << 3,
	STATUS_CONTACTOR_CLOSED = 1 << 4,
	STATUS_WATCHDOG_ARMED = 1 << 5,
	STATUS_WATCHDOG_TRIPPED = 1 << 6,
	STATUS_POWER_FAILED = 1 << 7,
	STATUS_PUMP_RUNNING = 1 << 8,
	STATUS_OVER_PRESSURE = 1 << 9,
};

void press_plant_init(struct press_plant *ret_press)
{
	*ret_press = (struct press_plant){.mode_active = PRESS_PLANT_LOCK};
}

double press_plant_loading_gpa(double oil_bar)
{
	return SAMPLE_FULL_GPA * oil_bar / OIL_FULL_BAR;
}

double press_plant_unloading_gpa(double oil_bar)
{
	double x = fmin(fmax(oil_bar / OIL_FULL_BAR, 0), 1);
	return press_plant_loading_gpa(oil_bar) + 2 * BRANCH_APART * SAMPLE_FULL_GPA * x * (1 - x);
}

static void lock(struct press_plant *press)
{
	press->mode_active = PRESS_PLANT_LOCK;
	press->active_bar = press->oil_bar;
	press->pump_running = false;
}

static void step_watchdog(struct press_plant *press, double least_s, double step_s)
{
	press->silent_s += step_s;
	if (press->watchdog_s == 0 || press->silent_s <= fmax(press->watchdog_s, least_s))
		return;
	press->watchdog_tripped = true;
	press->heater_enable = false;
	press->mode = PRESS_PLANT_LOCK;
	lock(press);
}

static void step_active(struct press_plant *press, double step_s)
{
	double most_bar = fmax((double)press->ramp_bar_per_s, 0) * step_s;
	double missing_bar = (double)press->setpoint_bar - press->active_bar;
	if (fabs(missing_bar) <= most_bar)
		press->active_bar = (double)press->setpoint_bar;
	else
		press->active_bar += copysign(most_bar, missing_bar);
}

static double leak_bar_per_s(const struct press_plant *press, const struct faults *faults)
{
	double rate = press->mode_active == PRESS_PLANT_LOCK ? SEEP_BAR_PER_S : 0;
	if (faults->on[FAULT_GASKET_LEAK])
		rate += faults->value[FAULT_GASKET_LEAK] * OIL_FULL_BAR / SAMPLE_FULL_GPA;
	if (faults->on[FAULT_GASKET_BLOWOUT])
		rate += BLOWOUT_BAR_PER_S;
	return rate;
}

/* The volume that is left says how much was lost; a refilled pump has lost nothing. */
static void step_volume(struct press_plant *press, const struct faults *faults)
{
	double used_pct = STROKE_PCT_PER_BAR * press->oil_bar;

	if (faults->on[FAULT_PUMP_LOW])
		press->lost_pct = fmax(press->lost_pct, 100 - used_pct - faults->value[FAULT_PUMP_LOW]);
	else if (press->pump_low)
		press->lost_pct = 0;
	press->pump_low = faults->on[FAULT_PUMP_LOW];
}

static void step_oil(struct press_plant *press, const struct faults *faults, double step_s)
{
	double pump = 0;
	bool pumping = press->mode_active == PRESS_PLANT_REGULATE && !press->local;
	if (pumping) {
		step_active(press, step_s);
		pump = (press->active_bar - press->oil_bar) / PUMP_LAG_S;
		pump = fmin(fmax(pump, -PUMP_BAR_PER_S), PUMP_BAR_PER_S);
	}
	if (pumping && faults->on[FAULT_PUMP_RUNAWAY])
		pump += faults->value[FAULT_PUMP_RUNAWAY];
	if (press_plant_stroke_pct(press) <= 0)
		pump = fmin(pump, 0);
	if (faults->on[FAULT_VALVE_STUCK])
		pump = 0;
	press->pump_running = pumping && pump > 0.05;
	double leak = press->oil_bar > 0 ? leak_bar_per_s(press, faults) : 0;
	press->oil_bar = fmax(press->oil_bar + (pump - leak) * step_s, 0);
	if (pump > 0)
		press->lost_pct =
			fmin(press->lost_pct + fmin(pump, leak) * step_s * STROKE_PCT_PER_LEAKED_BAR, 100);
}

/* The play of the seals: between its branches the sample does not feel the oil. */
static void step_sample(struct press_plant *press, double step_s)
{
	double low = press_plant_loading_gpa(press->oil_bar),
	       high = press_plant_unloading_gpa(press->oil_bar);
	double held = press->sample_gpa + press->crept_gpa;
	held = fmax(low, fmin(held, high));
	double creep_end = CREEP_SHARE * held;
	press->crept_gpa += (creep_end - press->crept_gpa) * step_s / CREEP_S;
	press->crept_gpa = fmin(press->crept_gpa, held);
	press->sample_gpa = held - press->crept_gpa;
}

double press_plant_step(struct press_plant *press, const struct faults *faults, double watchdog_least_s,
			double noise_bar, double step_s)
{
	double before_gpa = press->sample_gpa;
	press->local = faults->on[FAULT_PRESS_LOCAL];
	if (faults->on[FAULT_POWER_FAIL])
		lock(press);
	else
		step_watchdog(press, watchdog_least_s, step_s);
	step_volume(press, faults);
	step_oil(press, faults, step_s);
	step_sample(press, step_s);
	press->measured_bar = press->oil_bar + noise_bar;
	return COMPRESSION_J_PER_GPA * (press->sample_gpa - before_gpa) / step_s;
}

void press_plant_request(struct press_plant *press, uint16_t heartbeat, uint16_t mode, float setpoint_bar,
			 float ramp_bar_per_s, uint16_t watchdog_s)
{
	if (heartbeat != press->heartbeat)
		press->silent_s = 0;
	if (watchdog_s != press->watchdog_s)
		press->silent_s = 0;
	press->heartbeat = heartbeat;
	press->watchdog_s = watchdog_s;
	if (press->local)
		return;
	press->setpoint_bar = setpoint_bar;
	press->ramp_bar_per_s = ramp_bar_per_s;
	press->mode = mode;
	bool barred = press->watchdog_tripped || press->power_failed;
	if (mode != PRESS_PLANT_REGULATE || barred) {
		lock(press);
	} else if (press->mode_active == PRESS_PLANT_LOCK) {
		press->mode_active = PRESS_PLANT_REGULATE;
		press->active_bar = press->oil_bar;
	}
}

void press_plant_reset(struct press_plant *press)
{
	if (press->mode_active != PRESS_PLANT_LOCK)
		return;
	press->watchdog_tripped = false;
	press->power_failed = false;
	press->silent_s = 0;
}

void press_plant_restart(struct press_plant *press)
{
	lock(press);
	press->power_failed = true;
	press->heater_enable = false;
	press->mode = PRESS_PLANT_LOCK;
	press->watchdog_s = 0;
	press->silent_s = 0;
}

bool press_plant_contactor(const struct press_plant *press)
{
	return press->no_contactor ||
	       (press->heater_enable && !press->watchdog_tripped && !press->power_failed);
}

uint16_t press_plant_status(const struct press_plant *press)
{
	bool empty = press->oil_bar < 3 && press->sample_gpa < 0.02;
	unsigned status = press->mode_active == PRESS_PLANT_LOCK ? STATUS_LOCKED : STATUS_REGULATING;
	status |= press->local ? STATUS_LOCAL : 0;
	status |= empty ? STATUS_DEPRESSURISED : 0;
	status |= press_plant_contactor(press) ? STATUS_CONTACTOR_CLOSED : 0;
	status |= press->watchdog_s ? STATUS_WATCHDOG_ARMED : 0;
	status |= press->watchdog_tripped ? STATUS_WATCHDOG_TRIPPED : 0;
	status |= press->power_failed ? STATUS_POWER_FAILED : 0;
	status |= press->pump_running ? STATUS_PUMP_RUNNING : 0;
	status |= press->oil_bar > OVER_PRESSURE_BAR ? STATUS_OVER_PRESSURE : 0;
	return (uint16_t)status;
}

double press_plant_stroke_pct(const struct press_plant *press)
{
	return fmax(100 - STROKE_PCT_PER_BAR * press->oil_bar - press->lost_pct, 0);
}
