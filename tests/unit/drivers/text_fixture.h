/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A driver of a text protocol against densim's instrument over a line in memory that can be spoilt. */
#ifndef DENSD_TESTS_TEXT_FIXTURE_H
#define DENSD_TESTS_TEXT_FIXTURE_H

#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/driver.h"
#include "tools/densim/emulator_text.h"

#define STEPS_A_CYCLE 2 /* of the laboratory: 0.1 s */

struct bench {
	struct text_line line; /* first */
	struct bus_config config;
	struct laboratory lab;
	struct emulator_text instrument;
	const struct driver_ops *driver;
	void *state;
	char waiting[1024]; /* answers on their way */
	size_t waiting_length;
	uint32_t sent, quarantines, spoil_every;
	bool silent, late;
	int64_t busy_until_ns;
	double quarantine_ms; /* the last one */
	char last[64];        /* telegram */
	double t_lab_s;
	struct demand demand;
	struct report report;
};
static struct bench bench;

static inline int line_send(struct text_line *line, const char *bytes, size_t length)
{
	(void)line;
	bench.sent++;
	snprintf(bench.last, sizeof(bench.last), "%.*s", (int)length, bytes);
	if (bench.silent)
		return 0;
	if (clock_mono_ns() < bench.busy_until_ns)
		bench.instrument.busy = 1;
	for (size_t done = 0; done < length;) {
		char answer[EMULATOR_TEXT_ANSWER];
		size_t got, used = emulator_text_take(&bench.instrument, bytes + done, length - done, answer,
						      &got);

		assert_true(used > 0 && bench.waiting_length + got < sizeof(bench.waiting));
		if (got > 2 && bench.spoil_every > 0 && bench.sent % bench.spoil_every == 0)
			answer[bench.sent % (got - 1)] ^= 1;
		memcpy(bench.waiting + bench.waiting_length, answer, got);
		bench.waiting_length += got;
		done += used;
	}
	return 0;
}

static inline int line_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			       size_t *ret_count)
{
	size_t count = bench.late ? 0 : bench.waiting_length < size ? bench.waiting_length : size;

	(void)line;
	(void)wait_ms;
	memcpy(ret_bytes, bench.waiting, count);
	memmove(bench.waiting, bench.waiting + count, bench.waiting_length - count);
	bench.waiting_length -= count;
	*ret_count = count;
	return 0;
}

/* What was on its way has come and is thrown away. */
static inline void line_quarantine(struct text_line *line, double wait_ms)
{
	(void)line;
	bench.quarantine_ms = wait_ms;
	bench.quarantines++;
	bench.waiting_length = 0;
}

static const struct text_ops line_ops = {
	.send_bytes = line_send, .receive = line_receive, .quarantine = line_quarantine};

static inline void make_bench(uint8_t kind, const char *protocol, const char *identity)
{
	struct driver_setup setup = {.config = &bench.config, .text = &bench.line};
	struct profile *profile = &bench.config.devices[0].profile;

	free(bench.state);
	memset(&bench, 0, sizeof(bench));
	bench.line = (struct text_line){.ops = &line_ops, .connects = 1};
	bench.config.scale = 50; /* a timeout is 20 ms */
	bench.config.device_count = 1;
	bench.config.pressure_rate_gpa_per_s = 0.005;
	bench.config.calibration = (struct press_calibration){.loading_count = 2,
							      .unloading_count = 2,
							      .loading_bar = {0, 2000},
							      .loading_gpa = {0, 7},
							      .unloading_bar = {0, 2000},
							      .unloading_gpa = {0, 7.0001}};
	bench.config.devices[0].unit = 1;
	*profile = (struct profile){
		.kind = kind, .setpoint_high = kind == DEVICE_PRESS ? 200 : 100, .stroke_full = 266};
	snprintf(profile->protocol, sizeof(profile->protocol), "%s", protocol);
	snprintf(profile->identity_text, sizeof(profile->identity_text), "%s", identity);
	laboratory_init(&bench.lab, 50, 3, false);
	assert_int_equal(emulator_text_init(&bench.instrument, profile, &bench.lab), 0);
	bench.driver = registry_find((enum device_kind)kind, protocol, "");
	assert_non_null(bench.driver);
	bench.state = calloc(1, bench.driver->state_size);
	assert_non_null(bench.state);
	assert_int_equal(bench.driver->init(bench.state, &setup), 0);
	bench.demand.kind = kind;
	if (kind == DEVICE_PRESS)
		bench.demand.press.prior_gpa = NAN;
	bench.t_lab_s = 100;
}

static inline void cycle(int times)
{
	while (times-- > 0) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle now = {
			.seq = 1, .now_ns = now_ns, .t_lab_s = bench.t_lab_s, .tick_mono_ns = now_ns};
		int fd = -1;

		bench.report = (struct report){.kind = bench.demand.kind};
		bench.driver->cycle(bench.state, &now, &bench.demand, &bench.report, &fd);
		for (int i = 0; i < STEPS_A_CYCLE; i++)
			laboratory_step(&bench.lab);
		bench.t_lab_s += 0.1;
	}
}

static inline void load_to(double gpa)
{
	bench.demand.press.mode = MODE_CONTROL;
	for (double at = 0; at < gpa; at += 0.0005) {
		bench.demand.press.setpoint_gpa = at;
		cycle(1);
	}
	bench.demand.press.setpoint_gpa = gpa;
	cycle(100);
}

static const struct {
	const char *protocol, *identity;
} presses[] = {{"pace", "PACE"}, {"dasnet", "260D"}};
#define EACH_PRESS(i) (size_t i = 0; i < sizeof(presses) / sizeof(presses[0]); i++)

#endif
