/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One read that lies apart, on either side, trips nothing and ends nothing; what is real is seen one read
 * later than without it. Reads come a tick of control apart, 1/8 s, where nothing else is said: rig.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

#define READ_S (1.0 / 8)
#define READS(seconds) ((int)((seconds) / READ_S))

static void put_quiet(struct plant *rig)
{
	rig_put_soak(rig);
	rig->plan.limits.loss_rate_gpa_per_s = 1.0 / 64;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.frozen_time_s = FAR;
	rig->plan.limits.lag_integral_k_s = FAR;
	rig->plan.limits.runaway_over_protocol_k = FAR;
	rig->plan.limits.machine_temperature_k = FAR;
	rig->plan.holdback_limit_s = FAR;
}

/* @reads of which each says the same; asserts that none of them finds @row. */
static void quiet(struct plant *rig, int reads, const char *row)
{
	for (int i = 0; i < reads; i++) {
		rig_tick(rig, READ_S);
		if (rig_fired(rig, row))
			fail_msg("%s fired at %.3f s: %s", row, rig->now, rig->last_text);
	}
}

/* One read that lies @off from the others, and all that comes after it. */
static void one_off(struct plant *rig, double *value, double off, const char *row)
{
	*value += off;
	quiet(rig, 1, row);
	*value -= off;
	quiet(rig, READS(15), row);
}

/* Row 18: also where reads are as rare as they can be, and far apart from anything a press can do. */
static void test_one_pressure_apart(void **unused)
{
	static const double offs_gpa[] = {-0.04, 0.04, -0.05, 0.05, -7, 1};

	(void)unused;
	for (size_t i = 0; i < sizeof(offs_gpa) / sizeof(offs_gpa[0]); i++)
		for (int before = 0; before < 40; before += 3) {
			struct plant rig;

			put_quiet(&rig);
			rig.plan.limits.over_pressure_gpa = FAR;
			rig.plan.limits.machine_pressure_gpa = FAR;
			quiet(&rig, before, "pressure loss");
			one_off(&rig, &rig.in.pressure_gpa.value, offs_gpa[i], "pressure loss");
			assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
		}
}

static void test_rare_reads_apart(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int sign = -1; sign <= 1; sign += 2) {
		put_quiet(&rig);
		for (int i = 0; i < 30; i++) {
			rig.in.pressure_gpa.value = 7 + (i % 3 == 2 ? sign / 16.0 : 0);
			rig_tick(&rig, 1);
			assert_false(rig_fired(&rig, "pressure loss"));
		}
	}
}

/* At the limit nothing; half a per cent above it when 2 s show it, a read later; ten times the limit as soon
 * as 1/32 GPa are gone, a read later. */
static void test_a_real_fall_is_seen_a_read_later(void **unused)
{
	static const struct {
		double of_limit;
		int reads; /* from the last one that stood; 0: never */
	} cases[] = {{1, 0}, {-10, 0}, {1.005, READS(2) + 1}, {10, 3}, {400, 2}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;
		int reads = 0;

		put_quiet(&rig);
		rig.plan.limits.over_pressure_gpa = rig.plan.limits.machine_pressure_gpa = FAR;
		rig.plan.limits.loss_error_gpa = FAR;
		quiet(&rig, READS(5), "pressure loss");
		do {
			rig.in.pressure_gpa.value -= cases[i].of_limit / 64 * READ_S;
			rig_tick(&rig, READ_S);
			reads++;
		} while (!rig_fired(&rig, "pressure loss") && reads < READS(20));
		assert_int_equal(rig_fired(&rig, "pressure loss") ? reads : 0, cases[i].reads);
	}
}

/* Noise from read to read is no rate: the window is as long at 8 reads a second as at one. */
static void test_noise_is_no_slope(void **unused)
{
	struct plant rig;

	(void)unused;
	put_quiet(&rig);
	rig.plan.limits.runaway_rise_k_per_s = 1.0 / 64;
	rig.plan.limits.runaway_time_s = 2 * READ_S;
	rig.machine.setpoint_k = rig.in.temperature_k.value = RUN_K + 20;
	interlock_reset(&rig.machine);
	rig.machine.setpoint_k = RUN_K;
	for (int i = 0; i < READS(60); i++) {
		int part = i % 8 < 4 ? -1 : 1;

		rig.in.pressure_gpa.value = 7 + part / 128.0;
		rig.in.temperature_k.value = RUN_K + 20 + part / 16.0;
		rig_tick(&rig, READ_S);
		assert_false(rig_fired(&rig, "pressure loss"));
		assert_false(rig_fired(&rig, "runaway"));
	}
}

/* Reads of doubtful quality are none, however many, and neither is the same read seen again. */
static void test_what_is_no_read(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int which = 0; which < 3; which++) {
		static const char *const rows[] = {"pressure loss", "runaway", "pair apart"};
		struct measurement *const all[] = {&rig.in.pressure_gpa, &rig.in.temperature_k,
						   &rig.in.temperature2_k},
					  *m = all[which];
		const char *row = rows[which];
		double stands = which == 0 ? 7 : RUN_K + 20;

		put_quiet(&rig);
		rig.plan.limits.runaway_time_s = rig.plan.limits.pair_time_s = READ_S;
		rig.in.temperature2_k =
			(struct measurement){.value = RUN_K + 20, .t_lab_s = 0, .quality = QUALITY_GOOD};
		rig.in.temperature_k.value = RUN_K + 20;
		interlock_reset(&rig.machine);
		quiet(&rig, READS(12), row);
		for (int i = 0; i < 4; i++) {
			m->value = stands + (which == 0 ? 1 : -50);
			m->quality = QUALITY_SUSPECT;
			quiet(&rig, 1, row);
		}
		m->value = stands;
		m->quality = QUALITY_GOOD;
		quiet(&rig, READS(12), row);
	}
}

static void stands_for(struct plant *rig)
{
	rig->in.pressure_gpa.t_lab_s = 10;
}

static void test_a_read_seen_again_is_one(void **unused)
{
	struct plant rig;

	(void)unused;
	put_quiet(&rig);
	quiet(&rig, READS(10) - 1, "pressure loss");
	rig.in.pressure_gpa.value = 6;
	quiet(&rig, 1, "pressure loss");
	rig.spoil = stands_for;
	quiet(&rig, READS(1), "pressure loss");
	rig.spoil = NULL;
	rig.in.pressure_gpa.value = 7;
	quiet(&rig, READS(4), "pressure loss");
}

/* What lasts is not begun anew by one read that lies apart, nor by one that is bad. */
struct lasting {
	const char *row;
	double after_s; /* the row's time, from the read that is believed */
	void (*put)(struct plant *rig);
	double apart; /* a read that does not show it */
};

static void put_over(struct plant *rig)
{
	rig->in.temperature_k.value = RUN_K + 20;
	rig->in.furnace_output_pct.value = 10;
}

static void put_apart(struct plant *rig)
{
	rig->in.temperature2_k =
		(struct measurement){.value = RUN_K + 20, .t_lab_s = 0, .quality = QUALITY_GOOD};
}

static void put_low(struct plant *rig)
{
	rig->in.pressure_gpa.value = 6.75;
	rig->plan.limits.loss_rate_gpa_per_s = FAR;
}

static void put_ahead(struct plant *rig)
{
	put_low(rig);
	rig->plan.limits.loss_error_gpa = FAR;
}

static void put_cold_furnace(struct plant *rig)
{
	rig->in.temperature_k.value = RUN_K - 50;
	rig_ticks(rig, 2, READ_S);
	rig->in.furnace_output_pct.value = 90;
}

/* Ticks until the row fires; in every @every-th the read is @spoil's. Lab seconds, or -1. */
static double lasts(const struct lasting *one, int every, bool bad)
{
	struct plant rig;
	bool press = one->put == put_low || one->put == put_ahead;
	struct measurement *m = press ? &rig.in.pressure_gpa : &rig.in.temperature_k;
	double began, true_value;

	put_quiet(&rig);
	one->put(&rig);
	began = rig.now;
	true_value = m->value;
	for (int i = 1; rig.now < began + 3 * one->after_s; i++) {
		bool spoilt = every > 0 && i % every == 0;

		m->value = spoilt && !bad ? true_value + one->apart : true_value;
		m->quality = spoilt && bad ? QUALITY_SUSPECT : QUALITY_GOOD;
		rig_tick(&rig, READ_S);
		if (rig_fired(&rig, one->row))
			return rig.now - began;
	}
	return -1;
}

static void test_what_lasts_outlasts_a_read(void **unused)
{
	static const struct lasting rows[] = {{"runaway", 10, put_over, -20},
					      {"not heating", 120, put_cold_furnace, 50},
					      {"pair apart", 30, put_apart, 20},
					      {"pressure loss", 10, put_low, 0.25},
					      {"stuck", 60, put_ahead, 0.25}};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double plain_s = lasts(&rows[i], 0, false), bad_s = lasts(&rows[i], 8, true);

		/* With the read that believes it, and no more. */
		if (plain_s < rows[i].after_s || plain_s > rows[i].after_s + READ_S)
			fail_msg("%s after %g s", rows[i].row, plain_s);
		if (lasts(&rows[i], 5, false) < plain_s || lasts(&rows[i], 5, false) > plain_s)
			fail_msg("%s with reads apart after %g s, not %g s", rows[i].row,
				 lasts(&rows[i], 5, false), plain_s);
		/* The time of the bad reads themselves does not count. */
		if (bad_s < plain_s || bad_s > plain_s * 8 / 7 + 2 * READ_S)
			fail_msg("%s with bad reads after %g s", rows[i].row, bad_s);
	}
}

/* The second thermocouple's reads as well. */
static void test_a_second_read_apart_ends_no_pair(void **unused)
{
	struct plant rig;

	(void)unused;
	put_quiet(&rig);
	put_apart(&rig);
	for (int i = 1; i <= READS(30); i++) {
		rig.in.temperature2_k.value = RUN_K + (i % 4 == 0 ? 0 : 20);
		assert_false(rig_fired(&rig, "pair apart"));
		rig_tick(&rig, READ_S);
	}
	assert_true(rig_fired(&rig, "pair apart"));
	put_quiet(&rig);
	put_apart(&rig);
	rig.in.temperature2_k.value = RUN_K;
	quiet(&rig, READS(1), "pair apart");
	for (int i = 1; i <= READS(60); i++) {
		rig.in.temperature2_k.value = RUN_K + (i % 3 == 0 ? 20 : 0);
		quiet(&rig, 1, "pair apart");
	}
}

static void test_a_rise_outlasts_a_read(void **unused)
{
	(void)unused;
	for (int what = 0; what < 3; what++) {
		struct plant rig;
		double began;
		int i = 0;

		put_quiet(&rig);
		rig.plan.limits.welded_rise_k_per_s = 1.0 / 32;
		rig.plan.limits.runaway_rise_k_per_s = FAR;
		rig.plan.limits.pair_difference_k = FAR;
		began = rig.now;
		while (!rig_fired(&rig, "welded relay") && rig.now < 200) {
			bool spoilt = ++i % 8 == 0;

			rig.in.temperature_k.value =
				RUN_K + (rig.now + READ_S) / 16 - (spoilt && what == 1 ? 30 : 0);
			rig.in.temperature_k.quality = spoilt && what == 2 ? QUALITY_SUSPECT : QUALITY_GOOD;
			rig_tick(&rig, READ_S);
		}
		/* 10 s of a window, 60 s of the row, a read; an eighth of them stands still. */
		assert_true(rig.now - began >= 70);
		assert_true(rig.now - began <= 70 + READ_S + (what == 2 ? 10 : 0));
	}
}

/* Row 6 at once, row 4 at its end: one read decides neither. */
static void test_no_step_of_one_read(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int sign = -1; sign <= 1; sign += 2) {
		put_quiet(&rig);
		rig.in.furnace_output_pct.value = 30;
		quiet(&rig, READS(5), "slip");
		rig.in.temperature_k.value += sign * 25;
		quiet(&rig, 1, "slip");
		rig.in.temperature_k.value -= sign * 25;
		quiet(&rig, READS(40), "slip");
	}
	/* It heats well; the read at the end of the 120 s says otherwise. */
	put_quiet(&rig);
	put_cold_furnace(&rig);
	rig.plan.limits.slip_fall_k = FAR;
	for (int i = 1; i <= READS(180); i++) {
		rig.in.temperature_k.value = RUN_K - 50 + i * READ_S / 8 - (i == READS(120) ? 20 : 0);
		quiet(&rig, 1, "not heating");
	}
}

/* After a silence the slope is one from what was read before it: no row reads what is not in the window. */
static void test_a_slope_over_a_gap(void **unused)
{
	(void)unused;
	for (int deeper = 0; deeper <= 1; deeper++)
		for (int reads = 1; reads < 8; reads++) {
			struct plant rig;

			put_quiet(&rig);
			rig.plan.limits.stale_hold_s = rig.plan.limits.loss_error_gpa = FAR;
			rig_ticks(&rig, reads, 0.5);
			/* A minute of silence: 60/64 GPa in it are at the limit. */
			rig.now += 60;
			rig.in.pressure_gpa.value -= 60.0 / 64 + deeper / 8.0;
			rig_ticks(&rig, 2, READ_S);
			assert_int_equal(rig_fired(&rig, "pressure loss"), deeper);
		}
}

/* A slip goes on being looked for through a bad read: what was remembered before it counts. */
static void test_a_bad_read_forgets_no_slip(void **unused)
{
	struct plant rig;

	(void)unused;
	put_quiet(&rig);
	rig.in.furnace_output_pct.value = 30;
	quiet(&rig, READS(5), "slip");
	rig.in.temperature_k.value -= 15;
	quiet(&rig, 4, "slip");
	rig.in.temperature_k.quality = rig.in.furnace_output_pct.quality = QUALITY_SUSPECT;
	quiet(&rig, 1, "slip");
	rig.in.temperature_k.quality = rig.in.furnace_output_pct.quality = QUALITY_GOOD;
	rig.in.temperature_k.value -= 5.5;
	quiet(&rig, 1, "slip");
	rig_tick(&rig, READ_S);
	assert_true(rig_fired(&rig, "slip"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_pressure_apart),
		cmocka_unit_test(test_rare_reads_apart),
		cmocka_unit_test(test_a_real_fall_is_seen_a_read_later),
		cmocka_unit_test(test_noise_is_no_slope),
		cmocka_unit_test(test_what_is_no_read),
		cmocka_unit_test(test_a_read_seen_again_is_one),
		cmocka_unit_test(test_what_lasts_outlasts_a_read),
		cmocka_unit_test(test_a_second_read_apart_ends_no_pair),
		cmocka_unit_test(test_a_rise_outlasts_a_read),
		cmocka_unit_test(test_no_step_of_one_read),
		cmocka_unit_test(test_a_slope_over_a_gap),
		cmocka_unit_test(test_a_bad_read_forgets_no_slip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
