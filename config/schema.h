/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map of the YAML tree into a struct, by a table: each key once, typed by the table alone. */
#ifndef DENSD_CONFIG_SCHEMA_H
#define DENSD_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "config/diagnostic.h"
#include "config/yaml.h"
#include "protocol/quantity.h"

enum schema_type {
	SCHEMA_TEXT,     /* char[size] */
	SCHEMA_QUANTITY, /* double, with the unit of its dimension (DIM_NUMBER: none) */
	SCHEMA_UINT,     /* uint32_t; 0x allowed */
	SCHEMA_BOOL,     /* bool: true or false */
	SCHEMA_CHOICE,   /* uint8_t: index into a NULL-terminated list of words */
	SCHEMA_NODE      /* read by the caller: only known to exist */
};
struct schema_field {
	const char *key;
	enum schema_type type;
	bool required;
	size_t offset, size;
	enum dimension dimension;
	double minimum, maximum; /* QUANTITY (base unit), UINT */
	const char *const *words;
};

/*
 * Reads @map (which must be a map called @what in messages) into @ret_struct. Unknown keys, missing keys
 * and wrong values each become one error. Fields that are absent keep what @ret_struct held.
 */
void schema_read(const struct yaml_node *map, const char *what, const struct schema_field *fields,
		 size_t field_count, struct diagnostics *diagnostics, void *ret_struct);
/* One scalar each, for lists and odd places. False with one error in @diagnostics. */
bool schema_quantity(const struct yaml_node *node, const char *what, enum dimension dimension, double minimum,
		     double maximum, struct diagnostics *diagnostics, double *ret_value);
bool schema_read_scalar(const struct yaml_node *node, const struct schema_field *field,
			struct diagnostics *diagnostics, void *ret_value);
bool schema_is(const struct yaml_node *node, enum yaml_kind kind, const char *what,
	       struct diagnostics *diagnostics);
/* An error at the place of @node; NULL: the whole file. */
void schema_error(struct diagnostics *diagnostics, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * False, with one error that says which, when @root says 'densd: KIND/N' of another kind than @kind: what
 * follows would be a flood. @hint: where such a file belongs, or "".
 */
bool schema_is_document(const struct yaml_node *root, const char *kind, const char *hint,
			struct diagnostics *diagnostics);
/* The word of the list nearest to @word by edit distance, at most 2 away; NULL: none. */
const char *schema_nearest(const char *word, const char *const *list, size_t count);

#endif
