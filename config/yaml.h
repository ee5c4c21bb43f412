/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A strict reader of one small YAML document: block and flow maps, sequences and plain or quoted scalars.
 * Refused with a place: aliases, anchors, tags, merge keys, duplicate keys, several documents, tabs, NUL,
 * invalid UTF-8, more than 64 KiB, more than 8 levels, more than 10,000 events (hazards.md section 5).
 */
#ifndef DENSD_CONFIG_YAML_H
#define DENSD_CONFIG_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "config/diagnostic.h"

#define YAML_BYTES_MAX 65536
#define YAML_DEPTH_MAX 8
#define YAML_EVENTS_MAX 10000

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_SEQUENCE };

struct yaml_node {
	enum yaml_kind kind;
	uint32_t line, column;         /* 1-based, of the value */
	uint32_t key_line, key_column; /* of the key; 0 where there is none */
	const char *key;               /* NULL in a sequence and at the root */
	const char *text;              /* scalars: NUL-terminated */
	size_t child_count;
	struct yaml_node *first_child, *next; /* children in document order */
};
struct yaml_document;

/* Parses @length bytes. NULL with at least one error in @diagnostics, or the document (yaml_document_free).
 */
struct yaml_document *yaml_read(const char *text, size_t length, struct diagnostics *diagnostics);
const struct yaml_node *yaml_root(const struct yaml_document *document);
void yaml_document_free(struct yaml_document *document);
/* NULL when @map is not a map or has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const char *yaml_kind_name(enum yaml_kind kind);

#endif
