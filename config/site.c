/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/site.h"

#include <errno.h>
#include <grp.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/commissioning.h"
#include "config/file.h"
#include "config/hash.h"
#include "config/limits_reader.h"
#include "config/schema.h"
#include "config/site_reader.h"
#include "config/yaml.h"
#include "drivers/calibration.h"
#include "protocol/verb.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SITE_BYTES_MAX YAML_BYTES_MAX
#define REASON_LEAST 10

static const char *const loading_words[] = {"confirm", "automatic", NULL};
static const char *const recovery_words[] = {"hold", "continue", NULL};
static const char *const role_words[] = {"none", "observer", "operator", "supervisor", NULL};

#define SITE_AT(field) offsetof(struct site_draft, site.field)
static const struct schema_field root_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct site_draft, version), 24},
	{"name", SCHEMA_TEXT, true, SITE_AT(name), PLAN_TEXT},
	{"simulated", SCHEMA_BOOL, false, SITE_AT(simulated)},
	{"clock", SCHEMA_NODE, false},
	{"ambient", SCHEMA_QUANTITY, false, SITE_AT(ambient_k), 0, DIM_TEMPERATURE, 273, 320},
	{"loading", SCHEMA_CHOICE, false, SITE_AT(loading), 1, DIM_NUMBER, 0, 0, loading_words},
	{"recovery", SCHEMA_CHOICE, false, SITE_AT(recovery), 1, DIM_NUMBER, 0, 0, recovery_words},
	{"accept_no_watchdog", SCHEMA_TEXT, false, SITE_AT(accept_no_watchdog_reason), 200},
	{"accept_no_contactor", SCHEMA_TEXT, false, SITE_AT(accept_no_contactor_reason), 200},
	{"store", SCHEMA_TEXT, true, SITE_AT(store), SITE_PATH},
	{"retention_days", SCHEMA_QUANTITY, false, SITE_AT(retention_days), 0, DIM_NUMBER, 1, 36500},
	{"minimum_free_mib", SCHEMA_QUANTITY, false, SITE_AT(minimum_free_mib), 0, DIM_NUMBER, 1, 1e6},
	{"sockets", SCHEMA_NODE, true},
	{"roles", SCHEMA_NODE, false},
	{"buses", SCHEMA_NODE, true},
	{"calibrations", SCHEMA_NODE, true},
	{"limits", SCHEMA_NODE, false},
	{"commissioning", SCHEMA_NODE, false},
};
static const struct schema_field clock_fields[] = {
	{"scale", SCHEMA_QUANTITY, true, SITE_AT(clock_scale), 0, DIM_NUMBER, 1, 1000},
};
static const struct schema_field socket_fields[] = {
	{"telemetry", SCHEMA_TEXT, true, SITE_AT(telemetry), SITE_PATH},
	{"commands", SCHEMA_TEXT, true, SITE_AT(commands), SITE_PATH},
};
static const struct schema_field commissioning_fields[] = {
	{"record", SCHEMA_TEXT, true, SITE_AT(commissioning.record), SITE_PATH},
	{"valid_days", SCHEMA_QUANTITY, false, SITE_AT(commissioning.valid_days), 0, DIM_NUMBER, 1, 3650},
};
struct role_draft {
	char user[64], group[64];
	uint8_t role;
};
static const struct schema_field role_fields[] = {
	{"user", SCHEMA_TEXT, false, offsetof(struct role_draft, user), 64},
	{"group", SCHEMA_TEXT, false, offsetof(struct role_draft, group), 64},
	{"role", SCHEMA_CHOICE, true, offsetof(struct role_draft, role), 1, DIM_NUMBER, 0, 0, role_words},
};

bool site_anchor_path(const struct site_reader *reader, char *path, size_t size)
{
	char joined[2 * SITE_PATH];

	if (path[0] == '/' || path[0] == '\0')
		return true;
	snprintf(joined, sizeof(joined), "%s/%s", reader->folder, path);
	if (strlen(joined) >= size)
		return false;
	memcpy(path, joined, strlen(joined) + 1);
	return true;
}

static int64_t find_user(const char *name)
{
	const struct passwd *entry;
	char *end;
	long number = strtol(name, &end, 10);

	if (*name && !*end && number >= 0)
		return number;
	entry = getpwnam(name);
	return entry ? (int64_t)entry->pw_uid : -2;
}

static int64_t find_group(const char *name)
{
	const struct group *entry;
	char *end;
	long number = strtol(name, &end, 10);

	if (*name && !*end && number >= 0)
		return number;
	entry = getgrnam(name);
	return entry ? (int64_t)entry->gr_gid : -2;
}

static void read_role(const struct site_reader *reader, const struct yaml_node *node, struct site *site)
{
	struct role_draft draft = {0};
	struct site_role role = {.uid = -1, .gid = -1};

	schema_read(node, "a role", role_fields, COUNT(role_fields), reader->diagnostics, &draft);
	if (!draft.user[0] == !draft.group[0]) {
		schema_error(reader->diagnostics, node, "a role is given either to a 'user' or to a 'group'");
		return;
	}
	role.role = draft.role;
	if (draft.user[0])
		role.uid = find_user(draft.user);
	else
		role.gid = find_group(draft.group);
	if (role.uid == -2 || role.gid == -2) {
		diagnostics_add(reader->diagnostics, DIAGNOSTIC_WARNING, node->line, node->column,
				"there is no %s '%s' on this machine: the entry is left out",
				draft.user[0] ? "user" : "group", draft.user[0] ? draft.user : draft.group);
		return;
	}
	site->roles[site->role_count++] = role;
}

static void read_roles(const struct site_reader *reader, const struct yaml_node *list, struct site *site)
{
	if (!schema_is(list, YAML_SEQUENCE, "roles", reader->diagnostics))
		return;
	if (list->child_count > SITE_ROLES_MAX) {
		schema_error(reader->diagnostics, list, "%zu roles: at most %d are allowed",
			     list->child_count, SITE_ROLES_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next)
		read_role(reader, node, site);
}

/* A record that is missing or broken is told to whoever submits a run: densd itself starts and watches. */
static void read_commissioning(const struct site_reader *reader, const struct yaml_node *node,
			       struct site *site)
{
	struct site_commissioning *judged = &site->commissioning;
	struct commissioning *record = calloc(1, sizeof(*record));
	struct diagnostics *inner = calloc(1, sizeof(*inner));
	int r;

	schema_read(node, "commissioning", commissioning_fields, COUNT(commissioning_fields),
		    reader->diagnostics, reader->draft);
	judged->required = true;
	if (!site_anchor_path(reader, judged->record, sizeof(judged->record)))
		schema_error(reader->diagnostics, node, "the path of the record is too long");
	r = record && inner ? commissioning_read(judged->record, inner, record) : -ENOMEM;
	if (r == 0)
		commissioning_judge(record, site);
	judged->of_record = judged->of_record || r != 0;
	if (r > 0)
		snprintf(judged->fault, sizeof(judged->fault), "the record of commissioning, line %u: %.160s",
			 inner->list[0].line, inner->list[0].text);
	else if (r < 0)
		snprintf(
			judged->fault, sizeof(judged->fault),
			"the record of commissioning %.120s cannot be read: %s; densctl commission writes it",
			judged->record, strerror(-r));
	free(inner);
	free(record);
}

/* A reason is a sentence for the record, not a switch. */
static void check_reason(const struct site_reader *reader, const struct yaml_node *root, const char *key,
			 const char *reason)
{
	if (reason[0] && (strlen(reason) < REASON_LEAST || !strchr(reason, ' ')))
		schema_error(reader->diagnostics, yaml_get(root, key),
			     "'%s: %.40s' must say in words why it is accepted, at least %d characters", key,
			     reason, REASON_LEAST);
}

static void check_release(const struct site_reader *reader, const struct yaml_node *root)
{
	const struct limits *limits = &reader->draft->site.limits;
	const struct yaml_node *place = yaml_get(yaml_get(root, "limits"), "release_temperature_k");
	double ambient_k = reader->draft->site.ambient_k;

	if (ambient_k <= limits->release_temperature_k - limits->release_ambient_margin_k)
		return;
	if (!place)
		place = yaml_get(root, "ambient");
	schema_error(
		reader->diagnostics, place ? place : root,
		"ambient is %g K: release_temperature_k, %g K, must be at least %g K above it (up to 323 K)",
		ambient_k, limits->release_temperature_k, limits->release_ambient_margin_k);
}

static void check_watchdogs(const struct site_reader *reader, const struct yaml_node *root)
{
	const struct site *site = &reader->draft->site;

	if (site->accept_no_watchdog)
		return;
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.protocol[0] &&
			    !site->buses[b].devices[d].profile.watchdog &&
			    !(site->buses[b].devices[d].profile.kind == DEVICE_FURNACE &&
			      site->buses[b].contactor.fitted))
				schema_error(reader->diagnostics, yaml_get(root, "buses"),
					     "device '%s' has no watchdog of its own: say in words why that "
					     "is accepted, as accept_no_watchdog: \"...\"",
					     site->buses[b].devices[d].name);
}

static const struct bus_device *find_press(const struct site *site, const struct bus_config **ret_bus)
{
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.kind == DEVICE_PRESS &&
			    site->buses[b].devices[d].profile.protocol[0]) {
				*ret_bus = &site->buses[b];
				return &site->buses[b].devices[d];
			}
	return NULL;
}

/* What plays the press and lacks a part of a press is named, and what it can reach must be enough for the
 * limits. */
static void check_press(const struct site_reader *reader, const struct yaml_node *root)
{
	const struct site *site = &reader->draft->site;
	const struct bus_config *bus;
	const struct bus_device *press = find_press(site, &bus);
	double need_bar;

	if (!press)
		return;
	if (!press->profile.contactor && !site_contactor(site) && !site->accept_no_contactor)
		schema_error(reader->diagnostics, yaml_get(root, "buses"),
			     "'%s' plays the press and switches no heater contactor: nothing opens it when "
			     "densd is silent or a relay is welded; say in words why that is accepted, as "
			     "accept_no_contactor: \"...\", or give the furnace a contactor on a coupler",
			     press->name);
	if (press->profile.setpoint_high <= press->profile.setpoint_low || bus->calibration.loading_count < 2)
		return;
	need_bar = calibration_loading_bar(&bus->calibration, site->limits.machine_pressure_gpa);
	if (need_bar > press->profile.setpoint_high)
		schema_error(reader->diagnostics, yaml_get(root, "limits") ? yaml_get(root, "limits") : root,
			     "machine_pressure_gpa, %g GPa, needs %.0f bar by the calibration and '%s' "
			     "takes setpoints up to %.0f bar: lower it and protocol_pressure_gpa",
			     site->limits.machine_pressure_gpa, need_bar, press->name,
			     press->profile.setpoint_high);
}

static void check_site(const struct site_reader *reader, const struct yaml_node *root)
{
	const struct site_draft *draft = reader->draft;
	const struct site *site = &draft->site;
	const struct yaml_node *loading = yaml_get(root, "loading"), *clock = yaml_get(root, "clock");

	if (yaml_get(root, "densd") && strcmp(draft->version, "site/1") != 0)
		schema_error(reader->diagnostics, yaml_get(root, "densd"),
			     "'densd: %.20s' is not a site file of this version: allowed is site/1",
			     draft->version);
	if (site->loading == LOADING_AUTOMATIC && !site->simulated)
		schema_error(
			reader->diagnostics, loading,
			"'loading: automatic' is for simulated sites only: add 'simulated: true' if this "
			"one is densim, else use 'loading: confirm'");
	if (site->clock_scale != 1 && !site->simulated)
		schema_error(reader->diagnostics, clock,
			     "a clock scale other than 1 is for simulated sites only");
	if ((site->telemetry[0] && strncmp(site->telemetry, "ipc://", 6) != 0) ||
	    (site->commands[0] && strncmp(site->commands, "ipc://", 6) != 0))
		schema_error(reader->diagnostics, yaml_get(root, "sockets"),
			     "sockets must be ipc:// endpoints: this version opens no TCP port");
	check_watchdogs(reader, root);
	check_reason(reader, root, "accept_no_watchdog", site->accept_no_watchdog_reason);
	check_reason(reader, root, "accept_no_contactor", site->accept_no_contactor_reason);
	check_press(reader, root);
	check_release(reader, root);
}

static void read_root(const struct site_reader *reader, const struct yaml_node *root)
{
	struct site *site = &reader->draft->site;
	const struct yaml_node *node;

	if (!schema_is_document(root, "site", "", reader->diagnostics))
		return;
	schema_read(root, "the site file", root_fields, COUNT(root_fields), reader->diagnostics,
		    reader->draft);
	if ((node = yaml_get(root, "clock")))
		schema_read(node, "clock", clock_fields, COUNT(clock_fields), reader->diagnostics,
			    reader->draft);
	if ((node = yaml_get(root, "sockets")))
		schema_read(node, "sockets", socket_fields, COUNT(socket_fields), reader->diagnostics,
			    reader->draft);
	if ((node = yaml_get(root, "limits")))
		limits_read(node, false, reader->diagnostics, &site->limits);
	if ((node = yaml_get(root, "roles")))
		read_roles(reader, node, site);
	if ((node = yaml_get(root, "buses")))
		site_read_buses(reader, node, site);
	if ((node = yaml_get(root, "calibrations")))
		site_read_calibrations(reader, node, site);
	if ((node = yaml_get(root, "commissioning")))
		read_commissioning(reader, node, site);
	site->accept_no_watchdog = site->accept_no_watchdog_reason[0] != '\0';
	site->accept_no_contactor = site->accept_no_contactor_reason[0] != '\0';
	if (!site_anchor_path(reader, site->store, sizeof(site->store)))
		schema_error(reader->diagnostics, yaml_get(root, "store"),
			     "the path of the store is too long");
	for (uint32_t i = 0; i < site->bus_count; i++) {
		site->buses[i].scale = site->clock_scale;
		site->buses[i].pressure_rate_gpa_per_s = site->limits.pressure_rate_gpa_per_s;
		site->buses[i].contactor.watchdog_s = site->limits.device_watchdog_s;
	}
	check_site(reader, root);
}

static void set_defaults(struct site *site)
{
	site->clock_scale = 1;
	site->ambient_k = PLAN_AMBIENT_K;
	site->retention_days = 3650;
	site->minimum_free_mib = 256;
	site->commissioning.valid_days = 365;
	site->chip.lag_sd_s = site->chip.offset_sd_k = NAN;
	limits_default(&site->limits);
}

static void set_folders(struct site_reader *reader, const char *path, const char *profile_dir)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) : 1;

	snprintf(reader->folder, sizeof(reader->folder), "%.*s", length, slash ? path : ".");
	if (profile_dir)
		snprintf(reader->profile_folder, sizeof(reader->profile_folder), "%s", profile_dir);
	else
		snprintf(reader->profile_folder, sizeof(reader->profile_folder), "%.*s/../devices",
			 SITE_PATH - 16, reader->folder);
}

int site_read(const char *path, const char *profile_dir, struct diagnostics *diagnostics,
	      struct site *ret_site)
{
	struct site_reader reader = {.diagnostics = diagnostics};
	struct yaml_document *document;
	size_t length;
	char *text;
	int r;

	diagnostics_init(diagnostics, path);
	r = file_read(path, SITE_BYTES_MAX, &text, &length);
	if (r < 0)
		return r;
	reader.draft = calloc(1, sizeof(*reader.draft));
	document = reader.draft ? yaml_read(text, length, diagnostics) : NULL;
	if (document) {
		set_defaults(&reader.draft->site);
		set_folders(&reader, path, profile_dir);
		read_root(&reader, yaml_root(document));
		hash_sha256(text, length, reader.draft->site.sha256);
	}
	if (document && diagnostics->errors == 0)
		*ret_site = reader.draft->site;
	r = !reader.draft ? -ENOMEM : diagnostics->errors > 0;
	yaml_document_free(document);
	free(reader.draft);
	free(text);
	return r;
}
