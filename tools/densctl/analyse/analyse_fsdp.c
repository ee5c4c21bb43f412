/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse fsdp: reads an I(q) curve, and one to compare with, and says where the first peak lies. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/calorimetry/fsdp.h"
#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

static const struct column_meaning positions[] = {{"q_1/A", 1, 0, NULL}, {"q", 1, 0, NULL}};
static const struct column_meaning intensities[] = {{"I", 1, 0, NULL}, {"intensity", 1, 0, NULL}};

enum curve_column { CURVE_Q, CURVE_INTENSITY, CURVE_COLUMNS };
static const struct column_wanted curve_wanted[CURVE_COLUMNS] = {
	[CURVE_Q] = {"q in 1/Angstrom", positions, 2, false, false},
	[CURVE_INTENSITY] = {"the intensity", intensities, 2, false, false},
};

/* One curve with what was found in it. */
struct fitted {
	const char *path;
	struct columns columns; /* owned */
	struct fsdp_result result;
};

/* (q1/q1_ref)^3; NAN without a reference. */
struct cube {
	double ratio, sd;
};

/* DENSCTL_OK, with @ret_fitted->columns to be freed; else nothing to free. */
static int fit_curve(const struct analyse_arguments *arguments, const char *path, struct fitted *ret_fitted)
{
	struct input_failure failure = {.refusal = REFUSAL_NONE};
	struct fsdp_options options;
	struct columns *columns = &ret_fitted->columns;
	int r;

	if (columns_read_file(path, curve_wanted, CURVE_COLUMNS, columns, &failure) < 0)
		return analyse_refuse("fsdp", arguments->json, &failure);
	fsdp_options_default(&options);
	memcpy(options.range, arguments->range, sizeof(options.range));
	ret_fitted->path = path;
	r = fsdp_fit(columns->values[CURVE_Q], columns->values[CURVE_INTENSITY], columns->rows, &options,
		     &ret_fitted->result);
	if (r == 0)
		return DENSCTL_OK;
	input_fail(&failure, r > 0 ? (enum refusal)r : REFUSAL_NONE, "%s: %s", path,
		   r > 0 ? ret_fitted->result.why : strerror(-r));
	columns_free(columns);
	return analyse_refuse("fsdp", arguments->json, &failure);
}

static void add_result(json_object *object, const struct fsdp_result *result)
{
	json_object_object_add(object, "q1_per_A", json_real(result->q1_per_angstrom));
	json_object_object_add(object, "q1_sd_per_A", json_real(result->q1_sd_per_angstrom));
	json_object_object_add(object, "fwhm_per_A", json_real(result->fwhm_per_angstrom));
	json_object_object_add(object, "fwhm_sd_per_A", json_real(result->fwhm_sd_per_angstrom));
	json_object_object_add(object, "area", json_real(result->area));
	json_object_object_add(object, "area_sd", json_real(result->area_sd));
	json_object_object_add(object, "y0", json_real(result->y0));
	json_object_object_add(object, "y0_sd", json_real(result->y0_sd));
	json_object_object_add(object, "residual_sd", json_real(result->residual_sd));
	json_object_object_add(object, "fitted_range", analyse_json_span(result->fitted_range));
	json_object_object_add(object, "n", json_object_new_int64((int64_t)result->points));
}

static void print_json(const struct fitted *curve, const struct fitted *reference, const struct cube *cube)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array(), *inner;

	add_result(object, &curve->result);
	if (reference) {
		json_object_object_add(object, "q1_cubed_ratio", json_real(cube->ratio));
		json_object_object_add(object, "q1_cubed_ratio_sd", json_real(cube->sd));
		inner = json_object_new_object();
		add_result(inner, &reference->result);
		json_object_object_add(object, "reference", inner);
	}
	analyse_json_ignored(list, curve->path, curve->columns.ignored);
	if (reference)
		analyse_json_ignored(list, reference->path, reference->columns.ignored);
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_result(const struct fitted *fitted)
{
	const struct fsdp_result *result = &fitted->result;

	printf("%s\n", fitted->path);
	printf("  q1      %.5f +- %.5f 1/A\n", result->q1_per_angstrom, result->q1_sd_per_angstrom);
	printf("  FWHM    %.5f +- %.5f 1/A\n", result->fwhm_per_angstrom, result->fwhm_sd_per_angstrom);
	printf("  area    %.5g +- %.2g (unit of the intensity / A)\n", result->area, result->area_sd);
	printf("  y0      %.5g +- %.2g\n", result->y0, result->y0_sd);
	printf("  fitted  %.4f to %.4f 1/A, %zu points, scatter %.2g\n", result->fitted_range[0],
	       result->fitted_range[1], result->points, result->residual_sd);
	if (fitted->columns.ignored[0])
		printf("warning: %s: columns not looked at: %s\n", fitted->path, fitted->columns.ignored);
}

static void print_text(const struct fitted *curve, const struct fitted *reference, const struct cube *cube)
{
	print_result(curve);
	if (!reference)
		return;
	print_result(reference);
	printf("(q1/q1_ref)^3  %.5f +- %.5f: %+.2f %% of packing density, as far as q1 stands for it\n",
	       cube->ratio, cube->sd, 100 * (cube->ratio - 1));
}

static int present(const struct analyse_arguments *arguments, const struct fitted *curve,
		   const struct fitted *reference)
{
	struct cube cube = {NAN, NAN};
	struct picture_fsdp picture = {.curve = {curve->columns.values[CURVE_Q],
						 curve->columns.values[CURVE_INTENSITY], curve->columns.rows,
						 &curve->result}};

	if (reference) {
		fsdp_relative_cube(curve->result.q1_per_angstrom, curve->result.q1_sd_per_angstrom,
				   reference->result.q1_per_angstrom, reference->result.q1_sd_per_angstrom,
				   &cube.ratio, &cube.sd);
		picture.reference = (struct picture_curve){reference->columns.values[CURVE_Q],
							   reference->columns.values[CURVE_INTENSITY],
							   reference->columns.rows, &reference->result};
		picture.cube_ratio = cube.ratio;
		picture.cube_ratio_sd = cube.sd;
	}
	if (arguments->json)
		print_json(curve, reference, &cube);
	else
		print_text(curve, reference, &cube);
	fflush(stdout);
	return picture_draw(arguments, "fsdp", picture_write_fsdp, &picture);
}

int analyse_fsdp_run(const struct analyse_arguments *arguments)
{
	struct fitted curve, reference;
	int r = fit_curve(arguments, arguments->files[0], &curve);

	if (r != DENSCTL_OK)
		return r;
	if (arguments->reference) {
		r = fit_curve(arguments, arguments->reference, &reference);
		if (r == DENSCTL_OK) {
			r = present(arguments, &curve, &reference);
			columns_free(&reference.columns);
		}
	} else {
		r = present(arguments, &curve, NULL);
	}
	columns_free(&curve.columns);
	return r;
}
