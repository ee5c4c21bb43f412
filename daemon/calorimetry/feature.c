/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/feature.h"

#include <math.h>

#include "daemon/calorimetry/cubic.h"
#include "daemon/calorimetry/smooth.h"

#define SMOOTH_K 8.0   /* width of the Savitzky-Golay window */
#define TOP_SHARE 0.25 /* of the prominence: the part of a peak a cubic follows */
#define TOP_MAX_K 10.0
#define PROMINENCE_MIN 0.03 /* of the step */
#define PROMINENCE_SIGMAS 5.0
#define SUB_BELOW_K 5.0
#define STEP_SHARE_MIN 0.3 /* z means nothing where the lines have come this close */

enum { PEAKS_MAX = 16, TOP_POINTS_MIN = 3, TOP_ROUNDS = 4 };

/* z on a uniform grid; a slice of the scan, not a mask: a mask fakes peaks at its edge. */
struct course {
	const double *z, *slope; /* smoothed; slope per grid step */
	const double *raw;       /* z as measured */
	size_t count;
	double low_k, step_k, prominence;
};

struct peak {
	size_t at;
	double prominence;
};

static double course_k(const struct course *course, double index)
{
	return course->low_k + index * course->step_k;
}

static double step_at(const struct match *match, double temperature_k)
{
	return line_at(match->liquid, temperature_k) - line_at(match->glass, temperature_k);
}

/* The lowest temperature of the slice: T2, or where l - g has come down to 30 % of its value at Tf_ref. */
static double slice_low_k(const struct match *match)
{
	double at_ref = step_at(match, match->tf_ref_k), slope = match->liquid.slope - match->glass.slope;
	double crossing_k = match->tf_ref_k - (1 - STEP_SHARE_MIN) * at_ref / slope;

	return slope > 0 ? fmax(match->from_k, crossing_k) : match->from_k;
}

static struct course course_make(const struct curve *curve, const struct match *match, double noise,
				 double *const scratch[3])
{
	double low_k = slice_low_k(match), high_k = match->to_k;
	double mean_k = (curve->temperature_k[curve->count - 1] - curve->temperature_k[0]) /
			(double)(curve->count - 1);
	size_t count = (size_t)((high_k - low_k) / mean_k), half;
	struct course course = {.low_k = low_k, .z = scratch[0], .raw = scratch[1], .slope = scratch[2]};
	double z_noise = noise / step_at(match, match->tf_ref_k);

	count = count < curve->count ? count : curve->count;
	if (count < 8)
		return course;
	course.count = count;
	course.step_k = (high_k - low_k) / (double)(count - 1);
	for (size_t i = 0; i < count; i++)
		scratch[0][i] = course_k(&course, (double)i);
	smooth_interpolate(curve->temperature_k, curve->signal, curve->count, scratch[0], count, scratch[1]);
	for (size_t i = 0; i < count; i++)
		scratch[1][i] = (scratch[1][i] - line_at(match->glass, scratch[0][i])) /
				step_at(match, scratch[0][i]);
	half = (size_t)fmax(2, round(SMOOTH_K / 2 / course.step_k));
	smooth_savitzky_golay(scratch[1], count, half, scratch[0], scratch[2]);
	/* the cubic smoother leaves 9/4 of the variance of a mean over its window */
	course.prominence =
		fmax(PROMINENCE_MIN, PROMINENCE_SIGMAS * z_noise * 1.5 / sqrt(2 * (double)half + 1));
	return course;
}

/* Height above the higher of the two valleys that part it from something higher. */
static double prominence_of(const struct course *course, size_t at)
{
	double left = course->z[at], right = left;

	for (size_t i = at; i-- > 0 && course->z[i] <= course->z[at];)
		left = fmin(left, course->z[i]);
	for (size_t i = at + 1; i < course->count && course->z[i] <= course->z[at]; i++)
		right = fmin(right, course->z[i]);
	return course->z[at] - fmax(left, right);
}

/* Turning points: up by the prominence, then down by it. Rising order; at most PEAKS_MAX. */
static size_t peaks_find(const struct course *course, struct peak ret_peaks[PEAKS_MAX])
{
	size_t count = 0, top = 0, bottom = 0;
	bool rising = false;

	for (size_t i = 1; i < course->count && count < PEAKS_MAX; i++) {
		if (rising && course->z[i] > course->z[top])
			top = i;
		if (!rising && course->z[i] < course->z[bottom])
			bottom = i;
		if (rising && course->z[i] < course->z[top] - course->prominence) {
			ret_peaks[count++] = (struct peak){top, prominence_of(course, top)};
			rising = false;
			bottom = i;
		} else if (!rising && course->z[i] > course->z[bottom] + course->prominence) {
			rising = true;
			top = i;
		}
	}
	return count;
}

/* Half the width of the peak where it has lost @TOP_SHARE of its prominence, in points: what a cubic can
 * follow. */
static size_t top_half(const struct course *course, const struct peak *peak)
{
	double level = course->z[peak->at] - TOP_SHARE * peak->prominence;
	size_t from = peak->at, to = peak->at, half;

	while (from > 0 && course->z[from] > level)
		from--;
	while (to + 1 < course->count && course->z[to] > level)
		to++;
	half = (to - from) / 2;
	half = half < (size_t)(TOP_MAX_K / course->step_k) ? half : (size_t)(TOP_MAX_K / course->step_k);
	return half > TOP_POINTS_MIN ? half : TOP_POINTS_MIN;
}

/* Top of a cubic through the points as measured: the smoothed curve leans to the peak's flat side. */
static double top_k(const struct course *course, const struct peak *peak)
{
	size_t half = top_half(course, peak), at = peak->at;
	double top = (double)at, sd;

	for (int round = 0; round < TOP_ROUNDS; round++) {
		struct cubic cubic;

		if (at < half || at + half >= course->count)
			break;
		cubic = cubic_fit(course->raw, at, half);
		if (!cubic_top(&cubic, &top, &sd))
			break;
		at = (size_t)(top + 0.5);
	}
	return course_k(course, top);
}

static const struct peak *most_prominent(const struct peak *peaks, size_t count)
{
	const struct peak *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (!best || peaks[i].prominence > best->prominence)
			best = &peaks[i];
	return best;
}

static void features_peaks(const struct course *course, struct pair_features *features)
{
	struct peak peaks[PEAKS_MAX];
	size_t count = peaks_find(course, peaks), below = 0;
	const struct peak *main = most_prominent(peaks, count), *sub;

	if (main && course->z[main->at] < 0.5) {
		features->tp_sub_k = top_k(course, main);
		return;
	}
	if (!main)
		return;
	features->tp_k = top_k(course, main);
	features->peak_z = course->z[main->at];
	while (below < count && course_k(course, (double)peaks[below].at) < features->tp_k - SUB_BELOW_K)
		below++;
	sub = most_prominent(peaks, below);
	if (sub)
		features->tp_sub_k = top_k(course, sub);
}

/* The last step up through z = 1/2; count when there is none. */
static size_t last_rise(const struct course *course)
{
	for (size_t i = course->count - 1; i-- > 0;)
		if (course->z[i] < 0.5 && course->z[i + 1] >= 0.5)
			return i;
	return course->count;
}

static void features_rise(const struct course *course, struct pair_features *features)
{
	size_t at = last_rise(course), bottom, top, steep;

	if (at >= course->count)
		return;
	features->midpoint_k =
		course_k(course, (double)at + (0.5 - course->z[at]) / (course->z[at + 1] - course->z[at]));
	bottom = top = steep = at;
	for (size_t i = 0; i < at; i++)
		if (course->z[i] < course->z[bottom])
			bottom = i;
	for (size_t i = at; i < course->count; i++)
		if (course->z[i] > course->z[top])
			top = i;
	for (size_t i = bottom; i <= top; i++)
		if (course->slope[i] > course->slope[steep])
			steep = i;
	if (course->slope[steep] > 0)
		features->onset_k = course_k(course, (double)steep - course->z[steep] / course->slope[steep]);
}

void feature_find(const struct curve *curve, const struct match *match, double noise,
		  double *const scratch[3], struct pair_features *ret_features)
{
	struct course course = course_make(curve, match, noise, scratch);
	struct pair_features features = {NAN, NAN, NAN, NAN, NAN};

	if (course.count) {
		features_peaks(&course, &features);
		features_rise(&course, &features);
	}
	*ret_features = features;
}
