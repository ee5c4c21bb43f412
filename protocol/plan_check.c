/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 35, the impossible protocol: every number of a plan against its limits, all faults at once. */
#include "protocol/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PRESSURE_LEAST_GPA 0.5
#define AMBIENT_LEAST_K 273.0
#define AMBIENT_MOST_K 323.0
#define COLD_BAND_K 10.0
#define TOTAL_MOST_S (7 * 86400.0)
#define SCAN_SPAN_LEAST_K 100.0
#define TUNE_MARGIN_K 1.0
#define LIQUID_WINDOW_TG \
	1.4 /* the liquid window of a bulk glass former ends about here: Vit4, 596 K -> 834 K */

struct checker {
	struct plan_fault *faults;
	size_t count, max;
};

static void fault(struct checker *checker, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fault(struct checker *checker, const char *field, const char *format, ...)
{
	va_list arguments;

	if (checker->count < checker->max) {
		struct plan_fault *entry = &checker->faults[checker->count];

		memset(entry, 0, sizeof(*entry));
		snprintf(entry->field, sizeof(entry->field), "%s", field);
		va_start(arguments, format);
		vsnprintf(entry->text, sizeof(entry->text), format, arguments);
		va_end(arguments);
	}
	checker->count++;
}

static void check_range(struct checker *checker, const char *field, double value, double least, double most,
			const char *unit)
{
	if (!(value >= least && value <= most))
		fault(checker, field, "%g %s is out of range, allowed is %g to %g %s", value, unit, least,
		      most, unit);
}

/* The press's and the furnace's rates, in the unit protocols are written in. */
static void check_rate_per_min(struct checker *checker, const char *field, double per_s, double least_per_s,
			       double most_per_s, const char *unit)
{
	if (!(per_s >= least_per_s && per_s <= most_per_s))
		fault(checker, field, "%.4g %s is out of range, allowed is %.4g to %.4g %s", 60 * per_s, unit,
		      60 * least_per_s, 60 * most_per_s, unit);
}

static void check_text(struct checker *checker, const char *field, const char *text, size_t size,
		       bool required)
{
	if (!memchr(text, '\0', size))
		fault(checker, field, "the text is too long, allowed are %zu bytes", size - 1);
	else if (required && text[0] == '\0')
		fault(checker, field, "the text is empty, a name is required");
}

static void check_texts(struct checker *checker, const struct plan *plan)
{
	check_text(checker, "name", plan->name, sizeof(plan->name), true);
	check_text(checker, "material.name", plan->material, sizeof(plan->material), true);
	check_text(checker, "material.composition", plan->composition, sizeof(plan->composition), false);
	check_text(checker, "protocol_sha256", plan->protocol_sha256, sizeof(plan->protocol_sha256), false);
	check_text(checker, "site_sha256", plan->site_sha256, sizeof(plan->site_sha256), false);
	check_text(checker, "calibrations_sha256", plan->calibrations_sha256,
		   sizeof(plan->calibrations_sha256), false);
	if (plan->recovery > RECOVERY_CONTINUE)
		fault(checker, "recovery", "unknown policy %u, allowed are hold and continue",
		      plan->recovery);
	if (plan->loading > LOADING_AUTOMATIC)
		fault(checker, "loading", "unknown policy %u, allowed are confirm and automatic",
		      plan->loading);
}

static void check_pressure(struct checker *checker, const struct plan *plan)
{
	const struct limits *limits = &plan->limits;
	double most_gpa = fmin(limits->protocol_pressure_gpa, limits->machine_pressure_gpa);

	if (plan->reference) {
		if (!(fabs(plan->pressure_gpa - PLAN_ATM_GPA) < 1e-9))
			fault(checker, "densification.pressure",
			      "%g GPa in a reference anneal, allowed is 1 atm", plan->pressure_gpa);
		return;
	}
	if (!(plan->pressure_gpa >= PRESSURE_LEAST_GPA && plan->pressure_gpa <= most_gpa))
		fault(checker, "densification.pressure",
		      "%g GPa is out of range, allowed is 1 atm or %g to %g GPa (the site's "
		      "protocol_pressure_gpa)",
		      plan->pressure_gpa, PRESSURE_LEAST_GPA, most_gpa);
	check_rate_per_min(checker, "densification.compression_rate", plan->compression_gpa_per_s, 1e-5,
			   limits->pressure_rate_gpa_per_s, "GPa/min");
	check_rate_per_min(checker, "densification.decompression_rate", plan->decompression_gpa_per_s, 1e-5,
			   limits->pressure_rate_gpa_per_s, "GPa/min");
}

static void check_temperature(struct checker *checker, const struct plan *plan, double ambient_k)
{
	const struct limits *limits = &plan->limits;
	double most_k = fmin(limits->protocol_temperature_k, limits->machine_temperature_k);

	if (!(plan->temperature_k <= most_k))
		fault(checker, "densification.temperature",
		      "%g K is above what this site allows, at most %g K (protocol_temperature_k)",
		      plan->temperature_k, most_k);
	else if (!(plan->temperature_k >= ambient_k - COLD_BAND_K))
		fault(checker, "densification.temperature",
		      "%g K is below ambient %g K and the furnace cannot cool, at least %g K",
		      plan->temperature_k, ambient_k, ambient_k - COLD_BAND_K);
	check_rate_per_min(checker, "densification.heating_rate", plan->heating_k_per_s, 1e-4,
			   limits->heating_rate_k_per_s, "K/min");
	check_rate_per_min(checker, "densification.cooling_rate", plan->cooling_k_per_s, 1e-4,
			   limits->heating_rate_k_per_s, "K/min");
	check_range(checker, "densification.isotherm", plan->isotherm_s, 1, 172800, "s");
}

static void check_bands(struct checker *checker, const struct plan *plan)
{
	const struct limits *limits = &plan->limits;

	check_range(checker, "densification.soak_band", plan->soak_band_k, 1, 20, "K");
	/* A wider band would let the trips of rows 2 and 18 come before the programme waits. */
	check_range(checker, "densification.holdback.temperature", plan->holdback_temperature_k, 1,
		    limits->runaway_band_k, "K");
	check_range(checker, "densification.holdback.pressure", plan->holdback_pressure_gpa, 0.005,
		    limits->loss_error_gpa, "GPa");
	check_range(checker, "densification.holdback.limit", plan->holdback_limit_s, 60, 86400, "s");
}

static void check_rates(struct checker *checker, const struct plan_calorimetry *calorimetry)
{
	char field[48];

	for (uint32_t i = 0; i < calorimetry->rate_count; i++) {
		snprintf(field, sizeof(field), "calorimetry.heating_rates[%u]", i);
		check_range(checker, field, calorimetry->rate_k_per_s[i], 1, 40000, "K/s");
		for (uint32_t j = 0; j < i; j++)
			if (fabs(calorimetry->rate_k_per_s[i] - calorimetry->rate_k_per_s[j]) < 1e-9)
				fault(checker, field,
				      "%g K/s stands there twice, use sections_per_rate instead",
				      calorimetry->rate_k_per_s[i]);
	}
}

static void check_calorimetry(struct checker *checker, const struct plan *plan)
{
	const struct plan_calorimetry *calorimetry = &plan->calorimetry;

	if (!calorimetry->present)
		return;
	if (!(plan->material_tg_k >= 200 && plan->material_tg_k <= 2000))
		fault(checker, "material.Tg", "%g K, calorimetry needs a Tg of 200 to 2000 K",
		      plan->material_tg_k);
	if (calorimetry->rate_count < 1 || calorimetry->rate_count > PLAN_RATES_MAX)
		fault(checker, "calorimetry.heating_rates", "%u rates, allowed are 1 to %d",
		      calorimetry->rate_count, PLAN_RATES_MAX);
	else
		check_rates(checker, calorimetry);
	if (calorimetry->sections_per_rate < 1 || calorimetry->sections_per_rate > PLAN_SECTIONS_MAX)
		fault(checker, "calorimetry.sections_per_rate", "%u sections, allowed are 1 to %d",
		      calorimetry->sections_per_rate, PLAN_SECTIONS_MAX);
	check_range(checker, "calorimetry.range[0]", calorimetry->start_k, 200, 1300, "K");
	check_range(checker, "calorimetry.range[1]", calorimetry->end_k, 250, 1400, "K");
	if (!(calorimetry->end_k - calorimetry->start_k >= SCAN_SPAN_LEAST_K))
		fault(checker, "calorimetry.range", "%g to %g K is too short, at least %g K apart and rising",
		      calorimetry->start_k, calorimetry->end_k, SCAN_SPAN_LEAST_K);
	check_range(checker, "calorimetry.reference_cooling_rate", calorimetry->reference_cooling_k_per_s,
		    0.1, 40000, "K/s");
	check_range(checker, "calorimetry.purge", calorimetry->purge_ml_per_min, 1, 1000, "ml/min");
}

/* The ceiling lies above what the relay needs, and below what trips. */
static void check_tune(struct checker *checker, const struct plan *plan, double ambient_k)
{
	const struct plan_tune *tune = &plan->tune;
	const struct limits *limits = &plan->limits;
	double most_k =
		fmin(plan->temperature_k + limits->runaway_over_protocol_k, limits->machine_temperature_k) -
		TUNE_MARGIN_K;

	if (!tune->present)
		return;
	check_range(checker, "autotune.amplitude_pct", tune->amplitude_pct, 1, 50, "%");
	check_range(checker, "autotune.hysteresis", tune->hysteresis_k, 0.05, 3, "K");
	check_range(checker, "autotune.limit", tune->limit_s, 60, 7200, "s");
	check_range(checker, "autotune.cycles", tune->cycles, 3, TUNE_CYCLES_MAX, "cycles");
	if (!(tune->ceiling_k >= plan->temperature_k + 2 * tune->hysteresis_k && tune->ceiling_k <= most_k))
		fault(checker, "autotune.ceiling",
		      "%g K is out of range, allowed is %g K (temperature and twice the hysteresis) to %g K "
		      "(what trips, less 1 K)",
		      tune->ceiling_k, plan->temperature_k + 2 * tune->hysteresis_k, most_k);
	if (plan_is_cold(plan, ambient_k))
		fault(checker, "autotune", "%g K is a cold run, in which the heater stays off",
		      plan->temperature_k);
	if (plan->calorimetry.present)
		fault(checker, "autotune", "no glass comes of an autotune: leave 'calorimetry' out");
}

static void check_site(struct checker *checker, const struct plan *plan, double ambient_k)
{
	const struct limits *limits = &plan->limits;

	check_range(checker, "ambient", ambient_k, AMBIENT_LEAST_K, AMBIENT_MOST_K, "K");
	if (!(ambient_k <= limits->release_temperature_k - limits->release_ambient_margin_k))
		fault(checker, "limits.release_temperature_k",
		      "ambient is %g K, release_temperature_k %g K must be at least %g K above it: raise it "
		      "in the site file (up to 323 K) or cool the room",
		      ambient_k, limits->release_temperature_k, limits->release_ambient_margin_k);
}

static void check_limits(struct checker *checker, const struct plan *plan)
{
	char field[48];

	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		const struct limit_info *info = &limits_table[i];

		snprintf(field, sizeof(field), "limits.%s", info->name);
		check_range(checker, field, limits_get(&plan->limits, info), info->minimum, info->maximum,
			    info->unit);
	}
}

size_t plan_check_feasible(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults,
			   size_t max)
{
	struct checker checker = {.faults = ret_faults, .max = max};

	check_texts(&checker, plan);
	check_pressure(&checker, plan);
	check_temperature(&checker, plan, ambient_k);
	check_bands(&checker, plan);
	check_calorimetry(&checker, plan);
	check_tune(&checker, plan, ambient_k);
	check_site(&checker, plan, ambient_k);
	if (checker.count == 0 && plan_total_s(plan, ambient_k) > TOTAL_MOST_S)
		fault(&checker, "densification", "the programme takes %.1f h, allowed are %.0f h",
		      plan_total_s(plan, ambient_k) / 3600, TOTAL_MOST_S / 3600);
	return checker.count;
}

size_t plan_check(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults, size_t max)
{
	size_t count = plan_check_feasible(plan, ambient_k, ret_faults, max);
	struct checker checker = {.faults = ret_faults, .count = count, .max = max};

	check_limits(&checker, plan);
	return checker.count;
}

static void warn_calorimetry(struct checker *checker, const struct plan *plan)
{
	const struct plan_calorimetry *calorimetry = &plan->calorimetry;

	if (!calorimetry->present)
		return;
	if (calorimetry->end_k < LIQUID_WINDOW_TG * plan->material_tg_k)
		fault(checker, "calorimetry.range[1]",
		      "%g K ends below the expected liquid window of this material (about %.0f K): no liquid "
		      "line, no Tf",
		      calorimetry->end_k, LIQUID_WINDOW_TG * plan->material_tg_k);
	if (calorimetry->rate_count < 3)
		fault(checker, "calorimetry.heating_rates",
		      "%u rates: an activation energy needs at least 3 different ones",
		      calorimetry->rate_count);
	if (calorimetry->sections_per_rate < 2)
		fault(checker, "calorimetry.sections_per_rate",
		      "one section a rate: a lost section leaves its rate empty");
}

size_t plan_warnings(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults, size_t max)
{
	struct checker checker = {.faults = ret_faults, .max = max};

	warn_calorimetry(&checker, plan);
	if (plan_is_cold(plan, ambient_k))
		fault(&checker, "densification.temperature",
		      "%g K is within 10 K of ambient %g K: a cold run, the heater stays off",
		      plan->temperature_k, ambient_k);
	if (plan->holdback_temperature_k < plan->soak_band_k)
		fault(&checker, "densification.holdback.temperature",
		      "%g K is tighter than the soak band %g K: the programme may stand while the soak "
		      "counts",
		      plan->holdback_temperature_k, plan->soak_band_k);
	return checker.count;
}
