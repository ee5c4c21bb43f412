/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace driver with a controller that ramps by itself: in which order it is told, and what is lost on
 * the way. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

#include "drivers/codec.h"

/* A controller that ramps by itself: without a limit its working setpoint is the setpoint. */
static void obey_at_once(struct fake_modbus *fake)
{
	if ((double)codec_decode_f32(fake->words + RATE, true) <= 0)
		memcpy(fake->words + WORKING, fake->words + SP, 4);
}

static void lose_the_rate(struct fake_modbus *fake)
{
	if ((double)codec_decode_f32(fake->words + RATE, true) > 5)
		codec_encode_f32(5, true, fake->words + RATE);
	obey_at_once(fake);
}

static struct bench *make_ramping_bench(void (*after_write)(struct fake_modbus *fake))
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};
	struct profile *profile = &bench->config.devices[0].profile;

	furnace_bench_add_register(profile, "working_setpoint", WORKING, REG_F32_HIGH_FIRST, UNIT_CELSIUS,
				   false);
	furnace_bench_add_register(profile, "ramp_rate", RATE, REG_F32_HIGH_FIRST, UNIT_KELVIN_PER_MIN, true);
	profile->ramp = RAMP_DEVICE;
	profile->ramp_ahead_s = 60;
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	bench->fake.after_write = after_write;
	bench->fake.words[MODE] = 1;
	furnace_bench_put_k(&bench->fake, WORKING, 620);
	furnace_bench_put_k(&bench->fake, SP, 620); /* of the night before */
	furnace_bench_run(bench, 10);
	bench->demand.furnace = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 300, .ramp_k_per_s = 20.0 / 60, .target_k = 400};
	return bench;
}

/* Setpoint, limit lifted, the effect read; then the rate, the first target, and only then automatic. */
static void a_ramp_of_its_own_begins_where_control_stands(void **state)
{
	static const uint16_t order[] = {SP, RATE, RATE, SP, MODE};
	struct bench *bench = make_ramping_bench(obey_at_once);

	(void)state;
	furnace_bench_run(bench, 1);
	assert_int_equal(bench->fake.writes, 2);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, WORKING) - 300) < 0.01);
	assert_int_equal(bench->fake.words[MODE], 1);
	furnace_bench_run(bench, 1);
	assert_int_equal(bench->fake.writes, 5);
	assert_memory_equal(bench->fake.written, order, sizeof(order));
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + RATE, true) - 20) < 1e-4);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 303.33) < 0.01);
	assert_int_equal(bench->fake.words[MODE], 0);
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 300) < 0.01); /* what is in force */
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 3);
	assert_int_equal(bench->fake.words[MODE], 1);
	furnace_bench_free(bench);
}

static void a_rate_that_is_not_kept_is_no_ramp(void **state)
{
	struct bench *bench = make_ramping_bench(lose_the_rate);

	(void)state;
	furnace_bench_run(bench, 15);
	assert_true(bench->report.furnace.readback_differs);
	assert_true(furnace_bench_get_k(&bench->fake, SP) < 300.01); /* no target goes out */
	furnace_bench_free(bench);
}

/* Without an effect of the setpoint the controller stays in manual. */
static void an_old_working_setpoint_is_not_let_loose(void **state)
{
	struct bench *bench = make_ramping_bench(NULL);

	(void)state;
	furnace_bench_run(bench, 100);
	assert_true(bench->report.furnace.readback_differs);
	assert_int_equal(bench->fake.words[MODE], 1);
	furnace_bench_free(bench);
}

/* A tenth of a second of a controller that ramps by itself. */
static void move_device(struct fake_modbus *fake)
{
	double rate_k = (double)codec_decode_f32(fake->words + RATE, true) / 600;
	double away_k = furnace_bench_get_k(fake, SP) - furnace_bench_get_k(fake, WORKING);

	if (rate_k > 0 && fabs(away_k) > rate_k)
		away_k = copysign(rate_k, away_k);
	furnace_bench_put_k(fake, WORKING, furnace_bench_get_k(fake, WORKING) + away_k);
}

static void ramp_for(struct bench *bench, int cycles)
{
	struct furnace_demand *demand = &bench->demand.furnace;

	for (int i = 0; i < cycles; i++) {
		demand->setpoint_k += demand->ramp_k_per_s * 0.1;
		furnace_bench_run(bench, 1);
		move_device(&bench->fake);
	}
}

static struct bench *make_bench_in_a_ramp(void)
{
	struct bench *bench = make_ramping_bench(obey_at_once);

	bench->config.devices[0].profile.ramp_ahead_s = 600;
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(
		bench->driver->init(bench->driver_state, &(struct driver_setup){.config = &bench->config,
										.modbus = &bench->fake.line}),
		0);
	bench->demand.furnace.target_k = 693;
	ramp_for(bench, 900);
	assert_true(furnace_bench_get_k(&bench->fake, SP) > bench->demand.furnace.setpoint_k + 90);
	return bench;
}

/* The most that the working setpoint was above control's, or above where it stood before, in the next 10 s.
 */
static double find_excess_k(struct bench *bench)
{
	double stood_k = furnace_bench_get_k(&bench->fake, WORKING), most_k = -INFINITY;

	for (int i = 0; i < 100; i++) {
		ramp_for(bench, 1);
		most_k = fmax(most_k, furnace_bench_get_k(&bench->fake, WORKING) -
					      fmax(stood_k, bench->demand.furnace.setpoint_k));
	}
	return most_k;
}

/*
 * With the target 200 K ahead, the line comes back or an abort begins, and one write of the adoption is lost
 * in each way there is. The ramp goes on for as long as it takes to try again: 3 s at 1/3 K/s.
 */
static void no_write_of_an_adoption_lets_the_target_loose(void **state)
{
	(void)state;
	for (uint32_t at = 0; at <= 6; at++)
		for (int how = 0; how < LOSS_MAX; how++)
			for (int abort = 0; abort < 2; abort++) {
				struct bench *bench = make_bench_in_a_ramp();
				struct furnace_demand *demand = &bench->demand.furnace;
				double most_k;

				if (abort) {
					demand->setpoint_k -= 5;
					demand->target_k = 298;
					demand->ramp_k_per_s = -1.0 / 3;
				} else {
					bench->fake.line.connects++;
				}
				bench->fake.lose_in = at;
				bench->fake.loss = (enum fake_loss)how;
				most_k = find_excess_k(bench);
				if (most_k > 1)
					fail_msg("write %u lost in way %d, %s: %.1f K above", at, how,
						 abort ? "abort" : "reconnect", most_k);
				assert_true(fabs(furnace_bench_get_k(&bench->fake, WORKING) -
						 demand->setpoint_k) < 2);
				assert_true(how == LOSS_EFFECT || !bench->report.furnace.readback_differs);
				furnace_bench_free(bench);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ramp_of_its_own_begins_where_control_stands),
		cmocka_unit_test(a_rate_that_is_not_kept_is_no_ramp),
		cmocka_unit_test(an_old_working_setpoint_is_not_let_loose),
		cmocka_unit_test(no_write_of_an_adoption_lets_the_target_loose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
