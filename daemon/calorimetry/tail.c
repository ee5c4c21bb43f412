/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/tail.h"

#include <math.h>
#include <stdbool.h>

#define TOP_SHARE 0.02 /* of the step: above, relaxation is not near equilibrium yet */
#define APART_SHARE \
	0.0005 /* of the step, and of noise: by which the scans may part, as they do before that */
#define APART_SIGMAS 2.0
#define SEEN_SIGMAS 2.0 /* of its noise: below, there is no tail to be seen */
#define DECAY_MIN_K 3.0 /* of all decays that are tried */
#define DECAY_MAX_K 30.0

enum { BINS_WINDOW = 16, BINS_MAX = 64, BINS_BELOW_MIN = 4, DECAYS = 25 };
enum { FIRST, REFERENCE, SCANS };

/* Both scans from where their overshoots have nearly gone, and they run as one, to the end of the window. */
struct bins {
	double k[BINS_MAX], y[SCANS][BINS_MAX], points[BINS_MAX];
	size_t count[SCANS], below; /* of each scan; of the reference below the window */
	double from_k;              /* where the window begins */
};

/* What a tail of one decay makes of the bins: y = line + at_from e. */
struct fit {
	double at_from, variance; /* of at_from, for points of standard deviation 1 */
	double squares;           /* of what is left */
};

/* 1 at @from_k. A time that is activated, exp(E/T), falls by e in T^2/E there, and more slowly above. */
static double fading(double from_k, double decay_k, double k)
{
	return exp((from_k - k) / decay_k * (from_k / k));
}

static struct line window_line(const double *x, const double *y, size_t count, const double window_k[2])
{
	size_t from = line_index(x, count, window_k[0]), to = from;

	while (to < count && x[to] <= window_k[1])
		to++;
	return to > from + 2 ? line_fit(x + from, y + from, to - from) : (struct line){NAN, NAN, NAN};
}

/* The means of the points in [@low_k, @high_k) as the next bin; false when there are none. */
static bool bin_fill(struct bins *bins, const struct tail_scans *scans, double low_k, double high_k)
{
	double n = 0, k = 0, first = 0, reference = 0;
	size_t at = bins->count[REFERENCE];

	for (size_t i = line_index(scans->temperature_k, scans->count, low_k);
	     i < scans->count && scans->temperature_k[i] < high_k; i++) {
		n++;
		k += scans->temperature_k[i];
		first += scans->first[i];
		reference += scans->reference[i];
	}
	if (n == 0)
		return false;
	bins->k[at] = k / n;
	bins->y[FIRST][at] = first / n;
	bins->y[REFERENCE][at] = reference / n;
	bins->points[at] = n;
	return true;
}

/* What a scan has above its line in the bin that is the reference's next. */
static double above(const struct bins *bins, int scan, struct line line)
{
	size_t at = bins->count[REFERENCE];

	return bins->y[scan][at] - line_at(line, bins->k[at]);
}

/*
 * Is the reference near equilibrium in its next bin, and does the first scan, when it did up to there, still
 * do the same? Near equilibrium the past of a glass is forgotten.
 */
static bool near_equilibrium(const struct bins *bins, const struct tail_scans *scans,
			     const struct line lines[SCANS], bool *both)
{
	double noise = scans->noise * sqrt(2 / bins->points[bins->count[REFERENCE]]);
	double first = above(bins, FIRST, lines[FIRST]), reference = above(bins, REFERENCE, lines[REFERENCE]);

	*both = *both && fabs(first) < TOP_SHARE * scans->step &&
		fabs(first - reference) < APART_SHARE * scans->step + APART_SIGMAS * noise;
	return fabs(reference) < TOP_SHARE * scans->step;
}

static struct bins bins_of(const struct tail_scans *scans, const double liquid_k[2])
{
	double width_k = (liquid_k[1] - liquid_k[0]) / BINS_WINDOW;
	const struct line lines[SCANS] = {
		window_line(scans->temperature_k, scans->first, scans->count, liquid_k),
		window_line(scans->temperature_k, scans->reference, scans->count, liquid_k)};
	struct bins bins = {.from_k = liquid_k[0]};
	bool both = true;

	for (size_t i = 0; i < BINS_WINDOW; i++)
		if (bin_fill(&bins, scans, liquid_k[0] + (double)i * width_k,
			     liquid_k[0] + (double)(i + 1) * width_k))
			bins.count[FIRST] = ++bins.count[REFERENCE];
	for (size_t i = 1; bins.count[REFERENCE] < BINS_MAX; i++) {
		if (!bin_fill(&bins, scans, liquid_k[0] - (double)i * width_k,
			      liquid_k[0] - (double)(i - 1) * width_k) ||
		    !near_equilibrium(&bins, scans, lines, &both))
			break;
		bins.count[REFERENCE]++;
		bins.count[FIRST] += both;
		bins.below++;
	}
	return bins;
}

/* Sums of the products of what a line leaves of y and of e. */
struct products {
	double yy, ee, ey;
};

static struct products products_of(const struct bins *bins, int scan, const double *e)
{
	const double *y = bins->y[scan];
	double n = 0, u = 0, uu = 0, s = 0, su = 0, es = 0, eu = 0, suu;
	struct products of = {0, 0, 0};

	for (size_t i = 0; i < bins->count[scan]; i++) {
		double w = bins->points[i], at = bins->k[i] - bins->from_k, v = y[i] - y[0];

		n += w;
		u += w * at;
		uu += w * at * at;
		s += w * v;
		su += w * v * at;
		es += w * e[i];
		eu += w * e[i] * at;
		of.yy += w * v * v;
		of.ee += w * e[i] * e[i];
		of.ey += w * e[i] * v;
	}
	suu = uu - u * u / n;
	su -= u * s / n;
	eu -= u * es / n;
	return (struct products){of.yy - s * s / n - su * su / suu, of.ee - es * es / n - eu * eu / suu,
				 of.ey - es * s / n - eu * su / suu};
}

/* Each scan on a line of its own, with one tail. */
static struct fit fit_of(const struct bins *bins, double decay_k)
{
	double e[BINS_MAX], ee, ey;
	struct products a, b;

	for (size_t i = 0; i < bins->count[REFERENCE]; i++)
		e[i] = fading(bins->from_k, decay_k, bins->k[i]);
	a = products_of(bins, FIRST, e);
	b = products_of(bins, REFERENCE, e);
	ee = a.ee + b.ee;
	ey = a.ey + b.ey;
	return (struct fit){ey / ee, 1 / ee, a.yy + b.yy - ey * ey / ee};
}

struct tail tail_find(const struct tail_scans *scans, const double liquid_k[2])
{
	struct tail none = {liquid_k[0], 0, 1}, tail = none;
	struct bins bins = bins_of(scans, liquid_k);
	double least = INFINITY, seen = 0;
	int best = 0;

	if (bins.below < BINS_BELOW_MIN)
		return none;
	for (int i = 0; i < DECAYS; i++) {
		double decay_k = DECAY_MIN_K * pow(DECAY_MAX_K / DECAY_MIN_K, (double)i / (DECAYS - 1));
		struct fit fit = fit_of(&bins, decay_k);

		if (fit.squares < least) {
			least = fit.squares;
			best = i;
			tail = (struct tail){liquid_k[0], fit.at_from, decay_k};
			seen = SEEN_SIGMAS * scans->noise * sqrt(fit.variance);
		}
	}
	return best < DECAYS - 1 && tail.at_from > seen ? tail : none;
}

/* Mean and moment by Gauss and Legendre: exact to a ten-thousandth over six decays. */
struct line tail_line(const struct tail *tail, double low_k, double high_k)
{
	static const double nodes[][2] = {{-0.9061798459386640, 0.2369268850561891},
					  {-0.5384693101056831, 0.4786286704993665},
					  {0, 0.5688888888888889},
					  {0.5384693101056831, 0.4786286704993665},
					  {0.9061798459386640, 0.2369268850561891}};
	double centre_k = 0.5 * (low_k + high_k), half_k = 0.5 * (high_k - low_k), mean = 0, moment = 0;

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		double at = fading(tail->from_k, tail->decay_k, centre_k + half_k * nodes[i][0]);

		mean += nodes[i][1] * at;
		moment += nodes[i][1] * nodes[i][0] * at;
	}
	return (struct line){centre_k, 0.5 * tail->at_from * mean, 1.5 * tail->at_from * moment / half_k};
}

struct line tail_off(const struct tail *tail, struct line line, double low_k, double high_k)
{
	struct line off;

	if (tail->at_from == 0)
		return line;
	off = tail_line(tail, low_k, high_k);
	return (struct line){line.centre, line.value - line_at(off, line.centre), line.slope - off.slope};
}
