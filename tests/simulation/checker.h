/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariants of the design, judged from outside: what reaches the devices, what is durable, what is
 * published and answered, and what is true in the plant. It never looks into control's state.
 *
 * README.md says which invariant is judged where, and which cannot be seen at this level.
 */
#ifndef DENSD_TESTS_SIMULATION_CHECKER_H
#define DENSD_TESTS_SIMULATION_CHECKER_H

#include "daemon/link.h"
#include "daemon/snapshot.h"

#define CHECKER_TEXT 256
#define CHECKER_DEVICES 3 /* press, furnace, nitrogen */

struct checker {
	const struct site *site;
	uint32_t violations, runs_ended;
	char first[CHECKER_TEXT];
	double busy_s;
	/* the run on the press, from the store */
	char run[ULID_TEXT];
	char rested[ULID_TEXT]; /* the run whose end was judged last */
	struct plan plan;
	bool has_plan;
	/* durable intents of this run */
	bool compress_intent, heat_intent, release_intent, resume_intent;
	bool begun; /* a segment of it was to move pressure or to heat */
	uint32_t fire_intents, fires;
	/* the wires */
	uint32_t identified[CHECKER_DEVICES];         /* connects + 1 at which identity was read */
	double furnace_setpoint_k, furnace_written_s; /* last written; NAN: none since the start */
	double judged_bar; /* oil setpoint that the last judgement rests on; NAN: none since the start */
	/* truth */
	double in_band_s; /* time in the soak band since the start of the run */
	/* publications */
	struct state_body state;
	bool has_state;
	uint64_t live_seq[TOPIC_MAX];
	uint32_t gateway_starts; /* at the last heartbeat */
	double soak_s, soak_at_in_band_s;
	double tripped_s, aborting_s; /* since when the state says so, -1: it does not */
	bool expect_latched, needs_leave;
	double permitted_s; /* last verb, start or reset that may lead to heating */
	uint64_t allocations;
	double settled_s; /* when no more intents were open than may be */
	bool told_open;
	/* wear: writes of the furnace's setpoint, over the present minute */
	double wear_from_s;
	uint32_t wear_writes;
	double last_step_s;
};

void checker_init(struct checker *ret_checker, const struct site *site);
void checker_violate(struct checker *checker, const char *which, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Once a quantum. */
void checker_step(struct checker *checker, double t_s);
void checker_end(struct checker *checker, double t_s);

/* The wires, before the device acts. */
void checker_read(struct checker *checker, int bus, uint8_t unit, uint16_t address, uint16_t count,
		  uint32_t connects);
void checker_write(struct checker *checker, int bus, uint8_t unit, uint16_t address, uint16_t count,
		   const uint16_t *words, uint32_t connects);
void checker_coil(struct checker *checker, uint16_t address, bool on, uint32_t connects);
void checker_text(struct checker *checker, const char *text);

/* The store, as it becomes durable. */
void checker_durable_intent(struct checker *checker, const struct intent *intent);
void checker_durable_run(struct checker *checker, const struct journal_run *run);
void checker_durable_publication(struct checker *checker, const struct publication *publication,
				 uint64_t before);
void checker_durable_note(struct checker *checker, const struct note *note);
void checker_durable_alarm(struct checker *checker, const struct alarm_body *alarm);
void checker_new_store(struct checker *checker);
void checker_crashed(struct checker *checker, bool power_cut);
void checker_started(struct checker *checker, const struct link_loaded *loaded);

/* What goes out. */
void checker_publication(struct checker *checker, const struct publication *publication);
void checker_sample(struct checker *checker, const struct publication *sample);
struct client_answer;
/* @asked: what was asked, and how it was answered before. */
void checker_reply(struct checker *checker, const struct client_answer *asked,
		   const struct link_reply *reply);
void checker_watchdog(struct checker *checker);
void checker_allocation(struct checker *checker, size_t size);

#endif
