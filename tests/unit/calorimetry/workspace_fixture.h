/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workspace of a pair's analysis, one for all tests of a program. */
#ifndef DENSD_TESTS_WORKSPACE_FIXTURE_H
#define DENSD_TESTS_WORKSPACE_FIXTURE_H

#include "daemon/calorimetry/pair.h"

static struct pair_workspace *workspace;

static inline int workspace_new(void **state)
{
	(void)state;
	workspace = pair_workspace_new();
	return workspace ? 0 : -1;
}

static inline int workspace_free(void **state)
{
	(void)state;
	pair_workspace_free(workspace);
	return 0;
}

#endif
