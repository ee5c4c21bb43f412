/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/line.h"

#include <math.h>

struct line line_fit(const double *x, const double *y, size_t count)
{
	double sum_x = 0, sum_y = 0, sxx = 0, sxy = 0, mean_x, mean_y;

	for (size_t i = 0; i < count; i++) {
		sum_x += x[i];
		sum_y += y[i];
	}
	mean_x = sum_x / (double)count;
	mean_y = sum_y / (double)count;
	for (size_t i = 0; i < count; i++) {
		sxx += (x[i] - mean_x) * (x[i] - mean_x);
		sxy += (x[i] - mean_x) * (y[i] - mean_y);
	}
	return (struct line){mean_x, mean_y, sxx > 0 ? sxy / sxx : 0};
}

size_t line_index(const double *x, size_t count, double value)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct moments moments_minus(const struct moments *a, const struct moments *b)
{
	return (struct moments){a->n - b->n,   a->u - b->u, a->u2 - b->u2, a->u3 - b->u3,
				a->u4 - b->u4, a->y - b->y, a->yu - b->yu, a->yu2 - b->yu2};
}

/* By orthogonal polynomials about the mean: p1 = v, p2 = v^2 - alpha v - m2 with v = u - mean. */
double moments_curvature(const struct moments *m, double *ret_variance)
{
	double c = m->u / m->n;
	double m2 = m->u2 / m->n - c * c;
	double m3 = m->u3 / m->n - 3 * c * m->u2 / m->n + 2 * c * c * c;
	double m4 = m->u4 / m->n - 4 * c * m->u3 / m->n + 6 * c * c * m->u2 / m->n - 3 * c * c * c * c;
	double y0 = m->y / m->n, y1 = m->yu / m->n - c * y0;
	double y2 = m->yu2 / m->n - 2 * c * m->yu / m->n + c * c * y0;
	double norm = m4 - m2 * m2 - (m2 > 0 ? m3 * m3 / m2 : 0);

	if (!(m2 > 0) || !(norm > 1e-12 * m2 * m2)) {
		*ret_variance = INFINITY;
		return 0;
	}
	*ret_variance = 1 / (m->n * norm);
	return (y2 - m3 / m2 * y1 - m2 * y0) / norm;
}
