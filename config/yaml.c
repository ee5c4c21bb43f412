/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct yaml_document {
	struct yaml_node *nodes; /* never moved: allocated once at their upper bound */
	size_t node_count;
	char *text;
	size_t text_used, text_size;
};

struct builder {
	struct yaml_document *document;
	struct diagnostics *diagnostics;
	struct {
		struct yaml_node *node, *last_child;
		const char *key; /* set between a key and its value */
		uint32_t key_line, key_column;
	} level[YAML_DEPTH_MAX];
	size_t depth, events;
	bool failed;
};

const char *yaml_kind_name(enum yaml_kind kind)
{
	return kind == YAML_MAP ? "a map" : kind == YAML_SEQUENCE ? "a list" : "a single value";
}

const struct yaml_node *yaml_root(const struct yaml_document *document)
{
	return &document->nodes[0];
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *child = map->first_child; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

void yaml_document_free(struct yaml_document *document)
{
	if (!document)
		return;
	free(document->nodes);
	free(document->text);
	free(document);
}

static bool refuse(struct builder *b, const yaml_mark_t *mark, const char *what)
{
	diagnostics_add(b->diagnostics, DIAGNOSTIC_ERROR, (uint32_t)mark->line + 1,
			(uint32_t)mark->column + 1, "%s", what);
	b->failed = true;
	return false;
}

/* Bytes libyaml would take, or report without a place. */
static bool check_bytes(const char *text, size_t length, struct diagnostics *diagnostics)
{
	uint32_t line = 1, column = 1;

	if (length > YAML_BYTES_MAX) {
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, 0, 0,
				"the file has %zu bytes: at most %d are allowed", length, YAML_BYTES_MAX);
		return false;
	}
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		diagnostics_add(
			diagnostics, DIAGNOSTIC_ERROR, 1, 1,
			"a byte order mark before the first letter: save the file as UTF-8 without BOM");
		return false;
	}
	for (size_t i = 0; i < length; i++, column++) {
		const char *what = text[i] == '\t'   ? "a tab: indent and separate with spaces"
				   : text[i] == '\0' ? "a NUL byte: the file must be plain UTF-8 text"
						     : NULL;

		if (what) {
			diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, line, column, "%s", what);
			return false;
		}
		if (text[i] == '\n') {
			line++;
			column = 0;
		}
	}
	return true;
}

static const char *keep_text(struct builder *b, const yaml_event_t *event)
{
	struct yaml_document *d = b->document;
	char *kept = d->text + d->text_used;
	size_t length = event->data.scalar.length;

	if (length + 1 > d->text_size - d->text_used || memchr(event->data.scalar.value, 0, length)) {
		refuse(b, &event->start_mark, "this value is too long or contains a NUL");
		return NULL;
	}
	memcpy(kept, event->data.scalar.value, length);
	kept[length] = '\0';
	d->text_used += length + 1;
	return kept;
}

static bool has_decoration(const yaml_event_t *event)
{
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor || event->data.scalar.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor || event->data.mapping_start.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor || event->data.sequence_start.tag;
	default:
		return false;
	}
}

static struct yaml_node *add_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml_node *node = &b->document->nodes[b->document->node_count++];

	*node = (struct yaml_node){.kind = kind,
				   .line = (uint32_t)event->start_mark.line + 1,
				   .column = (uint32_t)event->start_mark.column + 1};
	if (b->depth > 0) {
		struct yaml_node *parent = b->level[b->depth - 1].node;

		node->key = b->level[b->depth - 1].key;
		node->key_line = b->level[b->depth - 1].key_line;
		node->key_column = b->level[b->depth - 1].key_column;
		b->level[b->depth - 1].key = NULL;
		if (parent->child_count++ == 0)
			parent->first_child = node;
		else
			b->level[b->depth - 1].last_child->next = node;
		b->level[b->depth - 1].last_child = node;
	}
	return node;
}

static bool wants_key(const struct builder *b)
{
	return b->depth > 0 && b->level[b->depth - 1].node->kind == YAML_MAP && !b->level[b->depth - 1].key;
}

static bool take_key(struct builder *b, const yaml_event_t *event)
{
	const char *key = keep_text(b, event);
	const struct yaml_node *earlier;

	if (!key)
		return false;
	if (strcmp(key, "<<") == 0)
		return refuse(b, &event->start_mark, "a merge key (<<): write the values out");
	earlier = yaml_get(b->level[b->depth - 1].node, key);
	if (earlier) {
		diagnostics_add(b->diagnostics, DIAGNOSTIC_ERROR, (uint32_t)event->start_mark.line + 1,
				(uint32_t)event->start_mark.column + 1,
				"the key '%.60s' stands twice: first at line %u, each key is allowed once",
				key, earlier->key_line);
		b->failed = true;
	}
	b->level[b->depth - 1].key = key;
	b->level[b->depth - 1].key_line = (uint32_t)event->start_mark.line + 1;
	b->level[b->depth - 1].key_column = (uint32_t)event->start_mark.column + 1;
	return true;
}

static bool take_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text;

	if (wants_key(b))
		return take_key(b, event);
	text = keep_text(b, event);
	if (!text)
		return false;
	add_node(b, event, YAML_SCALAR)->text = text;
	return true;
}

static bool take_start(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml_node *node;

	if (wants_key(b))
		return refuse(b, &event->start_mark, "a map or list as a key: a key is a plain word");
	if (b->depth == YAML_DEPTH_MAX)
		return refuse(b, &event->start_mark, "nested deeper than 8 levels");
	node = add_node(b, event, kind);
	b->level[b->depth].node = node;
	b->level[b->depth].last_child = NULL;
	b->level[b->depth].key = NULL;
	b->depth++;
	return true;
}

/* One event. False: stop reading. */
static bool take_event(struct builder *b, const yaml_event_t *event)
{
	if (++b->events > YAML_EVENTS_MAX)
		return refuse(b, &event->start_mark, "more than 10,000 items in the file");
	if (has_decoration(event))
		return refuse(b, &event->start_mark,
			      "an anchor (&) or a tag (!): neither is allowed, write the value out");
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(b, &event->start_mark, "an alias (*): write the value out");
	case YAML_DOCUMENT_START_EVENT:
		if (b->document->node_count > 0)
			return refuse(b, &event->start_mark, "a second document: one file holds one");
		return true;
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_MAPPING_START_EVENT:
		return take_start(b, event, YAML_MAP);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(b, event, YAML_SEQUENCE);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return true;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	case YAML_STREAM_END_EVENT:
		return false;
	}
	return false;
}

static void report_parser(struct builder *b, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	diagnostics_add(b->diagnostics, DIAGNOSTIC_ERROR, (uint32_t)mark->line + 1,
			(uint32_t)mark->column + 1, "not YAML: %s%s%s",
			parser->problem ? parser->problem : "cannot be read", parser->context ? ", " : "",
			parser->context ? parser->context : "");
	b->failed = true;
}

static void build(struct builder *b, const char *text, size_t length)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (!yaml_parser_initialize(&parser)) {
		diagnostics_add(b->diagnostics, DIAGNOSTIC_ERROR, 0, 0, "out of memory");
		b->failed = true;
		return;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (more) {
		if (!yaml_parser_parse(&parser, &event)) {
			report_parser(b, &parser);
			break;
		}
		more = take_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}

static struct yaml_document *new_document(size_t length)
{
	struct yaml_document *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->text_size = 2 * length + 64 + YAML_EVENTS_MAX;
	d->text = malloc(d->text_size);
	d->nodes = calloc(YAML_EVENTS_MAX + 1, sizeof(*d->nodes));
	if (!d->text || !d->nodes) {
		yaml_document_free(d);
		return NULL;
	}
	return d;
}

struct yaml_document *yaml_read(const char *text, size_t length, struct diagnostics *diagnostics)
{
	struct builder b = {.diagnostics = diagnostics};

	if (!check_bytes(text, length, diagnostics))
		return NULL;
	b.document = new_document(length);
	if (!b.document) {
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, 0, 0, "out of memory");
		return NULL;
	}
	build(&b, text, length);
	if (!b.failed && b.document->node_count == 0) {
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, 1, 1, "the file is empty");
		b.failed = true;
	}
	if (b.failed) {
		yaml_document_free(b.document);
		return NULL;
	}
	return b.document;
}
