/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is computed from tables takes any numbers: scan pairs, peaks, melting onsets, I(q), compressions. A
 * result has its number, a refusal its sentence.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/calorimetry/eos.h"
#include "daemon/calorimetry/fsdp.h"
#include "daemon/calorimetry/kissinger.h"
#include "daemon/calorimetry/lag.h"
#include "daemon/calorimetry/pair.h"
#include "tools/densctl/analyse/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MAX = 1024, COLUMNS = 3 };

static void expect(int r, const char *why, double value)
{
	if ((r > 0 && !why[0]) || (r == 0 && !isfinite(value)))
		abort();
}

static void fit_peaks(const double *rates, const double *peaks, const double *errors, size_t rows)
{
	static struct kissinger_point points[ROWS_MAX];
	const struct kissinger_options options = {.tg_k = 596, .lag_sd_s = 5e-4, .calibration_sd_k = 0.3};
	struct kissinger_result result;
	int r;

	for (int with = 0; with < 2; with++) {
		for (size_t i = 0; i < rows; i++)
			points[i] = (struct kissinger_point){rates[i], peaks[i], with ? errors[i] : NAN};
		r = kissinger_fit(points, rows, &options, &result);
		expect(r, result.why, result.ea_kj_per_mol);
	}
}

static void fit_lag(const double *rates, const double *onsets, size_t rows)
{
	static struct lag_point points[ROWS_MAX];
	struct lag_result result;
	int r;

	for (size_t i = 0; i < rows; i++)
		points[i] = (struct lag_point){rates[i], onsets[i]};
	r = lag_fit(points, rows < LAG_POINTS_MAX ? rows : LAG_POINTS_MAX, LAG_INDIUM_K, &result);
	expect(r, result.why, result.lag_s);
}

static void fit_structure(const double *x, const double *y, const double *errors, size_t rows)
{
	static struct eos_point points[ROWS_MAX];
	struct fsdp_options look;
	struct fsdp_result peak;
	struct eos_options options;
	struct eos_result result;
	int r;

	fsdp_options_default(&look);
	r = fsdp_fit(x, y, rows, &look, &peak);
	expect(r, peak.why, peak.q1_per_angstrom);
	eos_options_default(&options);
	for (int with = 0; with < 2; with++) {
		options.k_prime = with ? NAN : options.k_prime;
		for (size_t i = 0; i < rows; i++)
			points[i] = (struct eos_point){x[i], y[i], with ? errors[i] : NAN};
		r = eos_fit(points, rows, &options, &result);
		expect(r, result.why, result.k_gpa);
	}
}

static void fit_pair(const double *kelvin, const double *first, const double *reference, size_t rows)
{
	static struct pair_workspace *workspace;
	const struct scan_view a = {.temperature_k = kelvin, .signal = first, .count = rows};
	const struct scan_view b = {.temperature_k = kelvin, .signal = reference, .count = rows};
	struct pair_options options;
	struct pair_result result;
	int r;

	if (!workspace)
		workspace = pair_workspace_new();
	pair_options_default(&options);
	options.bootstrap_count = 25;
	for (int align = 0; align < PAIR_ALIGN_MAX; align++) {
		options.align = (enum pair_align)align;
		r = pair_analyse(&a, &b, NULL, &options, workspace, &result);
		expect(r, result.why, result.tf_k);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t wanted[COLUMNS] = {0, 1, 2};
	struct csv_numbers numbers;
	struct csv_error error;
	struct csv csv;
	const double *x, *y, *z;

	if (csv_read_header((const char *)data, size, &csv, &error) != 0 || csv.columns < COLUMNS ||
	    csv_read_numbers(&csv, wanted, COLUMNS, &numbers, &error) != 0)
		return 0;
	x = numbers.values[0];
	y = numbers.values[1];
	z = numbers.values[2];
	if (numbers.rows > 0 && numbers.rows <= ROWS_MAX) {
		fit_peaks(x, y, z, numbers.rows);
		fit_lag(x, y, numbers.rows);
		fit_structure(x, y, z, numbers.rows);
		fit_pair(x, y, z, numbers.rows);
	}
	csv_numbers_free(&numbers);
	return 0;
}
