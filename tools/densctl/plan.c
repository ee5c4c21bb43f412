/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan: what a protocol will do, from a dry run of the machine. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "config/wear.h"
#include "tools/densctl/dryrun.h"
#include "tools/densctl/json.h"
#include "tools/densctl/offline.h"
#include "tools/densctl/plot.h"

/* What the relay does, in the order in which it does it. The dry run's furnace is none: its period is no
 * forecast. */
static void print_tune(const struct plan *plan, const struct dryrun *dryrun)
{
	const struct plan_tune *tune = &plan->tune;
	char text[DURATION_TEXT];

	printf("\n"
	       "  autotune, when the soak is served:\n"
	       "    1. rest: over %g s and more, the mean output that holds %g K\n"
	       "    2. relay: the controller in manual, its output %g %% above that and %g %% below it by "
	       "turns; it turns at\n"
	       "       %g and %g K\n"
	       "    3. %u cycles alike, after %d that do not count, end it; above %g K, or after %g min "
	       "without them, it\n"
	       "       gives up and the run is aborted: it cools\n"
	       "    4. the PID proposed stands in the record: densctl tune RUN; nothing is written to the "
	       "controller\n",
	       TUNE_REST_S, plan->temperature_k, tune->amplitude_pct, tune->amplitude_pct,
	       plan->temperature_k - tune->hysteresis_k, plan->temperature_k + tune->hysteresis_k,
	       tune->cycles, TUNE_FIRST_CYCLES, tune->ceiling_k, tune->limit_s / 60);
	if (dryrun->relay_cycles > 0)
		printf("    relay in the dry run: %s, %u cycles of %.0f s, up to %.1f K. Your furnace has a "
		       "period of its\n"
		       "    own: %u of them, %g min at most\n",
		       duration_text(dryrun->relay_s, text), dryrun->relay_cycles,
		       dryrun->relay_s / dryrun->relay_cycles, dryrun->relay_most_k,
		       tune->cycles + TUNE_FIRST_CYCLES, tune->limit_s / 60);
}

static void plan_print(const struct plan *plan, const struct dryrun *dryrun)
{
	char text[DURATION_TEXT];

	printf("%s: %s, ", plan->name, plan->material);
	if (plan->reference)
		printf("1 atm (reference anneal, press idle)");
	else
		printf("%g GPa", plan->pressure_gpa);
	printf(", %g K for %g min\n\n  phase            start   duration    P / GPa          T / K\n",
	       plan->temperature_k, plan->isotherm_s / 60);
	for (uint32_t i = 0; i < dryrun->phase_count; i++) {
		const struct dryrun_phase *phase = &dryrun->phases[i];

		if (phase->phase == PHASE_DONE)
			continue;
		printf("  %-12s %9s", phase_name(phase->phase), duration_text(phase->start_s, text));
		printf("  %9s   %6.3f -> %6.3f  %6.1f -> %6.1f\n", duration_text(phase->duration_s, text),
		       phase->from_gpa, phase->to_gpa, phase->from_k, phase->to_k);
	}
	printf("\n  total %s; setpoint writes: furnace %u, press %u\n", duration_text(dryrun->total_s, text),
	       dryrun->furnace_writes, dryrun->press_writes);
	if (plan->calorimetry.present)
		printf("  then %u scans at %u rates, %g to %g K, each on a fresh section\n",
		       plan->calorimetry.rate_count * plan->calorimetry.sections_per_rate,
		       plan->calorimetry.rate_count, plan->calorimetry.start_k, plan->calorimetry.end_k);
	if (plan->tune.present)
		print_tune(plan, dryrun);
	putchar('\n');
	plot_text(dryrun->points, dryrun->point_count, stdout);
}

/* What a run takes of the furnace's life: of a new instrument; what is left of this one only densd knows. */
static uint32_t plan_wear(const struct plan *plan, const struct site *site,
			  const struct bus_device **ret_furnace)
{
	const struct bus_device *furnace = wear_find_furnace(site);

	*ret_furnace = furnace;
	return furnace ? wear_plan_writes(plan, &furnace->profile, site->ambient_k) : 0;
}

static int check_wear(const struct options *options, const struct plan *plan, const struct site *site)
{
	const struct bus_device *furnace;
	uint32_t writes = plan_wear(plan, site, &furnace);
	char why[MACHINE_WHY];

	if (writes == 0)
		return DENSCTL_OK;
	if (!option_given(options, OPTION_JSON))
		printf("  wears the memory of '%s': %u of the %u writes it stands in its life (%.1f %%)\n\n",
		       furnace->name, writes, furnace->profile.write_budget,
		       100.0 * writes / furnace->profile.write_budget);
	if (wear_judge(furnace, writes, furnace->profile.write_budget, why, sizeof(why)) == 0)
		return DENSCTL_OK;
	fprintf(stderr, "densctl plan: '%s': %s\n", plan->name, why);
	return DENSCTL_INVALID;
}

static json_object *phase_json(const struct dryrun_phase *phase)
{
	json_object *entry = json_object_new_object();

	json_object_object_add(entry, "phase", json_object_new_string(phase_name(phase->phase)));
	json_object_object_add(entry, "start_s", json_real(phase->start_s));
	json_object_object_add(entry, "duration_s", json_real(phase->duration_s));
	json_object_object_add(entry, "from_gpa", json_real(phase->from_gpa));
	json_object_object_add(entry, "to_gpa", json_real(phase->to_gpa));
	json_object_object_add(entry, "from_k", json_real(phase->from_k));
	json_object_object_add(entry, "to_k", json_real(phase->to_k));
	return entry;
}

static json_object *tune_json(const struct plan *plan, const struct dryrun *dryrun)
{
	const struct plan_tune *tune = &plan->tune;
	json_object *entry = json_object_new_object();

	json_object_object_add(entry, "amplitude_pct", json_real(tune->amplitude_pct));
	json_object_object_add(entry, "hysteresis_k", json_real(tune->hysteresis_k));
	json_object_object_add(entry, "ceiling_k", json_real(tune->ceiling_k));
	json_object_object_add(entry, "cycles", json_object_new_int64(tune->cycles));
	json_object_object_add(entry, "limit_s", json_real(tune->limit_s));
	json_object_object_add(entry, "dry_run_relay_s", json_real(dryrun->relay_s));
	json_object_object_add(entry, "dry_run_relay_cycles", json_object_new_int64(dryrun->relay_cycles));
	json_object_object_add(entry, "dry_run_most_k", json_real(dryrun->relay_most_k));
	return entry;
}

static json_object *plan_json(const struct plan *plan, const struct dryrun *dryrun, uint32_t wearing)
{
	json_object *entry = json_object_new_object(), *list = json_object_new_array();
	uint32_t scans = plan->calorimetry.present
				 ? plan->calorimetry.rate_count * plan->calorimetry.sections_per_rate
				 : 0;

	for (uint32_t i = 0; i < dryrun->phase_count; i++)
		if (dryrun->phases[i].phase != PHASE_DONE)
			json_object_array_add(list, phase_json(&dryrun->phases[i]));
	json_object_object_add(entry, "name", json_object_new_string(plan->name));
	json_object_object_add(entry, "outcome", json_object_new_string(outcome_name(dryrun->outcome)));
	json_object_object_add(entry, "total_s", json_real(dryrun->total_s));
	json_object_object_add(entry, "furnace_setpoint_writes",
			       json_object_new_int64(dryrun->furnace_writes));
	json_object_object_add(entry, "press_setpoint_writes", json_object_new_int64(dryrun->press_writes));
	json_object_object_add(entry, "wearing_writes", json_object_new_int64(wearing));
	json_object_object_add(entry, "scans", json_object_new_int64(scans));
	json_object_object_add(entry, "autotune", plan->tune.present ? tune_json(plan, dryrun) : NULL);
	json_object_object_add(entry, "segments", list);
	return entry;
}

/* SVG of run @index: FILE for the first, FILE with "-2" before its ending for the second. */
static int plan_svg(const struct options *options, const struct plan *plan, const struct dryrun *result,
		    size_t index)
{
	const char *path = options->value[OPTION_SVG], *dot = strrchr(path, '.');
	int stem = dot && !strchr(dot, '/') ? (int)(dot - path) : (int)strlen(path);
	char numbered[4096];
	int r;

	if (index)
		snprintf(numbered, sizeof(numbered), "%.*s-%zu%s", stem, path, index + 1, path + stem);
	else
		snprintf(numbered, sizeof(numbered), "%s", path);
	r = plot_svg(result->points, result->point_count, plan->name, numbered);
	if (r == 0)
		fprintf(stderr, "densctl plan: drawn into %s\n", numbered);
	else
		fprintf(stderr, "densctl plan: %s was not drawn: %s\n", numbered,
			r == -ENOSYS ? "gnuplot is not installed, or refused" : strerror(-r));
	return r == 0 ? DENSCTL_OK : DENSCTL_INVALID;
}

static int plan_one(const struct options *options, const struct offline *offline, size_t index,
		    json_object *list)
{
	struct dryrun *result = calloc(1, sizeof(*result));
	const struct plan *plan = &offline->plans[index];
	const struct bus_device *furnace;
	int r = DENSCTL_OK;

	if (!result)
		return DENSCTL_INVALID;
	dryrun(plan, &offline->site, result);
	if (list)
		json_object_array_add(list,
				      plan_json(plan, result, plan_wear(plan, &offline->site, &furnace)));
	else
		plan_print(plan, result);
	if (result->outcome != OUTCOME_COMPLETED) {
		fprintf(stderr, "densctl plan: the dry run of '%s' ended in %s: %s\n", plan->name,
			phase_name(result->phase),
			result->cause[0] ? result->cause : "it did not finish in twice its time");
		r = DENSCTL_INVALID;
	}
	if (check_wear(options, plan, &offline->site) != DENSCTL_OK)
		r = DENSCTL_INVALID;
	if (option_given(options, OPTION_SVG) && plan_svg(options, plan, result, index))
		r = DENSCTL_INVALID;
	free(result);
	return r;
}

int plan_run(const struct options *options)
{
	json_object *list = option_given(options, OPTION_JSON) ? json_object_new_array() : NULL;
	struct site_reasons reasons;
	int r;
	struct offline *offline = offline_new(options, &r);

	if (offline) {
		r = offline_read_text(options->command, options->arguments[0], offline);
		if (offline->diagnostics.count)
			diagnostics_print(&offline->diagnostics, stderr);
	}
	for (size_t i = 0; offline && r != DENSCTL_INVALID && i < offline->plan_count; i++) {
		int one = plan_one(options, offline, i, list);

		if (one > r)
			r = one;
	}
	if (offline && r == DENSCTL_OK && (r = offline_judge(offline, &reasons)) != DENSCTL_OK) {
		fprintf(stderr, "densctl plan: ");
		offline_print_reasons(offline, &reasons);
	}
	if (offline && list)
		json_print(list, stdout);
	json_object_put(list);
	free(offline);
	return r;
}
