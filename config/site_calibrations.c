/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `calibrations:` of a site file: the press, oil to sample, and the chip. */
#include <string.h>

#include "config/schema.h"
#include "config/site_reader.h"
#include "drivers/calibration.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SITE_AT(field) offsetof(struct site_draft, site.field)

static const struct schema_field calibration_fields[] = {
	{"press", SCHEMA_NODE, true},
	{"chip", SCHEMA_NODE, false},
};
static const struct schema_field chip_fields[] = {
	{"lag", SCHEMA_QUANTITY, false, SITE_AT(chip_lag_s), 0, DIM_TIME, 0, 1},
	{"cell", SCHEMA_QUANTITY, false, SITE_AT(chip_cell_s), 0, DIM_TIME, 0, 1},
	{"sample_mass_ug", SCHEMA_QUANTITY, false, SITE_AT(sample_mass_ug), 0, DIM_NUMBER, 0, 1e6},
	{"molar_mass_g_per_mol", SCHEMA_QUANTITY, false, SITE_AT(molar_mass_g_per_mol), 0, DIM_NUMBER, 1,
	 1000},
};
static const struct schema_field press_fields[] = {
	{"id", SCHEMA_TEXT, true, offsetof(struct press_calibration, id), PROFILE_TEXT},
	{"loading", SCHEMA_NODE, true},
	{"unloading", SCHEMA_NODE, true},
};

/* [[0 bar, 0 GPa], [500 bar, 1.8 GPa], ...], both columns rising. Bar values are kept in bar. */
static uint32_t read_branch(const struct site_reader *reader, const struct yaml_node *list, const char *what,
			    double bar[CALIBRATION_POINTS_MAX], double gpa[CALIBRATION_POINTS_MAX])
{
	uint32_t count = 0;

	if (!schema_is(list, YAML_SEQUENCE, what, reader->diagnostics))
		return 0;
	if (list->child_count < 2 || list->child_count > CALIBRATION_POINTS_MAX) {
		schema_error(reader->diagnostics, list, "'%s' has %zu points: 2 to %d are allowed", what,
			     list->child_count, CALIBRATION_POINTS_MAX);
		return 0;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		double oil_gpa;

		if (node->kind != YAML_SEQUENCE || node->child_count != 2) {
			schema_error(reader->diagnostics, node,
				     "a point of '%s' is a pair, as [500 bar, 1.8 GPa]", what);
			return 0;
		}
		if (!schema_quantity(node->first_child, what, DIM_PRESSURE, 0, 10, reader->diagnostics,
				     &oil_gpa) ||
		    !schema_quantity(node->first_child->next, what, DIM_PRESSURE, 0, 100, reader->diagnostics,
				     &gpa[count]))
			return 0;
		bar[count] = oil_gpa * 1e4;
		if (count > 0 && (bar[count] <= bar[count - 1] || gpa[count] <= gpa[count - 1])) {
			schema_error(reader->diagnostics, node, "'%s' must rise in both columns", what);
			return 0;
		}
		count++;
	}
	return count;
}

/* What the machine may reach must lie inside the table, and friction can only hold pressure up. */
static void check_press(const struct site_reader *reader, const struct yaml_node *press,
			const struct press_calibration *calibration, const struct limits *limits)
{
	double top_gpa;

	if (calibration->loading_count < 2 || calibration->unloading_count < 2)
		return;
	top_gpa = calibration->loading_gpa[calibration->loading_count - 1];
	if (top_gpa < limits->machine_pressure_gpa)
		schema_error(reader->diagnostics, yaml_get(press, "loading"),
			     "'loading' ends at %g GPa: it must reach limits.machine_pressure_gpa, %g GPa",
			     top_gpa, limits->machine_pressure_gpa);
	if (calibration_check(calibration) < 0)
		schema_error(reader->diagnostics, yaml_get(press, "unloading"),
			     "'unloading' lies below the loading branch: at the same oil pressure the sample "
			     "keeps at least as much");
}

void site_read_calibrations(const struct site_reader *reader, const struct yaml_node *map, struct site *site)
{
	const struct yaml_node *press = yaml_get(map, "press"), *chip = yaml_get(map, "chip"), *branch;
	struct press_calibration calibration = {0};

	schema_read(map, "calibrations", calibration_fields, COUNT(calibration_fields), reader->diagnostics,
		    reader->draft);
	if (chip)
		schema_read(chip, "calibrations.chip", chip_fields, COUNT(chip_fields), reader->diagnostics,
			    reader->draft);
	if (!press)
		return;
	schema_read(press, "calibrations.press", press_fields, COUNT(press_fields), reader->diagnostics,
		    &calibration);
	if ((branch = yaml_get(press, "loading")))
		calibration.loading_count = read_branch(reader, branch, "loading", calibration.loading_bar,
							calibration.loading_gpa);
	if ((branch = yaml_get(press, "unloading")))
		calibration.unloading_count = read_branch(
			reader, branch, "unloading", calibration.unloading_bar, calibration.unloading_gpa);
	check_press(reader, press, &calibration, &site->limits);
	for (uint32_t i = 0; i < site->bus_count; i++)
		site->buses[i].calibration = calibration;
}
