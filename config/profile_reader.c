/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/profile_reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/file.h"
#include "config/hash.h"
#include "config/profile_check.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "drivers/codec.h"

#define RAMP_AHEAD_S 60.0
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct draft {
	struct profile profile;
	char version[24];
	double worst_latency_s, response_timeout_s;
};

static const char *const kind_words[] = {"furnace", "press", "flow", "chip", "coupler", NULL};
static const char *const type_words[] = {"u16",           "s16", "f32",           "f32-low-first", "u32",
					 "u32-low-first", "s32", "s32-low-first", "ieee",          NULL};
static const char *const ramp_words[] = {"streamed", "remote", "device", NULL};
static const char *const unit_words[] = {"none",   "K", "degC", "%",     "bar",
					 "ml/min", "s", "ohm",  "K/min", NULL};
static const char *const space_words[] = {"holding", "input", "coil", "discrete", NULL};

#define AT(field) offsetof(struct draft, profile.field)
static const struct schema_field root_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct draft, version), 24},
	{"name", SCHEMA_TEXT, true, AT(name), PROFILE_TEXT},
	{"maker", SCHEMA_TEXT, true, AT(maker), PROFILE_TEXT},
	{"source", SCHEMA_TEXT, true, AT(source), 200},
	{"kind", SCHEMA_CHOICE, true, AT(kind), 1, DIM_NUMBER, 0, 0, kind_words},
	{"protocol", SCHEMA_TEXT, true, AT(protocol), 16},
	{"driver", SCHEMA_TEXT, false, AT(driver), 16},
	{"identity_text", SCHEMA_TEXT, false, AT(identity_text), 32},
	{"stroke_full", SCHEMA_QUANTITY, false, AT(stroke_full), 0, DIM_NUMBER, 0.001, 1e6},
	{"worst_latency", SCHEMA_QUANTITY, true, offsetof(struct draft, worst_latency_s), 0, DIM_TIME, 0.001,
	 10},
	{"response_timeout", SCHEMA_QUANTITY, true, offsetof(struct draft, response_timeout_s), 0, DIM_TIME,
	 0.02, 20},
	{"setpoint_period", SCHEMA_QUANTITY, false, AT(setpoint_period_s), 0, DIM_TIME, 0, 60},
	{"setpoint_step", SCHEMA_QUANTITY, false, AT(setpoint_step), 0, DIM_NUMBER, 0, 100},
	{"setpoint_low", SCHEMA_QUANTITY, false, AT(setpoint_low), 0, DIM_NUMBER, -300, 1e5},
	{"setpoint_high", SCHEMA_QUANTITY, false, AT(setpoint_high), 0, DIM_NUMBER, -300, 1e5},
	{"ramp", SCHEMA_CHOICE, false, AT(ramp), 1, DIM_NUMBER, 0, 0, ramp_words},
	{"ramp_ahead", SCHEMA_QUANTITY, false, AT(ramp_ahead_s), 0, DIM_TIME, 10, 1800},
	{"single_write", SCHEMA_BOOL, false, AT(single_write)},
	{"separate_transfers", SCHEMA_BOOL, false, AT(separate_transfers)},
	{"watchdog", SCHEMA_BOOL, true, AT(watchdog)},
	{"write_budget", SCHEMA_UINT, false, AT(write_budget), 0, DIM_NUMBER, 0, 4e9},
	{"registers", SCHEMA_NODE, false},
	{"identity", SCHEMA_NODE, false},
	{"units", SCHEMA_NODE, false},
	{"off", SCHEMA_NODE, false},
	{"automatic", SCHEMA_NODE, false},
	{"start", SCHEMA_NODE, false},
	{"verify", SCHEMA_NODE, false},
	{"blacklist", SCHEMA_NODE, false},
};

struct register_draft {
	struct profile_register reg;
	uint32_t address, bit;
};
static const struct schema_field register_fields[] = {
	{"address", SCHEMA_UINT, true, offsetof(struct register_draft, address), 0, DIM_NUMBER, 0, 65535},
	{"type", SCHEMA_CHOICE, false, offsetof(struct register_draft, reg.type), 1, DIM_NUMBER, 0, 0,
	 type_words},
	{"unit", SCHEMA_CHOICE, false, offsetof(struct register_draft, reg.unit), 1, DIM_NUMBER, 0, 0,
	 unit_words},
	{"space", SCHEMA_CHOICE, false, offsetof(struct register_draft, reg.space), 1, DIM_NUMBER, 0, 0,
	 space_words},
	{"scale", SCHEMA_QUANTITY, false, offsetof(struct register_draft, reg.scale), 0, DIM_NUMBER, -1e6,
	 1e6},
	{"writable", SCHEMA_BOOL, false, offsetof(struct register_draft, reg.writable)},
	{"retained", SCHEMA_BOOL, false, offsetof(struct register_draft, reg.retained)},
	{"bit", SCHEMA_UINT, false, offsetof(struct register_draft, bit), 0, DIM_NUMBER, 0, 15},
};

struct value_draft {
	struct profile_value value;
	uint32_t number, mask, to;
};
static const struct schema_field value_fields[] = {
	{"register", SCHEMA_TEXT, true, offsetof(struct value_draft, value.reg), 32},
	{"value", SCHEMA_UINT, true, offsetof(struct value_draft, number), 0, DIM_NUMBER, 0, UINT32_MAX},
	{"mask", SCHEMA_UINT, false, offsetof(struct value_draft, mask), 0, DIM_NUMBER, 1, UINT32_MAX},
	{"to", SCHEMA_UINT, false, offsetof(struct value_draft, to), 0, DIM_NUMBER, 1, UINT32_MAX},
};

/* An IEEE address is that of the parameter, doubled, in the second half of the address space. */
static void place_ieee(const struct yaml_node *node, struct diagnostics *diagnostics,
		       struct register_draft *draft)
{
	if (draft->reg.type != REG_TYPE_MAX)
		return;
	draft->reg.type = REG_F32_HIGH_FIRST;
	if (draft->address > 0x3FFF)
		schema_error(diagnostics, yaml_get(node, "address"),
			     "'type: ieee' counts parameters: an address up to 16383 is allowed, densd makes "
			     "2 x address + 0x8000 of it");
	else
		draft->address = 2 * draft->address + 0x8000;
}

static void read_registers(const struct yaml_node *map, struct diagnostics *diagnostics,
			   struct profile *profile)
{
	if (!schema_is(map, YAML_MAP, "registers", diagnostics))
		return;
	if (map->child_count > PROFILE_REGISTERS_MAX) {
		schema_error(diagnostics, map, "%zu registers: at most %d are allowed", map->child_count,
			     PROFILE_REGISTERS_MAX);
		return;
	}
	for (const struct yaml_node *node = map->first_child; node; node = node->next) {
		struct register_draft draft = {.reg = {.scale = 1, .bit = -1}, .bit = 16};
		struct profile_register *reg = &profile->registers[profile->register_count];

		if (strlen(node->key) >= sizeof(reg->name)) {
			schema_error(diagnostics, node, "register name '%.40s' is longer than 31 bytes",
				     node->key);
			continue;
		}
		schema_read(node, node->key, register_fields, COUNT(register_fields), diagnostics, &draft);
		place_ieee(node, diagnostics, &draft);
		*reg = draft.reg;
		reg->address = (uint16_t)draft.address;
		reg->bit = draft.bit < 16 ? (int32_t)draft.bit : -1;
		memcpy(reg->name, node->key, strlen(node->key) + 1);
		profile->register_count++;
	}
}

/* A number that the register cannot hold is never read there, and a step with it never written. */
static void check_number(const struct yaml_node *node, const char *what, bool write,
			 struct diagnostics *diagnostics, const struct profile_register *reg,
			 const struct value_draft *draft)
{
	bool wide = codec_words((enum register_type)reg->type) == 2;
	uint32_t most = draft->number > draft->to ? draft->number : draft->to;
	uint16_t words[2];

	if (!write && !wide && (most > UINT16_MAX || draft->mask > UINT16_MAX))
		schema_error(diagnostics, node, "'%s': %u does not fit in '%s', one register: 0 to 65535",
			     what, most > UINT16_MAX ? most : draft->mask, reg->name);
	if (write && codec_encode_own_unit(reg, draft->number, words) < 0)
		schema_error(diagnostics, node,
			     "'%s' writes %u, which '%s' of this type and scale cannot hold", what,
			     draft->number, reg->name);
}

static uint32_t read_values(const struct yaml_node *list, const char *what, bool write,
			    struct diagnostics *diagnostics, const struct profile *profile,
			    struct profile_value *ret_values)
{
	uint32_t count = 0;

	if (!schema_is(list, YAML_SEQUENCE, what, diagnostics))
		return 0;
	if (list->child_count > PROFILE_STEPS_MAX) {
		schema_error(diagnostics, list, "'%s' has %zu steps: at most %d are allowed", what,
			     list->child_count, PROFILE_STEPS_MAX);
		return 0;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		struct value_draft draft = {0};
		const struct profile_register *reg;

		schema_read(node, what, value_fields, COUNT(value_fields), diagnostics, &draft);
		reg = profile_find(profile, draft.value.reg);
		if (!reg)
			schema_error(diagnostics, node,
				     "'%s' names the register '%.31s', which 'registers' does not declare",
				     what, draft.value.reg);
		else if (write && !reg->writable)
			schema_error(diagnostics, node,
				     "'%s' writes '%.31s', which is not declared 'writable: true'", what,
				     reg->name);
		else
			check_number(node, what, write, diagnostics, reg, &draft);
		draft.value.value = draft.number;
		draft.value.mask = draft.mask;
		draft.value.to = draft.to;
		memcpy(draft.value.name, draft.value.reg, sizeof(draft.value.name));
		ret_values[count++] = draft.value;
	}
	return count;
}

static void read_marks(const struct yaml_node *list, struct diagnostics *diagnostics, struct profile *profile)
{
	if (!schema_is(list, YAML_SEQUENCE, "verify", diagnostics))
		return;
	if (list->child_count > PROFILE_MARKS_MAX) {
		schema_error(diagnostics, list, "'verify' has %zu lines: at most %d are allowed",
			     list->child_count, PROFILE_MARKS_MAX);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next) {
		if (!schema_is(node, YAML_SCALAR, "verify", diagnostics))
			continue;
		if (strlen(node->text) >= PROFILE_TEXT)
			schema_error(diagnostics, node,
				     "a line of 'verify' has %zu bytes: at most %d are allowed",
				     strlen(node->text), PROFILE_TEXT - 1);
		else
			memcpy(profile->marks[profile->mark_count++], node->text, strlen(node->text) + 1);
	}
}

static void read_blacklist(const struct yaml_node *list, struct diagnostics *diagnostics,
			   struct profile *profile)
{
	static const struct schema_field field = {"blacklist", SCHEMA_UINT, true, 0, 0, DIM_NUMBER, 0, 65535};
	uint32_t address;

	if (!schema_is(list, YAML_SEQUENCE, "blacklist", diagnostics))
		return;
	if (list->child_count > COUNT(profile->blacklist)) {
		schema_error(diagnostics, list, "'blacklist' has %zu registers: at most 8 are allowed",
			     list->child_count);
		return;
	}
	for (const struct yaml_node *node = list->first_child; node; node = node->next)
		if (schema_read_scalar(node, &field, diagnostics, &address))
			profile->blacklist[profile->blacklist_count++] = (uint16_t)address;
}

/* A float has two registers, and in an IEEE region each parameter has an image that writes it as well. */
static bool covers(const struct profile_register *reg, bool ieee, uint16_t listed)
{
	uint32_t first = reg->address, last = first + (reg->type >= REG_F32_HIGH_FIRST);

	if (ieee)
		return listed == (first - 0x8000) / 2 || (listed >= first && listed <= last);
	return listed >= first && listed <= last;
}

static bool is_ieee(const struct yaml_node *reg)
{
	const struct yaml_node *type = yaml_get(reg, "type");

	return type && type->kind == YAML_SCALAR && strcmp(type->text, "ieee") == 0;
}

static void check_blacklist(const struct yaml_node *root, struct diagnostics *diagnostics,
			    const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->register_count; i++) {
		const struct profile_register *reg = &profile->registers[i];
		const struct yaml_node *node = yaml_get(yaml_get(root, "registers"), reg->name);

		for (uint32_t j = 0; j < profile->blacklist_count; j++)
			if (covers(reg, is_ieee(node), profile->blacklist[j]))
				schema_error(diagnostics, node,
					     "register %u is on the profile's own black list",
					     profile->blacklist[j]);
	}
}

/* An empty list promises and says nothing: with no identity any device would be written to. */
static bool is_missing(const struct yaml_node *root, const char *key)
{
	const struct yaml_node *node = yaml_get(root, key);

	return !node || (node->kind != YAML_SCALAR && node->child_count == 0);
}

static void check_protocol(const struct yaml_node *root, struct diagnostics *diagnostics,
			   const struct draft *draft)
{
	const struct yaml_node *node = yaml_get(root, "protocol");

	if (yaml_get(root, "densd") && strcmp(draft->version, "profile/1") != 0)
		schema_error(diagnostics, yaml_get(root, "densd"),
			     "'densd: %.20s' is not a profile of this version: allowed is profile/1",
			     draft->version);
	if (node && draft->profile.protocol[0])
		profile_check_protocol(root, diagnostics, &draft->profile);
	if (draft->profile.kind == DEVICE_FURNACE && is_missing(root, "off"))
		schema_error(diagnostics, root,
			     "a furnace profile lacks 'off', the steps that take the heater to zero");
	if (strcmp(draft->profile.protocol, "modbus") == 0 && is_missing(root, "registers"))
		schema_error(diagnostics, root, "a modbus profile lacks 'registers'");
	if (strcmp(draft->profile.protocol, "modbus") == 0 && is_missing(root, "identity"))
		schema_error(diagnostics, root,
			     "a modbus profile lacks 'identity', what must be read before any write");
}

static void read_root(const struct yaml_node *root, struct diagnostics *diagnostics, struct draft *draft)
{
	struct profile *profile = &draft->profile;
	const struct yaml_node *node;

	schema_read(root, "the profile", root_fields, COUNT(root_fields), diagnostics, draft);
	profile->worst_latency_ms = draft->worst_latency_s * 1e3;
	profile->response_timeout_ms = draft->response_timeout_s * 1e3;
	if (profile->ramp == RAMP_DEVICE && !yaml_get(root, "ramp_ahead"))
		profile->ramp_ahead_s = RAMP_AHEAD_S;
	if ((node = yaml_get(root, "registers")))
		read_registers(node, diagnostics, profile);
	profile->contactor = profile->kind == DEVICE_PRESS && profile_find(profile, "heater_enable");
	if ((node = yaml_get(root, "identity")))
		profile->identity_count =
			read_values(node, "identity", false, diagnostics, profile, profile->identity);
	if ((node = yaml_get(root, "units")))
		profile->unit_count = read_values(node, "units", false, diagnostics, profile, profile->units);
	if ((node = yaml_get(root, "off")))
		profile->off_count = read_values(node, "off", true, diagnostics, profile, profile->off_steps);
	if ((node = yaml_get(root, "automatic")))
		profile->auto_count =
			read_values(node, "automatic", true, diagnostics, profile, profile->auto_steps);
	if ((node = yaml_get(root, "start")))
		profile->start_count =
			read_values(node, "start", true, diagnostics, profile, profile->start_steps);
	profile->relay = profile_can_relay(profile);
	if ((node = yaml_get(root, "verify")))
		read_marks(node, diagnostics, profile);
	if ((node = yaml_get(root, "blacklist")))
		read_blacklist(node, diagnostics, profile);
	check_blacklist(root, diagnostics, profile);
	check_protocol(root, diagnostics, draft);
	profile_check(root, diagnostics, profile);
}

int profile_read_text(const char *text, size_t length, struct diagnostics *diagnostics,
		      struct profile *ret_profile)
{
	struct yaml_document *document = yaml_read(text, length, diagnostics);
	struct draft draft = {0};

	if (document)
		read_root(yaml_root(document), diagnostics, &draft);
	yaml_document_free(document);
	if (diagnostics->errors > 0)
		return 1;
	hash_sha256(text, length, draft.profile.sha256);
	*ret_profile = draft.profile;
	return 0;
}

int profile_read(const char *path, struct diagnostics *diagnostics, struct profile *ret_profile)
{
	char *text;
	size_t length;
	int r = file_read(path, YAML_BYTES_MAX, &text, &length);

	diagnostics_init(diagnostics, path);
	if (r < 0)
		return r;
	r = profile_read_text(text, length, diagnostics, ret_profile);
	free(text);
	return r;
}
