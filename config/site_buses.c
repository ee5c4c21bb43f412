/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `buses:` of a site file: lines, the devices on them, and the profile of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/profile_reader.h"
#include "config/schema.h"
#include "config/site_reader.h"
#include "drivers/contactor_rules.h"
#include "drivers/socket_dial.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const bus_words[] = {"modbus-tcp", "modbus-rtu", "serial", "text-tcp", NULL};
static const char *const parity_words[] = {"none", "even", "odd", NULL};

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
	{"parity", SCHEMA_CHOICE, false, offsetof(struct bus_draft, parity), 1, DIM_NUMBER, 0, 0,
	 parity_words},
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
	{"contactor", SCHEMA_NODE, false},
};

struct contactor_draft {
	char profile[64], host[108];
	uint32_t port, unit, coil;
};
#define CONTACTOR_AT(field) offsetof(struct contactor_draft, field)
static const struct schema_field contactor_fields[] = {
	{"profile", SCHEMA_TEXT, true, CONTACTOR_AT(profile), 64},
	{"host", SCHEMA_TEXT, true, CONTACTOR_AT(host), 108},
	{"port", SCHEMA_UINT, false, CONTACTOR_AT(port), 0, DIM_NUMBER, 1, 65535},
	{"unit", SCHEMA_UINT, false, CONTACTOR_AT(unit), 0, DIM_NUMBER, 1, 247},
	{"coil", SCHEMA_UINT, true, CONTACTOR_AT(coil), 0, DIM_NUMBER, 0, 65535},
};

/* Where profiles may be, in order: what a lab wrote itself lies beside its site file, as its calibrations do.
 */
static int find_profile(const struct site_reader *reader, const char *name, struct diagnostics *diagnostics,
			struct profile *ret_profile)
{
	const char *config = getenv("DENSD_CONFIG");
	const struct {
		const char *folder, *below;
	} places[] = {{reader->folder, "/devices"},
		      {reader->profile_folder, ""},
		      {config, "/devices"},
		      {PROFILES_INSTALLED, ""},
		      {PROFILES_SOURCE, ""}};
	int r = -ENOENT;

	if (strchr(name, '/'))
		return -EINVAL;
	for (size_t i = 0; i < COUNT(places) && r == -ENOENT; i++) {
		char path[2 * SITE_PATH];

		if (!places[i].folder || snprintf(path, sizeof(path), "%s%s/%s.yaml", places[i].folder,
						  places[i].below, name) >= (int)sizeof(path))
			continue;
		r = profile_read(path, diagnostics, ret_profile);
	}
	return r;
}

static void read_device_profile(const struct site_reader *reader, const struct yaml_node *node,
				const char *name, struct profile *ret_profile)
{
	struct diagnostics *inner = malloc(sizeof(*inner));
	int r;

	if (!inner) {
		schema_error(reader->diagnostics, node, "out of memory");
		return;
	}
	r = find_profile(reader, name, inner, ret_profile);
	if (r < 0)
		schema_error(
			reader->diagnostics, node,
			"profile '%s' cannot be read: %s; looked for devices/%s.yaml beside the site file, "
			"in %.80s, $DENSD_CONFIG/devices and %s",
			name, r == -EFBIG ? "more than 64 KiB" : strerror(-r), name, reader->profile_folder,
			PROFILES_INSTALLED);
	for (size_t i = 0; r > 0 && i < inner->count; i++)
		schema_error(reader->diagnostics, node, "profile '%s', %.100s:%u:%u: %.500s", name,
			     inner->file, inner->list[i].line, inner->list[i].column, inner->list[i].text);
	if (r == 0 && strcmp(ret_profile->name, name) != 0)
		schema_error(
			reader->diagnostics, node,
			"profile '%s', %.100s: it says 'name: %.60s', and must say the name of its file: "
			"records and captures go by it",
			name, inner->file, ret_profile->name);
	free(inner);
}

/* The heater's contactor on a coupler: a line of its own, served by the furnace's worker. */
static void read_contactor(const struct site_reader *reader, const struct yaml_node *node,
			   const struct bus_device *furnace, struct bus_config *bus)
{
	struct contactor_draft draft = {.port = 502, .unit = 1};
	struct profile *profile = calloc(1, sizeof(*profile));
	size_t errors = reader->diagnostics->errors;
	const char *lacks;

	schema_read(node, "contactor", contactor_fields, COUNT(contactor_fields), reader->diagnostics,
		    &draft);
	if (furnace->profile.protocol[0] && furnace->profile.kind != DEVICE_FURNACE)
		schema_error(reader->diagnostics, node, "'contactor' is the furnace's: '%s' is none",
			     furnace->name);
	if (draft.profile[0] && profile)
		read_device_profile(reader, yaml_get(node, "profile"), draft.profile, profile);
	if (profile && reader->diagnostics->errors == errors &&
	    contactor_rules_pack(profile, &bus->contactor, &lacks) < 0)
		schema_error(reader->diagnostics, yaml_get(node, "profile"),
			     "profile '%s' cannot carry a contactor: %s", draft.profile, lacks);
	if (draft.host[0] && !socket_dial_is_numeric(draft.host))
		schema_error(reader->diagnostics, yaml_get(node, "host"),
			     "'%s' is no address: a name is looked up at each connection, and a name server "
			     "that does not answer would hold up the furnace; a contactor's coupler takes "
			     "numbers, such as 192.168.1.5 or fd00::5",
			     draft.host);
	memcpy(bus->contactor.host, draft.host, sizeof(draft.host));
	bus->contactor.port = (uint16_t)draft.port;
	bus->contactor.unit = (uint8_t)draft.unit;
	bus->contactor.coil = (uint16_t)draft.coil;
	if (!profile)
		schema_error(reader->diagnostics, node, "out of memory");
	free(profile);
}

static void read_device(const struct site_reader *reader, const struct yaml_node *node,
			struct bus_config *bus)
{
	struct device_draft draft = {.unit = 1};

	schema_read(node, "a device", device_fields, COUNT(device_fields), reader->diagnostics, &draft);
	if (draft.profile[0])
		read_device_profile(reader, yaml_get(node, "profile"), draft.profile, &draft.device.profile);
	draft.device.unit = (uint8_t)draft.unit;
	if (yaml_get(node, "contactor"))
		read_contactor(reader, yaml_get(node, "contactor"), &draft.device, bus);
	for (uint32_t i = 0; i < bus->device_count; i++)
		if (!profile_bus_is_text(bus->kind) && bus->devices[i].unit == draft.device.unit)
			schema_error(reader->diagnostics, node,
				     "unit %u is on this bus twice: each device needs its own", draft.unit);
	bus->devices[bus->device_count++] = draft.device;
}

/* What termios knows; libmodbus makes 9600 of any other, and says nothing. */
static void check_baud(const struct site_reader *reader, const struct yaml_node *node, uint32_t baud)
{
	static const uint32_t known[] = {1200,  2400,   4800,   9600,   19200, 38400,
					 57600, 115200, 230400, 460800, 921600};

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i] == baud)
			return;
	schema_error(
		reader->diagnostics, node,
		"'baud: %u' is no speed of a serial line: allowed are 1200, 2400, 4800, 9600, 19200, 38400, "
		"57600, 115200, 230400, 460800, 921600",
		baud);
}

static void check_bus(const struct site_reader *reader, const struct yaml_node *node, struct bus_config *bus)
{
	bool tcp = profile_bus_is_tcp(bus->kind);

	if (tcp && (!yaml_get(node, "host") || !yaml_get(node, "port") || yaml_get(node, "path")))
		schema_error(reader->diagnostics, node,
			     "a bus of kind %s needs 'host' and 'port', and no 'path'", bus_words[bus->kind]);
	if (tcp && yaml_get(node, "host") && !socket_dial_is_numeric(bus->path))
		schema_error(
			reader->diagnostics, yaml_get(node, "host"),
			"'%s' is no address: a name is looked up at each connection, and a name server that "
			"does not answer would hold up the bus; numbers are allowed, such as 192.168.1.5 or "
			"fd00::5",
			bus->path);
	if (!tcp && (!yaml_get(node, "path") || yaml_get(node, "host") || yaml_get(node, "port")))
		schema_error(reader->diagnostics, node,
			     "a serial bus needs 'path', and neither 'host' nor 'port'");
	if (!tcp && !site_anchor_path(reader, bus->path, sizeof(bus->path)))
		schema_error(reader->diagnostics, node, "the path of bus '%s' is longer than 107 bytes",
			     bus->name);
	for (uint32_t i = 0; i < bus->device_count; i++) {
		bool text = strcmp(bus->devices[i].profile.protocol, "modbus") != 0;

		if (bus->devices[i].profile.protocol[0] && text != profile_bus_is_text(bus->kind))
			schema_error(reader->diagnostics, node,
				     "device '%s' speaks %s, which bus '%s' of this kind cannot carry",
				     bus->devices[i].name, bus->devices[i].profile.protocol, bus->name);
	}
}

static void read_bus(const struct site_reader *reader, const struct yaml_node *node, struct site *site)
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
			schema_error(reader->diagnostics, devices,
				     "%zu devices on a bus: 1 to %d are allowed", devices->child_count,
				     BUS_DEVICES_MAX);
		else
			for (const struct yaml_node *child = devices->first_child; child; child = child->next)
				read_device(reader, child, &draft.bus);
	}
	check_bus(reader, node, &draft.bus);
	check_baud(reader, yaml_get(node, "baud"), draft.bus.baud);
	site->buses[site->bus_count++] = draft.bus;
}

/* One line has one master, and a worker each: the coupler of a contactor is on no other bus. */
static void check_contactors(const struct site_reader *reader, const struct yaml_node *list,
			     const struct site *site)
{
	for (uint32_t a = 0; a < site->bus_count; a++)
		for (uint32_t b = 0; b < site->bus_count; b++)
			if (site->buses[a].contactor.fitted && profile_bus_is_tcp(site->buses[b].kind) &&
			    site->buses[a].contactor.port == site->buses[b].port &&
			    strcmp(site->buses[a].contactor.host, site->buses[b].path) == 0)
				schema_error(reader->diagnostics, list,
					     "the contactor's coupler is at %.60s:%u, which is bus '%s': it "
					     "needs a line of its own",
					     site->buses[b].path, site->buses[b].port, site->buses[b].name);
}

static bool is_same_line(const struct bus_config *a, const struct bus_config *b)
{
	return profile_bus_is_tcp(a->kind) == profile_bus_is_tcp(b->kind) && strcmp(a->path, b->path) == 0 &&
	       (!profile_bus_is_tcp(a->kind) || a->port == b->port);
}

/* Orders, records and captures go by the name; a line has one worker. */
static void check_twice(const struct site_reader *reader, const struct yaml_node *list,
			const struct site *site)
{
	const struct yaml_node *node = list->first_child;

	for (uint32_t b = 0; node && b < site->bus_count; b++, node = node->next)
		for (uint32_t a = 0; a < b; a++) {
			if (strcmp(site->buses[a].name, site->buses[b].name) == 0)
				schema_error(reader->diagnostics, yaml_get(node, "name"),
					     "there is another bus '%s': each needs a name of its own",
					     site->buses[b].name);
			if (site->buses[b].path[0] && is_same_line(&site->buses[a], &site->buses[b]))
				schema_error(reader->diagnostics, node,
					     "bus '%s' is on the line of bus '%s', %.100s: a line has one "
					     "master; put the devices on one bus",
					     site->buses[b].name, site->buses[a].name, site->buses[b].path);
		}
}

static void check_device_names(const struct site_reader *reader, const struct yaml_node *list,
			       const struct site *site)
{
	const char *names[SITE_BUSES_MAX * BUS_DEVICES_MAX];
	size_t count = 0;

	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++) {
			const char *name = site->buses[b].devices[d].name;

			for (size_t i = 0; name[0] && i < count; i++)
				if (strcmp(names[i], name) == 0)
					schema_error(reader->diagnostics, list,
						     "two devices are called '%s': each needs a name of its "
						     "own, by which it is commissioned",
						     name);
			names[count++] = name;
		}
}

void site_read_buses(const struct site_reader *reader, const struct yaml_node *list, struct site *site)
{
	uint32_t kinds[DEVICE_KIND_MAX] = {0};
	static const char *const kind_names[DEVICE_KIND_MAX] = {"furnace", "press", "flow", "chip"};

	if (!schema_is(list, YAML_SEQUENCE, "buses", reader->diagnostics))
		return;
	if (list->child_count == 0 || list->child_count > SITE_BUSES_MAX) {
		schema_error(reader->diagnostics, list, "%zu buses: 1 to %d are allowed", list->child_count,
			     SITE_BUSES_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next)
		read_bus(reader, node, site);
	check_contactors(reader, list, site);
	check_twice(reader, list, site);
	check_device_names(reader, list, site);
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.kind < DEVICE_KIND_MAX)
				kinds[site->buses[b].devices[d].profile.kind]++;
	for (int i = 0; i < DEVICE_KIND_MAX && reader->diagnostics->errors == 0; i++)
		if (kinds[i] != 1)
			schema_error(reader->diagnostics, list,
				     "the site has %u %s devices: exactly one is needed", kinds[i],
				     kind_names[i]);
}
