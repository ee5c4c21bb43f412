/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to protocol/: one step in progress. The state under change, the actions being collected, and what
 * every rule asks first: is it fresh, is it cold, is it at ambient pressure.
 */
#ifndef DENSD_PROTOCOL_MACHINE_STEP_H
#define DENSD_PROTOCOL_MACHINE_STEP_H

#include "protocol/machine.h"

#define NEVER_LAB_S (-1.0)
#define COOL_DONE_BAND_K 2.0 /* COOL ends this close above its target */
#define STEP_MOST_S 5.0      /* a longer gap moves no setpoint further than this */

/* RECOVERY_WAIT knows the first three, TRIPPED the last: R1 with a latched trip. */
enum wait_mode { WAIT_OBSERVE, WAIT_SAFE_HOLD, WAIT_ADOPT, WAIT_TRIPPED_OBSERVE };

struct step {
	const struct plan *plan;     /* never NULL; @fallback when the caller had none */
	const struct limits *limits; /* of the plan */
	const struct inputs *in;     /* never NULL; all quality NONE when the caller had none */
	const struct event *event;
	const struct machine *old;
	struct machine *m;
	struct machine_private *p;
	struct actions *act;
	double now, dt;
	bool t_fresh, p_fresh; /* good and young */
	bool cold;             /* every trusted temperature fresh and <= T_release */
	bool ambient;          /* oil <= limit and DEPRESSURISED, fresh */
	double ambient_k;
	struct plan fallback;
	struct inputs no_inputs;
};

/* step.c */
void step_begin(struct step *step, const struct plan *plan, const struct machine *state,
		const struct event *event, struct machine *next, struct actions *actions);
void step_note(struct step *step, enum note_kind kind, enum alarm alarm, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void step_raise(struct step *step, enum alarm alarm, const char *text);
void step_clear(struct step *step, enum alarm alarm);
/* Emits the step's one intent; @before makes the machine wait for it. */
void step_intend(struct step *step, enum intent_kind kind, bool before, const char *text);
/* Changes the phase: note, time, cause. */
void step_enter(struct step *step, enum phase phase, const char *cause);
void step_forget_intent(struct step *step);
/* What the hottest junction may have that reads like this: rules that guard against heat ask this one. */
double step_hottest_k(const struct step *step);
double step_hottest2_k(const struct step *step); /* of the second sensor */
bool step_is_fresh(const struct step *step, const struct measurement *measurement);
/* In the segment, or in the abort that ends with it; it may stand still there. */
bool step_is_decompressing(const struct step *step);
/* Temperature allows a release: cold, the dwell served, the reading young enough for a permit. */
bool step_may_release(const struct step *step);

/* machine_command.c: what the devices should do in this state. */
enum heat_mode machine_heat_mode(const struct step *step, const struct machine *m);
enum press_mode machine_press_mode(const struct step *step, const struct machine *m);
void machine_command(struct step *step);

/* machine_segments.c, machine_waits.c: one tick of each phase. */
void segment_start(struct step *step, enum phase phase, const char *why);
void segment_tick(struct step *step);
void wait_tick(struct step *step);

/* machine_ends.c: ways to stop. */
void machine_hold(struct step *step, enum alarm alarm, const char *why);
void machine_abort(struct step *step, const char *why);
void machine_trip(struct step *step, enum alarm alarm, const char *why);
void machine_finish(struct step *step, enum outcome outcome, const char *why);
void aborting_tick(struct step *step);
/* On the way down: a furnace that trailed for longer than a run may wait has a controller that does not
 * follow. With the heater off it cools faster than was asked, which is the safe side. */
void machine_stop_trailing(struct step *step);

/* machine_verbs.c */
void machine_verb(struct step *step);
/* What keeps a run from going on, in words, or NULL. */
const char *machine_refuse_resume(const struct step *step);
void machine_resume(struct step *step);

/* machine_recovery.c */
void machine_recover(struct step *step);

/* machine_progress.c */
void machine_estimate(struct step *step);

#endif
