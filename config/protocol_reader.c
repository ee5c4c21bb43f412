/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/protocol_reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/hash.h"
#include "config/limits_reader.h"
#include "config/protocol_check.h"
#include "config/schema.h"
#include "config/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TG_PLACEHOLDER_K 596

/* The text fields that are only checked, beside the plan that is filled. */
struct draft {
	struct plan plan;
	char version[24];
	struct plan_calorimetry calorimetry;
	struct plan_tune tune;
	bool references;
	double axis[PLAN_SERIES_MAX];
	size_t axis_count;
	bool axis_is_pressure;
};

#define PLAN_AT(field) offsetof(struct draft, plan.field)
static const char *const recovery_words[] = {"hold", "continue", NULL};

static const struct schema_field root_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct draft, version), 24},
	{"name", SCHEMA_TEXT, true, PLAN_AT(name), PLAN_TEXT},
	{"material", SCHEMA_NODE, true},
	{"densification", SCHEMA_NODE, true},
	{"calorimetry", SCHEMA_NODE, false},
	{"autotune", SCHEMA_NODE, false},
	{"series", SCHEMA_NODE, false},
	{"limits", SCHEMA_NODE, false},
	{"recovery", SCHEMA_CHOICE, false, PLAN_AT(recovery), 1, DIM_NUMBER, 0, 0, recovery_words},
	{"resume_after_trip", SCHEMA_BOOL, false, PLAN_AT(resume_after_trip)},
};
static const struct schema_field material_fields[] = {
	{"name", SCHEMA_TEXT, true, PLAN_AT(material), PLAN_TEXT},
	{"composition", SCHEMA_TEXT, false, PLAN_AT(composition), PLAN_TEXT},
	{"Tg", SCHEMA_QUANTITY, false, PLAN_AT(material_tg_k), 0, DIM_TEMPERATURE, 300, 1500},
};
/* The machine's and the site's limits are plan_check's; the ranges here only keep nonsense out. */
static const struct schema_field densification_fields[] = {
	{"pressure", SCHEMA_QUANTITY, true, PLAN_AT(pressure_gpa), 0, DIM_PRESSURE, 0, 100},
	{"temperature", SCHEMA_QUANTITY, true, PLAN_AT(temperature_k), 0, DIM_TEMPERATURE, 250, 2000},
	{"isotherm", SCHEMA_QUANTITY, true, PLAN_AT(isotherm_s), 0, DIM_TIME, 0, 864000},
	{"compression_rate", SCHEMA_QUANTITY, false, PLAN_AT(compression_gpa_per_s), 0, DIM_PRESSURE_RATE,
	 1e-6, 10},
	{"decompression_rate", SCHEMA_QUANTITY, false, PLAN_AT(decompression_gpa_per_s), 0, DIM_PRESSURE_RATE,
	 1e-6, 10},
	{"heating_rate", SCHEMA_QUANTITY, false, PLAN_AT(heating_k_per_s), 0, DIM_TEMPERATURE_RATE, 1e-4,
	 100},
	{"cooling_rate", SCHEMA_QUANTITY, false, PLAN_AT(cooling_k_per_s), 0, DIM_TEMPERATURE_RATE, 1e-4,
	 100},
	{"soak_band", SCHEMA_QUANTITY, false, PLAN_AT(soak_band_k), 0, DIM_TEMPERATURE_STEP, 0.5, 20},
	{"holdback", SCHEMA_NODE, false},
};
static const struct schema_field holdback_fields[] = {
	{"temperature", SCHEMA_QUANTITY, false, PLAN_AT(holdback_temperature_k), 0, DIM_TEMPERATURE_STEP, 1,
	 50},
	{"pressure", SCHEMA_QUANTITY, false, PLAN_AT(holdback_pressure_gpa), 0, DIM_PRESSURE, 0.005, 0.5},
	{"limit", SCHEMA_QUANTITY, false, PLAN_AT(holdback_limit_s), 0, DIM_TIME, 10, 86400},
};
#define CALORIMETRY_AT(field) offsetof(struct draft, calorimetry.field)
static const struct schema_field calorimetry_fields[] = {
	{"heating_rates", SCHEMA_NODE, true},
	{"sections_per_rate", SCHEMA_UINT, false, CALORIMETRY_AT(sections_per_rate), 0, DIM_NUMBER, 1,
	 PLAN_SECTIONS_MAX},
	{"range", SCHEMA_NODE, false},
	{"reference_cooling_rate", SCHEMA_QUANTITY, false, CALORIMETRY_AT(reference_cooling_k_per_s), 0,
	 DIM_TEMPERATURE_RATE, 0.1, 10000},
	{"purge", SCHEMA_QUANTITY, false, CALORIMETRY_AT(purge_ml_per_min), 0, DIM_FLOW, 1, 1000},
};
#define TUNE_AT(field) offsetof(struct draft, tune.field)
static const struct schema_field tune_fields[] = {
	{"amplitude_pct", SCHEMA_QUANTITY, false, TUNE_AT(amplitude_pct), 0, DIM_NUMBER, 0, 100},
	{"hysteresis", SCHEMA_QUANTITY, false, TUNE_AT(hysteresis_k), 0, DIM_TEMPERATURE_STEP, 0, 20},
	{"ceiling", SCHEMA_QUANTITY, false, TUNE_AT(ceiling_k), 0, DIM_TEMPERATURE, 250, 2000},
	{"limit", SCHEMA_QUANTITY, false, TUNE_AT(limit_s), 0, DIM_TIME, 0, 86400},
	{"cycles", SCHEMA_UINT, false, TUNE_AT(cycles), 0, DIM_NUMBER, 1, 100},
};
static const struct schema_field series_fields[] = {
	{"temperature", SCHEMA_NODE, false},
	{"pressure", SCHEMA_NODE, false},
	{"references", SCHEMA_BOOL, false, offsetof(struct draft, references)},
};

/* The paper's rates and the design's defaults. */
static void set_defaults(struct draft *draft, const struct site *site)
{
	struct plan *plan = &draft->plan;

	memset(draft, 0, sizeof(*draft));
	/* Required values: good ones, so that only what was written can be at fault in plan_check. */
	memcpy(plan->name, "-", 2);
	memcpy(plan->material, "-", 2);
	plan->pressure_gpa = 0.5;
	plan->temperature_k = site->ambient_k;
	plan->isotherm_s = 600;
	plan->material_tg_k = TG_PLACEHOLDER_K;
	plan_fill_defaults(plan);
	plan->recovery = site->recovery;
	plan->loading = site->loading;
	plan->limits = site->limits;
	memcpy(plan->site_sha256, site->sha256, sizeof(plan->site_sha256));
	memcpy(plan->calibrations_sha256, site->calibrations_sha256, sizeof(plan->calibrations_sha256));
	draft->calorimetry = (struct plan_calorimetry){.present = true,
						       .sections_per_rate = 2,
						       .start_k = 300,
						       .end_k = 850,
						       .reference_cooling_k_per_s = 200,
						       .purge_ml_per_min = 80};
	draft->tune = (struct plan_tune){
		.present = true, .amplitude_pct = 10, .hysteresis_k = 0.5, .limit_s = 1800, .cycles = 5};
}

static size_t read_list(const struct yaml_node *list, const char *what, enum dimension dimension,
			double minimum, double maximum, size_t most, struct diagnostics *diagnostics,
			double *ret_values)
{
	size_t count = 0;

	if (!schema_is(list, YAML_SEQUENCE, what, diagnostics))
		return 0;
	if (list->child_count == 0 || list->child_count > most) {
		schema_error(diagnostics, list, "'%s' has %zu values: 1 to %zu are allowed", what,
			     list->child_count, most);
		return 0;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		if (!schema_quantity(node, what, dimension, minimum, maximum, diagnostics,
				     &ret_values[count]))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (ret_values[i] == ret_values[count])
				schema_error(diagnostics, node, "'%s' holds %.40s twice: each value once",
					     what, node->text);
		}
		count++;
	}
	return count;
}

static void read_range(const struct yaml_node *range, struct diagnostics *diagnostics,
		       struct plan_calorimetry *calorimetry)
{
	double start_k, end_k;

	if (!schema_is(range, YAML_SEQUENCE, "range", diagnostics))
		return;
	if (range->child_count != 2) {
		schema_error(diagnostics, range,
			     "'range' has %zu values: it needs two, start and end, as [300 K, 850 K]",
			     range->child_count);
		return;
	}
	if (!schema_quantity(range->first_child, "range", DIM_TEMPERATURE, 0, 5000, diagnostics, &start_k) ||
	    !schema_quantity(range->first_child->next, "range", DIM_TEMPERATURE, 0, 5000, diagnostics,
			     &end_k))
		return;
	calorimetry->start_k = start_k;
	calorimetry->end_k = end_k;
}

static void read_calorimetry(const struct yaml_node *map, struct diagnostics *diagnostics,
			     struct draft *draft)
{
	const struct yaml_node *rates = yaml_get(map, "heating_rates"), *range = yaml_get(map, "range");
	struct plan_calorimetry *c = &draft->calorimetry;

	schema_read(map, "calorimetry", calorimetry_fields, COUNT(calorimetry_fields), diagnostics, draft);
	if (rates)
		c->rate_count = (uint32_t)read_list(rates, "heating_rates", DIM_TEMPERATURE_RATE, 1, 40000,
						    PLAN_RATES_MAX, diagnostics, c->rate_k_per_s);
	if (c->rate_count == 0) { /* already an error: keeps plan_check from saying it again */
		c->rate_count = 3;
		c->rate_k_per_s[0] = 100, c->rate_k_per_s[1] = 200, c->rate_k_per_s[2] = 500;
	}
	if (range)
		read_range(range, diagnostics, c);
	draft->plan.calorimetry = *c;
}

#define TUNE_CEILING_K 6.0 /* above the temperature, unless the protocol says another */

static void read_tune(const struct yaml_node *map, struct diagnostics *diagnostics, struct draft *draft)
{
	schema_read(map, "autotune", tune_fields, COUNT(tune_fields), diagnostics, draft);
	if (draft->tune.ceiling_k <= 0)
		draft->tune.ceiling_k = draft->plan.temperature_k + TUNE_CEILING_K;
	draft->plan.tune = draft->tune;
}

static bool is_1_atm(double pressure_gpa)
{
	return pressure_gpa > 0.9 * PLAN_ATM_GPA && pressure_gpa < 1.1 * PLAN_ATM_GPA;
}

/* References beside runs that are references themselves would be the same run twice. */
static void check_references(const struct yaml_node *series, struct diagnostics *diagnostics,
			     const struct draft *draft)
{
	bool twice = !draft->axis_is_pressure && draft->plan.reference;

	for (size_t i = 0; draft->axis_is_pressure && i < draft->axis_count; i++)
		twice = twice || is_1_atm(draft->axis[i]);
	if (draft->references && twice)
		schema_error(diagnostics, yaml_get(series, "references"),
			     "'references: true' adds a run at 1 atm that is already there: leave it out");
}

static void read_series(const struct yaml_node *map, struct diagnostics *diagnostics, struct draft *draft)
{
	const struct yaml_node *temperature = yaml_get(map, "temperature"),
			       *pressure = yaml_get(map, "pressure");

	schema_read(map, "series", series_fields, COUNT(series_fields), diagnostics, draft);
	if (map->kind != YAML_MAP)
		return;
	if (!temperature == !pressure) {
		schema_error(diagnostics, map,
			     "a series has one axis: give either 'temperature' or 'pressure'");
		return;
	}
	draft->axis_is_pressure = pressure != NULL;
	draft->axis_count = pressure ? read_list(pressure, "pressure", DIM_PRESSURE, 0, 100, PLAN_SERIES_MAX,
						 diagnostics, draft->axis)
				     : read_list(temperature, "temperature", DIM_TEMPERATURE, 250, 2000,
						 PLAN_SERIES_MAX, diagnostics, draft->axis);
	check_references(map, diagnostics, draft);
}

static void read_version(const struct yaml_node *root, struct diagnostics *diagnostics,
			 const struct draft *draft)
{
	const struct yaml_node *node = yaml_get(root, "densd");

	if (node && node->kind == YAML_SCALAR && strcmp(draft->version, "protocol/1") != 0)
		schema_error(diagnostics, node,
			     "'densd: %.40s' is not a protocol of this version: allowed is protocol/1",
			     node->text);
}

/* As with the limits: what the site holds, a protocol may not let go on. */
static void read_recovery(const struct yaml_node *root, const struct site *site,
			  struct diagnostics *diagnostics, const struct draft *draft)
{
	if (site->recovery == RECOVERY_HOLD && draft->plan.recovery == RECOVERY_CONTINUE)
		schema_error(
			diagnostics, yaml_get(root, "recovery"),
			"'recovery: continue' would loosen the site's 'recovery: hold': a protocol may only "
			"tighten it, allowed is hold");
}

static void set_pressure(struct plan *plan, double pressure_gpa)
{
	plan->reference = is_1_atm(pressure_gpa);
	plan->pressure_gpa = plan->reference ? PLAN_ATM_GPA : pressure_gpa;
}

static void name_member(struct plan *plan, const char *base)
{
	char suffix[40];
	size_t room;

	if (plan->reference)
		snprintf(suffix, sizeof(suffix), " (1 atm, %g K)", plan->temperature_k);
	else
		snprintf(suffix, sizeof(suffix), " (%g GPa, %g K)", plan->pressure_gpa, plan->temperature_k);
	room = sizeof(plan->name) - 1 - strlen(suffix);
	while (room < strlen(base) && room > 0 && (base[room] & 0xc0) == 0x80)
		room--; /* not inside a UTF-8 character */
	snprintf(plan->name, sizeof(plan->name), "%.*s%s", (int)room, base, suffix);
}

/* Series order: for each temperature the pressed run, then its reference where asked. */
static size_t expand(const struct draft *draft, struct plan *ret_plans, size_t *ret_axis_index)
{
	size_t count = 0;

	ret_plans[0] = draft->plan;
	ret_axis_index[0] = 0;
	if (draft->axis_count == 0)
		return 1;
	for (size_t i = 0; i < draft->axis_count; i++) {
		struct plan *plan = &ret_plans[count];

		*plan = draft->plan;
		if (draft->axis_is_pressure)
			set_pressure(plan, draft->axis[i]);
		else
			plan->temperature_k = draft->axis[i];
		name_member(plan, draft->plan.name);
		ret_axis_index[count++] = i;
		if (!draft->references || draft->plan.reference || (draft->axis_is_pressure && i > 0))
			continue;
		ret_plans[count] = *plan;
		set_pressure(&ret_plans[count], PLAN_ATM_GPA);
		name_member(&ret_plans[count], draft->plan.name);
		ret_axis_index[count++] = i;
	}
	return count;
}

static void read_root(const struct yaml_node *root, const struct site *site, struct diagnostics *diagnostics,
		      struct draft *draft)
{
	const struct yaml_node *material = yaml_get(root, "material"),
			       *densification = yaml_get(root, "densification"), *node;

	if (!schema_is_document(root, "protocol", "; a site file is named with --site", diagnostics))
		return;
	schema_read(root, "the protocol", root_fields, COUNT(root_fields), diagnostics, draft);
	read_version(root, diagnostics, draft);
	read_recovery(root, site, diagnostics, draft);
	if (material)
		schema_read(material, "material", material_fields, COUNT(material_fields), diagnostics,
			    draft);
	if (densification) {
		schema_read(densification, "densification", densification_fields, COUNT(densification_fields),
			    diagnostics, draft);
		node = yaml_get(densification, "holdback");
		if (node)
			schema_read(node, "holdback", holdback_fields, COUNT(holdback_fields), diagnostics,
				    draft);
		set_pressure(&draft->plan, draft->plan.pressure_gpa);
	}
	if ((node = yaml_get(root, "calorimetry")))
		read_calorimetry(node, diagnostics, draft);
	if ((node = yaml_get(root, "autotune")))
		read_tune(node, diagnostics, draft);
	if ((node = yaml_get(root, "series")) && yaml_get(root, "autotune"))
		schema_error(diagnostics, node,
			     "an autotune is one run at one temperature: leave 'series' out");
	else if (node)
		read_series(node, diagnostics, draft);
	if ((node = yaml_get(root, "limits")))
		limits_read(node, true, diagnostics, &draft->plan.limits);
	if ((node = yaml_get(root, "calorimetry")) && material && material->kind == YAML_MAP &&
	    !yaml_get(material, "Tg"))
		schema_error(diagnostics, material,
			     "material lacks 'Tg', which is required with calorimetry (as: Tg: 596 K)");
}

/* Reads, expands and checks; returns how many plans there are. */
static size_t read_document(const struct yaml_document *document, const char *sha256, const struct site *site,
			    struct diagnostics *diagnostics, struct plan *ret_plans)
{
	const struct yaml_node *root = yaml_root(document);
	size_t axis_index[PROTOCOL_PLANS_MAX], count;
	struct draft draft;

	set_defaults(&draft, site);
	snprintf(draft.plan.protocol_sha256, sizeof(draft.plan.protocol_sha256), "%s", sha256);
	read_root(root, site, diagnostics, &draft);
	if (!yaml_get(yaml_get(root, "material"), "Tg") && !draft.plan.calorimetry.present)
		draft.plan.material_tg_k = 0;
	count = expand(&draft, ret_plans, axis_index);
	for (size_t i = 0; i < count; i++) {
		const char *name = draft.axis_is_pressure ? "pressure" : "temperature";
		const struct protocol_axis axis = {
			.values = draft.axis_count > 0 ? yaml_get(yaml_get(root, "series"), name) : NULL,
			.is_pressure = draft.axis_is_pressure,
			.index = axis_index[i]};

		protocol_check(&ret_plans[i], site->ambient_k, root, &axis, diagnostics);
	}
	return count;
}

int protocol_read(const char *text, size_t length, const struct site *site, struct diagnostics *diagnostics,
		  struct plan *ret_plans, size_t *ret_count)
{
	struct yaml_document *document = yaml_read(text, length, diagnostics);
	struct plan *plans = document ? calloc(PROTOCOL_PLANS_MAX, sizeof(*plans)) : NULL;
	char sha256[65];
	size_t count = 0;

	if (plans) {
		hash_sha256(text, length, sha256);
		count = read_document(document, sha256, site, diagnostics, plans);
	} else if (document) {
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, 0, 0, "out of memory");
	}
	if (diagnostics->errors == 0) {
		memcpy(ret_plans, plans, count * sizeof(*plans));
		*ret_count = count;
	}
	free(plans);
	yaml_document_free(document);
	return diagnostics->errors == 0 ? 0 : 1;
}
