/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/diagnostic.h"

#include <stdarg.h>
#include <string.h>

void diagnostics_init(struct diagnostics *ret_diagnostics, const char *file)
{
	memset(ret_diagnostics, 0, sizeof(*ret_diagnostics));
	snprintf(ret_diagnostics->file, sizeof(ret_diagnostics->file), "%s", file);
}

void diagnostics_add(struct diagnostics *diagnostics, enum diagnostic_level level, uint32_t line,
		     uint32_t column, const char *format, ...)
{
	struct diagnostic *entry;
	va_list arguments;

	if (level == DIAGNOSTIC_ERROR)
		diagnostics->errors++;
	if (diagnostics->count == DIAGNOSTICS_MAX) {
		diagnostics->dropped++;
		return;
	}
	entry = &diagnostics->list[diagnostics->count++];
	entry->level = (uint8_t)level;
	entry->line = line;
	entry->column = column;
	va_start(arguments, format);
	vsnprintf(entry->text, sizeof(entry->text), format, arguments);
	va_end(arguments);
}

static int before(const struct diagnostic *a, const struct diagnostic *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Insertion sort of indices: at most DIAGNOSTICS_MAX, and stable. */
static void sort_by_place(const struct diagnostics *diagnostics, size_t order[DIAGNOSTICS_MAX])
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		size_t at = i;

		for (; at > 0 && before(&diagnostics->list[i], &diagnostics->list[order[at - 1]]); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static void print_one(const struct diagnostics *diagnostics, const struct diagnostic *entry, FILE *stream)
{
	const char *level = entry->level == DIAGNOSTIC_ERROR ? "error" : "warning";

	if (entry->line > 0)
		fprintf(stream, "%s:%u:%u: %s: %s\n", diagnostics->file, entry->line, entry->column, level,
			entry->text);
	else
		fprintf(stream, "%s: %s: %s\n", diagnostics->file, level, entry->text);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream)
{
	size_t order[DIAGNOSTICS_MAX];

	sort_by_place(diagnostics, order);
	for (size_t i = 0; i < diagnostics->count; i++)
		print_one(diagnostics, &diagnostics->list[order[i]], stream);
	if (diagnostics->dropped > 0)
		fprintf(stream, "%s: %zu more not shown\n", diagnostics->file, diagnostics->dropped);
	if (diagnostics->errors > 0)
		fprintf(stream, "%s: %zu error%s\n", diagnostics->file, diagnostics->errors,
			diagnostics->errors == 1 ? "" : "s");
}
