/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands between the drivers and a line to record it: it hands on all that the line must know, and the
 * contactor's traffic is told from the devices'. */
#include "tests/unit/drivers/cmocka_all.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/capture.h"
#include "tests/unit/drivers/fake_modbus.h"

#define COIL 7
static const struct modbus_peer peer = {.unit = 4, .response_timeout_ms = 1, .worst_latency_ms = 1};

static void leave_alone(struct modbus_line *line)
{
	(void)line; /* part of the test */
}

static struct modbus_line *make_tap(struct capture *capture, char letter, struct fake_modbus *fake,
				    struct modbus_ops *ops)
{
	struct modbus_line *tap;

	*ops = fake_ops;
	ops->free = leave_alone;
	*fake = (struct fake_modbus){.line = {.ops = ops, .connects = 3}};
	assert_int_equal(capture_modbus_new(capture, letter, &fake->line, &tap), 0);
	return tap;
}

/* Lost on the way, a connection that nobody answers would hold up the furnace. */
static void each_question_hands_on_its_end(void **state)
{
	static struct fake_modbus fake;
	static struct capture capture;
	struct modbus_ops ops;
	struct modbus_line *tap = make_tap(&capture, CAPTURE_LINE_CONTACTOR, &fake, &ops);
	uint16_t words[1] = {1};

	(void)state;
	for (int i = 1; i <= 5; i++) {
		tap->until_ns = 1000 * i;
		if (i == 1)
			tap->ops->read_registers(tap, &peer, false, 1, 1, words);
		else if (i == 2)
			tap->ops->write_registers(tap, &peer, 1, 1, words);
		else if (i == 3)
			tap->ops->write_read(tap, &peer, 1, 1, words, 1, 1, words);
		else if (i == 4)
			tap->ops->write_coil(tap, &peer, 1, true);
		else
			tap->ops->read_bit(tap, &peer, false, 1, words);
		assert_int_equal(fake.line.until_ns, 1000 * i);
		assert_int_equal(tap->connects, fake.line.connects);
	}
	tap->ops->free(tap);
}

static char *record(const struct bus_config *config)
{
	static struct fake_modbus fakes[2];
	static struct capture capture;
	struct demand demands[BUS_DEVICES_MAX] = {0};
	struct modbus_ops ops[2];
	struct modbus_line *devices = make_tap(&capture, CAPTURE_LINE_DEVICES, &fakes[0], &ops[0]);
	struct modbus_line *coupler = make_tap(&capture, CAPTURE_LINE_CONTACTOR, &fakes[1], &ops[1]);
	char *text = NULL;
	uint16_t word;
	size_t length;

	capture_begin(&capture, config, open_memstream(&text, &length), 60);
	capture_cycle(&capture, config, 1, clock_mono_ns() - 10 * CLOCK_NS_PER_S, demands);
	devices->ops->read_registers(devices, &peer, false, 1, 1, &word);
	coupler->ops->write_coil(coupler, &peer, COIL, true);
	coupler->ops->read_bit(coupler, &peer, false, COIL, &word);
	capture_end(&capture, "the test ended");
	devices->ops->free(devices);
	coupler->ops->free(coupler);
	return text;
}

static void the_contactor_has_lines_of_its_own(void **state)
{
	struct bus_config config = {.name = "rtu",
				    .scale = 1,
				    .contactor = {.fitted = true,
						  .unit = 4,
						  .coil = COIL,
						  .watchdog_s = 10,
						  .profile = "coupler",
						  .sha256 = "abc"}};
	char *text = record(&config);

	(void)state;
	assert_non_null(strstr(text, "\ncontactor 4 7 10 coupler abc\n"));
	assert_non_null(strstr(text, "\nM 4 read 0 0 1 1 > "));
	assert_non_null(strstr(text, "\nK 4 coil 7 1 0 0 0001 > "));
	assert_non_null(strstr(text, "\nK 4 read-coil 0 0 7 1 > "));
	assert_non_null(strstr(text, " 0001\nE the test ended\n"));
	free(text);
}

/* A demand from long ago holds no contactor closed: whoever plays it must know how old it was. */
static void a_cycle_says_how_old_its_tick_is(void **state)
{
	struct bus_config config = {.name = "rtu", .scale = 1};
	char *text = record(&config);
	double t_s, age_s;

	(void)state;
	assert_null(strstr(text, "contactor"));
	assert_int_equal(sscanf(strstr(text, "\nC "), "\nC 1 %lf %lf", &t_s, &age_s), 2);
	assert_true(age_s >= 10 && age_s < 60);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_hands_on_its_end),
		cmocka_unit_test(the_contactor_has_lines_of_its_own),
		cmocka_unit_test(a_cycle_says_how_old_its_tick_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
