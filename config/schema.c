/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 40

void schema_error(struct diagnostics *diagnostics, const struct yaml_node *node, const char *format, ...)
{
	char text[DIAGNOSTIC_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, node ? node->line : 0, node ? node->column : 0, "%s",
			text);
}

bool schema_is_document(const struct yaml_node *root, const char *kind, const char *hint,
			struct diagnostics *diagnostics)
{
	const struct yaml_node *node = root->kind == YAML_MAP ? yaml_get(root, "densd") : NULL;
	size_t length = node && node->kind == YAML_SCALAR ? strcspn(node->text, "/") : 0;

	if (!length || !node->text[length] ||
	    (strlen(kind) == length && strncmp(node->text, kind, length) == 0))
		return true;
	schema_error(diagnostics, node, "'densd: %.40s' says that this is a %.*s: allowed is %s/1 here%s",
		     node->text, (int)(length < 20 ? length : 20), node->text, kind, hint);
	return false;
}

bool schema_is(const struct yaml_node *node, enum yaml_kind kind, const char *what,
	       struct diagnostics *diagnostics)
{
	if (node->kind == kind)
		return true;
	schema_error(diagnostics, node, "'%s' must be %s, not %s", what, yaml_kind_name(kind),
		     yaml_kind_name(node->kind));
	return false;
}

/* Levenshtein, words up to WORD_MAX bytes. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *schema_nearest(const char *word, const char *const *list, size_t count)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < count; i++) {
		size_t distance = edit_distance(word, list[i]);

		if (distance < least) {
			least = distance;
			best = list[i];
		}
	}
	return best;
}

static void list_keys(const struct schema_field *fields, size_t count, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", fields[i].key);
}

static void unknown_key(const struct yaml_node *node, const char *what, const struct schema_field *fields,
			size_t count, struct diagnostics *diagnostics)
{
	const char *keys[64] = {NULL}, *nearest;
	char allowed[480];

	for (size_t i = 0; i < count && i < 64; i++)
		keys[i] = fields[i].key;
	nearest = schema_nearest(node->key, keys, count < 64 ? count : 64);
	list_keys(fields, count, allowed, sizeof(allowed));
	if (nearest)
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, node->key_line, node->key_column,
				"unknown key '%.40s' in %s: did you mean '%s'?", node->key, what, nearest);
	else
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, node->key_line, node->key_column,
				"unknown key '%.40s' in %s: allowed are %s", node->key, what, allowed);
}

static const char *const base_units[DIM_MAX] = {
	[DIM_TEMPERATURE] = " K",        [DIM_TEMPERATURE_STEP] = " K",
	[DIM_PRESSURE] = " GPa",         [DIM_TIME] = " s",
	[DIM_TEMPERATURE_RATE] = " K/s", [DIM_PRESSURE_RATE] = " GPa/s",
	[DIM_FLOW] = " ml/min",          [DIM_NUMBER] = "",
};

static const char *unit_of(enum dimension dimension)
{
	return dimension == DIM_NUMBER ? "no unit" : quantity_units(dimension);
}

bool schema_quantity(const struct yaml_node *node, const char *what, enum dimension dimension, double minimum,
		     double maximum, struct diagnostics *diagnostics, double *ret_value)
{
	enum quantity_error error;
	double value;

	if (!schema_is(node, YAML_SCALAR, what, diagnostics))
		return false;
	error = quantity_parse(node->text, dimension, &value);
	if (error != QUANTITY_OK) {
		schema_error(diagnostics, node, "'%s: %.40s': %s; a decimal number with %s is allowed", what,
			     node->text, quantity_error_text(error), unit_of(dimension));
		return false;
	}
	if (!(value >= minimum && value <= maximum)) {
		schema_error(diagnostics, node, "'%s: %.40s' is out of range: allowed is %g to %g%s", what,
			     node->text, minimum, maximum, base_units[dimension]);
		return false;
	}
	*ret_value = value;
	return true;
}

static void read_text(const struct yaml_node *node, const struct schema_field *field,
		      struct diagnostics *diagnostics, void *target)
{
	size_t length = strlen(node->text);

	if (length == 0 || length >= field->size) {
		schema_error(diagnostics, node, "'%s' has %zu bytes: 1 to %zu are allowed", field->key,
			     length, field->size - 1);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7f) {
			schema_error(diagnostics, node,
				     "'%s' contains a control character: use one line of text", field->key);
			return;
		}
	}
	memcpy(target, node->text, length + 1);
}

static void read_uint(const struct yaml_node *node, const struct schema_field *field,
		      struct diagnostics *diagnostics, uint32_t *target)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(node->text, &end, strncmp(node->text, "0x", 2) == 0 ? 16 : 10);
	if (node->text[0] < '0' || node->text[0] > '9' || *end || errno || (double)value < field->minimum ||
	    (double)value > field->maximum) {
		schema_error(diagnostics, node, "'%s: %.40s' must be a whole number from %.0f to %.0f",
			     field->key, node->text, field->minimum, field->maximum);
		return;
	}
	*target = (uint32_t)value;
}

static void read_bool(const struct yaml_node *node, const struct schema_field *field,
		      struct diagnostics *diagnostics, bool *target)
{
	if (strcmp(node->text, "true") == 0)
		*target = true;
	else if (strcmp(node->text, "false") == 0)
		*target = false;
	else
		schema_error(diagnostics, node, "'%s: %.40s' must be true or false", field->key, node->text);
}

static void read_choice(const struct yaml_node *node, const struct schema_field *field,
			struct diagnostics *diagnostics, uint8_t *target)
{
	char allowed[160] = "";
	size_t used = 0;

	for (size_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], node->text) == 0) {
			*target = (uint8_t)i;
			return;
		}
		if (used < sizeof(allowed))
			used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
						 i ? ", " : "", field->words[i]);
	}
	schema_error(diagnostics, node, "'%s: %.40s' is not known: allowed are %s", field->key, node->text,
		     allowed);
}

static void read_field(const struct yaml_node *node, const struct schema_field *field,
		       struct diagnostics *diagnostics, char *base)
{
	void *target = base + field->offset;

	if (field->type == SCHEMA_NODE || !schema_is(node, YAML_SCALAR, field->key, diagnostics))
		return;
	switch (field->type) {
	case SCHEMA_TEXT:
		read_text(node, field, diagnostics, target);
		break;
	case SCHEMA_QUANTITY:
		schema_quantity(node, field->key, field->dimension, field->minimum, field->maximum,
				diagnostics, target);
		break;
	case SCHEMA_UINT:
		read_uint(node, field, diagnostics, target);
		break;
	case SCHEMA_BOOL:
		read_bool(node, field, diagnostics, target);
		break;
	case SCHEMA_CHOICE:
		read_choice(node, field, diagnostics, target);
		break;
	case SCHEMA_NODE:
		break;
	}
}

bool schema_read_scalar(const struct yaml_node *node, const struct schema_field *field,
			struct diagnostics *diagnostics, void *ret_value)
{
	size_t errors = diagnostics->errors;

	read_field(node, field, diagnostics, ret_value);
	return diagnostics->errors == errors;
}

void schema_read(const struct yaml_node *map, const char *what, const struct schema_field *fields,
		 size_t field_count, struct diagnostics *diagnostics, void *ret_struct)
{
	if (!schema_is(map, YAML_MAP, what, diagnostics))
		return;
	for (const struct yaml_node *child = map->first_child; child; child = child->next) {
		size_t i = 0;

		while (i < field_count && strcmp(fields[i].key, child->key) != 0)
			i++;
		if (i == field_count)
			unknown_key(child, what, fields, field_count, diagnostics);
		else
			read_field(child, &fields[i], diagnostics, ret_struct);
	}
	for (size_t i = 0; i < field_count; i++)
		if (fields[i].required && !yaml_get(map, fields[i].key))
			schema_error(diagnostics, map, "%s lacks '%s', which is required", what,
				     fields[i].key);
}
