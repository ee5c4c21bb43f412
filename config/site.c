/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/site.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/file.h"
#include "config/hash.h"
#include "config/limits_reader.h"
#include "config/profile_reader.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "protocol/verb.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SITE_BYTES_MAX YAML_BYTES_MAX

struct draft {
	struct site site;
	char version[24];
	bool simulated;
};
struct reader {
	struct diagnostics *diagnostics;
	char folder[SITE_PATH];      /* of the site file: what relative paths are relative to */
	char profile_folder[SITE_PATH];
	struct draft *draft;
};

static const char *const loading_words[] = {"confirm", "automatic", NULL};
static const char *const recovery_words[] = {"hold", "continue", NULL};
static const char *const bus_words[] = {"modbus-tcp", "modbus-rtu", "serial", NULL};
static const char *const parity_words[] = {"none", "even", "odd", NULL};
static const char *const role_words[] = {"none", "observer", "operator", "supervisor", NULL};

#define SITE_AT(field) offsetof(struct draft, site.field)
static const struct schema_field root_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct draft, version), 24},
	{"name", SCHEMA_TEXT, true, SITE_AT(name), PLAN_TEXT},
	{"simulated", SCHEMA_BOOL, false, offsetof(struct draft, simulated)},
	{"clock", SCHEMA_NODE, false},
	{"ambient", SCHEMA_QUANTITY, false, SITE_AT(ambient_k), 0, DIM_TEMPERATURE, 273, 320},
	{"loading", SCHEMA_CHOICE, false, SITE_AT(loading), 1, DIM_NUMBER, 0, 0, loading_words},
	{"recovery", SCHEMA_CHOICE, false, SITE_AT(recovery), 1, DIM_NUMBER, 0, 0, recovery_words},
	{"accept_no_watchdog", SCHEMA_TEXT, false, SITE_AT(accept_no_watchdog_reason), 200},
	{"store", SCHEMA_TEXT, true, SITE_AT(store), SITE_PATH},
	{"retention_days", SCHEMA_QUANTITY, false, SITE_AT(retention_days), 0, DIM_NUMBER, 1, 36500},
	{"minimum_free_mib", SCHEMA_QUANTITY, false, SITE_AT(minimum_free_mib), 0, DIM_NUMBER, 1, 1e6},
	{"sockets", SCHEMA_NODE, true},
	{"roles", SCHEMA_NODE, false},
	{"buses", SCHEMA_NODE, true},
	{"calibrations", SCHEMA_NODE, true},
	{"limits", SCHEMA_NODE, false},
};
static const struct schema_field clock_fields[] = {
	{"scale", SCHEMA_QUANTITY, true, SITE_AT(clock_scale), 0, DIM_NUMBER, 1, 1000},
};
static const struct schema_field socket_fields[] = {
	{"telemetry", SCHEMA_TEXT, true, SITE_AT(telemetry), SITE_PATH},
	{"commands", SCHEMA_TEXT, true, SITE_AT(commands), SITE_PATH},
};
static const struct schema_field calibration_fields[] = {
	{"press", SCHEMA_NODE, true},
	{"chip", SCHEMA_NODE, false},
};
static const struct schema_field chip_fields[] = {
	{"lag", SCHEMA_QUANTITY, false, SITE_AT(chip_lag_s), 0, DIM_TIME, 0, 1},
	{"sample_mass_ug", SCHEMA_QUANTITY, false, SITE_AT(sample_mass_ug), 0, DIM_NUMBER, 0, 1e6},
	{"molar_mass_g_per_mol", SCHEMA_QUANTITY, false, SITE_AT(molar_mass_g_per_mol), 0, DIM_NUMBER, 1, 1000},
};
static const struct schema_field press_fields[] = {
	{"id", SCHEMA_TEXT, true, offsetof(struct press_calibration, id), PROFILE_TEXT},
	{"loading", SCHEMA_NODE, true},
	{"unloading", SCHEMA_NODE, true},
};

struct bus_draft {
	struct bus_config bus;
	uint32_t port, stop_bits;
	uint8_t parity;
};
#define BUS_AT(field) offsetof(struct bus_draft, bus.field)
static const struct schema_field bus_fields[] = {
	{"name", SCHEMA_TEXT, true, BUS_AT(name), 32},
	{"kind", SCHEMA_CHOICE, true, BUS_AT(kind), 1, DIM_NUMBER, 0, 0, bus_words},
	{"host", SCHEMA_TEXT, false, BUS_AT(path), 108},
	{"path", SCHEMA_TEXT, false, BUS_AT(path), 108},
	{"port", SCHEMA_UINT, false, offsetof(struct bus_draft, port), 0, DIM_NUMBER, 1, 65535},
	{"baud", SCHEMA_UINT, false, BUS_AT(baud), 0, DIM_NUMBER, 1200, 921600},
	{"parity", SCHEMA_CHOICE, false, offsetof(struct bus_draft, parity), 1, DIM_NUMBER, 0, 0, parity_words},
	{"stop_bits", SCHEMA_UINT, false, offsetof(struct bus_draft, stop_bits), 0, DIM_NUMBER, 1, 2},
	{"devices", SCHEMA_NODE, true},
};

struct device_draft {
	struct bus_device device;
	uint32_t unit;
	char profile[64];
};
static const struct schema_field device_fields[] = {
	{"name", SCHEMA_TEXT, true, offsetof(struct device_draft, device.name), 32},
	{"unit", SCHEMA_UINT, false, offsetof(struct device_draft, unit), 0, DIM_NUMBER, 1, 247},
	{"profile", SCHEMA_TEXT, true, offsetof(struct device_draft, profile), 64},
	{"temperature_offset", SCHEMA_QUANTITY, false, offsetof(struct device_draft, device.temperature_offset_k), 0,
	 DIM_TEMPERATURE_STEP, -20, 20},
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

/* Makes a relative path relative to the site file's folder. False: it does not fit. */
static bool anchor_path(const struct reader *reader, char *path, size_t size)
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

/* Where profiles may be, in order; NULL ends the list. A copied site file finds the shipped ones. */
static int find_profile(const struct reader *reader, const char *name, struct diagnostics *diagnostics, struct profile *ret_profile)
{
	const char *config = getenv("DENSD_CONFIG");
	char beside_config[SITE_PATH];
	const char *folders[] = {reader->profile_folder, config ? beside_config : NULL, PROFILES_INSTALLED, PROFILES_SOURCE};
	int r = -EINVAL;

	if (config && snprintf(beside_config, sizeof(beside_config), "%s/devices", config) >= (int)sizeof(beside_config))
		folders[1] = NULL;
	for (size_t i = 0; i < COUNT(folders) && !strchr(name, '/'); i++) {
		char path[2 * SITE_PATH];

		if (!folders[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s.yaml", folders[i], name);
		r = profile_read(path, diagnostics, ret_profile);
		if (r != -ENOENT)
			break;
	}
	return r;
}

static void read_device_profile(const struct reader *reader, const struct yaml_node *node, const char *name,
				struct profile *ret_profile)
{
	struct diagnostics *inner = malloc(sizeof(*inner));
	int r;

	if (!inner) {
		schema_error(reader->diagnostics, node, "out of memory");
		return;
	}
	r = find_profile(reader, name, inner, ret_profile);
	if (r < 0)
		schema_error(reader->diagnostics, node, "profile '%s' cannot be read: %s; looked for %s.yaml in %.120s and %s", name,
			     strerror(-r), name, reader->profile_folder, PROFILES_INSTALLED);
	for (size_t i = 0; r > 0 && i < inner->count; i++)
		schema_error(reader->diagnostics, node, "profile '%s', line %u:%u: %.200s", name, inner->list[i].line,
			     inner->list[i].column, inner->list[i].text);
	free(inner);
}

static void read_device(const struct reader *reader, const struct yaml_node *node, struct bus_config *bus)
{
	struct device_draft draft = {.unit = 1};

	schema_read(node, "a device", device_fields, COUNT(device_fields), reader->diagnostics, &draft);
	if (draft.profile[0])
		read_device_profile(reader, yaml_get(node, "profile"), draft.profile, &draft.device.profile);
	draft.device.unit = (uint8_t)draft.unit;
	for (uint32_t i = 0; i < bus->device_count; i++)
		if (bus->kind != BUS_SERIAL && bus->devices[i].unit == draft.device.unit)
			schema_error(reader->diagnostics, node, "unit %u is on this bus twice: each device needs its own", draft.unit);
	bus->devices[bus->device_count++] = draft.device;
}

static void check_bus(const struct reader *reader, const struct yaml_node *node, struct bus_config *bus)
{
	bool tcp = bus->kind == BUS_MODBUS_TCP;

	if (tcp && (!yaml_get(node, "host") || !yaml_get(node, "port") || yaml_get(node, "path")))
		schema_error(reader->diagnostics, node, "a modbus-tcp bus needs 'host' and 'port', and no 'path'");
	if (!tcp && (!yaml_get(node, "path") || yaml_get(node, "host") || yaml_get(node, "port")))
		schema_error(reader->diagnostics, node, "a serial bus needs 'path', and neither 'host' nor 'port'");
	if (!tcp && !anchor_path(reader, bus->path, sizeof(bus->path)))
		schema_error(reader->diagnostics, node, "the path of bus '%s' is longer than 107 bytes", bus->name);
	for (uint32_t i = 0; i < bus->device_count; i++) {
		bool scpi = strcmp(bus->devices[i].profile.protocol, "scpi") == 0;

		if (bus->devices[i].profile.protocol[0] && scpi != (bus->kind == BUS_SERIAL))
			schema_error(reader->diagnostics, node, "device '%s' speaks %s, which bus '%s' of this kind cannot carry",
				     bus->devices[i].name, bus->devices[i].profile.protocol, bus->name);
	}
}

static void read_bus(const struct reader *reader, const struct yaml_node *node, struct site *site)
{
	static const char parities[] = {'N', 'E', 'O'};
	struct bus_draft draft = {.bus = {.baud = 9600}, .stop_bits = 1};
	const struct yaml_node *devices = yaml_get(node, "devices");

	schema_read(node, "a bus", bus_fields, COUNT(bus_fields), reader->diagnostics, &draft);
	draft.bus.port = (uint16_t)draft.port;
	draft.bus.parity = parities[draft.parity];
	draft.bus.stop_bits = (uint8_t)draft.stop_bits;
	if (devices && schema_is(devices, YAML_SEQUENCE, "devices", reader->diagnostics)) {
		if (devices->child_count == 0 || devices->child_count > BUS_DEVICES_MAX)
			schema_error(reader->diagnostics, devices, "%zu devices on a bus: 1 to %d are allowed", devices->child_count,
				     BUS_DEVICES_MAX);
		else
			for (const struct yaml_node *child = devices->first_child; child; child = child->next)
				read_device(reader, child, &draft.bus);
	}
	check_bus(reader, node, &draft.bus);
	site->buses[site->bus_count++] = draft.bus;
}

static void read_buses(const struct reader *reader, const struct yaml_node *list, struct site *site)
{
	uint32_t kinds[DEVICE_KIND_MAX] = {0};
	static const char *const kind_names[DEVICE_KIND_MAX] = {"furnace", "press", "flow", "chip"};

	if (!schema_is(list, YAML_SEQUENCE, "buses", reader->diagnostics))
		return;
	if (list->child_count == 0 || list->child_count > SITE_BUSES_MAX) {
		schema_error(reader->diagnostics, list, "%zu buses: 1 to %d are allowed", list->child_count, SITE_BUSES_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next)
		read_bus(reader, node, site);
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.kind < DEVICE_KIND_MAX)
				kinds[site->buses[b].devices[d].profile.kind]++;
	for (int i = 0; i < DEVICE_KIND_MAX && reader->diagnostics->errors == 0; i++)
		if (kinds[i] != 1)
			schema_error(reader->diagnostics, list, "the site has %u %s devices: exactly one is needed", kinds[i], kind_names[i]);
}

/* [[0 bar, 0 GPa], [500 bar, 1.8 GPa], ...], both columns rising. Bar values are kept in bar. */
static uint32_t read_branch(const struct reader *reader, const struct yaml_node *list, const char *what,
			    double bar[CALIBRATION_POINTS_MAX], double gpa[CALIBRATION_POINTS_MAX])
{
	uint32_t count = 0;

	if (!schema_is(list, YAML_SEQUENCE, what, reader->diagnostics))
		return 0;
	if (list->child_count < 2 || list->child_count > CALIBRATION_POINTS_MAX) {
		schema_error(reader->diagnostics, list, "'%s' has %zu points: 2 to %d are allowed", what, list->child_count,
			     CALIBRATION_POINTS_MAX);
		return 0;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		double oil_gpa;

		if (node->kind != YAML_SEQUENCE || node->child_count != 2) {
			schema_error(reader->diagnostics, node, "a point of '%s' is a pair, as [500 bar, 1.8 GPa]", what);
			return 0;
		}
		if (!schema_quantity(node->first_child, what, DIM_PRESSURE, 0, 10, reader->diagnostics, &oil_gpa) ||
		    !schema_quantity(node->first_child->next, what, DIM_PRESSURE, 0, 100, reader->diagnostics, &gpa[count]))
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

static void read_calibrations(const struct reader *reader, const struct yaml_node *map, struct site *site)
{
	const struct yaml_node *press = yaml_get(map, "press"), *chip = yaml_get(map, "chip"), *branch;
	struct press_calibration calibration = {0};

	schema_read(map, "calibrations", calibration_fields, COUNT(calibration_fields), reader->diagnostics, reader->draft);
	if (chip)
		schema_read(chip, "calibrations.chip", chip_fields, COUNT(chip_fields), reader->diagnostics, reader->draft);
	if (!press)
		return;
	schema_read(press, "calibrations.press", press_fields, COUNT(press_fields), reader->diagnostics, &calibration);
	if ((branch = yaml_get(press, "loading")))
		calibration.loading_count =
			read_branch(reader, branch, "loading", calibration.loading_bar, calibration.loading_gpa);
	if ((branch = yaml_get(press, "unloading")))
		calibration.unloading_count =
			read_branch(reader, branch, "unloading", calibration.unloading_bar, calibration.unloading_gpa);
	for (uint32_t i = 0; i < site->bus_count; i++)
		site->buses[i].calibration = calibration;
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

static void read_role(const struct reader *reader, const struct yaml_node *node, struct site *site)
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
				"there is no %s '%s' on this machine: the entry is left out", draft.user[0] ? "user" : "group",
				draft.user[0] ? draft.user : draft.group);
		return;
	}
	site->roles[site->role_count++] = role;
}

static void read_roles(const struct reader *reader, const struct yaml_node *list, struct site *site)
{
	if (!schema_is(list, YAML_SEQUENCE, "roles", reader->diagnostics))
		return;
	if (list->child_count > SITE_ROLES_MAX) {
		schema_error(reader->diagnostics, list, "%zu roles: at most %d are allowed", list->child_count, SITE_ROLES_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next)
		read_role(reader, node, site);
}

static void check_site(const struct reader *reader, const struct yaml_node *root)
{
	const struct draft *draft = reader->draft;
	const struct site *site = &draft->site;
	const struct yaml_node *loading = yaml_get(root, "loading"), *clock = yaml_get(root, "clock");

	if (yaml_get(root, "densd") && strcmp(draft->version, "site/1") != 0)
		schema_error(reader->diagnostics, yaml_get(root, "densd"),
			     "'densd: %.20s' is not a site file of this version: allowed is site/1", draft->version);
	if (site->loading == LOADING_AUTOMATIC && !draft->simulated)
		schema_error(reader->diagnostics, loading, "'loading: automatic' is for simulated sites only: add 'simulated: true' if this "
			     "one is densim, else use 'loading: confirm'");
	if (site->clock_scale != 1 && !draft->simulated)
		schema_error(reader->diagnostics, clock, "a clock scale other than 1 is for simulated sites only");
	if (strncmp(site->telemetry, "ipc://", 6) != 0 || strncmp(site->commands, "ipc://", 6) != 0)
		schema_error(reader->diagnostics, yaml_get(root, "sockets"), "sockets must be ipc:// endpoints: this version opens no TCP port");
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.protocol[0] && !site->buses[b].devices[d].profile.watchdog &&
			    !site->accept_no_watchdog)
				schema_error(reader->diagnostics, yaml_get(root, "buses"),
					     "device '%s' has no watchdog of its own: say in words why that is accepted, as "
					     "accept_no_watchdog: \"...\"", site->buses[b].devices[d].name);
}

static void read_root(const struct reader *reader, const struct yaml_node *root)
{
	struct site *site = &reader->draft->site;
	const struct yaml_node *node;

	schema_read(root, "the site file", root_fields, COUNT(root_fields), reader->diagnostics, reader->draft);
	if ((node = yaml_get(root, "clock")))
		schema_read(node, "clock", clock_fields, COUNT(clock_fields), reader->diagnostics, reader->draft);
	if ((node = yaml_get(root, "sockets")))
		schema_read(node, "sockets", socket_fields, COUNT(socket_fields), reader->diagnostics, reader->draft);
	if ((node = yaml_get(root, "limits")))
		limits_read(node, false, reader->diagnostics, &site->limits);
	if ((node = yaml_get(root, "roles")))
		read_roles(reader, node, site);
	if ((node = yaml_get(root, "buses")))
		read_buses(reader, node, site);
	if ((node = yaml_get(root, "calibrations")))
		read_calibrations(reader, node, site);
	site->accept_no_watchdog = site->accept_no_watchdog_reason[0] != '\0';
	if (!anchor_path(reader, site->store, sizeof(site->store)))
		schema_error(reader->diagnostics, yaml_get(root, "store"), "the path of the store is too long");
	for (uint32_t i = 0; i < site->bus_count; i++) {
		site->buses[i].scale = site->clock_scale;
		site->buses[i].pressure_rate_gpa_per_s = site->limits.pressure_rate_gpa_per_s;
	}
	check_site(reader, root);
}

static void set_defaults(struct site *site)
{
	site->clock_scale = 1;
	site->ambient_k = PLAN_AMBIENT_K;
	site->retention_days = 3650;
	site->minimum_free_mib = 256;
	site->molar_mass_g_per_mol = 59.7;
	limits_default(&site->limits);
}

static void set_folders(struct reader *reader, const char *path, const char *profile_dir)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) : 1;

	snprintf(reader->folder, sizeof(reader->folder), "%.*s", length, slash ? path : ".");
	if (profile_dir)
		snprintf(reader->profile_folder, sizeof(reader->profile_folder), "%s", profile_dir);
	else
		snprintf(reader->profile_folder, sizeof(reader->profile_folder), "%.*s/../devices", SITE_PATH - 16, reader->folder);
}

int site_read(const char *path, const char *profile_dir, struct diagnostics *diagnostics, struct site *ret_site)
{
	struct reader reader = {.diagnostics = diagnostics};
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
