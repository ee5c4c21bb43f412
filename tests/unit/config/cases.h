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
	unsigned line, column; /* line 0: libyaml's own complaint, any place will do */
	const char *expected;  /* in the message at that place */
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

		if (d->level == DIAGNOSTIC_ERROR && strstr(d->text, c->expected) &&
		    (c->line == 0 || (d->line == c->line && d->column == c->column)))
			return 1;
	}
	fprintf(stderr, "'%.60s' -> '%.60s': expected %u:%u: %s; got\n", c->find ? c->find : "", c->replace,
		c->line, c->column, c->expected);
	diagnostics_print(diagnostics, stderr);
	return 0;
}

/*
 * How many of @cases are not refused at their place; each is said. @read: 1 when the text is refused, with
 * the reasons in @diagnostics, and nothing of it was taken.
 */
static inline size_t cases_count_failed(const char *base, const struct bad_case *cases, size_t count,
					int (*read)(const char *text, size_t length),
					const struct diagnostics *diagnostics)
{
	static char text[CASE_TEXT_MAX];
	size_t failed = 0;

	for (size_t i = 0; i < count; i++) {
		size_t length = case_text(base, &cases[i], text);

		if (read(text, length) != 1) {
			fprintf(stderr, "'%s' was accepted\n", cases[i].replace);
			failed++;
		} else {
			failed += !case_found(diagnostics, &cases[i]);
		}
	}
	return failed;
}
#define CASES_COUNT_FAILED(base, cases, read, diagnostics) \
	cases_count_failed(base, cases, sizeof(cases) / sizeof((cases)[0]), read, diagnostics)

#endif
