/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/limits_reader.h"

#include <string.h>

#include "config/schema.h"

/* How the unit of a limit is written. word: a unit quantity_parse does not know, taken literally. */
static const struct limit_unit {
	const char *unit;
	enum dimension dimension;
	double per_base; /* limit unit in one base unit */
	const char *word;
} limit_units[] = {
	{"K", DIM_TEMPERATURE_STEP, 1, NULL},  {"K/s", DIM_TEMPERATURE_RATE, 1, NULL},
	{"GPa/s", DIM_PRESSURE_RATE, 1, NULL}, {"GPa", DIM_PRESSURE, 1, NULL},
	{"bar", DIM_PRESSURE, 1e4, NULL},      {"s", DIM_TIME, 1, NULL},
	{"ms", DIM_NUMBER, 1, "ms"},           {"%", DIM_NUMBER, 1, "%"},
	{"K s", DIM_NUMBER, 1, "K s"},         {"1", DIM_NUMBER, 1, NULL},
};

static const struct limit_unit *unit_of(const struct limit_info *info)
{
	size_t i = 0;

	while (i + 1 < sizeof(limit_units) / sizeof(limit_units[0]) &&
	       strcmp(info->unit, limit_units[i].unit) != 0)
		i++;
	return &limit_units[i];
}

/* A number and the literal @word behind it. False with one error. */
static bool read_worded(const struct yaml_node *node, const struct limit_info *info, const char *word,
			struct diagnostics *diagnostics, double *ret_value)
{
	size_t length = node->kind == YAML_SCALAR ? strlen(node->text) : 0, tail = strlen(word);
	char number[32];
	struct yaml_node bare = *node;

	if (!schema_is(node, YAML_SCALAR, info->name, diagnostics))
		return false;
	if (length <= tail || length >= sizeof(number) || strcmp(node->text + length - tail, word) != 0) {
		schema_error(diagnostics, node, "'%s: %.40s' needs a number with its unit, as '%g %s'",
			     info->name, node->text, info->default_value, word);
		return false;
	}
	for (length -= tail; length > 0 && node->text[length - 1] == ' '; length--)
		;
	memcpy(number, node->text, length);
	number[length] = '\0';
	bare.text = number;
	return schema_quantity(&bare, info->name, DIM_NUMBER, info->minimum, info->maximum, diagnostics,
			       ret_value);
}

static bool read_value(const struct yaml_node *node, const struct limit_info *info,
		       struct diagnostics *diagnostics, double *ret_value)
{
	const struct limit_unit *unit = unit_of(info);
	/* A limit that cannot be small is a temperature, not a difference. */
	bool absolute = unit->dimension == DIM_TEMPERATURE_STEP && info->minimum >= 273;
	double value;

	if (unit->word)
		return read_worded(node, info, unit->word, diagnostics, ret_value);
	if (!schema_quantity(node, info->name, absolute ? DIM_TEMPERATURE : unit->dimension,
			     info->minimum / unit->per_base, info->maximum / unit->per_base, diagnostics,
			     &value))
		return false;
	*ret_value = value * unit->per_base;
	return true;
}

static void unknown_limit(const struct yaml_node *node, struct diagnostics *diagnostics)
{
	const char *names[LIMITS_COUNT], *nearest;

	for (size_t i = 0; i < LIMITS_COUNT; i++)
		names[i] = limits_table[i].name;
	nearest = schema_nearest(node->key, names, LIMITS_COUNT);
	diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, node->key_line, node->key_column,
			"unknown limit '%.40s': %s%s%s", node->key,
			nearest ? "did you mean '" : "config/README.md lists all of them",
			nearest ? nearest : "", nearest ? "'?" : "");
}

static const char *safer_word(enum limit_safer safer)
{
	return safer == SAFER_LOWER ? "at most" : safer == SAFER_HIGHER ? "at least" : "exactly";
}

static void read_one(const struct yaml_node *node, bool only_safer, struct diagnostics *diagnostics,
		     struct limits *limits)
{
	const struct limit_info *info = limits_find(node->key);
	double value;

	if (!info) {
		unknown_limit(node, diagnostics);
		return;
	}
	if (!read_value(node, info, diagnostics, &value))
		return;
	if (only_safer && !limits_is_safer(limits, info, value)) {
		schema_error(diagnostics, node,
			     "'%s: %.40s' would loosen the site's limit (hazard %d): a protocol may only "
			     "tighten it, %s %g %s",
			     info->name, node->text, info->hazard, safer_word(info->safer),
			     limits_get(limits, info), info->unit);
		return;
	}
	limits_set(limits, info, value);
}

void limits_read(const struct yaml_node *map, bool only_safer, struct diagnostics *diagnostics,
		 struct limits *limits)
{
	if (!schema_is(map, YAML_MAP, "limits", diagnostics))
		return;
	for (const struct yaml_node *node = map->first_child; node; node = node->next)
		read_one(node, only_safer, diagnostics, limits);
}
