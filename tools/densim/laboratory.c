/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/laboratory.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tools/densim/noise.h"

#define NOISE_K 0.02
#define NOISE_BAR 0.1
#define NOISE_FLOW 0.05
#define FLOW_LAG_S 1.5
/* A run begins when either is left, and ends when both are back */
#define RUNNING_GPA 0.05
#define RUNNING_K 330.0
#define RELEASED_GPA 0.02
/* Longest glass step: the model is exact in time for linear ramps, accurate up to 1 K and 0.1 GPa */
#define GLASS_STEP_K 0.25
#define GLASS_STEP_GPA 0.05
#define GLASS_STEP_HOT_S 2.0
#define GLASS_STEP_COLD_S 20.0
#define GLASS_HOT_K 430.0
#define WATCHDOG_LEAST_S 0.25 /* x scale */
#define SECOND_MASTER_S 5.0

void laboratory_load_capsule(struct laboratory *lab)
{
	struct capsule *capsule = &lab->capsule;
	glass_init_as_spun(&capsule->glass);
	capsule->running = false;
	capsule->last_k = capsule->highest_k = lab->furnace.cell_k;
	capsule->last_gpa = capsule->highest_gpa = lab->press.sample_gpa;
	capsule->waiting_s = 0;
}

void laboratory_init(struct laboratory *ret_lab, double scale, uint64_t seed, bool noise)
{
	memset(ret_lab, 0, sizeof(*ret_lab));
	ret_lab->scale = scale;
	ret_lab->seed = seed;
	ret_lab->noise = noise;
	faults_init(&ret_lab->faults);
	furnace_plant_init(&ret_lab->furnace);
	press_plant_init(&ret_lab->press);
	chip_init(&ret_lab->chip, seed, noise);
	glass_init_as_spun(&ret_lab->recovered);
	laboratory_load_capsule(ret_lab);
}

static void step_glass(struct capsule *capsule, double cell_k, double gpa)
{
	if (capsule->waiting_s <= 0)
		return;
	glass_step(&capsule->glass, capsule->last_k, cell_k, capsule->last_gpa, gpa, capsule->waiting_s);
	capsule->last_k = cell_k;
	capsule->last_gpa = gpa;
	capsule->waiting_s = 0;
}

void laboratory_recover(struct laboratory *lab)
{
	struct capsule *capsule = &lab->capsule;
	step_glass(capsule, lab->furnace.cell_k, lab->press.sample_gpa);
	lab->recovered = capsule->glass;
	lab->recovered_highest_k = capsule->highest_k;
	lab->recovered_highest_gpa = capsule->highest_gpa;
	lab->batch++;
	/* a section that was scanned waits for its reference; the next first scan takes a fresh one */
	if (!lab->chip.touched)
		chip_load(&lab->chip, &lab->recovered);
	capsule->running = false;
}

/* A new compression or heating after a release means that a new capsule was put in. */
static void step_capsule(struct laboratory *lab, double step_s)
{
	struct capsule *capsule = &lab->capsule;
	double cell_k = lab->furnace.cell_k, gpa = lab->press.sample_gpa;
	if (!capsule->running && (gpa > RUNNING_GPA || cell_k > RUNNING_K)) {
		laboratory_load_capsule(lab);
		capsule->running = true;
		capsule->last_k = fmin(capsule->last_k, RUNNING_K);
		capsule->last_gpa = 0;
	}
	capsule->waiting_s += step_s;
	capsule->highest_k = fmax(capsule->highest_k, cell_k);
	capsule->highest_gpa = fmax(capsule->highest_gpa, gpa);
	double longest_s = cell_k > GLASS_HOT_K ? GLASS_STEP_HOT_S : GLASS_STEP_COLD_S;
	if (fabs(cell_k - capsule->last_k) >= GLASS_STEP_K ||
	    fabs(gpa - capsule->last_gpa) >= GLASS_STEP_GPA || capsule->waiting_s >= longest_s)
		step_glass(capsule, cell_k, gpa);
	if (capsule->running && gpa < RELEASED_GPA && cell_k < LABORATORY_COLD_K)
		laboratory_recover(lab);
}

static double noise(const struct laboratory *lab, enum noise_stream stream, double width)
{
	return lab->noise && width > 0 ? width * noise_normal(lab->seed, stream, lab->substep) : 0;
}

static void step_flow(struct laboratory *lab)
{
	double target = lab->flow_setpoint;
	if (lab->faults.on[FAULT_NITROGEN_LOSS])
		target *= lab->faults.value[FAULT_NITROGEN_LOSS];
	lab->flow += (target - lab->flow) * LABORATORY_STEP_S / FLOW_LAG_S;
	lab->flow_measured = fmax(lab->flow + noise(lab, NOISE_FLOW, NOISE_FLOW * (lab->flow > 0.5)), 0);
}

/* The other master wants something else and says so again and again. */
static void step_second_master(struct laboratory *lab)
{
	if (!lab->faults.on[FAULT_SECOND_MASTER]) {
		lab->second_master_s = 0;
		return;
	}
	lab->second_master_s -= LABORATORY_STEP_S;
	if (lab->second_master_s > 0)
		return;
	lab->second_master_s = SECOND_MASTER_S;
	unsigned which = (unsigned)lab->faults.value[FAULT_SECOND_MASTER];
	if (which & 1)
		lab->furnace.setpoint_k += 10;
	if (which & 2)
		lab->press.setpoint_bar += 20;
}

static void step_power(struct laboratory *lab)
{
	bool off = lab->faults.on[FAULT_POWER_FAIL];
	if (lab->power_was_off && !off) {
		press_plant_restart(&lab->press);
		furnace_plant_restart(&lab->furnace);
		lab->flow_setpoint = 0;
		lab->chip.watchdog_s = 0;
		chip_clear(&lab->chip);
		coupler_restart(&lab->coupler);
	}
	lab->power_was_off = off;
}

bool laboratory_contactor(const struct laboratory *lab)
{
	return press_plant_contactor(&lab->press) && coupler_closed(&lab->coupler);
}

void laboratory_step(struct laboratory *lab)
{
	double least_s = WATCHDOG_LEAST_S * lab->scale;
	step_power(lab);
	step_second_master(lab);
	double heat_w = press_plant_step(&lab->press, &lab->faults, least_s, noise(lab, NOISE_OIL, NOISE_BAR),
					 LABORATORY_STEP_S);
	coupler_step(&lab->coupler, least_s, LABORATORY_STEP_S);
	furnace_plant_step(&lab->furnace, &lab->faults, laboratory_contactor(lab), heat_w,
			   noise(lab, NOISE_TEMPERATURE, NOISE_K), LABORATORY_STEP_S);
	step_flow(lab);
	step_capsule(lab, LABORATORY_STEP_S);
	chip_step(&lab->chip, &lab->faults, least_s, LABORATORY_STEP_S);
	lab->substep++;
}

static void press_to(struct laboratory *lab, double bar)
{
	press_plant_request(&lab->press, 0, PRESS_PLANT_REGULATE, (float)bar, 1.43F, 0);
	while (fabs(lab->press.oil_bar - bar) > 0.5)
		laboratory_step(lab);
}

static void heat_to(struct laboratory *lab, double setpoint_k, double until_k)
{
	const double rate_k_per_s = 20.0 / 60;
	double sign = until_k > lab->furnace.cell_k ? 1 : -1;
	while (sign * (until_k - lab->furnace.cell_k) > 0.5) {
		double left_k = setpoint_k - lab->furnace.setpoint_k;
		double most_k = rate_k_per_s * LABORATORY_STEP_S;
		lab->furnace.setpoint_k += fmin(fmax(left_k, -most_k), most_k);
		laboratory_step(lab);
	}
	lab->furnace.setpoint_k = setpoint_k;
}

static void wait_s(struct laboratory *lab, double duration_s)
{
	for (double t = 0; t < duration_s; t += LABORATORY_STEP_S)
		laboratory_step(lab);
}

void laboratory_begin_at(struct laboratory *lab, enum laboratory_start start)
{
	if (start == LABORATORY_IDLE)
		return;
	press_to(lab, start == LABORATORY_COMPRESS ? 1000 : 2000);
	if (start == LABORATORY_COMPRESS)
		return;
	lab->press.heater_enable = true;
	lab->furnace.setpoint_k = FURNACE_AMBIENT_K;
	heat_to(lab, start == LABORATORY_HEAT ? 480 : 643, start == LABORATORY_HEAT ? 480 : 643);
	if (start == LABORATORY_HEAT)
		return;
	wait_s(lab, start == LABORATORY_ISOTHERM ? 120 : 600);
	if (start == LABORATORY_ISOTHERM)
		return;
	heat_to(lab, start == LABORATORY_COOL ? 480 : 298.15, start == LABORATORY_COOL ? 480 : 299.5);
	if (start == LABORATORY_DECOMPRESS)
		press_to(lab, 1000);
}

int laboratory_start_find(const char *name)
{
	static const char *const names[LABORATORY_START_COUNT] = {"idle",     "compress", "heat",
								  "isotherm", "cool",     "decompress"};
	for (int i = 0; i < LABORATORY_START_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -ENOENT;
}
