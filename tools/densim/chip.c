/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/chip.h"

#include <errno.h>
#include <math.h>

#include "tools/densim/noise.h"

#define MASS_G 1.15e-6 /* 80 x 80 x 30 um3 */
#define MASS_SPREAD 0.03
#define MOLAR_G 59.7
#define CELL_S 1e-3
#define LAG_S 2e-3
#define NOISE_MW 1e-4
#define BASE_MW 2e-3 /* heat loss: constant, linear and quadratic around 600 K */
#define BASE_MW_PER_K 2e-6
#define BASE_MW_PER_K2 1e-9
#define STEP_K 0.5
#define FREE_COOLING_K_PER_S 2000.0
#define AMBIENT_K 300.0
#define HEATER_OHM 1000.0
#define HEATER_PER_K 8e-4

void chip_init(struct chip *ret_chip, uint64_t seed, bool noise)
{
	*ret_chip = (struct chip){.temperature_k = AMBIENT_K, .seed = seed, .noise = noise};
	struct glass ribbon;
	glass_init_as_spun(&ribbon);
	chip_load(ret_chip, &ribbon);
}

enum chip_status chip_status(const struct chip *chip, const struct faults *faults)
{
	if (faults->on[FAULT_CHIP_OPEN])
		return CHIP_STATUS_FAULT;
	if (chip->running)
		return CHIP_STATUS_RUNNING;
	if (chip->armed)
		return CHIP_STATUS_ARMED;
	if (chip->trace)
		return CHIP_STATUS_DATA;
	return chip->segment_count && !chip->spent ? CHIP_STATUS_PROGRAMMED : CHIP_STATUS_IDLE;
}

unsigned chip_flags(const struct chip *chip, const struct faults *faults)
{
	(void)chip;
	return faults->on[FAULT_CHIP_OPEN] ? CHIP_FLAG_OPEN | CHIP_FLAG_BAND : 0;
}

double chip_resistance_ohm(const struct chip *chip, const struct faults *faults)
{
	if (faults->on[FAULT_CHIP_OPEN])
		return 9.9e6;
	return HEATER_OHM * (1 + HEATER_PER_K * (chip->temperature_k - AMBIENT_K));
}

void chip_clear(struct chip *chip)
{
	if (chip->running)
		return;
	chip->segment_count = 0;
	chip->armed = false;
	chip->spent = false;
}

static int check_segment(const struct chip_segment *segment)
{
	double low = fmin(segment->from_k, segment->to_k), high = fmax(segment->from_k, segment->to_k);
	bool heating = segment->to_k > segment->from_k;
	if (low < CHIP_LOWEST_K || high > CHIP_HIGHEST_K || high - low < STEP_K ||
	    heating != segment->recorded)
		return -ERANGE;
	if (!(segment->rate_k_per_s > 0 && segment->rate_k_per_s <= CHIP_FASTEST_K_PER_S))
		return -ERANGE;
	return 0;
}

int chip_program(struct chip *chip, const struct chip_segment *segment)
{
	if (chip->running || chip->armed)
		return -EBUSY;
	int r = check_segment(segment);
	if (r < 0)
		return r;
	if (chip->spent)
		chip_clear(chip);
	/* one place stays free for the cooling that ends every scan */
	if (chip->segment_count >= CHIP_SEGMENTS - 1)
		return -ENOSPC;
	chip->segments[chip->segment_count++] = *segment;
	return 0;
}

int chip_arm(struct chip *chip, const struct faults *faults)
{
	if (chip_status(chip, faults) != CHIP_STATUS_PROGRAMMED)
		return -EPERM;
	chip->armed = true;
	return 0;
}

void chip_load(struct chip *chip, const struct glass *recovered)
{
	chip->section = *recovered;
	chip->section_number++;
	chip->touched = false;
	double spread = noise_normal(chip->seed, NOISE_MASS, chip->section_number);
	chip->mass_g = MASS_G * (1 + MASS_SPREAD * fmin(fmax(spread, -3), 3));
}

static bool is_first_scan(const struct chip *chip)
{
	return chip->segment_count >= 2 && chip->segments[0].recorded && !chip->segments[1].recorded;
}

/* After a last ramp the heater goes off: the chip falls back to where the program began. */
static void end_cold(struct chip *chip)
{
	const struct chip_segment *last = &chip->segments[chip->segment_count - 1];
	double start_k = chip->segments[0].from_k;
	if (last->to_k - start_k < 1)
		return;
	chip->segments[chip->segment_count] = (struct chip_segment){
		.from_k = last->to_k, .to_k = start_k, .rate_k_per_s = FREE_COOLING_K_PER_S};
	chip->segment_count++;
}

int chip_fire(struct chip *chip, const struct glass *recovered)
{
	if (!chip->armed)
		return -EPERM;
	if (is_first_scan(chip)) {
		chip->first_scans++;
		if (chip->touched)
			chip_load(chip, recovered);
		else
			chip->section = *recovered;
	}
	end_cold(chip);
	chip->armed = false;
	chip->running = true;
	chip->spent = true;
	chip->touched = true;
	chip->counter++;
	chip->row_count = 0;
	chip->segment = 0;
	chip->done_k = chip->run_s = chip->due_s = 0;
	chip->cell_mw = 0;
	return 0;
}

void chip_off(struct chip *chip)
{
	chip->running = false;
	chip->armed = false;
	chip->temperature_k = AMBIENT_K;
	chip->power_mw = 0;
}

int chip_delete(struct chip *chip, uint32_t counter)
{
	if (counter == 0 || chip->trace != counter)
		return -ENOENT;
	chip->trace = 0;
	chip->row_count = 0;
	return 0;
}

static void record(struct chip *chip, double middle_k, double flow_mw, double rate_k_per_s)
{
	if (chip->row_count >= CHIP_ROWS)
		return;
	/* the flow is constant over the step; the row is stamped at its middle, so it shows the cell there */
	double behind_mw = flow_mw - (chip->row_count ? chip->cell_mw : flow_mw);
	double cell_mw = flow_mw - behind_mw * exp(-0.5 * STEP_K / (rate_k_per_s * CELL_S));
	chip->cell_mw = flow_mw - behind_mw * exp(-STEP_K / (rate_k_per_s * CELL_S));
	double off_k = middle_k - 600;
	double shown_mw = cell_mw + BASE_MW + BASE_MW_PER_K * off_k + BASE_MW_PER_K2 * off_k * off_k;
	uint64_t index = (uint64_t)chip->counter << 16 | chip->row_count;
	if (chip->noise)
		shown_mw += NOISE_MW * noise_normal(chip->seed, NOISE_SCAN, index);
	chip->rows[chip->row_count++] = (struct chip_row){
		.t_s = (float)(chip->run_s - 0.5 * STEP_K / rate_k_per_s),
		.temperature_k = (float)(middle_k + LAG_S * rate_k_per_s),
		.heat_flow_mw = (float)shown_mw,
	};
}

static void step_scan(struct chip *chip)
{
	const struct chip_segment *segment = &chip->segments[chip->segment];
	double left_k = fabs(segment->to_k - segment->from_k) - chip->done_k;
	double step_k = fmin(STEP_K, left_k), sign = segment->recorded ? 1 : -1;
	double from_k = segment->from_k + sign * chip->done_k, to_k = from_k + sign * step_k;
	double before_k = glass_tf_k(&chip->section);
	glass_step(&chip->section, from_k, to_k, 0, 0, step_k / segment->rate_k_per_s);
	double after_k = glass_tf_k(&chip->section), middle_k = 0.5 * (from_k + to_k);
	double cp = glass_cp_glass(middle_k) +
		    glass_cp_step(0.5 * (before_k + after_k)) * (after_k - before_k) / (to_k - from_k);
	double flow_mw = chip->mass_g / MOLAR_G * cp * segment->rate_k_per_s * 1e3;
	chip->run_s += step_k / segment->rate_k_per_s;
	chip->temperature_k = to_k;
	chip->power_mw = sign > 0 ? flow_mw : 0;
	if (segment->recorded)
		record(chip, middle_k, flow_mw, segment->rate_k_per_s);
	chip->done_k += step_k;
	if (left_k - step_k < 1e-9) {
		chip->segment++;
		chip->done_k = 0;
	}
}

static void finish(struct chip *chip)
{
	chip->running = false;
	chip->trace = chip->counter;
	chip->power_mw = 0;
}

void chip_step(struct chip *chip, const struct faults *faults, double watchdog_least_s, double step_s)
{
	chip->silent_s += step_s;
	bool silent = chip->watchdog_s > 0 && chip->silent_s > fmax(chip->watchdog_s, watchdog_least_s);
	if (chip->running && (silent || faults->on[FAULT_CHIP_OPEN] || faults->on[FAULT_POWER_FAIL]))
		chip_off(chip);
	if (!chip->running)
		return;
	chip->due_s += step_s;
	while (chip->running && chip->run_s < chip->due_s) {
		step_scan(chip);
		if (chip->segment >= chip->segment_count)
			finish(chip);
	}
}
