/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/calibration/calibration.h"

#include <string.h>

#include "tools/densctl/json.h"

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

static int check_one(const struct options *options, const char *path, json_object *list)
{
	struct calibration calibration;
	char why[CALIBRATION_WHY] = "";
	int r = read_file(options, path, &calibration);

	if (r != DENSCTL_OK)
		return r;
	if (calibration_judge_now(&calibration, why) < 0)
		r = DENSCTL_REFUSED;
	if (list)
		json_object_array_add(list, calibration_json(&calibration, path));
	else if (r == DENSCTL_OK)
		printf("%s: good%s, '%s' %s of a %s\n", path,
		       calibration.head.simulated ? " for the virtual laboratory" : "", calibration.head.id,
		       calibration.head.version,
		       calibration_kind_name((enum calibration_kind)calibration.kind));
	if (r == DENSCTL_REFUSED)
		fprintf(stderr, "%s: %s\n", path, why);
	return r;
}

static int show_one(const struct options *options, const char *path, json_object *list)
{
	struct calibration calibration;
	int r = read_file(options, path, &calibration);

	if (r != DENSCTL_OK)
		return r;
	if (list)
		json_object_array_add(list, calibration_json(&calibration, path));
	else
		calibration_show(&calibration);
	return DENSCTL_OK;
}

/* Every file, whatever became of the one before; the worst of them is the exit code. */
static int each_file(const struct options *options,
		     int (*one)(const struct options *options, const char *path, json_object *list))
{
	json_object *list = option_given(options, OPTION_JSON) ? json_object_new_array() : NULL;
	int result = DENSCTL_OK;

	for (int i = 1; i < options->count; i++) {
		int r = one(options, options->arguments[i], list);

		if (r > result)
			result = r;
	}
	if (list)
		json_print(list, stdout);
	json_object_put(list);
	return result;
}

int calibration_run(const struct options *options)
{
	const char *what = options->arguments[0];
	const char *kind = options->arguments[1];

	if (strcmp(what, "show") == 0)
		return each_file(options, show_one);
	if (strcmp(what, "check") == 0)
		return each_file(options, check_one);
	if (strcmp(what, "make") != 0)
		return usage_error(options->command, "'%s' is not known; allowed: show, check, make", what);
	if (options->count != 3 || (strcmp(kind, "press") != 0 && strcmp(kind, "thermocouple") != 0))
		return usage_error(
			options->command,
			"make needs what is calibrated, press or thermocouple, and a file of points");
	return calibration_make(options, kind[0] == 'p' ? CALIBRATION_OF_PRESS : CALIBRATION_OF_THERMOCOUPLE,
				options->arguments[2]);
}
