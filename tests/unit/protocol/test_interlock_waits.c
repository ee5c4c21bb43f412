/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Row 39 at the end of the way, one tick at a time: who waits, what is named as missing, and when it is late.
 * Each case sits on one side of one condition; test_interlock_end.c plays whole waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define TICK_S STEP_MOST_S
#define LIMIT_TICKS 4

struct wait {
	const char *what;
	enum phase phase;
	double kelvin, setpoint_k, setpoint_gpa;
	bool heater_off, stay, frozen, decompressing, cold_run, unserved, reference;
	double oil_bar; /* 0: empty, and the press says so */
	bool depressurised, blind;
	const char *told; /* words; NULL: is never told */
};

/* Everything is read anew; the row alone is asked, and no phase moves on. */
static enum verdict tick(struct plant *rig, char *ret_text)
{
	struct event event = {.kind = EVENT_TICK, .inputs = &rig->in};
	struct machine before = rig->machine;
	struct step step;
	enum verdict verdict;

	rig->now += TICK_S;
	event.t_lab_s = rig->in.temperature_k.t_lab_s = rig->in.oil_bar.t_lab_s = rig->now;
	step_begin(&step, &rig->plan, &before, &event, &rig->machine, &rig->actions);
	interlock_observe(&step);
	verdict = check_end(&step, ret_text);
	rig->machine.private_state.previous_lab_s = rig->now;
	return verdict;
}

static void put_wait(struct plant *rig, const struct wait *wait)
{
	struct machine *m = &rig->machine;
	struct machine_private *p = &m->private_state;

	rig_put(rig, wait->phase);
	m->setpoint_k = wait->setpoint_k;
	m->setpoint_gpa = wait->setpoint_gpa;
	m->cold_run = wait->cold_run;
	m->soak_s = rig->plan.isotherm_s - (wait->unserved ? 1 : 0);
	m->last_good_k = wait->kelvin;
	p->heater_off = wait->heater_off;
	p->stay = wait->stay;
	p->frozen = wait->frozen;
	p->decompressing = wait->decompressing;
	p->timer[TIMER_END] = 0;
	memset(&p->reads_k, 0, sizeof(p->reads_k));
	rig->plan.reference = wait->reference;
	rig->plan.holdback_limit_s = LIMIT_TICKS * TICK_S;
	rig->in.temperature_k.value = wait->kelvin;
	rig->in.temperature_k.quality = wait->blind ? QUALITY_BAD : QUALITY_GOOD;
	rig->in.oil_bar.value = wait->oil_bar > 0 ? wait->oil_bar : 1;
	rig->in.press_depressurised = wait->oil_bar <= 0 || wait->depressurised;
}

/* The numbers: room 298 K, so COOL ends at 300 K; T_release 308 K; oil at ambient up to 5 bar. */
static const struct wait waits[] = {
	/* who waits */
	{"a run that cools, as low as it goes", PHASE_COOL, 302, 298, 7,
	 .told = "302.0 K, more than 300.0 K"},
	{"a setpoint that still falls", PHASE_COOL, 400, 390, 7},
	{"an abort", PHASE_ABORTING, 400, 390, 7, .heater_off = true, .told = "more than 308.0 K"},
	{"an abort that stands by a hazard", PHASE_ABORTING, 400, 390, 7, .heater_off = true, .frozen = true},
	{"a release at its end", PHASE_DECOMPRESS, 298, 298, 0, .oil_bar = 9, .told = "oil 9.0 bar"},
	{"a release under way", PHASE_DECOMPRESS, 298, 298, 3, .oil_bar = 900},
	{"an abort's release at its end", PHASE_ABORTING, 298, 298, 0, .heater_off = true,
	 .decompressing = true, .oil_bar = 9, .told = "oil 9.0 bar"},
	{"that release, which stands by a hazard", PHASE_ABORTING, 298, 298, 0, .heater_off = true,
	 .decompressing = true, .frozen = true, .oil_bar = 9},
	{"held in its release, then cooled: a stay", PHASE_COOL, 400, 298, 3, .heater_off = true,
	 .stay = true, .decompressing = true, .told = "more than 308.0 K"},
	{"the served soak of a cold run", PHASE_ISOTHERM, 310, 298, 7, .cold_run = true,
	 .told = "more than 308.0 K"},
	{"a cold run that still soaks", PHASE_ISOTHERM, 310, 298, 7, .cold_run = true, .unserved = true},
	{"a hot soak that is served and tunes", PHASE_ISOTHERM, 600, 600, 7},
	{"a hot soak", PHASE_ISOTHERM, 600, 600, 7, .unserved = true},
	/* what is missing */
	{"a temperature at the very limit", PHASE_COOL, 300, 298, 7},
	{"a stay at the very limit", PHASE_COOL, 308, 308, 7, .heater_off = true, .stay = true},
	{"no temperature", PHASE_COOL, 298, 298, 7, .blind = true,
	 .told = "no good temperature since 298.0 K"},
	{"too warm and not empty: first the warmth", PHASE_DECOMPRESS, 310, 298, 0, .oil_bar = 9,
	 .told = "310.0 K, more than"},
	{"cold and empty", PHASE_DECOMPRESS, 298, 298, 0},
	{"oil, whatever the press says", PHASE_DECOMPRESS, 298, 298, 0, .oil_bar = 9, .depressurised = true,
	 .told = "the press says depressurised"},
	{"a press that does not say it", PHASE_DECOMPRESS, 298, 298, 0, .oil_bar = 4,
	 .told = "the press says not depressurised"},
	{"a 1 atm run with oil", PHASE_COOL, 298, 298, 0, .reference = true, .oil_bar = 9,
	 .told = "oil 9.0 bar"},
	{"the same at ambient", PHASE_COOL, 298, 298, 0, .reference = true},
	{"the same that only stays", PHASE_COOL, 298, 298, 0, .heater_off = true, .stay = true,
	 .reference = true, .oil_bar = 9},
	{"the same that aborts, which has its own alarm", PHASE_ABORTING, 298, 298, 0, .heater_off = true,
	 .reference = true, .oil_bar = 9},
	{"cold under pressure on the way to its release", PHASE_COOL, 298, 298, 7, .oil_bar = 2100},
};

static void assert_quiet(struct plant *rig, int count, const char *what)
{
	char text[MACHINE_WHY] = "";

	while (count-- > 0)
		if (tick(rig, text) != VERDICT_CLEAR)
			fail_msg("%s: '%s' too early", what, text);
}

static void assert_told(struct plant *rig, const char *what, const char *words)
{
	char text[MACHINE_WHY] = "";

	if (tick(rig, text) != VERDICT_WARN)
		fail_msg("%s: not told", what);
	if (!strstr(text, words))
		fail_msg("%s: '%s' is not in '%s'", what, words, text);
	assert_true(rig->machine.private_state.heater_off);
}

/* Told in the tick that takes the sum beyond the limit, and not in the one that meets it. */
static void test_each_wait(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		const struct wait *wait = &waits[i];
		struct plant rig;

		put_wait(&rig, wait);
		assert_quiet(&rig, LIMIT_TICKS, wait->what);
		if (wait->told)
			assert_told(&rig, wait->what, wait->told);
		else
			assert_quiet(&rig, LIMIT_TICKS, wait->what);
	}
}

/* A run that moves again waits no more: that tick counts nothing, and what was before it is forgotten. */
static void test_a_wait_that_was_broken_off(void **unused)
{
	struct plant rig;

	(void)unused;
	put_wait(&rig, &waits[0]);
	assert_quiet(&rig, LIMIT_TICKS - 1, "before");
	rig.machine.setpoint_k = 299;
	assert_quiet(&rig, 1, "moves");
	rig.machine.setpoint_k = 298;
	assert_quiet(&rig, LIMIT_TICKS, "after");
	assert_told(&rig, "after", "302.0 K");
}

/* The second of two reads below shows in the middle of three. */
static void test_what_still_cools(void **unused)
{
	struct plant rig;

	(void)unused;
	put_wait(&rig, &waits[0]);
	assert_quiet(&rig, LIMIT_TICKS - 1, "at 302 K");
	rig.in.temperature_k.value = 301;
	assert_quiet(&rig, 1, "a single read at 301 K");
	assert_told(&rig, "1 K lower, no more", "301.0 K");
	put_wait(&rig, &waits[0]);
	assert_quiet(&rig, LIMIT_TICKS - 1, "at 302 K");
	rig.in.temperature_k.value = 300.75;
	assert_quiet(&rig, LIMIT_TICKS, "it has fallen by more than 1 K");
}

/* What was told is over only with the dwell, or with a run that has cooled. */
static void test_the_dwell_after_it(void **unused)
{
	struct plant rig;

	(void)unused;
	put_wait(&rig, &waits[0]);
	rig.in.temperature_k.value = 300.5;
	assert_quiet(&rig, LIMIT_TICKS, "at 300.5 K");
	assert_told(&rig, "at 300.5 K", "300.5 K, more than 300.0 K");
	rig.in.temperature_k.value = 300;
	assert_told(&rig, "at 300 K", "the dwell. Heater off; goes on by itself. Nothing to do.");
}

/* A hold between two waits is none, and takes nothing from the sum. */
static void test_a_wait_goes_on_after_a_hold(void **unused)
{
	static const struct wait hot = {"", PHASE_COOL, 400, 298, 7, .heater_off = true, .oil_bar = 2100};
	struct plant rig;

	(void)unused;
	put_wait(&rig, &hot);
	assert_quiet(&rig, LIMIT_TICKS, "before the hold");
	assert_int_equal(plant_verb(&rig, VERB_HOLD), ANSWER_DONE);
	rig_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	assert_false(rig_raised(&rig, ALARM_HOLDBACK));
	assert_int_equal(plant_verb(&rig, VERB_ABORT), ANSWER_DONE);
	rig_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
	assert_true(rig_raised(&rig, ALARM_HOLDBACK));
	rig_assert_says(&rig, "400.0 K, more than 308.0 K");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_wait),
		cmocka_unit_test(test_a_wait_that_was_broken_off),
		cmocka_unit_test(test_what_still_cools),
		cmocka_unit_test(test_the_dwell_after_it),
		cmocka_unit_test(test_a_wait_goes_on_after_a_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
