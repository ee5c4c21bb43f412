/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worked example of drivers/README.md, as it stands there, against an in-memory instrument. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"

extern const struct driver_ops meter_driver;

struct instrument {
	struct text_line line; /* first */
	const char *name;
	bool silent;
	double flow;
	uint32_t orders, quarantines;
	char answer[64];
};

static int instrument_send(struct text_line *line, const char *text)
{
	struct instrument *instrument = (struct instrument *)line;

	if (strcmp(text, "*IDN?") == 0) {
		snprintf(instrument->answer, sizeof(instrument->answer), "%s\n", instrument->name);
	} else if (strcmp(text, "FLOW?") == 0) {
		snprintf(instrument->answer, sizeof(instrument->answer), "%.2f\n", instrument->flow);
	} else if (strncmp(text, "SETFLOW ", 8) == 0) {
		instrument->orders++;
		instrument->flow = strtod(text + 8, NULL);
		snprintf(instrument->answer, sizeof(instrument->answer), "OK\n");
	}
	return 0;
}

static int instrument_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			      size_t *ret_count)
{
	struct instrument *instrument = (struct instrument *)line;
	size_t length = instrument->silent ? 0 : strlen(instrument->answer);

	(void)wait_ms;
	assert_true(length <= size);
	memcpy(ret_bytes, instrument->answer, length);
	instrument->answer[0] = '\0';
	*ret_count = length;
	return 0;
}

static void instrument_quarantine(struct text_line *line, double wait_ms)
{
	(void)wait_ms;
	((struct instrument *)line)->quarantines++;
}

static const struct text_ops ops = {
	.send = instrument_send, .receive = instrument_receive, .quarantine = instrument_quarantine};

static struct instrument instrument;
static struct bus_config config;
static void *meter;

static int set_up(void **state)
{
	struct driver_setup setup = {.config = &config, .text = &instrument.line};

	(void)state;
	instrument =
		(struct instrument){.line = {.ops = &ops, .connects = 1}, .name = "METER 7", .flow = 12.5};
	meter = calloc(1, meter_driver.state_size);
	assert_non_null(meter);
	return meter_driver.init(meter, &setup);
}

static int tear_down(void **state)
{
	(void)state;
	free(meter);
	return 0;
}

static struct report cycle(uint8_t mode, double setpoint_ml_per_min, int times)
{
	struct demand demand = {.kind = DEVICE_FLOW, .flow = {mode, setpoint_ml_per_min}};
	struct driver_cycle now = {.seq = 5};
	struct report report = {.kind = DEVICE_FLOW};
	int fd = -1;

	while (times-- > 0)
		meter_driver.cycle(meter, &now, &demand, &report, &fd);
	return report;
}

static void test_observing_writes_nothing(void **state)
{
	struct report report = cycle(MODE_OBSERVE, 80, 5);

	(void)state;
	assert_int_equal(instrument.orders, 0);
	assert_true(report.online && report.flow.identity_ok);
	assert_true(report.flow.flow_ml_per_min.value == 12.5);
	assert_int_equal(report.flow.flow_ml_per_min.quality, QUALITY_GOOD);
}

static void test_control_writes_once(void **state)
{
	struct report report = cycle(MODE_CONTROL, 80, 5);

	(void)state;
	assert_int_equal(instrument.orders, 1);
	assert_true(report.flow.flow_ml_per_min.value == 80);
}

static void test_another_instrument_gets_nothing(void **state)
{
	struct report report;

	(void)state;
	instrument.name = "OVEN 1";
	report = cycle(MODE_CONTROL, 80, 5);
	assert_int_equal(instrument.orders, 0);
	assert_int_equal(report.fault, CAUSE_IDENTITY);
	assert_false(report.online);
}

static void test_silence_is_a_fault(void **state)
{
	struct report report;

	(void)state;
	cycle(MODE_OBSERVE, 0, 3);
	instrument.silent = true;
	report = cycle(MODE_OBSERVE, 0, 1);
	assert_int_equal(report.fault, CAUSE_TIMEOUT);
	assert_int_equal(report.errors, 1);
	assert_int_equal(instrument.quarantines, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_observing_writes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_control_writes_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_instrument_gets_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence_is_a_fault, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
