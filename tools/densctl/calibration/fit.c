/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repeats of fixed points to points with an uncertainty: sd^2 = sd(fixed point)^2 + (slope x scatter)^2 / n.
 */
#include "tools/densctl/calibration/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct fixed *find_fixed(struct fixed *fixed, size_t count, const struct measured *measured)
{
	for (size_t i = 0; i < count; i++)
		if (fixed[i].unloading == measured->unloading && fixed[i].truth == measured->truth)
			return &fixed[i];
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct fixed *x = a, *y = b;

	if (x->unloading != y->unloading)
		return x->unloading ? 1 : -1;
	return (x->truth > y->truth) - (x->truth < y->truth);
}

static double find_scatter(const struct measured *measured, size_t count, const struct fixed *fixed)
{
	double sum = 0;

	if (fixed->count < 2)
		return NAN;
	for (size_t i = 0; i < count; i++)
		if (measured[i].unloading == fixed->unloading && measured[i].truth == fixed->truth)
			sum += (measured[i].reading - fixed->reading) *
			       (measured[i].reading - fixed->reading);
	return sqrt(sum / (fixed->count - 1));
}

/* Of the branch beside this point; 0 where there is no neighbour. */
static double find_slope(const struct fixed *fixed, size_t count, size_t at)
{
	size_t from = at > 0 && fixed[at - 1].unloading == fixed[at].unloading ? at - 1 : at;
	size_t to = at + 1 < count && fixed[at + 1].unloading == fixed[at].unloading ? at + 1 : at;

	return from == to ? 0
			  : (fixed[to].truth - fixed[from].truth) / (fixed[to].reading - fixed[from].reading);
}

size_t calibration_fit(const struct measured *measured, size_t count, struct fixed *ret_fixed)
{
	size_t points = 0;

	for (size_t i = 0; i < count; i++) {
		struct fixed *fixed = find_fixed(ret_fixed, points, &measured[i]);

		if (!fixed) {
			fixed = &ret_fixed[points++];
			*fixed = (struct fixed){.unloading = measured[i].unloading,
						.truth = measured[i].truth,
						.truth_sd = measured[i].truth_sd};
			memcpy(fixed->name, measured[i].name, sizeof(fixed->name));
		}
		fixed->count++;
		fixed->reading += (measured[i].reading - fixed->reading) / fixed->count;
	}
	qsort(ret_fixed, points, sizeof(ret_fixed[0]), compare);
	for (size_t i = 0; i < points; i++) {
		struct fixed *fixed = &ret_fixed[i];
		double mean_sd;

		fixed->scatter = find_scatter(measured, count, fixed);
		mean_sd = isnan(fixed->scatter) ? 0 : fixed->scatter / sqrt(fixed->count);
		fixed->sd = hypot(fixed->truth_sd, find_slope(ret_fixed, points, i) * mean_sd);
	}
	return points;
}
