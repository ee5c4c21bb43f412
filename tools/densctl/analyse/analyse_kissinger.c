/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse kissinger: reads the table of peaks, has it fitted, and says what came out. */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

static const char *class_or_null(const struct kissinger_result *result)
{
	return result->class == KISSINGER_CLASS_NONE ? NULL : kissinger_class_name(result->class);
}

/* What the interval is made of; the squares add up. */
static void add_parts(json_object *object, const struct kissinger_result *result)
{
	json_object *parts = json_object_new_object();

	json_object_object_add(parts, "scatter", json_real(result->ea_se_kj_per_mol));
	json_object_object_add(parts, "lag", json_real(result->ea_lag_sd_kj_per_mol));
	json_object_object_add(parts, "calibration", json_real(result->ea_calibration_sd_kj_per_mol));
	json_object_object_add(object, "Ea_sd_parts_kJ_per_mol", parts);
}

static void add_beside(json_object *object, const struct kissinger_result *result)
{
	json_object_object_add(object, "moynihan_kJ_per_mol", json_real(result->moynihan_kj_per_mol));
	json_object_object_add(object, "starink_kJ_per_mol", json_real(result->starink_kj_per_mol));
	json_object_object_add(object, "ozawa_kJ_per_mol", json_real(result->ozawa_kj_per_mol));
	json_object_object_add(object, "loo_kJ_per_mol", analyse_json_span(result->leave_one_out_kj_per_mol));
	json_object_object_add(object, "next_rate_K_per_s", json_real(result->next_rate_k_per_s));
	json_object_object_add(object, "next_half_width_kJ_per_mol",
			       json_real(result->next_half_width_kj_per_mol));
	json_object_object_add(object, "Ea_ci95_over_RTg", analyse_json_span(result->ea_ci95_over_rtg));
	json_object_object_add(object, "intercept", json_real(result->intercept));
	json_object_object_add(object, "weighted", json_object_new_boolean(result->weighted));
	json_object_object_add(object, "ols_kJ_per_mol", json_real(result->ols_kj_per_mol));
	json_object_object_add(object, "ols_se_kJ_per_mol", json_real(result->ols_se_kj_per_mol));
	add_parts(object, result);
	json_object_object_add(object, "n_without_peak", json_object_new_int64(result->n_without_peak));
}

static void print_json(const struct kissinger_result *result, const char *history, const char *warning)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();
	const char *class = class_or_null(result);

	json_object_object_add(object, "Ea_kJ_per_mol", json_real(result->ea_kj_per_mol));
	json_object_object_add(object, "Ea_se_kJ_per_mol", json_real(result->ea_se_kj_per_mol));
	json_object_object_add(object, "Ea_ci95_kJ_per_mol", analyse_json_span(result->ea_ci95_kj_per_mol));
	json_object_object_add(object, "Ea_over_RTg", json_real(result->ea_over_rtg));
	json_object_object_add(object, "class", class ? json_object_new_string(class) : NULL);
	json_object_object_add(object, "n", json_object_new_int64(result->n));
	json_object_object_add(object, "n_rates", json_object_new_int64(result->n_rates));
	json_object_object_add(object, "r2", json_real(result->r2));
	add_beside(object, result);
	json_object_object_add(object, "history", history ? json_object_new_string(history) : NULL);
	if (warning[0])
		json_object_array_add(list, json_object_new_string(warning));
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_class(const struct kissinger_result *result)
{
	if (result->class == KISSINGER_CLASS_NONE) {
		printf("Ea/(R Tg)    -   give --Tg for it and for the class\n");
		return;
	}
	printf("Ea/(R Tg)    %.2f, 95 %% interval %.2f to %.2f: %s\n", result->ea_over_rtg,
	       result->ea_ci95_over_rtg[0], result->ea_ci95_over_rtg[1], kissinger_class_name(result->class));
	printf("             (alpha: all above %.0f, beta: all below; a fingerprint at this thermal "
	       "history)\n",
	       KISSINGER_ALPHA_RTG);
}

static void print_beside(const struct kissinger_result *result)
{
	char text[2][NUMBER_TEXT];

	printf("\nbeside it    Moynihan %.2f, Starink %.2f, Ozawa %.2f kJ/mol\n", result->moynihan_kj_per_mol,
	       result->starink_kj_per_mol, result->ozawa_kj_per_mol);
	printf("one left out %s to %s kJ/mol\n", number_text(result->leave_one_out_kj_per_mol[0], 2, text[0]),
	       number_text(result->leave_one_out_kj_per_mol[1], 2, text[1]));
	if (isfinite(result->next_rate_k_per_s))
		printf("next         a scan at %.4g K/s would narrow the interval most, to about +- %.2f "
		       "kJ/mol\n",
		       result->next_rate_k_per_s, result->next_half_width_kj_per_mol);
}

/* 0: the option that tells it was not given. */
static const char *share_text(double sd_kj_per_mol, char text[NUMBER_TEXT])
{
	if (!(sd_kj_per_mol > 0))
		return "not counted";
	snprintf(text, NUMBER_TEXT, "%.2f kJ/mol", sd_kj_per_mol);
	return text;
}

static void print_text(const struct kissinger_result *result, const char *history, const char *warning)
{
	char text[3][NUMBER_TEXT];

	printf("Ea           %.2f +- %.2f kJ/mol (standard error), 95 %% interval %.2f to %.2f\n",
	       result->ea_kj_per_mol, result->ea_se_kj_per_mol, result->ea_ci95_kj_per_mol[0],
	       result->ea_ci95_kj_per_mol[1]);
	print_class(result);
	printf("fit          %s, %u scans at %u rates, R2 %.5f",
	       result->weighted ? "weighted by sTp" : "unweighted", result->n, result->n_rates, result->r2);
	printf(result->n_without_peak ? "; %u rows without a peak left out\n" : "\n", result->n_without_peak);
	if (result->weighted)
		printf("unweighted   %.2f +- %.2f kJ/mol (standard error)\n", result->ols_kj_per_mol,
		       result->ols_se_kj_per_mol);
	printf("sd of Ea     scatter %s kJ/mol, lag %s, calibration %s\n",
	       number_text(result->ea_se_kj_per_mol, 2, text[0]),
	       share_text(result->ea_lag_sd_kj_per_mol, text[1]),
	       share_text(result->ea_calibration_sd_kj_per_mol, text[2]));
	printf("history      %s\n", history ? history
					    : "not given; Ea depends on it, so say it with the number "
					      "(--history)");
	print_beside(result);
	if (warning[0])
		printf("warning: %s\n", warning);
}

static const char *find_warning(const struct kissinger_result *result)
{
	if (result->ea_kj_per_mol <= 0)
		return "Tp falls as the rate rises: Ea is not positive, so this is no activation energy; "
		       "check the order of the rows and the thermal lag";
	if (result->ea_ci95_kj_per_mol[0] <= 0)
		return "the 95 % interval reaches zero: the scatter of Tp hides its shift; more rates are "
		       "needed";
	return "";
}

static int fit_table(const struct analyse_arguments *arguments, const struct input_table *table)
{
	struct kissinger_options options = {
		.tg_k = arguments->tg_k,
		.lag_sd_s = isnan(arguments->lag_sd_s) ? 0 : arguments->lag_sd_s,
		.calibration_sd_k = isnan(arguments->calibration_sd_k) ? 0 : arguments->calibration_sd_k,
	};
	struct input_failure failure = {REFUSAL_NONE, ""};
	struct picture_kissinger picture = {NULL, table};
	struct kissinger_result result;

	if (kissinger_fit(table->points, table->count, &options, &result) != 0) {
		failure.refusal = result.refusal;
		snprintf(failure.why, sizeof(failure.why), "%s: %s", arguments->files[0], result.why);
		return analyse_refuse("kissinger", arguments->json, &failure);
	}
	if (arguments->json)
		print_json(&result, arguments->history, find_warning(&result));
	else
		print_text(&result, arguments->history, find_warning(&result));
	fflush(stdout);
	picture.result = &result;
	return picture_draw(arguments, "kissinger", picture_write_kissinger, &picture);
}

int analyse_kissinger_run(const struct analyse_arguments *arguments)
{
	struct input_failure failure;
	struct input_table table;
	int r = input_read_table(arguments->files[0], &table, &failure);

	if (r < 0)
		return analyse_refuse("kissinger", arguments->json, &failure);
	r = fit_table(arguments, &table);
	input_free_table(&table);
	return r;
}
