/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/calibration/calibration.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "daemon/base/clock.h"
#include "tools/densctl/json.h"

#define SECOND_US INT64_C(1000000)

/* 0; DENSCTL_INVALID with the reasons on standard error. */
static int read_file(const struct options *options, const char *path, struct calibration *ret_calibration)
{
	static struct diagnostics diagnostics;
	int r = calibration_read(path, &diagnostics, ret_calibration);

	if (r < 0)
		fprintf(stderr, "densctl %s: %s: %s\n", options->command, path, strerror(-r));
	else if (r > 0)
		diagnostics_print(&diagnostics, stderr);
	return r == 0 ? DENSCTL_OK : DENSCTL_INVALID;
}

/* The place only gives the sentence its name. */
static int judge(const struct calibration *calibration, char *ret_why, size_t size)
{
	static const enum calibration_place places[] = {CALIBRATION_PRESS, CALIBRATION_THERMOCOUPLE,
							CALIBRATION_FLOW, CALIBRATION_CHIP};

	return calibration_judge(&calibration->head, places[calibration->kind % 4],
				 clock_wall_us() / SECOND_US, ret_why, size);
}

static void print_table(const char *what, const char *units, const double *reading, const double *truth,
			const double *sd, uint32_t count)
{
	printf("\n%s\n  %10s  %10s  %10s\n", what, "read", "true", "+-");
	for (uint32_t i = 0; i < count; i++)
		printf("  %10.4g  %10.6g  %10.3g\n", reading[i], truth[i], sd[i]);
	printf("  %s; straight between the points, nothing beyond them\n", units);
}

static void show(const struct calibration *calibration)
{
	const struct calibration_head *head = &calibration->head;
	const struct press_calibration *press = &calibration->press;
	const struct chip_calibration *chip = &calibration->chip;
	char until[CLOCK_WALL_TEXT], why[240];

	printf("%s, version %s, of a %s\n", head->id, head->version,
	       calibration_kind_name((enum calibration_kind)calibration->kind));
	printf("  %s by %s: %s\n", head->date, head->by, head->method);
	printf("  good until %.10s: %s\n", clock_wall_text(calibration_end_s(head) * SECOND_US, until),
	       judge(calibration, why, sizeof(why)) < 0 ? why : "a run is accepted with it today");
	printf("  SHA-256 %s\n", head->sha256);
	if (calibration->kind == CALIBRATION_OF_PRESS) {
		print_table("loading", "bar, GPa", press->loading_bar, press->loading_gpa,
			    press->loading_sd_gpa, press->loading_count);
		print_table("unloading", "bar, GPa", press->unloading_bar, press->unloading_gpa,
			    press->unloading_sd_gpa, press->unloading_count);
	} else if (calibration->kind == CALIBRATION_OF_CHIP) {
		printf("\n  lag %g +- %g s, cell %g s, temperature scale %+g +- %g K\n", chip->lag_s,
		       chip->lag_sd_s, chip->cell_s, chip->offset_k, chip->offset_sd_k);
	} else {
		print_table("points", calibration->kind == CALIBRATION_OF_FLOW ? "ml/min" : "K",
			    calibration->table.reading, calibration->table.truth, calibration->table.sd,
			    calibration->table.count);
	}
}

static int check_all(const struct options *options)
{
	int result = DENSCTL_OK;

	for (int i = 1; i < options->count; i++) {
		struct calibration calibration;
		char why[240];
		int r = read_file(options, options->arguments[i], &calibration);

		if (r == DENSCTL_OK && judge(&calibration, why, sizeof(why)) < 0) {
			fprintf(stderr, "%s: %s\n", options->arguments[i], why);
			r = DENSCTL_REFUSED;
		} else if (r == DENSCTL_OK) {
			printf("%s: good, '%s' %s of a %s\n", options->arguments[i], calibration.head.id,
			       calibration.head.version,
			       calibration_kind_name((enum calibration_kind)calibration.kind));
		}
		if (r > result)
			result = r;
	}
	return result;
}

static int show_all(const struct options *options)
{
	int result = DENSCTL_OK;

	for (int i = 1; i < options->count; i++) {
		struct calibration calibration;
		int r = read_file(options, options->arguments[i], &calibration);

		if (r == DENSCTL_OK)
			show(&calibration);
		else
			result = r;
	}
	return result;
}

int calibration_run(const struct options *options)
{
	const char *what = options->arguments[0];
	const char *kind = options->arguments[1];

	if (strcmp(what, "show") == 0)
		return show_all(options);
	if (strcmp(what, "check") == 0)
		return check_all(options);
	if (strcmp(what, "make") != 0)
		return usage_error(options->command, "'%s' is not known; allowed: show, check, make", what);
	if (options->count != 3 || (strcmp(kind, "press") != 0 && strcmp(kind, "thermocouple") != 0))
		return usage_error(
			options->command,
			"make needs what is calibrated, press or thermocouple, and a file of points");
	return calibration_make(options, kind[0] == 'p' ? CALIBRATION_OF_PRESS : CALIBRATION_OF_THERMOCOUPLE,
				options->arguments[2]);
}
