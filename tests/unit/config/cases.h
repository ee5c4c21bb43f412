/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A malformed file as an edit of a good one: the first @find becomes @replace; NULL: @replace is the whole
 * text. */
#ifndef DENSD_TESTS_CONFIG_CASES_H
#define DENSD_TESTS_CONFIG_CASES_H

#include <stdio.h>
#include <string.h>

#include "config/diagnostic.h"

#define CASE_TEXT_MAX 70000

struct bad_case {
	const char *find, *replace;
	unsigned line, column;
	const char *expected; /* in the message at that place */
};

static inline size_t case_text(const char *base, const struct bad_case *c, char ret_text[CASE_TEXT_MAX])
{
	const char *at = c->find ? strstr(base, c->find) : NULL;

	if (!c->find)
		return (size_t)snprintf(ret_text, CASE_TEXT_MAX, "%s", c->replace);
	if (!at)
		return 0;
	return (size_t)snprintf(ret_text, CASE_TEXT_MAX, "%.*s%s%s", (int)(at - base), base, c->replace,
				at + strlen(c->find));
}

/* Prints what was found instead when it is not there. */
static inline int case_found(const struct diagnostics *diagnostics, const struct bad_case *c)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *d = &diagnostics->list[i];

		if (d->level == DIAGNOSTIC_ERROR && d->line == c->line && d->column == c->column &&
		    strstr(d->text, c->expected))
			return 1;
	}
	fprintf(stderr, "'%.60s' -> '%.60s': expected %u:%u: %s; got\n", c->find ? c->find : "", c->replace,
		c->line, c->column, c->expected);
	diagnostics_print(diagnostics, stderr);
	return 0;
}

#endif
