/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/cubic.h"

#include <math.h>

/* On symmetric points the even and the odd coefficients part: two systems of two equations. */
struct cubic cubic_fit(const double *y, size_t at, size_t half)
{
	double s0 = 2 * (double)half + 1, s2 = 0, s4 = 0, s6 = 0, y0 = y[at], y1 = 0, y2 = 0, y3 = 0;
	struct cubic cubic = {.at = at, .half = half};
	double even, odd;

	for (size_t i = 1; i <= half; i++) {
		double v = (double)i, v2 = v * v, sum = y[at + i] + y[at - i], off = y[at + i] - y[at - i];

		s2 += 2 * v2;
		s4 += 2 * v2 * v2;
		s6 += 2 * v2 * v2 * v2;
		y0 += sum;
		y1 += v * off;
		y2 += v2 * sum;
		y3 += v2 * v * off;
	}
	even = s0 * s4 - s2 * s2;
	odd = s2 * s6 - s4 * s4;
	cubic.a[0] = (s4 * y0 - s2 * y2) / even;
	cubic.a[1] = (s6 * y1 - s4 * y3) / odd;
	cubic.a[2] = (s0 * y2 - s2 * y0) / even;
	cubic.a[3] = (s2 * y3 - s4 * y1) / odd;
	cubic.a0_sd = sqrt(s4 / even);
	cubic.a1_sd = sqrt(s6 / odd);
	return cubic;
}

bool cubic_top(const struct cubic *cubic, double *ret_at, double *ret_sd)
{
	const double *a = cubic->a;
	double inside = a[2] * a[2] - 3 * a[1] * a[3], root, v;

	if (!(a[2] < 0) || !(inside > 0))
		return false;
	root = sqrt(inside);
	v = a[1] / (root - a[2]);
	if (fabs(v) > (double)cubic->half)
		return false;
	*ret_at = (double)cubic->at + v;
	*ret_sd = cubic->a1_sd / (2 * root);
	return true;
}
