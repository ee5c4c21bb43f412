/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rows 2, 3, 5, 6 and 18 rest on: the last good reads, and slopes over a window that slides with them.
 */
#include "protocol/interlock_rows.h"

#include <math.h>
#include <string.h>

_Static_assert(MEMORY_MAX <= sizeof(((struct machine_private *)0)->memory) / sizeof(double),
	       "room for every memory");

struct window {
	enum interlock_memory slope, values, times;
	int reads;
	double apart_s, span_s;
};

/* A window as long as noise asks for, a step as short as the row's reaction does. */
static const struct window rise = {MEMORY_RISE_K_PER_S, MEMORY_RISE_K, MEMORY_RISE_LAB_S, RISE_READS, 1, 10},
			   fall = {MEMORY_FALL_GPA_PER_S,
				   MEMORY_FALL_GPA,
				   MEMORY_FALL_LAB_S,
				   FALL_READS,
				   0.5,
				   2};

static void remember(double *reads, int count, double read)
{
	memmove(reads + 1, reads, (size_t)(count - 1) * sizeof(*reads));
	reads[0] = read;
}

/* Against the youngest read that is a whole window old; there is no slope before. */
static void observe_slope(double *memory, const struct window *window, const struct measurement *m)
{
	double *values = memory + window->values, *times = memory + window->times;
	int i = 0;

	while (i < window->reads - 1 && m->t_lab_s - times[i] < window->span_s)
		i++;
	if (times[i] >= 0)
		memory[window->slope] = (m->value - values[i]) / (m->t_lab_s - times[i]);
	if (m->t_lab_s - times[0] < window->apart_s && times[0] >= 0)
		return;
	remember(values, window->reads, m->value);
	remember(times, window->reads, m->t_lab_s);
}

void interlock_observe(struct step *step)
{
	const struct inputs *in = step->in;

	if (in->temperature_k.quality == QUALITY_GOOD)
		step->p->good_k_lab_s = fmax(step->p->good_k_lab_s, in->temperature_k.t_lab_s);
	if (in->pressure_gpa.quality == QUALITY_GOOD)
		step->p->good_gpa_lab_s = fmax(step->p->good_gpa_lab_s, in->pressure_gpa.t_lab_s);
	if (step->t_fresh)
		observe_slope(step->p->memory, &rise, &in->temperature_k);
	if (step->p_fresh)
		observe_slope(step->p->memory, &fall, &in->pressure_gpa);
}

void interlock_forget_reads(struct machine_private *p)
{
	for (int i = 0; i < RISE_READS; i++)
		p->memory[MEMORY_RISE_LAB_S + i] = NEVER_LAB_S;
	for (int i = 0; i < FALL_READS; i++)
		p->memory[MEMORY_FALL_LAB_S + i] = NEVER_LAB_S;
}
