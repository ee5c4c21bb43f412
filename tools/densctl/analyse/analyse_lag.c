/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse lag: reads melting onsets of indium, fits the thermal lag of the chip, says what came out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

#define OFFSET_SIGMAS 3.0 /* an offset of more is none of chance */

static const char *find_warning(const struct lag_result *result)
{
	if (result->lag_s < 0)
		return "the onset falls as the rate rises: no thermal lag; is the time constant taken off "
		       "already?";
	if (fabs(result->offset_k) > OFFSET_SIGMAS * result->offset_se_k)
		return "the temperature scale is off at no rate: --indium takes that off too";
	return "";
}

static void print_json(const struct lag_result *result, const struct input_lag *table,
		       const struct analyse_arguments *arguments)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(object, "lag_s", json_real(result->lag_s));
	json_object_object_add(object, "lag_se_s", json_real(result->lag_se_s));
	json_object_object_add(object, "lag_ci95_s", analyse_json_span(result->lag_ci95_s));
	json_object_object_add(object, "offset_K", json_real(result->offset_k));
	json_object_object_add(object, "offset_se_K", json_real(result->offset_se_k));
	json_object_object_add(object, "residual_sd_K", json_real(result->residual_sd_k));
	json_object_object_add(object, "melting_K", json_real(arguments->melting_k));
	json_object_object_add(object, "n", json_object_new_int64(result->n));
	json_object_object_add(object, "n_rates", json_object_new_int64(result->n_rates));
	analyse_json_ignored(list, arguments->files[0], table->ignored);
	if (find_warning(result)[0])
		json_object_array_add(list, json_object_new_string(find_warning(result)));
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_text(const struct lag_result *result, const struct input_lag *table,
		       const struct analyse_arguments *arguments)
{
	printf("tau_lag      %.3f +- %.3f ms (standard error), 95 %% interval %.3f to %.3f\n",
	       1e3 * result->lag_s, 1e3 * result->lag_se_s, 1e3 * result->lag_ci95_s[0],
	       1e3 * result->lag_ci95_s[1]);
	printf("offset       %+.3f +- %.3f K: what the scale reads above %g K at no rate\n", result->offset_k,
	       result->offset_se_k, arguments->melting_k);
	printf("fit          %u onsets at %u rates, scatter %.3f K\n", result->n, result->n_rates,
	       result->residual_sd_k);
	if (find_warning(result)[0])
		printf("warning: %s\n", find_warning(result));
	if (table->ignored[0])
		printf("warning: %s: columns not looked at: %s\n", arguments->files[0], table->ignored);
}

/* Lag and scale of the chip from its melting onsets; what a standard says of 430 K is not all of 700 K. */
static int take_indium(struct analyse_arguments *arguments, struct input_failure *failure)
{
	struct pair_options *options = &arguments->pair;
	struct lag_result lag;
	struct input_lag table;
	int r = input_read_lag(arguments->indium, &table, failure);

	if (r < 0)
		return r;
	r = lag_fit(table.points, table.count, arguments->melting_k, &lag);
	input_free_lag(&table);
	if (r)
		return input_fail(failure, lag.refusal, "%s: %s", arguments->indium, lag.why);
	options->lag_s = lag.lag_s;
	options->lag_sd_s = lag.lag_se_s;
	options->calibration_k = lag.offset_k;
	options->calibration_sd_k = hypot(options->calibration_sd_k, lag.offset_se_k);
	return 0;
}

int analyse_take_lag(struct analyse_arguments *arguments, struct input_failure *failure)
{
	int r = arguments->indium ? take_indium(arguments, failure) : 0;

	if (!isnan(arguments->lag_sd_s))
		arguments->pair.lag_sd_s = arguments->lag_sd_s;
	if (!isnan(arguments->calibration_sd_k))
		arguments->pair.calibration_sd_k = arguments->calibration_sd_k;
	return r;
}

int analyse_lag_run(const struct analyse_arguments *arguments)
{
	struct input_failure failure;
	struct lag_result result;
	struct input_lag table;
	int r = input_read_lag(arguments->files[0], &table, &failure);

	if (r < 0)
		return analyse_refuse("lag", arguments->json, &failure);
	r = lag_fit(table.points, table.count, arguments->melting_k, &result);
	if (r)
		r = analyse_refuse_result("lag", arguments, r, result.why);
	else if (arguments->json)
		print_json(&result, &table, arguments);
	else
		print_text(&result, &table, arguments);
	input_free_lag(&table);
	return r;
}
