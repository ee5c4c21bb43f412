/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rows 2 to 6, 17 and 18 rest on: the last good reads, the middle one of each three, and slopes of those
 * over a window that slides with them. One read that lies apart, on either side, then is neither a slope nor
 * the end of something that lasts; what is real is seen one read later.
 */
#include "protocol/interlock_rows.h"

#include <math.h>
#include <string.h>

_Static_assert(MEMORY_MAX <= sizeof(((struct machine_private *)0)->memory) / sizeof(double),
	       "room for every memory");
_Static_assert(TIMER_MAX <= sizeof(((struct machine_private *)0)->timer) / sizeof(double),
	       "room for every timer");

struct window {
	int reads; /* one more than spans it */
	double apart_s, span_s;
};

/* A window as long as noise asks for, a step as short as the row's reaction does. */
static const struct window rise = {11, 1, 10}, fall = {5, 0.5, 2};

static void remember(double *reads, int count, double read)
{
	memmove(reads + 1, reads, (size_t)(count - 1) * sizeof(*reads));
	reads[0] = read;
}

double interlock_middle(const struct machine_reads *reads)
{
	const double *last = reads->last;

	return fmax(fmin(last[0], last[1]), fmin(fmax(last[0], last[1]), last[2]));
}

/* The first stands for the two before it; the same read seen again is none. */
static void take_read(struct machine_reads *reads, const struct measurement *m)
{
	int times = reads->any ? 1 : MACHINE_LAST_READS;

	if (reads->any && m->t_lab_s <= reads->last_lab_s[0])
		return;
	reads->any = true;
	while (times-- > 0) {
		remember(reads->last, MACHINE_LAST_READS, m->value);
		remember(reads->last_lab_s, MACHINE_LAST_READS, m->t_lab_s);
	}
}

/* Against the youngest read that is a whole window old; there is no slope before. In what falls steadily the
 * middle one by value is the middle one in time. */
static void observe_slope(struct machine_reads *reads, const struct window *window)
{
	double value = interlock_middle(reads), t_lab_s = reads->last_lab_s[1];
	uint32_t i = reads->window_count;

	while (i > 0 && t_lab_s - reads->window_lab_s[i - 1] >= window->span_s)
		i--;
	if (i < reads->window_count)
		reads->slope_per_s = (value - reads->window[i]) / (t_lab_s - reads->window_lab_s[i]);
	if (reads->window_count > 0 && t_lab_s - reads->window_lab_s[0] < window->apart_s)
		return;
	remember(reads->window, window->reads, value);
	remember(reads->window_lab_s, window->reads, t_lab_s);
	reads->window_count = (uint32_t)fmin(reads->window_count + 1, window->reads);
}

void interlock_observe(struct step *step)
{
	const struct inputs *in = step->in;
	struct machine_private *p = step->p;

	if (in->temperature_k.quality == QUALITY_GOOD)
		p->good_k_lab_s = fmax(p->good_k_lab_s, in->temperature_k.t_lab_s);
	if (in->pressure_gpa.quality == QUALITY_GOOD)
		p->good_gpa_lab_s = fmax(p->good_gpa_lab_s, in->pressure_gpa.t_lab_s);
	if (step_is_fresh(step, &in->temperature2_k))
		take_read(&p->reads2_k, &in->temperature2_k);
	if (step->t_fresh) {
		take_read(&p->reads_k, &in->temperature_k);
		observe_slope(&p->reads_k, &rise);
	}
	if (step->p_fresh) {
		take_read(&p->reads_gpa, &in->pressure_gpa);
		observe_slope(&p->reads_gpa, &fall);
	}
}
