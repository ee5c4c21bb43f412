/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration file to struct calibration. What a table must be to be one is checked here; what it must be
 * for a site (range, limits) in site_calibrations.c. */
#include "config/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/file.h"
#include "config/hash.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "drivers/calibration.h"
#include "drivers/correction.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CORRECTION_MOST_K 20.0
#define CORRECTION_SHARE_MOST 0.5
#define UNCERTAINTY_MOST_K 10.0
#define BAR_PER_GPA 1e4

struct draft {
	struct calibration calibration;
	char version[24];
	double valid_days;
};
#define AT(field) offsetof(struct draft, calibration.field)
static const char *const kind_words[] = {"press", "thermocouple", "flow", "chip", NULL};
static const struct schema_field root_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct draft, version), 24},
	{"kind", SCHEMA_CHOICE, true, AT(kind), 1, DIM_NUMBER, 0, 0, kind_words},
	{"id", SCHEMA_TEXT, true, AT(head.id), CALIBRATION_ID},
	{"version", SCHEMA_TEXT, true, AT(head.version), 16},
	{"date", SCHEMA_TEXT, true, AT(head.date), 12},
	{"by", SCHEMA_TEXT, true, AT(head.by), 48},
	{"method", SCHEMA_TEXT, true, AT(head.method), 160},
	{"valid_days", SCHEMA_QUANTITY, true, AT(head.valid_days), 0, DIM_NUMBER, 1, 36500},
	{"simulated", SCHEMA_BOOL, false, AT(head.simulated)},
	{"loading", SCHEMA_NODE, false},
	{"unloading", SCHEMA_NODE, false},
	{"points", SCHEMA_NODE, false},
	{"lag", SCHEMA_QUANTITY, false, AT(chip.lag_s), 0, DIM_TIME, 0, 1},
	{"lag_uncertainty", SCHEMA_QUANTITY, false, AT(chip.lag_sd_s), 0, DIM_TIME, 0, 1},
	{"cell", SCHEMA_QUANTITY, false, AT(chip.cell_s), 0, DIM_TIME, 0, 1},
	{"offset", SCHEMA_QUANTITY, false, AT(chip.offset_k), 0, DIM_TEMPERATURE_STEP, -CORRECTION_MOST_K,
	 CORRECTION_MOST_K},
	{"offset_uncertainty", SCHEMA_QUANTITY, false, AT(chip.offset_sd_k), 0, DIM_TEMPERATURE_STEP, 0,
	 UNCERTAINTY_MOST_K},
};
/* Which of the keys that hold numbers each kind has: all of them are required in it. */
static const struct kind_key {
	const char *key;
	enum calibration_kind kind;
	bool also_flow;
} kind_keys[] = {
	{"loading", CALIBRATION_OF_PRESS, false},        {"unloading", CALIBRATION_OF_PRESS, false},
	{"points", CALIBRATION_OF_THERMOCOUPLE, true},   {"lag", CALIBRATION_OF_CHIP, false},
	{"lag_uncertainty", CALIBRATION_OF_CHIP, false}, {"cell", CALIBRATION_OF_CHIP, false},
	{"offset", CALIBRATION_OF_CHIP, false},          {"offset_uncertainty", CALIBRATION_OF_CHIP, false},
};

/* One table: [reading, truth, standard uncertainty], the first two rising. */
struct table_form {
	const char *what, *example;
	enum dimension reading, truth, uncertainty;
	double reading_most, truth_most, uncertainty_most;
};
static const struct table_form branch_forms[2] = {
	{"loading", "[500 bar, 1.8 GPa, 0.05 GPa]", DIM_PRESSURE, DIM_PRESSURE, DIM_PRESSURE, 10, 100, 1},
	{"unloading", "[500 bar, 1.8 GPa, 0.05 GPa]", DIM_PRESSURE, DIM_PRESSURE, DIM_PRESSURE, 10, 100, 1}};
static const struct table_form temperature_form = {"points",
						   "[429.2 K, 429.75 K, 0.3 K]",
						   DIM_TEMPERATURE,
						   DIM_TEMPERATURE,
						   DIM_TEMPERATURE_STEP,
						   2000,
						   2000,
						   UNCERTAINTY_MOST_K};
static const struct table_form flow_form = {
	"points", "[80 ml/min, 78.5 ml/min, 1 ml/min]", DIM_FLOW, DIM_FLOW, DIM_FLOW, 1e5, 1e5, 1e4};

struct columns {
	uint32_t count;
	double *reading, *truth, *sd;
};

static bool read_point(const struct yaml_node *node, const struct table_form *form,
		       struct diagnostics *diagnostics, double ret_point[3])
{
	const struct yaml_node *reading = node->first_child, *truth = reading ? reading->next : NULL;

	if (node->kind != YAML_SEQUENCE || node->child_count != 3) {
		schema_error(
			diagnostics, node,
			"a point of '%s' is what was read, what is true, and the standard uncertainty, as %s",
			form->what, form->example);
		return false;
	}
	if (!schema_quantity(reading, form->what, form->reading, 0, form->reading_most, diagnostics,
			     &ret_point[0]) ||
	    !schema_quantity(truth, form->what, form->truth, 0, form->truth_most, diagnostics,
			     &ret_point[1]) ||
	    !schema_quantity(truth->next, form->what, form->uncertainty, 0, form->uncertainty_most,
			     diagnostics, &ret_point[2]))
		return false;
	if (ret_point[2] > 0)
		return true;
	schema_error(diagnostics, truth->next,
		     "an uncertainty of 0 is nobody's: state the standard uncertainty");
	return false;
}

static void read_table(const struct yaml_node *list, const struct table_form *form,
		       struct diagnostics *diagnostics, struct columns *columns)
{
	double point[3];

	if (!schema_is(list, YAML_SEQUENCE, form->what, diagnostics))
		return;
	if (list->child_count < 2 || list->child_count > CALIBRATION_POINTS_MAX) {
		schema_error(diagnostics, list, "'%s' has %zu points: 2 to %d are allowed", form->what,
			     list->child_count, CALIBRATION_POINTS_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		uint32_t i = columns->count;

		if (!read_point(node, form, diagnostics, point))
			return;
		columns->reading[i] = point[0];
		columns->truth[i] = point[1];
		columns->sd[i] = point[2];
		if (i > 0 && (columns->reading[i] <= columns->reading[i - 1] ||
			      columns->truth[i] <= columns->truth[i - 1])) {
			schema_error(
				diagnostics, node,
				"'%s' must rise in both columns: the same reading cannot mean two values",
				form->what);
			return;
		}
		columns->count++;
	}
}

static void read_branches(const struct yaml_node *root, struct diagnostics *diagnostics,
			  struct press_calibration *press)
{
	const struct yaml_node *unloading = yaml_get(root, "unloading");
	struct columns loaded = {0, press->loading_bar, press->loading_gpa, press->loading_sd_gpa},
		       unloaded = {0, press->unloading_bar, press->unloading_gpa, press->unloading_sd_gpa};

	if (yaml_get(root, "loading"))
		read_table(yaml_get(root, "loading"), &branch_forms[0], diagnostics, &loaded);
	if (unloading)
		read_table(unloading, &branch_forms[1], diagnostics, &unloaded);
	for (uint32_t i = 0; i < loaded.count; i++)
		loaded.reading[i] *= BAR_PER_GPA;
	for (uint32_t i = 0; i < unloaded.count; i++)
		unloaded.reading[i] *= BAR_PER_GPA;
	press->loading_count = loaded.count;
	press->unloading_count = unloaded.count;
	if (loaded.count >= 2 && unloaded.count >= 2 && calibration_check(press) < 0)
		schema_error(diagnostics, unloading,
			     "'unloading' lies below the loading branch: at the same oil pressure the "
			     "sample keeps at least as much");
}

/* A large correction is a broken instrument or a slip of the pen, not a calibration. */
static void check_size(const struct yaml_node *list, struct diagnostics *diagnostics,
		       const struct calibration *calibration)
{
	const struct correction *table = &calibration->table;
	bool kelvin = calibration->kind == CALIBRATION_OF_THERMOCOUPLE;
	const struct yaml_node *node = list->first_child;

	for (uint32_t i = 0; i < table->count && node; i++, node = node->next) {
		double off = fabs(table->truth[i] - table->reading[i]);
		double most = kelvin ? CORRECTION_MOST_K : CORRECTION_SHARE_MOST * table->reading[i];

		if (off > most)
			schema_error(diagnostics, node,
				     "a correction of %g is too large for one: %s is allowed", off,
				     kelvin ? "up to 20 K" : "up to half of the reading");
	}
}

static void read_points(const struct yaml_node *root, struct diagnostics *diagnostics,
			struct calibration *calibration)
{
	struct correction *table = &calibration->table;
	struct columns columns = {0, table->reading, table->truth, table->sd};
	const struct yaml_node *list = yaml_get(root, "points");

	if (!list)
		return;
	read_table(list, calibration->kind == CALIBRATION_OF_FLOW ? &flow_form : &temperature_form,
		   diagnostics, &columns);
	table->count = columns.count;
	if (diagnostics->errors == 0)
		check_size(list, diagnostics, calibration);
}

static void check_keys(const struct yaml_node *root, struct diagnostics *diagnostics,
		       enum calibration_kind kind)
{
	for (size_t i = 0; i < COUNT(kind_keys); i++) {
		const struct kind_key *key = &kind_keys[i];
		bool wanted = key->kind == kind || (key->also_flow && kind == CALIBRATION_OF_FLOW);
		const struct yaml_node *node = yaml_get(root, key->key);

		if (wanted && !node)
			schema_error(diagnostics, root, "a %s calibration lacks '%s'", kind_words[kind],
				     key->key);
		if (!wanted && node)
			schema_error(diagnostics, node, "'%s' has no place in a %s calibration", key->key,
				     kind_words[kind]);
	}
}

static void check_head(const struct yaml_node *root, struct diagnostics *diagnostics,
		       const struct draft *draft)
{
	if (draft->version[0] && strcmp(draft->version, "calibration/1") != 0)
		schema_error(diagnostics, yaml_get(root, "densd"),
			     "'densd: %.20s' is no calibration of this version: allowed is calibration/1",
			     draft->version);
	if (draft->calibration.head.date[0] && calibration_begin_s(&draft->calibration.head) < 0)
		schema_error(diagnostics, yaml_get(root, "date"),
			     "'date: %s' is no date: 2026-11-27 is the form", draft->calibration.head.date);
}

static void read_root(const struct yaml_node *root, struct diagnostics *diagnostics, struct draft *draft)
{
	struct calibration *calibration = &draft->calibration;

	if (!schema_is_document(root, "calibration", "", diagnostics))
		return;
	schema_read(root, "the calibration", root_fields, COUNT(root_fields), diagnostics, draft);
	check_head(root, diagnostics, draft);
	if (!yaml_get(root, "kind") || diagnostics->errors > 0)
		return;
	check_keys(root, diagnostics, (enum calibration_kind)calibration->kind);
	if (calibration->kind == CALIBRATION_OF_PRESS)
		read_branches(root, diagnostics, &calibration->press);
	else if (calibration->kind != CALIBRATION_OF_CHIP)
		read_points(root, diagnostics, calibration);
	snprintf(calibration->press.id, sizeof(calibration->press.id), "%s-%s", calibration->head.id,
		 calibration->head.version);
}

int calibration_read_text(const char *text, size_t length, struct diagnostics *diagnostics,
			  struct calibration *ret_calibration)
{
	struct yaml_document *document = yaml_read(text, length, diagnostics);
	struct draft draft = {0};

	if (document)
		read_root(yaml_root(document), diagnostics, &draft);
	yaml_document_free(document);
	if (diagnostics->errors > 0)
		return 1;
	hash_sha256(text, length, draft.calibration.head.sha256);
	*ret_calibration = draft.calibration;
	return 0;
}

int calibration_read(const char *path, struct diagnostics *diagnostics, struct calibration *ret_calibration)
{
	char *text;
	size_t length;
	int r = file_read(path, YAML_BYTES_MAX, &text, &length);

	diagnostics_init(diagnostics, path);
	if (r < 0)
		return r;
	r = calibration_read_text(text, length, diagnostics, ret_calibration);
	free(text);
	return r;
}

void calibration_hash_all(const struct calibration_head *heads, char ret_hex[65])
{
	char text[CALIBRATION_PLACE_MAX * 100] = "";
	size_t used = 0;

	for (int i = 0; i < CALIBRATION_PLACE_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s\n",
					 calibration_place_name((enum calibration_place)i), heads[i].sha256);
	hash_sha256(text, used, ret_hex);
}
