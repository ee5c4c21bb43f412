/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The press-and-furnace machine as a model for the search. What its abstraction keeps and what it forgets is
 * in README.md; the key is the one place where that is decided.
 */
#ifndef DENSD_TESTS_SEARCH_PRESS_H
#define DENSD_TESTS_SEARCH_PRESS_H

#include "protocol/machine.h"
#include "tests/search/search.h"

#define PRESS_NOW_S 100000.0 /* every state stands at this time; only differences matter */
#define PRESS_TICK_S 10.0
#define PRESS_MOVE_S 5.0 /* what a tick moves and counts at most, see STEP_MOST_S */
#define PRESS_GAP_S 60.0 /* a tick that comes late: the host slept */
#define PRESS_INPUTS_MOST 640

/* Classes of what is measured. */
enum press_t { T_COLD, T_AGED, T_WARM, T_MID, T_SET, T_OVER, T_STALE, T_BAD, T_MAX };
enum press_p { P_AMBIENT, P_NO_BIT, P_LOW, P_SET, P_OVER, P_STALE, P_MAX };

struct press_world {
	const char *name, *what;
	struct plan plan;
	bool journal_lost; /* restarts may find no journal */
};
extern const char *const press_world_names[];
extern const size_t press_world_count;
void press_world_make(const char *name, struct press_world *ret_world);

/* One thing that is wrong, with the memory an interlock would have of it. */
struct press_trouble {
	const char *name;
	void (*spoil)(struct inputs *inputs, struct machine *machine);
	bool trips, heater_off; /* what has to follow in that very step, with T and P fresh */
	bool pressure;          /* not in a 1 atm run */
	uint32_t phases;        /* where anything looks at it; 0: everywhere */
	bool no_trip;           /* a broken sensor is no overtemperature */
	bool asserts;           /* a trip that wrote nothing is commanded in that step */
};
extern const struct press_trouble press_troubles[];
extern const size_t press_trouble_count;

enum press_kind { PRESS_TICK, PRESS_VERB, PRESS_DURABLE, PRESS_RESTART, PRESS_START };
struct press_input {
	uint8_t kind, t, p;
	bool late;          /* TICK: PRESS_GAP_S after the last */
	uint8_t verb, role; /* VERB */
	bool offer_over;    /* VERB: after the time in which resume was offered */
	bool kept, journal_lost,
		low_device; /* RESTART: values as journaled; no journal; the press holds less */
	const struct press_trouble *trouble; /* NULL: none */
};
struct press_alphabet {
	struct press_input inputs[PRESS_INPUTS_MOST];
	uint32_t count;
};
/* @deep: troubles with the temperature and the pressure crosswise as well. */
void press_alphabet_make(const struct press_world *world, bool deep, struct press_alphabet *ret_alphabet);
void press_inputs_make(const struct press_input *input, double now, bool reference,
		       struct inputs *ret_inputs);
void press_input_tell(const struct press_input *input, char ret_text[SEARCH_TEXT]);

/* What the search itself remembers of the past, to judge by: nothing of it is the machine's. */
struct press_watch {
	int8_t cold_ticks,
		rest_ticks;         /* ticks for which cold, ambient was seen without a break; -1: not now */
	uint8_t soak_ticks;         /* in ISOTHERM, in the soak band, fresh */
	uint8_t visited;            /* segments of the programme that are done */
	uint8_t pending, authority; /* enum press_right: intents on their way to the disk, and durable */
	bool heats, regulates;      /* the last levels */
	bool tripped, acknowledged, cause_here, one_way, reached;
};
enum press_right { RIGHT_COMPRESS = 1, RIGHT_HEAT = 2, RIGHT_RELEASE = 4, RIGHT_RESUME = 8 };
/* One step as it is judged. */
struct press_look {
	const struct plan *plan; /* what the step was given, never NULL */
	const struct press_input *input;
	const struct event *event;
	const struct machine *before, *after;
	const struct actions *act;
	double dt_s;
	bool reference;
	const struct recovery_facts *facts; /* RESTART */
};
void press_watch_init(struct press_watch *ret_watch);
void press_watch_step(struct press_watch *watch, const struct press_look *look, struct search_fault *fault);
/* Private to the watch: the properties of levels and setpoints. */
void press_judge_levels(const struct press_watch *watch, const struct press_look *look,
			struct search_fault *fault);
bool press_t_is_fresh(const struct press_look *look);
bool press_p_is_fresh(const struct press_look *look);
bool press_is_cold(const struct press_look *look);
bool press_p_in_band(const struct press_look *look);

struct press_state {
	struct machine machine;
	struct press_watch watch;
	bool no_plan; /* the journal was lost, and the plan with it */
};
struct press_seen { /* that the search is no empty walk */
	uint64_t phases, rows_fired, restarts, outcomes;
	uint64_t edges[PHASE_MAX]; /* bit n: a step led to phase n */
};
struct press_key {
	uint8_t phase, resume_phase, outcome, first_cause, ending, wait_mode;
	int8_t dwell, rest, in_band; /* ticks since, -1: never */
	uint8_t soak;
	int16_t setpoint_k12, setpoint_gpa80; /* twelfths of a kelvin, eightieths of a GPa */
	uint32_t bits;
	int8_t cold_ticks, rest_ticks;
	uint8_t soak_ticks, visited, pending, authority, watch_bits;
};
struct press {
	struct press_world world;
	struct press_alphabet alphabet;
	struct press_state here;
	struct press_seen seen;
	struct search_set ended; /* keys, with a plant, from which the end was reached */
	struct search_set
		stuck; /* keys of an abort, from which a furnace that does not follow was turned off */
	uint64_t end_steps;
};
void press_key_make(const struct press_state *state, struct press_key *ret_key, struct search_fault *fault);
void press_key_load(const struct press_key *key, struct press_state *ret_state);

/* One input on *state, judged; false when it cannot come here. */
bool press_step(struct press *press, const struct press_input *input, const struct inputs *inputs,
		struct press_state *state, struct actions *ret_actions, struct search_fault *fault);
void press_end(void *context, struct search_fault *ret_fault);
void press_init(struct press *press, const char *world, bool deep, struct search_model *ret_model);
void press_free(struct press *press);

#endif
