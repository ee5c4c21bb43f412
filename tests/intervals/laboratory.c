/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/intervals/laboratory.h"

#include <assert.h>

#include "tools/densim/noise.h"

#define AMBIENT_K 298.0
#define COMPRESSION_GPA_PER_S (0.3 / 60)
#define HEATING_K_PER_S (20.0 / 60)
#define ISOTHERM_S 600.0
#define FROM_K 300.0
#define TO_K 850.0
#define LAG_S 2e-3 /* as densim/chip.c has them */
#define CELL_S 1e-3

const double laboratory_rates_k_per_s[LABORATORY_RATES] = {100, 150, 200, 300, 500, 1000};

struct glass laboratory_glass(const struct laboratory_state *state)
{
	double gpa = state->pressure_gpa, kelvin = state->temperature_k;
	struct glass glass;

	glass_init_as_spun(&glass);
	if (kelvin <= AMBIENT_K)
		return glass;
	glass_press(&glass, AMBIENT_K, 0, gpa, COMPRESSION_GPA_PER_S);
	glass_ramp(&glass, AMBIENT_K, kelvin, HEATING_K_PER_S, gpa, 1);
	glass_hold(&glass, kelvin, gpa, ISOTHERM_S);
	glass_ramp(&glass, kelvin, AMBIENT_K, HEATING_K_PER_S, gpa, 1);
	glass_press(&glass, AMBIENT_K, gpa, 0, COMPRESSION_GPA_PER_S);
	return glass;
}

struct laboratory_errors laboratory_draw(uint64_t seed)
{
	struct pair_options options;

	pair_options_default(&options);
	return (struct laboratory_errors){
		.lag_s = options.lag_sd_s * noise_normal(seed, NOISE_TEMPERATURE, 1),
		.calibration_k = options.calibration_sd_k * noise_normal(seed, NOISE_TEMPERATURE, 2),
	};
}

static void fire(struct chip *chip, const struct glass *glass, const struct chip_segment *segments, int count,
		 double calibration_k, struct laboratory_columns *ret_columns)
{
	const struct faults faults = {0};
	int r = 0;

	for (int i = 0; i < count; i++)
		r |= chip_program(chip, &segments[i]);
	r |= chip_arm(chip, &faults) | chip_fire(chip, glass);
	assert(r == 0);
	while (chip->running)
		chip_step(chip, &faults, 1e9, 1);
	ret_columns->count = chip->row_count;
	for (uint32_t i = 0; i < chip->row_count; i++) {
		ret_columns->t_s[i] = (double)chip->rows[i].t_s;
		ret_columns->temperature_k[i] = (double)chip->rows[i].temperature_k + calibration_k;
		ret_columns->signal[i] = (double)chip->rows[i].heat_flow_mw;
	}
	r = chip_delete(chip, chip->trace);
	assert(r == 0);
}

void laboratory_scan(const struct glass *glass, double rate_k_per_s, uint64_t seed,
		     const struct laboratory_errors *errors, struct laboratory_columns *ret_first,
		     struct laboratory_columns *ret_reference)
{
	const struct chip_segment segments[2] = {
		{true, FROM_K, TO_K, rate_k_per_s},
		{false, TO_K, FROM_K, TRUTH_COOLING_K_PER_S},
	};
	static struct chip chip;

	chip_init(&chip, seed, true);
	chip_load(&chip, glass);
	fire(&chip, glass, segments, 2, errors->calibration_k, ret_first);
	fire(&chip, glass, segments, 1, errors->calibration_k, ret_reference);
}

struct pair_options laboratory_options(double rate_k_per_s, const struct laboratory_errors *errors)
{
	struct pair_options options;

	pair_options_default(&options);
	options.rate_k_per_s = rate_k_per_s;
	options.lag_s = LAG_S + errors->lag_s;
	options.cell_s = CELL_S;
	return options;
}

struct scan_view laboratory_view(const struct laboratory_columns *columns)
{
	return (struct scan_view){columns->t_s, columns->temperature_k, columns->signal, columns->count};
}
