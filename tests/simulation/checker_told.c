/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What densd says: I2 (when), I7, I10, I11, I12, I13, I14, I16, I20. */
#include <math.h>
#include <string.h>

#include "tests/simulation/checker.h"
#include "tests/simulation/world.h"

#define SOAK_SLACK_S 3.0

static double now_s(void)
{
	return (double)world.now_ns / 1e9;
}

/* I10: a latched trip is still there after a start. */
static void check_latch(struct checker *checker, const struct state_body *state)
{
	if (checker->expect_latched && !checker->has_state && !state->latched)
		checker_violate(checker, "I10", "a latched trip is gone after a restart");
	checker->expect_latched = false;
}

/* I7: soak is never credited faster than time in the band passes. */
static void check_soak(struct checker *checker, const struct state_body *state)
{
	double credit_s = state->soak_s - checker->soak_s,
	       band_s = checker->in_band_s - checker->soak_at_in_band_s;

	if (credit_s > band_s + SOAK_SLACK_S)
		checker_violate(checker, "I7", "%.1f s of soak in %.1f s within the band", credit_s, band_s);
	checker->soak_s = state->soak_s;
	checker->soak_at_in_band_s = checker->in_band_s;
}

static void take_state(struct checker *checker, const struct state_body *state)
{
	check_latch(checker, state);
	if (checker->has_state && checker->state.soak_s <= state->soak_s)
		check_soak(checker, state);
	else
		checker->soak_s = state->soak_s;
	if (state->phase != PHASE_TRIPPED)
		checker->tripped_s = -1;
	else if (checker->tripped_s < 0)
		checker->tripped_s = now_s();
	if (state->phase != PHASE_ABORTING)
		checker->aborting_s = -1;
	else if (checker->aborting_s < 0)
		checker->aborting_s = now_s();
	if (checker->has_state && checker->state.scan_phase != state->scan_phase)
		counters_hit(world.counters, COUNTER_SCAN_EDGE,
			     checker->state.scan_phase * (uint32_t)SCAN_PHASE_MAX + state->scan_phase);
	checker->state = *state;
	checker->has_state = true;
}

void checker_publication(struct checker *checker, const struct publication *publication)
{
	uint64_t *last = &checker->live_seq[publication->topic];

	world_mix(&publication->topic, sizeof(publication->topic));
	world_mix(&publication->seq, sizeof(publication->seq));
	if (publication->topic == TOPIC_STATE)
		take_state(checker, &publication->state);
	/* Samples may be thinned out, and after a restart of the gateway the last of each is told again. */
	if (publication->topic != TOPIC_SAMPLE && *last > 0 && publication->seq > *last + 1 &&
	    checker->gateway_starts == world.control->gateway.starts &&
	    !trouble_was_on(&world.trouble, TROUBLE_GATEWAY_CRASH, now_s(), 10) &&
	    !trouble_was_on(&world.trouble, TROUBLE_GATEWAY_LOOP, now_s(), 10))
		checker_violate(checker, "I12", "topic %s goes from %llu to %llu",
				topic_name((enum topic)publication->topic), (unsigned long long)*last,
				(unsigned long long)publication->seq);
	*last = publication->seq;
	if (publication->topic == TOPIC_HEARTBEAT)
		checker->gateway_starts = world.control->gateway.starts;
}

/* I11: what counts as good has its age, and it is not from the future. */
void checker_sample(struct checker *checker, const struct publication *sample)
{
	const struct measurement *values[] = {&sample->sample.temperature_k, &sample->sample.pressure_gpa,
					      &sample->sample.setpoint_k, &sample->sample.oil_bar};

	world_mix(&sample->seq, sizeof(sample->seq));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i]->quality == QUALITY_GOOD &&
		    !(isfinite(values[i]->t_lab_s) && values[i]->t_lab_s <= sample->t_lab_s + 1))
			checker_violate(checker, "I11", "sample %llu has a good value without an age",
					(unsigned long long)sample->seq);
}

/* I6 before anything moves: what the machine may not do is not taken. */
static void check_impossible(struct checker *checker, const struct client_answer *asked,
			     const struct link_reply *reply)
{
	if (!asked->impossible)
		return;
	if (reply->code == REPLY_DONE)
		checker_violate(checker, "I6", "an impossible plan was taken (%s)", reply->request_id);
	else if (reply->code == REPLY_REFUSED || reply->code == REPLY_INVALID)
		counters_hit(world.counters, COUNTER_HAZARD, 35);
}

/* I14: no right, no act. I13: one request, one answer. */
void checker_reply(struct checker *checker, const struct client_answer *asked, const struct link_reply *reply)
{
	const struct link_command *command = &asked->command;

	check_impossible(checker, asked, reply);
	world_mix(&reply->code, sizeof(reply->code));
	if (command->kind == COMMAND_VERB && command->role < verb_role((enum verb)command->verb) &&
	    reply->code == REPLY_DONE)
		checker_violate(checker, "I14", "%s is done for %s", verb_name((enum verb)command->verb),
				role_name((enum role)command->role));
	if (asked->answered && asked->code != reply->code && asked->code != REPLY_BUSY && reply->repeated)
		checker_violate(checker, "I13", "%s was answered %u and then %u", reply->request_id,
				asked->code, reply->code);
	if (reply->repeated)
		counters_hit(world.counters, COUNTER_HAZARD, 24);
	if (command->kind == COMMAND_VERB && reply->code == REPLY_DONE)
		checker->permitted_s = now_s();
}

/* I16 */
void checker_watchdog(struct checker *checker)
{
	double late_ms = (double)(world_mono_ns() - world.step_due_ns) / 1e6;

	if (late_ms > world.site.limits.step_stop_ms)
		checker_violate(checker, "I16", "the watchdog is fed by a step %.0f ms late", late_ms);
}

void checker_allocation(struct checker *checker, size_t size)
{
	if (checker->allocations++ == 0)
		world_tell("control allocates %zu bytes", size);
}
