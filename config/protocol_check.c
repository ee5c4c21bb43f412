/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/protocol_check.h"

#include <stdlib.h>
#include <string.h>

#define FAULTS_MAX 24
#define PATH_WORD 48

/* Where a fault's dotted path stands in the text: the node, or the nearest one above it (not exact). */
struct place {
	const struct yaml_node *node;
	bool exact;
};

static const struct yaml_node *element(const struct yaml_node *list, size_t index)
{
	const struct yaml_node *node = list->kind == YAML_SEQUENCE ? list->first_child : NULL;

	for (; node && index > 0; index--)
		node = node->next;
	return node;
}

/* One step along "word." or "word[3]."; NULL: not in the text. */
static const struct yaml_node *step_into(const struct yaml_node *node, const char **path)
{
	size_t length = strcspn(*path, ".[");
	char word[PATH_WORD];

	if (length >= sizeof(word))
		return NULL;
	memcpy(word, *path, length);
	word[length] = '\0';
	node = yaml_get(node, word);
	*path += length;
	if (node && **path == '[') {
		node = element(node, strtoul(*path + 1, NULL, 10));
		*path += strcspn(*path, ".");
	}
	*path += **path == '.';
	return node;
}

static struct place place_of(const struct yaml_node *root, const char *path, const struct protocol_axis *axis)
{
	const char *replaced = axis->is_pressure ? "densification.pressure" : "densification.temperature";
	struct place place = {.node = root, .exact = true};

	if (axis->values && strcmp(path, replaced) == 0) {
		place.node = element(axis->values, axis->index);
		return place;
	}
	while (*path) {
		const struct yaml_node *child = step_into(place.node, &path);

		if (!child) {
			place.exact = false;
			break;
		}
		place.node = child;
	}
	return place;
}

/* Said once: the same sentence at a place, or, where the value itself stands, any error at all. */
static bool is_said(const struct diagnostics *diagnostics, const struct place *place, const char *text)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *d = &diagnostics->list[i];

		if (d->line == place->node->line && d->column == place->node->column &&
		    ((place->exact && d->level == DIAGNOSTIC_ERROR) || strcmp(d->text, text) == 0))
			return true;
	}
	return false;
}

static void report_fault(const struct plan_fault *fault, enum diagnostic_level level,
			 const struct place *place, struct diagnostics *diagnostics)
{
	char text[DIAGNOSTIC_TEXT];

	snprintf(text, sizeof(text), "%.47s: %.199s", fault->field, fault->text);
	if (!is_said(diagnostics, place, text))
		diagnostics_add(diagnostics, level, place->node->line, place->node->column, "%s", text);
}

void protocol_check(const struct plan *plan, double ambient_k, const struct yaml_node *root,
		    const struct protocol_axis *axis, struct diagnostics *diagnostics)
{
	struct plan_fault faults[FAULTS_MAX];
	size_t count = plan_check(plan, ambient_k, faults, FAULTS_MAX);
	enum diagnostic_level level = DIAGNOSTIC_ERROR;

	if (count == 0 && diagnostics->errors == 0) {
		level = DIAGNOSTIC_WARNING;
		count = plan_warnings(plan, ambient_k, faults, FAULTS_MAX);
	}
	for (size_t i = 0; i < count && i < FAULTS_MAX; i++) {
		struct place place = place_of(root, faults[i].field, axis);

		report_fault(&faults[i], level, &place, diagnostics);
	}
}
