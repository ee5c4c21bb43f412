/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/smooth.h"

#define NAN_SHARE_MAX 0.10
#define BACKWARD_SHARE_MAX 0.30
#define REPEAT_SHARE_MAX 0.95
#define OVERLAP_MIN 0.70
#define COLDEST_K 50.0
#define HOTTEST_K 2500.0
#define DESMEAR_K 4.0 /* width of the slope's window */

/* How a column moves along the recording. */
struct course {
	size_t forward, backward, still;
	double low, high;
};

static struct course course_of(const double *values, size_t count)
{
	struct course course = {.low = values[0], .high = values[0]};

	for (size_t i = 1; i < count; i++) {
		course.forward += values[i] > values[i - 1];
		course.backward += values[i] < values[i - 1];
		course.still += values[i] == values[i - 1];
		course.low = values[i] < course.low ? values[i] : course.low;
		course.high = values[i] > course.high ? values[i] : course.high;
	}
	return course;
}

/* Rows that are numbers, in the order recorded. The rate by least squares of T on t over the same rows. */
static size_t copy_finite(const struct scan_view *view, struct scan *scan)
{
	double n = 0, sum_t = 0, sum_k = 0, stt = 0, stk = 0, t0 = NAN, k0 = NAN;
	size_t count = 0;

	for (size_t i = 0; i < view->count; i++) {
		double k = view->temperature_k[i], y = view->signal[i], t = view->t_s ? view->t_s[i] : NAN;

		if (!isfinite(k) || !isfinite(y))
			continue;
		scan->temperature_k[count] = k;
		scan->signal[count++] = y;
		if (!isfinite(t))
			continue;
		t0 = n > 0 ? t0 : t;
		k0 = n > 0 ? k0 : k;
		n += 1;
		sum_t += t - t0;
		sum_k += k - k0;
		stt += (t - t0) * (t - t0);
		stk += (t - t0) * (k - k0);
	}
	stt -= sum_t * sum_t / n;
	stk -= sum_t * sum_k / n;
	scan->rate_k_per_s = n >= PAIR_POINTS_MIN && stt > 0 ? stk / stt : NAN;
	return count;
}

static int check_rows(const struct scan_view *view, struct scan *scan, char *why)
{
	size_t dropped = view->count - scan->count;

	if (view->count > PAIR_POINTS_MAX)
		return refusal_say(why, REFUSAL_BAD_VALUE, "%s has %zu rows; at most %d are read", scan->name,
				   view->count, PAIR_POINTS_MAX);
	if (view->count >= PAIR_POINTS_MIN && (double)dropped > NAN_SHARE_MAX * (double)view->count)
		return refusal_say(why, REFUSAL_NAN_FRACTION,
				   "%s: %zu of %zu rows hold no number; at most 10 %% may be missing",
				   scan->name, dropped, view->count);
	if (scan->count < PAIR_POINTS_MIN)
		return refusal_say(why, REFUSAL_TOO_FEW_POINTS,
				   "%s has %zu usable rows; at least %d are needed", scan->name, scan->count,
				   PAIR_POINTS_MIN);
	return 0;
}

static int check_signal(const struct scan *scan, const struct course *signal, char *why)
{
	double size = fmax(fabs(signal->low), fabs(signal->high));

	if (!(signal->high - signal->low > 1e-9 * size) ||
	    (double)signal->still > REPEAT_SHARE_MAX * (double)(scan->count - 1))
		return refusal_say(
			why, REFUSAL_CONSTANT_SIGNAL,
			"%s: the signal stays at %g; was the chip loaded and the right column chosen?",
			scan->name, signal->low);
	return 0;
}

static bool ramps(const struct course *course)
{
	return course->forward > 0 &&
	       (double)course->backward < BACKWARD_SHARE_MAX * (double)(course->forward + course->backward);
}

static bool plausible(const struct course *course)
{
	return course->low >= COLDEST_K && course->high <= HOTTEST_K;
}

static int check_temperature(const struct scan *scan, const struct course *k, const struct course *y,
			     char *why)
{
	bool looks_swapped = ramps(y) && plausible(y) && y->high - y->low > 20;

	if (looks_swapped && (!ramps(k) || !plausible(k)))
		return refusal_say(
			why, REFUSAL_COLUMNS_SWAPPED,
			"%s: the signal ramps from %g to %g and the temperature does not: the columns "
			"look swapped",
			scan->name, y->low, y->high);
	if (k->backward > k->forward && scan->temperature_k[0] > scan->temperature_k[scan->count - 1])
		return refusal_say(why, REFUSAL_NOT_MONOTONIC,
				   "%s is a cooling scan (%.1f to %.1f K); a heating scan is needed",
				   scan->name, scan->temperature_k[0], scan->temperature_k[scan->count - 1]);
	if (!ramps(k))
		return refusal_say(
			why, REFUSAL_NOT_MONOTONIC,
			"%s: the temperature goes back in %zu of %zu steps; less than 30 %% are allowed",
			scan->name, k->backward, scan->count - 1);
	if (!plausible(k))
		return refusal_say(
			why, REFUSAL_BAD_VALUE,
			"%s: temperatures from %g to %g K; allowed is 50 to 2500 K (Celsius goes in T_C)",
			scan->name, k->low, k->high);
	return 0;
}

struct row {
	double k, y;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->k > y->k) - (x->k < y->k);
}

/* 0, or -1 when memory is short. Only recordings that step back get here. */
static int sort_rows(struct scan *scan)
{
	struct row *rows = calloc(scan->count, sizeof(*rows));

	if (!rows)
		return -1;
	for (size_t i = 0; i < scan->count; i++)
		rows[i] = (struct row){scan->temperature_k[i], scan->signal[i]};
	qsort(rows, scan->count, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < scan->count; i++) {
		scan->temperature_k[i] = rows[i].k;
		scan->signal[i] = rows[i].y;
	}
	free(rows);
	return 0;
}

static void merge_equal(struct scan *scan)
{
	size_t kept = 0;

	for (size_t i = 0; i < scan->count;) {
		double sum = 0;
		size_t same = 0;

		while (i + same < scan->count && scan->temperature_k[i + same] == scan->temperature_k[i])
			sum += scan->signal[i + same++];
		scan->temperature_k[kept] = scan->temperature_k[i];
		scan->signal[kept++] = sum / (double)same;
		i += same;
	}
	scan->count = kept;
}

int scan_prepare(const struct scan_view *view, struct scan *scan, char ret_why[REFUSAL_WHY])
{
	struct course k, y;
	int r;

	scan->count = view->count <= PAIR_POINTS_MAX ? copy_finite(view, scan) : 0;
	r = check_rows(view, scan, ret_why);
	if (r)
		return r;
	k = course_of(scan->temperature_k, scan->count);
	y = course_of(scan->signal, scan->count);
	r = check_signal(scan, &y, ret_why);
	if (r == 0)
		r = check_temperature(scan, &k, &y, ret_why);
	if (r)
		return r;
	if (k.backward > 0 && sort_rows(scan) < 0)
		return refusal_say(ret_why, REFUSAL_TOO_FEW_POINTS, "%s: no memory to sort it", scan->name);
	if (k.backward > 0 || k.still > 0)
		merge_equal(scan);
	if (scan->count < PAIR_POINTS_MIN)
		return refusal_say(ret_why, REFUSAL_TOO_FEW_POINTS,
				   "%s has %zu distinct temperatures; at least %d are needed", scan->name,
				   scan->count, PAIR_POINTS_MIN);
	scan->noise = smooth_noise(scan->signal, scan->count);
	return 0;
}

double scan_overlap(const struct scan *a, const struct scan *b)
{
	double a_low = a->temperature_k[0], a_high = a->temperature_k[a->count - 1];
	double b_low = b->temperature_k[0], b_high = b->temperature_k[b->count - 1];
	double both = fmin(a_high, b_high) - fmax(a_low, b_low);

	return fmax(0, both / fmax(a_high - a_low, b_high - b_low));
}

int scan_subtract(struct scan *scan, const struct scan *empty, double *scratch, char ret_why[REFUSAL_WHY])
{
	double low = empty->temperature_k[0], high = empty->temperature_k[empty->count - 1];
	size_t kept = 0;

	if (scan_overlap(scan, empty) < OVERLAP_MIN)
		return refusal_say(
			ret_why, REFUSAL_RANGE_MISMATCH,
			"%s and the empty scan (%.1f to %.1f K) share less than 70 %% of their range",
			scan->name, low, high);
	smooth_interpolate(empty->temperature_k, empty->signal, empty->count, scan->temperature_k,
			   scan->count, scratch);
	for (size_t i = 0; i < scan->count; i++) {
		if (scan->temperature_k[i] < low || scan->temperature_k[i] > high)
			continue;
		scan->temperature_k[kept] = scan->temperature_k[i];
		scan->signal[kept++] = scan->signal[i] - scratch[i];
	}
	scan->count = kept;
	scan->noise = hypot(scan->noise, empty->noise);
	return 0;
}

/* The slope's window is cut at the ends: what noise makes of it there would sit where lines have leverage. */
static void scan_trim(struct scan *scan, size_t half)
{
	if (scan->count < PAIR_POINTS_MIN + 2 * half)
		return;
	scan->count -= 2 * half;
	memmove(scan->temperature_k, scan->temperature_k + half, scan->count * sizeof(double));
	memmove(scan->signal, scan->signal + half, scan->count * sizeof(double));
}

void scan_sharpen(struct scan *scan, double rate_k_per_s, double cell_s, double *scratch, double *scratch2)
{
	size_t n = scan->count, half;
	double step = (scan->temperature_k[n - 1] - scan->temperature_k[0]) / (double)(n - 1);

	/* the slope on a uniform grid; its rows are the scan's own when the ramp is even */
	half = (size_t)fmax(2, DESMEAR_K / 2 / step);
	memcpy(scratch, scan->signal, n * sizeof(double));
	smooth_savitzky_golay(scratch, n, half, NULL, scratch2);
	for (size_t i = 0; i < n; i++)
		scan->signal[i] += cell_s * rate_k_per_s * scratch2[i] / step;
	scan_trim(scan, half);
}

void scan_shift(struct scan *scan, double off_k)
{
	for (size_t i = 0; i < scan->count; i++)
		scan->temperature_k[i] += off_k;
}
