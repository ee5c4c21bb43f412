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

bool interlock_doubts_cold(const struct step *step)
{
	const double *memory = step->p->memory;

	return memory[MEMORY_DOUBT_K] > step->limits->release_temperature_k || memory[MEMORY_FELL_K] > 0;
}

static void begin_doubt(struct step *step, double from_k)
{
	double *memory = step->p->memory, value = step->in->temperature_k.value;

	memory[MEMORY_DOUBT_K] = fmax(memory[MEMORY_DOUBT_K], from_k);
	memory[MEMORY_FELL_K] = value;
	step_note(step, NOTE_INFO, ALARM_NONE,
		  "Temperature fell from %.1f to %.1f K at once: it proves no cold before the programme's "
		  "cooling is there too, nor while it stands still.",
		  from_k, value);
}

/* What it may be falls at the programme's rate. A reading that is hot, and back where it may be, ends the
 * doubt. */
static void go_on_doubting(struct step *step)
{
	const struct limits *limits = step->limits;
	double *memory = step->p->memory, value = step->in->temperature_k.value;

	memory[MEMORY_DOUBT_K] -= step->plan->cooling_k_per_s * step->dt;
	if (value < memory[MEMORY_FELL_K] || value > memory[MEMORY_FELL_K])
		memory[MEMORY_FELL_K] = 0;
	if (value > limits->release_temperature_k &&
	    value > memory[MEMORY_DOUBT_K] - limits->pair_difference_k)
		memory[MEMORY_DOUBT_K] = 0;
}

/*
 * A thermocouple that breaks, slips out or is shorted while the cell is hot reads the room, and to the
 * release that is cold. It got there faster than a cell does: so much between two reads, whatever lay between
 * them, is no cooling.
 */
static void observe_fall(struct step *step)
{
	const struct machine_reads *reads = &step->p->reads_k;
	const struct measurement *m = &step->in->temperature_k;
	double span_s = fmin(m->t_lab_s - reads->last_lab_s[0], step->limits->fresh_age_s);
	double fall_k = reads->last[0] - m->value, least_k = step->limits->jump_k_per_s * fmax(span_s, 0.1);

	if (reads->last[0] > step->limits->release_temperature_k && fall_k > least_k)
		begin_doubt(step, reads->last[0]);
	else
		go_on_doubting(step);
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
		observe_fall(step);
		take_read(&p->reads_k, &in->temperature_k);
		observe_slope(&p->reads_k, &rise);
	}
	if (step->p_fresh) {
		take_read(&p->reads_gpa, &in->pressure_gpa);
		observe_slope(&p->reads_gpa, &fall);
	}
}
