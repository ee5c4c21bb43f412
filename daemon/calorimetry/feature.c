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

#define CHOICE 1.2          /* noise sways the choice among windows, too */
#define GRID_SD 0.29        /* of a point: what is sharper than the rows lie apart is not seen */
#define NOISE_FLOOR 5e-4    /* of the step: no real curve is smoother */
#define BIAS_SIGMAS 1.5     /* of a narrow window: within, it agrees with a wider one */
#define BEND_SIGMAS 3.0     /* of its own noise: what a feature must stand out by within its window */
#define TANGENT_SIGMAS 10.0 /* of a slope: below, the steepest place is where the noise is */

/*
 * What the next wider window, 1.5 times as wide, sees otherwise, in errors of the window itself. A place
 * moves with the square of the width of the cubic it is read from. Where the steepest tangent is cut does not
 * move with the place of the tangent to first order, only with its slope: with the fourth power.
 */
#define GROWTH_PLACE 1.25
#define GROWTH_CUT 4.06

enum { PEAKS_MAX = 16, SCALE_LEAST = 2, SCALES_MAX = 16, ROUNDS = 6 };

/* z on a uniform grid; a slice of the scan, not a mask: a mask fakes peaks at its edge. */
struct course {
	const double *z, *slope; /* smoothed; slope per grid step */
	const double *raw;       /* z as measured */
	double *work;            /* scratch of one reading */
	size_t count;
	double low_k, step_k, prominence;
	double noise; /* of one point of raw */
};

struct peak {
	size_t at;
	double prominence;
};

static double course_k(const struct course *course, double index)
{
	return course->low_k + index * course->step_k;
}

/* A place on the course, in points from its start, and the slope there; NAN: none. */
struct reading {
	double at, sd, slope;
};

/* Reads a place near @at with a window of 2 @half + 1 points; @ret_reading->sd is what noise makes. */
typedef bool reading_at(const struct course *course, size_t at, size_t half, struct reading *ret_reading);

/* The furthest that narrower windows put it, beyond what noise makes of theirs. */
static double reading_bias(const struct reading *readings, size_t index)
{
	double bias = 0;

	for (size_t i = 0; i < index; i++)
		bias = fmax(bias, fabs(readings[index].at - readings[i].at) - BIAS_SIGMAS * readings[i].sd);
	return bias;
}

/*
 * A wide window averages noise away and a sharp feature with it. Windows of half widths from @least_half to
 * @most points: the one whose error, of noise and of what narrower ones see otherwise, is least. What the
 * next wider one sees otherwise, over @growth, tells how much hangs on the choice.
 */
static struct reading reading_find(const struct course *course, size_t at, size_t least_half, size_t most,
				   double growth, reading_at *read)
{
	struct reading readings[SCALES_MAX], best = {NAN, NAN, NAN};
	size_t count = 0;
	double least = INFINITY;

	for (size_t half = least_half; half <= most && count < SCALES_MAX; half += (half + 1) / 2)
		if (read(course, at, half, &readings[count]))
			count++;
	for (size_t i = 0; i < count; i++) {
		double bias = reading_bias(readings, i),
		       next = i + 1 < count ? readings[i + 1].at - readings[i].at : 0;

		if (bias + BIAS_SIGMAS * readings[i].sd < least) {
			least = bias + BIAS_SIGMAS * readings[i].sd;
			best = readings[i];
			best.sd = hypot(hypot(bias, CHOICE * readings[i].sd), hypot(next / growth, GRID_SD));
		}
	}
	return best;
}

static struct reading reading_k(const struct course *course, struct reading reading)
{
	return (struct reading){course_k(course, reading.at), reading.sd * course->step_k,
				reading.slope / course->step_k};
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

static void z_fill(const struct match *match, const struct course *course, const double *temperature_k,
		   double *restrict signal)
{
	struct line glass = match->glass, liquid = match->liquid;

	for (size_t i = 0; i < course->count; i++) {
		double g = line_at(glass, temperature_k[i]), l = line_at(liquid, temperature_k[i]);

		signal[i] = (signal[i] - g) / (l - g);
	}
}

static struct course course_make(const struct curve *curve, const struct match *match, double noise,
				 double *const scratch[FEATURE_COLUMNS])
{
	double low_k = slice_low_k(match), high_k = match->to_k;
	double mean_k = (curve->temperature_k[curve->count - 1] - curve->temperature_k[0]) /
			(double)(curve->count - 1);
	size_t count = (size_t)((high_k - low_k) / mean_k), half;
	struct course course = {
		.low_k = low_k, .z = scratch[0], .raw = scratch[1], .slope = scratch[2], .work = scratch[3]};
	double z_noise = noise / step_at(match, match->tf_ref_k);

	count = count < curve->count ? count : curve->count;
	if (count < 8)
		return course;
	course.count = count;
	course.noise = fmax(z_noise, NOISE_FLOOR);
	course.step_k = (high_k - low_k) / (double)(count - 1);
	for (size_t i = 0; i < count; i++)
		scratch[0][i] = course_k(&course, (double)i);
	smooth_interpolate(curve->temperature_k, curve->signal, curve->count, scratch[0], count, scratch[1]);
	z_fill(match, &course, scratch[0], scratch[1]);
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
	const double *z = course->z, top = z[at];
	double left = top, right = top;

	for (size_t i = at; i-- > 0 && z[i] <= top;)
		left = z[i] < left ? z[i] : left;
	for (size_t i = at + 1; i < course->count && z[i] <= top; i++)
		right = z[i] < right ? z[i] : right;
	return top - (left > right ? left : right);
}

/* Turning points: up by the prominence, then down by it. Rising order; at most PEAKS_MAX. */
static size_t peaks_find(const struct course *course, struct peak ret_peaks[PEAKS_MAX])
{
	size_t count = 0, turn = 0; /* the highest place while it rises, else the lowest */
	double z_turn = course->z[0];
	bool rising = false;

	for (size_t i = 1; i < course->count && count < PEAKS_MAX; i++) {
		double z = course->z[i], back = rising ? z_turn - z : z - z_turn;

		if (back > course->prominence) {
			if (rising)
				ret_peaks[count++] = (struct peak){turn, prominence_of(course, turn)};
			rising = !rising;
		} else if (!(back < 0)) {
			continue;
		}
		turn = i;
		z_turn = z;
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
	return half > SCALE_LEAST ? half : SCALE_LEAST;
}

/* Top of a cubic through the 2 @half + 1 points, as measured, about the highest place of that smoothness. */
static bool top_at(const struct course *course, size_t at, size_t half, struct reading *ret_reading)
{
	size_t reach = 2 * half + (size_t)(SMOOTH_K / 2 / course->step_k) + 1, highest;
	size_t from = at > reach ? at - reach : 0,
	       to = at + reach < course->count ? at + reach : course->count;
	struct reading reading;
	struct cubic cubic;

	if (to - from < 4 * half + 3)
		return false;
	smooth_inside(course->raw + from, to - from, half, course->work, NULL);
	highest = half;
	for (size_t i = half; i + half < to - from; i++)
		if (course->work[i] > course->work[highest])
			highest = i;
	cubic = cubic_fit(course->raw, from + highest, half);
	if (!cubic_top(&cubic, &reading.at, &reading.sd))
		return false;
	reading.sd *= course->noise;
	*ret_reading = reading;
	/* a bend that noise could have made has no top */
	return -cubic.a[2] * (double)(half * half) > BEND_SIGMAS * course->noise * cubic.a0_sd;
}

static struct reading top_of(const struct course *course, const struct peak *peak)
{
	return reading_k(course, reading_find(course, peak->at, SCALE_LEAST, top_half(course, peak),
					      GROWTH_PLACE, top_at));
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
	const struct peak *main = most_prominent(peaks, count), *sub = NULL;
	struct reading reading;

	if (main && course->z[main->at] < 0.5) {
		sub = main;
	} else if (main) {
		reading = top_of(course, main);
		features->tp_k = reading.at;
		features->tp_sd_k = reading.sd;
		features->peak_z = course->z[main->at];
		while (below < count &&
		       course_k(course, (double)peaks[below].at) < features->tp_k - SUB_BELOW_K)
			below++;
		sub = most_prominent(peaks, below);
	}
	if (!sub)
		return;
	reading = top_of(course, sub);
	features->tp_sub_k = reading.at;
	features->tp_sub_sd_k = reading.sd;
}

/* The last step up through z = 1/2; count when there is none. */
static size_t last_rise(const struct course *course)
{
	for (size_t i = course->count - 1; i-- > 0;)
		if (course->z[i] < 0.5 && course->z[i + 1] >= 0.5)
			return i;
	return course->count;
}

/* Where a cubic through the window about @at comes through z = 1/2. */
static bool half_at(const struct course *course, size_t at, size_t half, struct reading *ret_reading)
{
	struct cubic cubic;
	double v = 0, slope = 0;

	if (at < half || at + half >= course->count)
		return false;
	cubic = cubic_fit(course->raw, at, half);
	for (int round = 0; round < ROUNDS; round++) {
		double z = cubic.a[0] + v * (cubic.a[1] + v * (cubic.a[2] + v * cubic.a[3]));

		slope = cubic.a[1] + v * (2 * cubic.a[2] + v * 3 * cubic.a[3]);
		v -= (z - 0.5) / slope;
		if (!(fabs(v) <= (double)half))
			return false;
	}
	*ret_reading = (struct reading){(double)at + v, course->noise * cubic.a0_sd / slope, slope};
	return slope * (double)half > BEND_SIGMAS * course->noise * cubic.a0_sd;
}

/*
 * A tangent is of the smoothed curve: through less than its window, the steepest place would be any jump on
 * the way up, however small. Narrower where the whole rise is.
 */
static size_t tangent_least(const struct course *course, size_t most)
{
	size_t least = (size_t)(SMOOTH_K / 2 / course->step_k);

	least = least < most ? least : most;
	return least > SCALE_LEAST ? least : SCALE_LEAST;
}

/* The steepest tangent of a cubic near @at, carried down to the glass line. */
static bool tangent_at(const struct course *course, size_t at, size_t half, struct reading *ret_reading)
{
	size_t reach = 2 * half + (size_t)(SMOOTH_K / course->step_k) + 1, steep;
	size_t from = at > reach ? at - reach : 0,
	       to = at + reach < course->count ? at + reach : course->count;
	double v = 0, z, slope, run;
	struct cubic cubic;

	if (to - from < 4 * half + 3)
		return false;
	smooth_inside(course->raw + from, to - from, half, NULL, course->work);
	steep = half;
	for (size_t i = half; i + half < to - from; i++)
		if (course->work[i] > course->work[steep])
			steep = i;
	cubic = cubic_fit(course->raw, from + steep, half);
	if (cubic.a[3] < 0)
		v = fmin(fmax(-cubic.a[2] / (3 * cubic.a[3]), -(double)half), (double)half);
	z = cubic.a[0] + v * (cubic.a[1] + v * (cubic.a[2] + v * cubic.a[3]));
	slope = cubic.a[1] + v * (2 * cubic.a[2] + v * 3 * cubic.a[3]);
	run = z / slope;
	*ret_reading = (struct reading){
		(double)(from + steep) + v - run,
		course->noise * hypot(run * cubic.a1_sd, cubic.a0_sd) / slope,
		slope,
	};
	return slope > TANGENT_SIGMAS * course->noise * cubic.a1_sd;
}

static void features_rise(const struct course *course, struct pair_features *features,
			  struct feature_slopes *slopes)
{
	size_t at = last_rise(course), bottom, top, steep, most;
	struct reading reading;

	if (at >= course->count)
		return;
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
	most = (size_t)fmin((double)(top - bottom) / 4, TOP_MAX_K / course->step_k);
	most = most > SCALE_LEAST ? most : SCALE_LEAST;
	reading = reading_k(course, reading_find(course, at, SCALE_LEAST, most, GROWTH_PLACE, half_at));
	features->midpoint_k = reading.at;
	features->midpoint_sd_k = reading.sd;
	slopes->midpoint_per_k = reading.slope;
	reading = reading_k(course, reading_find(course, steep, tangent_least(course, most), most, GROWTH_CUT,
						 tangent_at));
	features->onset_k = reading.at;
	features->onset_sd_k = reading.sd;
	slopes->onset_per_k = reading.slope;
}

struct pair_features feature_none(void)
{
	return (struct pair_features){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

void feature_find(const struct curve *curve, const struct match *match, double noise,
		  double *const scratch[FEATURE_COLUMNS], struct pair_features *ret_features,
		  struct feature_slopes *ret_slopes)
{
	struct course course = course_make(curve, match, noise, scratch);
	struct pair_features features = feature_none();
	struct feature_slopes slopes = {NAN, NAN};

	if (course.count) {
		features_peaks(&course, &features);
		features_rise(&course, &features, &slopes);
	}
	*ret_features = features;
	*ret_slopes = slopes;
}
