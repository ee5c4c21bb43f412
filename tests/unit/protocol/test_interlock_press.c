/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 1 and 17 to 20 from both sides of each limit: rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

/* Row 17: SP 1/32 GPa ahead for 60 s while P moved less than 1/128. */
static void put_stuck(struct plant *rig, double pressure_gpa)
{
	rig_put_soak(rig);
	rig->plan.limits.stuck_error_gpa = 1.0 / 32;
	rig->plan.limits.stuck_move_gpa = 1.0 / 128;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.limits.loss_error_gpa = FAR;
	rig->plan.limits.loss_rate_gpa_per_s = FAR;
	rig->plan.limits.over_pressure_gpa = FAR;
	rig->plan.limits.machine_pressure_gpa = FAR;
	rig->in.pressure_gpa.value = pressure_gpa;
	rig_tick(rig, 0.25); /* a value is believed with its second read */
}

static void test_stuck(void **unused)
{
	static const struct {
		double error_gpa, move_gpa;
		bool fires;
	} cases[] = {{1.0 / 32, 0, true},          {-1.0 / 32, 0, true},         {1.0 / 64, 0, false},
		     {1.0 / 16, 1.0 / 256, true},  {1.0 / 16, -1.0 / 256, true}, {1.0 / 16, 1.0 / 128, false},
		     {1.0 / 16, -1.0 / 128, false}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_stuck(&rig, 7 - cases[i].error_gpa);
		rig_ticks(&rig, 13, 4);
		rig.in.pressure_gpa.value += cases[i].move_gpa;
		rig_tick(&rig, 4);
		assert_false(rig_fired(&rig, "stuck"));
		rig_tick(&rig, 4);
		assert_int_equal(rig_fired(&rig, "stuck"), cases[i].fires);
	}
	put_stuck(&rig, 6.9);
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	rig_ticks(&rig, 30, 4);
	assert_false(rig_fired(&rig, "stuck"));
	put_stuck(&rig, 6.9);
	rig.machine.private_state.safe_hold = true;
	rig_ticks(&rig, 30, 4);
	assert_false(rig_fired(&rig, "stuck"));
	/* It moves on time, each time: the look begins anew from there. */
	put_stuck(&rig, 6);
	for (int i = 0; i < 20; i++) {
		rig_ticks(&rig, 13, 4);
		rig.in.pressure_gpa.value += 1.0 / 128;
		rig_ticks(&rig, 2, 4);
		assert_false(rig_fired(&rig, "stuck"));
	}
	rig_ticks(&rig, 15, 4);
	assert_true(rig_fired(&rig, "stuck"));
}

/* Row 18: faster than 1/64 GPa/s over 2 s, more than is commanded; or 1/8 below SP for 10 s. */
static void put_losing(struct plant *rig, enum phase phase)
{
	rig_put(rig, phase);
	rig->plan.limits.loss_rate_gpa_per_s = 1.0 / 64;
	rig->plan.limits.loss_error_gpa = 1.0 / 8;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.decompression_gpa_per_s = 1.0 / 128;
	interlock_reset(&rig->machine);
	rig_tick(rig, 0);
}

static void test_falling(void **unused)
{
	static const struct {
		enum phase phase;
		double fall_gpa;
		bool fires;
	} cases[] = {{PHASE_ISOTHERM, 1.0 / 32, false},  {PHASE_ISOTHERM, 1.0 / 16, true},
		     {PHASE_ISOTHERM, -1.0 / 16, false}, {PHASE_DECOMPRESS, 3.0 / 64, false},
		     {PHASE_DECOMPRESS, 4.0 / 64, true}, {PHASE_ABORTING, 3.0 / 64, true}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_losing(&rig, cases[i].phase);
		rig_tick(&rig, 1);
		rig.in.pressure_gpa.value -= cases[i].fall_gpa;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "pressure loss"));
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "pressure loss"), cases[i].fires);
	}
	/* An abort that releases falls as it was told. */
	put_losing(&rig, PHASE_ABORTING);
	rig.machine.private_state.decompressing = true;
	rig_tick(&rig, 1);
	rig.in.pressure_gpa.value -= 3.0 / 64;
	rig_ticks(&rig, 2, 1);
	assert_false(rig_fired(&rig, "pressure loss"));
	put_losing(&rig, PHASE_ISOTHERM);
	rig_tick(&rig, 1);
	rig.in.pressure_gpa.value -= 1.0 / 16;
	rig_ticks(&rig, 2, 1);
	assert_true(rig_fired(&rig, "pressure loss"));
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "pressure loss"));
}

/* What falls in one read counts at the read that agrees, wherever it stands; a rate is one over 2 s, not from
 * read to read. */
static void test_falling_slides(void **unused)
{
	(void)unused;
	for (int steady = 5; steady < 13; steady++) {
		for (int deeper = 0; deeper <= 1; deeper++) {
			struct plant rig;

			put_losing(&rig, PHASE_ISOTHERM);
			rig_ticks(&rig, steady, 0.5);
			assert_false(rig_fired(&rig, "pressure loss"));
			rig.in.pressure_gpa.value -= (4 + deeper) / 128.0;
			rig_tick(&rig, 0.5);
			assert_false(rig_fired(&rig, "pressure loss"));
			rig_tick(&rig, 0.5);
			assert_int_equal(rig_fired(&rig, "pressure loss"), deeper);
		}
	}
}

static void test_low(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int lower = 0; lower <= 1; lower++) {
		put_losing(&rig, PHASE_ISOTHERM);
		rig.plan.limits.loss_rate_gpa_per_s = FAR;
		rig.in.pressure_gpa.value = 7 - 1.0 / 8 - lower / 16.0;
		rig_ticks(&rig, 10, 1); /* the first of them may be a read that lies apart */
		assert_false(rig_fired(&rig, "pressure loss"));
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "pressure loss"), lower);
	}
	for (int what = 0; what < 2; what++) {
		put_losing(&rig, PHASE_ISOTHERM);
		rig.plan.limits.loss_rate_gpa_per_s = FAR;
		rig.in.pressure_gpa.value = 6;
		rig.in.pressure_gpa.quality = what == 0 ? QUALITY_SUSPECT : QUALITY_GOOD;
		rig.machine.private_state.safe_hold = what == 1;
		rig_ticks(&rig, 30, 1);
		assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
		assert_false(rig_fired(&rig, "pressure loss"));
	}
}

/* Rows 19 and 20. */
static void test_over_pressure_and_stroke(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int machine = 0; machine <= 1; machine++) {
		double most_gpa = machine ? 7.0625 : 7.125;

		rig_put_soak(&rig);
		rig.plan.limits.over_pressure_gpa = 0.125;
		rig.plan.limits.machine_pressure_gpa = machine ? 7.0625 : 7.5;
		rig.in.pressure_gpa.value = most_gpa;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "over-pressure"));
		rig.in.pressure_gpa.value = most_gpa + 1.0 / 64;
		rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "over-pressure"));
		rig.in.pressure_gpa.quality = QUALITY_GOOD;
		rig_tick(&rig, 1);
		assert_true(rig_fired(&rig, "over-pressure"));
	}
	rig_put_soak(&rig);
	rig.in.stroke_pct.value = 5;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "stroke"));
	rig.in.stroke_pct.value = 4.5;
	rig.in.stroke_pct.quality = QUALITY_BAD;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "stroke"));
	rig.in.stroke_pct.quality = QUALITY_GOOD;
	rig_tick(&rig, 1);
	assert_true(rig_fired(&rig, "stroke"));
}

/* Row 1: told while a release has its intent and lacks its permit. */
static void put_releasing(struct plant *rig, enum phase phase)
{
	rig_put(rig, phase);
	rig->machine.private_state.decompressing = true;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->in.temperature_k.value = PLANT_AMBIENT_K;
	rig_ticks(rig, 32, 2);
	assert_true(rig->actions.permit.granted);
	rig->in.temperature_k.value = 310;
}

static void test_release(void **unused)
{
	struct plant rig;

	(void)unused;
	put_releasing(&rig, PHASE_DECOMPRESS);
	rig_tick(&rig, 1);
	assert_true(rig_raised(&rig, ALARM_RELEASE_REFUSED));
	rig_assert_says(&rig, "310.0 K measured");
	assert_null(interlock_first_fired(&rig.machine));
	assert_int_equal(rig.machine.phase, PHASE_DECOMPRESS);
	/* 307.5 K, were the correction right. */
	for (int hot = 0; hot < 2; hot++) {
		put_releasing(&rig, PHASE_DECOMPRESS);
		rig.in.temperature_k.value = 307.5;
		rig.in.temperature_margin_k = hot ? 0.6 : 0.4;
		rig_tick(&rig, 1);
		assert_int_equal(rig_raised(&rig, ALARM_RELEASE_REFUSED), hot);
	}
	put_releasing(&rig, PHASE_DECOMPRESS);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_tick(&rig, 1);
	rig_assert_says(&rig, "is not fresh");
	put_releasing(&rig, PHASE_DECOMPRESS);
	rig.machine.private_state.waiting_intent = 1;
	rig_tick(&rig, 1);
	assert_false(rig_raised(&rig, ALARM_RELEASE_REFUSED));
	put_releasing(&rig, PHASE_ABORTING);
	rig_tick(&rig, 1);
	assert_true(rig_raised(&rig, ALARM_RELEASE_REFUSED));
	put_releasing(&rig, PHASE_ABORTING);
	rig.machine.private_state.decompressing = false;
	rig_tick(&rig, 1);
	assert_false(rig_raised(&rig, ALARM_RELEASE_REFUSED));
	rig_put_soak(&rig);
	rig_tick(&rig, 1);
	assert_false(rig_raised(&rig, ALARM_RELEASE_REFUSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_falling),
		cmocka_unit_test(test_falling_slides),
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_over_pressure_and_stroke),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
