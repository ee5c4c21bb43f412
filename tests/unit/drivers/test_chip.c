/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip driver over an in-memory controller: jobs once per id, FIRE never twice, traces sealed. */
#include "tests/unit/drivers/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/driver.h"

struct controller {
	struct text_line line; /* first */
	char out[4096];        /* what it still has to say */
	size_t have, given;
	char program[256];
	int state; /* index in names */
	unsigned counter, trace, fires, commands, wdog, heat_off;
	bool mute, spoil_program, damage_trace, refuse_arm;
	int code;
};

static const char *const names[] = {"IDLE", "PROGRAMMED", "ARMED", "DATA"};

static void say(struct controller *c, const char *text)
{
	c->have += (size_t)snprintf(c->out + c->have, sizeof(c->out) - c->have, "%s\n", text);
}

static void say_trace(struct controller *c)
{
	static const uint8_t row[12] = {0, 0, 0, 0, 0x43, 0x96, 0, 0, 0xBF, 0x80, 0, 0};

	memcpy(c->out + c->have, c->damage_trace ? "#x12" : "#212", 4);
	memcpy(c->out + c->have + 4, row, sizeof(row));
	c->have += 4 + sizeof(row);
	c->out[c->have++] = '\n';
}

static void obey(struct controller *c, const char *text)
{
	char answer[300];

	if (strcmp(text, "FIRE") == 0) {
		c->fires++;
		c->trace = ++c->counter;
		c->state = 3;
	} else if (strcmp(text, "ARM") == 0) {
		if (c->refuse_arm)
			c->code = -221;
		else
			c->state = 2;
	} else if (strncmp(text, "PROG:RAMP", 9) == 0 || strncmp(text, "PROG:COOL", 9) == 0) {
		snprintf(c->program + strlen(c->program), sizeof(c->program) - strlen(c->program), "%s%s",
			 c->program[0] ? ";" : "", text + 5);
		c->state = 1;
	} else if (strcmp(text, "PROG:CLEAR") == 0) {
		c->program[0] = '\0';
	} else if (strcmp(text, "PROG?") == 0) {
		say(c, c->spoil_program ? "RAMP 300,900,500" : c->program);
	} else if (strcmp(text, "*IDN?") == 0) {
		say(c, "densd,densim-fdsc,120,0.1");
	} else if (strcmp(text, "SYST:ERR?") == 0) {
		snprintf(answer, sizeof(answer), "%d,\"%s\"", c->code, c->code ? "refused" : "No error");
		c->code = 0;
		say(c, answer);
	} else if (strcmp(text, "CHIP:STAT?") == 0) {
		snprintf(answer, sizeof(answer), "%s,%u,%u,300.0,1000.0,0.0,0", names[c->state], c->counter,
			 c->trace);
		say(c, answer);
	} else if (strncmp(text, "SCAN:DATA?", 10) == 0) {
		say_trace(c);
	} else if (strncmp(text, "SCAN:DEL", 8) == 0) {
		c->trace = 0;
		c->state = 0;
	} else if (strncmp(text, "WDOG", 4) == 0) {
		c->wdog++;
	} else if (strcmp(text, "HEAT:OFF") == 0) {
		c->heat_off++;
	}
}

static int controller_send(struct text_line *line, const char *text)
{
	struct controller *c = (struct controller *)line;

	if (line->connects == 0)
		line->connects = 1;
	c->commands++;
	if (c->given == c->have)
		c->given = c->have = 0;
	obey(c, text);
	if (c->mute)
		c->given = c->have = 0;
	return 0;
}

/* Five bytes at a time: an answer never comes whole. */
static int controller_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			      size_t *ret_count)
{
	struct controller *c = (struct controller *)line;
	size_t left = c->have - c->given, n = left < 5 ? left : 5;

	(void)wait_ms;
	n = n < size ? n : size;
	memcpy(ret_bytes, c->out + c->given, n);
	c->given += n;
	*ret_count = n;
	return 0;
}

static void controller_quarantine(struct text_line *line, double wait_ms)
{
	struct controller *c = (struct controller *)line;

	(void)wait_ms;
	c->given = c->have = 0;
}

static const struct text_ops controller_ops = {
	.send = controller_send, .receive = controller_receive, .quarantine = controller_quarantine};

struct bench {
	struct controller controller;
	struct bus_config config;
	void *driver_state;
	struct demand demand;
	struct report report;
	double t_lab_s;
	int fd;
};

static struct bench *make_bench(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct driver_setup setup = {.config = &bench->config, .text = &bench->controller.line};

	assert_non_null(bench);
	bench->controller.line.ops = &controller_ops;
	bench->config.scale = 120;
	bench->config.device_count = 1;
	bench->config.devices[0].profile.kind = DEVICE_CHIP;
	bench->driver_state = calloc(1, chip_driver.state_size);
	assert_int_equal(chip_driver.init(bench->driver_state, &setup), 0);
	bench->demand.kind = DEVICE_CHIP;
	bench->t_lab_s = 1000;
	bench->fd = -1;
	return bench;
}

static void free_bench(struct bench *bench)
{
	if (bench->fd >= 0)
		close(bench->fd);
	chip_driver.deinit(bench->driver_state);
	free(bench->driver_state);
	free(bench);
}

static void run(struct bench *bench, int cycles)
{
	for (int i = 0; i < cycles; i++) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle cycle = {
			.seq = 1, .now_ns = now_ns, .t_lab_s = bench->t_lab_s, .tick_mono_ns = now_ns};
		int fd = -1;

		bench->t_lab_s += 0.1;
		bench->report = (struct report){0};
		chip_driver.cycle(bench->driver_state, &cycle, &bench->demand, &bench->report, &fd);
		if (fd >= 0)
			bench->fd = fd;
	}
}

static void order(struct bench *bench, enum chip_job_kind job, uint32_t id)
{
	bench->demand.chip = (struct chip_demand){.job = (uint8_t)job,
						  .job_id = id,
						  .counter = 1,
						  .start_k = 300,
						  .end_k = 850,
						  .rate_k_per_s = 500,
						  .cooling_k_per_s = 200};
	run(bench, 3);
	assert_int_equal(bench->report.chip.job_id, id);
}

static void idle_is_polled_twice_a_second(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, 10);
	assert_true(bench->report.online && bench->report.simulated);
	assert_true(bench->report.sim_scale == 120);
	bench->controller.commands = 0;
	run(bench, 100);
	assert_in_range(bench->controller.commands, 15, 21);
	free_bench(bench);
}

static void a_scan_from_program_to_deletion(void **state)
{
	struct bench *bench = make_bench();
	struct trace_row row;

	(void)state;
	run(bench, 5);
	order(bench, CHIP_JOB_PROGRAM, 1);
	assert_true(bench->report.chip.job_ok);
	assert_int_equal(bench->controller.wdog, 1);
	order(bench, CHIP_JOB_ARM, 2);
	assert_true(bench->report.chip.job_ok);
	order(bench, CHIP_JOB_FIRE, 3);
	assert_true(bench->report.chip.job_ok);
	run(bench, 50);
	assert_int_equal(bench->controller.fires, 1);
	assert_true(bench->report.chip.trace_available);
	order(bench, CHIP_JOB_READ, 4);
	assert_true(bench->report.chip.job_ok);
	assert_true(bench->fd >= 0);
	assert_int_equal(pread(bench->fd, &row, sizeof(row), 0), sizeof(row));
	assert_true(row.temperature_k == 300 && row.heat_flow_mw == -1);
	assert_true(fcntl(bench->fd, F_GET_SEALS) & F_SEAL_WRITE);
	order(bench, CHIP_JOB_DELETE, 5);
	assert_true(bench->report.chip.job_ok);
	free_bench(bench);
}

static void fire_is_not_repeated_when_its_answer_is_lost(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, 5);
	order(bench, CHIP_JOB_PROGRAM, 1);
	order(bench, CHIP_JOB_ARM, 2);
	bench->demand.chip.job = CHIP_JOB_FIRE;
	bench->demand.chip.job_id = 3;
	run(bench, 1);
	assert_int_equal(bench->controller.fires, 1);
	/* Another id while it is not armed fires nothing. */
	bench->demand.chip.job_id = 4;
	run(bench, 2);
	assert_int_equal(bench->controller.fires, 1);
	assert_false(bench->report.chip.job_ok);
	free_bench(bench);
}

static void refusals_carry_their_reason(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, 5);
	order(bench, CHIP_JOB_ARM, 1);
	assert_false(bench->report.chip.job_ok);
	assert_non_null(strstr(bench->report.chip.error, "no program"));
	bench->controller.spoil_program = true;
	order(bench, CHIP_JOB_PROGRAM, 2);
	assert_false(bench->report.chip.job_ok);
	assert_non_null(strstr(bench->report.chip.error, "reads back"));
	bench->controller.spoil_program = false;
	order(bench, CHIP_JOB_PROGRAM, 3);
	bench->controller.refuse_arm = true;
	order(bench, CHIP_JOB_ARM, 4);
	assert_false(bench->report.chip.job_ok);
	assert_non_null(strstr(bench->report.chip.error, "-221"));
	bench->controller.damage_trace = true;
	order(bench, CHIP_JOB_READ, 5);
	assert_false(bench->report.chip.job_ok);
	assert_true(bench->fd < 0);
	free_bench(bench);
}

static void off_is_above_any_job(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, 5);
	order(bench, CHIP_JOB_PROGRAM, 1);
	order(bench, CHIP_JOB_ARM, 2);
	bench->demand.chip.off = true;
	bench->demand.chip.job = CHIP_JOB_FIRE;
	bench->demand.chip.job_id = 3;
	run(bench, 3);
	assert_true(bench->controller.heat_off > 0);
	assert_int_equal(bench->controller.fires, 0);
	assert_false(bench->report.chip.job_ok);
	free_bench(bench);
}

static void a_silent_controller_is_a_fault(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, 5);
	bench->controller.mute = true;
	run(bench, 6);
	assert_true(bench->report.errors > 0);
	free_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_is_polled_twice_a_second),
		cmocka_unit_test(a_scan_from_program_to_deletion),
		cmocka_unit_test(fire_is_not_repeated_when_its_answer_is_lost),
		cmocka_unit_test(refusals_carry_their_reason),
		cmocka_unit_test(off_is_above_any_job),
		cmocka_unit_test(a_silent_controller_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
