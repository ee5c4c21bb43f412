/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/quantity.h"

#include <math.h>

static double step_at(const struct match *match, double temperature_k)
{
	return line_at(match->liquid, temperature_k) - line_at(match->glass, temperature_k);
}

/* The signal that has this z under the match. */
static struct probe probe_make(const struct match *match, bool first, double temperature_k, double z,
			       double slope)
{
	double signal = line_at(match->glass, temperature_k) + z * step_at(match, temperature_k);

	if (first)
		signal = (signal - match->b - match->c * temperature_k) / match->k;
	return (struct probe){first, temperature_k, signal, z, slope};
}

struct probes probes_make(const struct match *match, const struct pair_features *first,
			  const struct feature_slopes *first_slopes, const struct pair_features *reference,
			  const struct feature_slopes *reference_slopes)
{
	return (struct probes){
		.step = step_at(match, match->tf_ref_k),
		.of = {[QUANTITY_ONSET - QUANTITY_ONSET] =
			       probe_make(match, true, first->onset_k, 0, first_slopes->onset_per_k),
		       [QUANTITY_MIDPOINT - QUANTITY_ONSET] =
			       probe_make(match, true, first->midpoint_k, 0.5, first_slopes->midpoint_per_k),
		       [QUANTITY_ONSET_REF - QUANTITY_ONSET] =
			       probe_make(match, false, reference->onset_k, 0, reference_slopes->onset_per_k),
		       [QUANTITY_MIDPOINT_REF - QUANTITY_ONSET] = probe_make(
			       match, false, reference->midpoint_k, 0.5, reference_slopes->midpoint_per_k)},
	};
}

static double probe_read(const struct probe *probe, const struct match *match)
{
	double t = probe->temperature_k,
	       y = probe->first ? match_aligned(match, t, probe->signal) : probe->signal;
	double z = (y - line_at(match->glass, t)) / step_at(match, t);

	return t - (z - probe->z) / probe->slope;
}

struct quantities quantities_of(const struct match *match, const struct probes *probes)
{
	struct quantities q;

	q.k[QUANTITY_TF] = match->tf_k;
	q.k[QUANTITY_TF_REF] = match->tf_ref_k;
	q.k[QUANTITY_DELTA] = match->tf_k - match->tf_ref_k;
	q.k[QUANTITY_ENTHALPY] = (match->area_ref - match->area_first) / probes->step;
	for (int i = 0; i < PROBES; i++)
		q.k[QUANTITY_ONSET + i] = probe_read(&probes->of[i], match);
	return q;
}

struct quantities quantities_minus(const struct quantities *a, const struct quantities *b)
{
	struct quantities q;

	for (int i = 0; i < QUANTITY_MAX; i++)
		q.k[i] = a->k[i] - b->k[i];
	return q;
}
