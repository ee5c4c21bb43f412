/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place where calorimetry allocates: a fixed set of equally long columns. Private to this folder. */
#ifndef DENSD_CALORIMETRY_WORKSPACE_H
#define DENSD_CALORIMETRY_WORKSPACE_H

#include <stddef.h>

#include "daemon/calorimetry/pair.h"

enum column {
	COLUMN_FIRST_T,
	COLUMN_FIRST_Y,
	COLUMN_REF_T,
	COLUMN_REF_Y,
	COLUMN_EMPTY_T,
	COLUMN_EMPTY_Y,
	COLUMN_GRID,  /* common temperatures */
	COLUMN_F,     /* first scan on the grid */
	COLUMN_R,     /* reference on the grid */
	COLUMN_SHOWN, /* first scan, aligned */
	COLUMN_A,     /* scratch of one step */
	COLUMN_B,
	COLUMN_C,
	COLUMN_D,
	COLUMN_E,
	COLUMN_MAX
};

struct pair_workspace {
	double *columns[COLUMN_MAX];
	size_t capacity;
	size_t grid_count; /* rows of GRID, F, R; SHOWN holds them only after success */
	size_t shown_count;
};

/* Every column gets room for @count rows; the content is lost when it grows. 0, -ENOMEM (then unchanged). */
int workspace_reserve(struct pair_workspace *workspace, size_t count);

#endif
