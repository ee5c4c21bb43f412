/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/clean.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTS_MIN 60
#define NAN_SHARE_MAX 0.10
#define BACKWARD_SHARE_MAX 0.30
#define PLAUSIBLE_MIN_K 50.0
#define PLAUSIBLE_MAX_K 3000.0
#define MAD_TO_SIGMA 1.4826
#define SECOND_DIFFERENCE_GAIN 2.449489742783178 /* sqrt(1 + 4 + 1) */

struct point {
	double t, y;
};

void clean_scan_free(struct clean_scan *scan)
{
	free(scan->temperature_k);
	free(scan->signal);
	*scan = (struct clean_scan){0};
}

static int make_room(struct clean_scan *scan, size_t count)
{
	double *t, *y;

	if (count <= scan->room)
		return 0;
	t = realloc(scan->temperature_k, count * sizeof(double));
	if (!t)
		return -ENOMEM;
	scan->temperature_k = t;
	y = realloc(scan->signal, count * sizeof(double));
	if (!y)
		return -ENOMEM;
	scan->signal = y;
	scan->room = count;
	return 0;
}

/* Share of steps that go up, of the steps that go anywhere. */
static double rising_share(const double *values, size_t count)
{
	size_t up = 0, down = 0;

	for (size_t i = 1; i < count; i++) {
		up += values[i] > values[i - 1];
		down += values[i] < values[i - 1];
	}
	return up + down > 0 ? (double)up / (double)(up + down) : 0.5;
}

static double span(const double *values, size_t count)
{
	double least = INFINITY, greatest = -INFINITY;

	for (size_t i = 0; i < count; i++) {
		least = fmin(least, values[i]);
		greatest = fmax(greatest, values[i]);
	}
	return greatest - least;
}

static double measure_rate(const struct scan_view *raw)
{
	double n = 0, st = 0, sy = 0, stt = 0, sty = 0;

	if (!raw->t_s)
		return NAN;
	for (size_t i = 0; i < raw->count; i++) {
		if (!isfinite(raw->t_s[i]) || !isfinite(raw->temperature_k[i]))
			continue;
		n++;
		st += raw->t_s[i];
		sy += raw->temperature_k[i];
	}
	for (size_t i = 0; i < raw->count; i++) {
		double dt = raw->t_s[i] - st / n, dy = raw->temperature_k[i] - sy / n;

		if (!isfinite(dt) || !isfinite(dy))
			continue;
		stt += dt * dt;
		sty += dt * dy;
	}
	return stt > 0 ? sty / stt : NAN;
}

static int by_temperature(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->t > q->t) - (p->t < q->t);
}

static int sort_points(struct clean_scan *scan)
{
	struct point *points;
	size_t kept = 0;

	if (rising_share(scan->temperature_k, scan->count) < 1) {
		points = malloc(scan->count * sizeof(*points));
		if (!points)
			return -ENOMEM;
		for (size_t i = 0; i < scan->count; i++)
			points[i] = (struct point){scan->temperature_k[i], scan->signal[i]};
		qsort(points, scan->count, sizeof(*points), by_temperature);
		for (size_t i = 0; i < scan->count; i++) {
			scan->temperature_k[i] = points[i].t;
			scan->signal[i] = points[i].y;
		}
		free(points);
	}
	for (size_t i = 0; i < scan->count;) {
		size_t same = i;
		double sum = 0;

		for (; same < scan->count && scan->temperature_k[same] == scan->temperature_k[i]; same++)
			sum += scan->signal[same];
		scan->temperature_k[kept] = scan->temperature_k[i];
		scan->signal[kept++] = sum / (double)(same - i);
		i = same;
	}
	scan->count = kept;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

/* Robust: the median of |second difference| in at most 501 places, so that peaks do not count as noise. */
static double measure_noise(const struct clean_scan *scan)
{
	double d[501];
	size_t step = scan->count / 501 + 1, n = 0;

	for (size_t i = 1; i + 1 < scan->count && n < 501; i += step)
		d[n++] = fabs(scan->signal[i - 1] - 2 * scan->signal[i] + scan->signal[i + 1]);
	if (n == 0)
		return 0;
	qsort(d, n, sizeof(d[0]), by_value);
	return MAD_TO_SIGMA * d[n / 2] / SECOND_DIFFERENCE_GAIN;
}

static int check(const struct clean_scan *scan, size_t given, const char *name, enum refusal *ret_refusal,
		 char ret_why[REFUSAL_WHY])
{
	double t_span = span(scan->temperature_k, scan->count), y_span = span(scan->signal, scan->count);
	double t_rise = rising_share(scan->temperature_k, scan->count),
	       y_rise = rising_share(scan->signal, scan->count);
	size_t n = scan->count;

	if (given > 0 && (double)(given - n) > NAN_SHARE_MAX * (double)given) {
		*ret_refusal = REFUSAL_NAN_FRACTION;
		snprintf(ret_why, REFUSAL_WHY, "%s: %zu of %zu rows are not numbers; at most 10 %% may be",
			 name, given - n, given);
	} else if (n < POINTS_MIN) {
		*ret_refusal = REFUSAL_TOO_FEW_POINTS;
		snprintf(ret_why, REFUSAL_WHY, "%s: %zu points; at least %d are needed", name, n, POINTS_MIN);
	} else if ((t_rise < 0.9 || t_span < 5) && (y_rise > 0.97 || y_rise < 0.03) && y_span > 20) {
		*ret_refusal = REFUSAL_COLUMNS_SWAPPED;
		snprintf(ret_why, REFUSAL_WHY,
			 "%s: the signal ramps over %.4g and the temperature does not: the columns are "
			 "swapped",
			 name, y_span);
	} else if (t_rise < 1 - BACKWARD_SHARE_MAX || scan->temperature_k[n - 1] <= scan->temperature_k[0]) {
		*ret_refusal = REFUSAL_NOT_MONOTONIC;
		snprintf(ret_why, REFUSAL_WHY,
			 "%s: the temperature does not rise (%.0f %% of the steps go up): a heating scan is "
			 "needed",
			 name, 100 * t_rise);
	} else if (!(y_span > 1e-12 * fabs(scan->signal[0])) || y_span == 0) {
		*ret_refusal = REFUSAL_CONSTANT_SIGNAL;
		snprintf(ret_why, REFUSAL_WHY, "%s: the signal is constant (%.6g)", name, scan->signal[0]);
	} else {
		return 0;
	}
	return 1;
}

static int check_plausible(const struct clean_scan *scan, const char *name, enum refusal *ret_refusal,
			   char ret_why[REFUSAL_WHY])
{
	double low = scan->temperature_k[0], high = scan->temperature_k[scan->count - 1];

	if (low >= PLAUSIBLE_MIN_K && high <= PLAUSIBLE_MAX_K)
		return 0;
	*ret_refusal = REFUSAL_BAD_VALUE;
	snprintf(ret_why, REFUSAL_WHY,
		 "%s: %.4g to %.4g K is no scan in kelvin (50 to 3000); is the column in degC?", name, low,
		 high);
	return 1;
}

int clean_scan(const struct scan_view *raw, const char *name, struct clean_scan *ret_scan,
	       enum refusal *ret_refusal, char ret_why[REFUSAL_WHY])
{
	int r = make_room(ret_scan, raw->count + 1);

	if (r < 0)
		return r;
	ret_scan->count = 0;
	for (size_t i = 0; i < raw->count; i++) {
		if (!isfinite(raw->temperature_k[i]) || !isfinite(raw->signal[i]))
			continue;
		ret_scan->temperature_k[ret_scan->count] = raw->temperature_k[i];
		ret_scan->signal[ret_scan->count++] = raw->signal[i];
	}
	ret_scan->rate_k_per_s = measure_rate(raw);
	if (check(ret_scan, raw->count, name, ret_refusal, ret_why))
		return 1;
	ret_scan->noise = measure_noise(ret_scan);
	r = sort_points(ret_scan);
	return r < 0 ? r : check_plausible(ret_scan, name, ret_refusal, ret_why);
}
