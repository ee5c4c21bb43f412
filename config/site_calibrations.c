/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `calibrations:` of a site file: which file is where, and whether its range is enough for this site. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/site_reader.h"
#include "drivers/correction.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME 64
#define COOL_BAND_K 2.0 /* above ambient a cell counts as cooled down */

struct names {
	char name[CALIBRATION_PLACE_MAX][NAME];
};
static const struct schema_field calibration_fields[] = {
	{"press", SCHEMA_TEXT, true, offsetof(struct names, name[CALIBRATION_PRESS]), NAME},
	{"thermocouple", SCHEMA_TEXT, false, offsetof(struct names, name[CALIBRATION_THERMOCOUPLE]), NAME},
	{"thermocouple2", SCHEMA_TEXT, false, offsetof(struct names, name[CALIBRATION_THERMOCOUPLE2]), NAME},
	{"flow", SCHEMA_TEXT, false, offsetof(struct names, name[CALIBRATION_FLOW]), NAME},
	{"chip", SCHEMA_TEXT, false, offsetof(struct names, name[CALIBRATION_CHIP]), NAME},
};

/* Beside the site file first, then where profiles are. */
static int find_file(const struct site_reader *reader, const char *name, struct diagnostics *diagnostics,
		     struct calibration *ret_calibration)
{
	const char *config = getenv("DENSD_CONFIG"), *installed = PROFILES_INSTALLED,
		   *source = PROFILES_SOURCE;
	const struct {
		const char *folder, *below;
	} places[] = {{reader->folder, ""},
		      {reader->profile_folder, "/.."},
		      {config, ""},
		      {installed, "/.."},
		      {source, "/.."}};
	int r = -ENOENT;

	for (size_t i = 0; i < COUNT(places) && r == -ENOENT; i++) {
		char path[2 * SITE_PATH];

		if (!places[i].folder ||
		    snprintf(path, sizeof(path), "%s%s/calibrations/%s.yaml", places[i].folder,
			     places[i].below, name) >= (int)sizeof(path))
			continue;
		r = calibration_read(path, diagnostics, ret_calibration);
	}
	return r;
}

/* False with the reasons at @node. */
static bool read_file(const struct site_reader *reader, const struct yaml_node *node, const char *name,
		      struct calibration *ret_calibration)
{
	struct diagnostics *inner = calloc(1, sizeof(*inner));
	int r = !inner              ? -ENOMEM
		: strchr(name, '/') ? -EINVAL
				    : find_file(reader, name, inner, ret_calibration);

	if (r < 0)
		schema_error(reader->diagnostics, node,
			     "calibration '%s' cannot be read: %s; looked for calibrations/%s.yaml beside "
			     "the site file and where profiles are",
			     name, strerror(-r), name);
	for (size_t i = 0; r > 0 && i < inner->count; i++)
		schema_error(reader->diagnostics, node, "calibration '%s', line %u:%u: %.500s", name,
			     inner->list[i].line, inner->list[i].column, inner->list[i].text);
	free(inner);
	return r == 0;
}

/* What the machine may reach must lie inside the table. */
static void check_press(const struct site_reader *reader, const struct yaml_node *node,
			const struct press_calibration *press)
{
	double need_gpa = reader->draft->site.limits.machine_pressure_gpa;
	double top_gpa = press->loading_gpa[press->loading_count - 1];

	if (top_gpa < need_gpa)
		schema_error(reader->diagnostics, node,
			     "'loading' of calibration '%s' ends at %g GPa: it must reach "
			     "limits.machine_pressure_gpa, %g GPa",
			     press->id, top_gpa, need_gpa);
}

/* What rules add to be safe must leave them their room: a cold cell must be able to prove that it is cold. */
static void check_margin(const struct site_reader *reader, const struct yaml_node *node,
			 const struct correction *table, double true_k, double limit_k, const char *limit)
{
	double reading_k = correction_undo(table, true_k);
	double margin_k = fmax(reading_k - true_k, 0) + correction_sd(table, reading_k);

	if (true_k + margin_k >= limit_k)
		schema_error(reader->diagnostics, node,
			     "at %.1f K this calibration may be %.1f K too low, by what it takes off and its "
			     "uncertainty: that passes %s, %g K",
			     true_k, margin_k, limit, limit_k);
}

static void check_thermocouple(const struct site_reader *reader, const struct yaml_node *node,
			       const struct correction *table)
{
	const struct site *site = &reader->draft->site;
	double low_k = table->truth[0], high_k = table->truth[table->count - 1];

	if (low_k > site->ambient_k || high_k < site->limits.machine_temperature_k)
		schema_error(reader->diagnostics, node,
			     "its points go from %g to %g K: they must reach from ambient, %g K, to "
			     "limits.machine_temperature_k, %g K; nothing is extrapolated",
			     low_k, high_k, site->ambient_k, site->limits.machine_temperature_k);
	check_margin(reader, node, table, site->ambient_k + COOL_BAND_K, site->limits.release_temperature_k,
		     "release_temperature_k");
	check_margin(reader, node, table, site->limits.protocol_temperature_k,
		     site->limits.machine_temperature_k, "machine_temperature_k");
}

static void apply(const struct site_reader *reader, const struct yaml_node *node,
		  enum calibration_place place, const struct calibration *calibration)
{
	struct site *site = &reader->draft->site;

	site->calibrations[place] = calibration->head;
	for (uint32_t i = 0; i < site->bus_count; i++) {
		struct bus_config *bus = &site->buses[i];

		if (place == CALIBRATION_PRESS)
			bus->calibration = calibration->press;
		else if (place == CALIBRATION_THERMOCOUPLE)
			bus->thermocouple = calibration->table;
		else if (place == CALIBRATION_THERMOCOUPLE2)
			bus->thermocouple2 = calibration->table;
		else if (place == CALIBRATION_FLOW)
			bus->flow = calibration->table;
	}
	if (place == CALIBRATION_PRESS)
		check_press(reader, node, &calibration->press);
	else if (place == CALIBRATION_THERMOCOUPLE || place == CALIBRATION_THERMOCOUPLE2)
		check_thermocouple(reader, node, &calibration->table);
	else if (place == CALIBRATION_CHIP)
		site->chip = calibration->chip;
}

/*
 * What the virtual laboratory's numbers say of a real instrument is not true, however good they look. A
 * warning: probe and commission come before the first calibration; a run is refused (site_judge_now).
 */
static void warn_simulated(const struct site_reader *reader, const struct yaml_node *node,
			   const struct calibration_head *head)
{
	if (!head->simulated || reader->draft->site.simulated)
		return;
	diagnostics_add(
		reader->diagnostics, DIAGNOSTIC_WARNING, node->line, node->column,
		"calibration '%s' is the virtual laboratory's (its file says 'simulated: true') and this "
		"site is a real one: no run is accepted before one that was measured on this instrument "
		"is named here (config/calibrations/README.md), or the site says 'simulated: true'",
		head->id);
}

static void read_one(const struct site_reader *reader, const struct yaml_node *node,
		     enum calibration_place place, const char *name)
{
	struct calibration calibration;

	if (!read_file(reader, node, name, &calibration))
		return;
	if (calibration.kind != calibration_kind_of(place))
		schema_error(
			reader->diagnostics, node, "calibration '%s' is one of a %s: '%s' needs one of a %s",
			name, calibration_kind_name((enum calibration_kind)calibration.kind),
			calibration_place_name(place), calibration_kind_name(calibration_kind_of(place)));
	else
		apply(reader, node, place, &calibration);
	warn_simulated(reader, node, &calibration.head);
}

void site_read_calibrations(const struct site_reader *reader, const struct yaml_node *map, struct site *site)
{
	struct names names = {0};

	schema_read(map, "calibrations", calibration_fields, COUNT(calibration_fields), reader->diagnostics,
		    &names);
	for (int place = 0; place < CALIBRATION_PLACE_MAX; place++)
		if (names.name[place][0])
			read_one(reader, yaml_get(map, calibration_place_name((enum calibration_place)place)),
				 (enum calibration_place)place, names.name[place]);
	calibration_hash_all(site->calibrations, site->calibrations_sha256);
}
