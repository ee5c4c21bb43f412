/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/workspace.h"

#include <errno.h>
#include <stdlib.h>

struct pair_workspace *pair_workspace_new(void)
{
	return calloc(1, sizeof(struct pair_workspace));
}

void pair_workspace_free(struct pair_workspace *workspace)
{
	if (!workspace)
		return;
	free(workspace->columns[0]);
	free(workspace);
}

int workspace_reserve(struct pair_workspace *workspace, size_t count)
{
	double *block;

	if (count <= workspace->capacity)
		return 0;
	block = calloc(count * COLUMN_MAX, sizeof(double));
	if (!block)
		return -ENOMEM;
	free(workspace->columns[0]);
	for (size_t i = 0; i < COLUMN_MAX; i++)
		workspace->columns[i] = block + i * count;
	workspace->capacity = count;
	workspace->shown_count = workspace->grid_count = 0;
	return 0;
}

struct pair_curves pair_workspace_curves(const struct pair_workspace *workspace)
{
	return (struct pair_curves){.temperature_k = workspace->columns[COLUMN_GRID],
				    .first = workspace->columns[COLUMN_SHOWN],
				    .reference = workspace->columns[COLUMN_R],
				    .count = workspace->shown_count};
}
