/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The serial line on a real pty whose other end misbehaves. */
#include "tests/unit/drivers/cmocka_all.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/serial_line.h"

struct bench {
	int master, slave; /* the second keeps the pty raw and alive */
	struct bus_config config;
	struct text_line *line;
};

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

static struct bench *make_bench(char parity)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct termios raw;

	assert_non_null(bench);
	bench->config = (struct bus_config){
		.kind = BUS_SERIAL, .baud = 9600, .parity = parity, .stop_bits = 1, .scale = 1};
	bench->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(bench->master >= 0);
	assert_int_equal(grantpt(bench->master), 0);
	assert_int_equal(unlockpt(bench->master), 0);
	assert_int_equal(ptsname_r(bench->master, bench->config.path, sizeof(bench->config.path)), 0);
	bench->slave = open(bench->config.path, O_RDWR | O_NOCTTY);
	assert_true(bench->slave >= 0);
	tcgetattr(bench->slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(bench->slave, TCSANOW, &raw);
	assert_int_equal(serial_line_new(&bench->config, &bench->line), 0);
	return bench;
}

static void free_bench(struct bench *bench)
{
	bench->line->ops->free(bench->line);
	close(bench->master);
	close(bench->slave);
	free(bench);
}

static int tell(struct bench *bench, const char *text)
{
	return bench->line->ops->send_bytes(bench->line, text, strlen(text));
}

static void say(struct bench *bench, const char *text)
{
	assert_int_equal(write(bench->master, text, strlen(text)), strlen(text));
}

static size_t take(struct bench *bench, size_t size, char *ret_bytes)
{
	size_t count = 0;

	assert_int_equal(bench->line->ops->receive(bench->line, (uint8_t *)ret_bytes, size, 500, &count), 0);
	return count;
}

/* What an instrument says that nobody asked: a second copy, the rest of a trickle, a late answer. */
static void what_nobody_asked_for_ends_in_a_quarantine(void **state)
{
	struct bench *bench = make_bench('N');
	char bytes[64];

	(void)state;
	assert_int_equal(tell(bench, "A\r"), 0);
	say(bench, "A 1\rA 1\r");
	assert_int_equal(take(bench, 4, bytes), 4);
	assert_int_equal(tell(bench, "A\r"), CAUSE_MISMATCH);
	bench->line->ops->quarantine(bench->line, 50);
	assert_int_equal(tell(bench, "A\r"), CAUSE_QUARANTINE);
	pause_ms(60);
	assert_int_equal(tell(bench, "A\r"), 0);
	free_bench(bench);
}

/* Some end their lines with CR, some with both: what is left of an end is no answer. */
static void the_rest_of_a_line_end_is_nothing(void **state)
{
	struct bench *bench = make_bench('N');
	char bytes[64];

	(void)state;
	assert_int_equal(tell(bench, "A\r"), 0);
	say(bench, "A 1\r\n");
	assert_int_equal(take(bench, 4, bytes), 4);
	assert_int_equal(tell(bench, "A\r"), 0);
	say(bench, "A 2\r");
	assert_int_equal(take(bench, sizeof(bytes), bytes), 4);
	assert_int_equal(bytes[2], '2');
	free_bench(bench);
}

/* A line that still speaks at the end of its quarantine is not quiet. */
static void a_quarantine_ends_in_silence_only(void **state)
{
	struct bench *bench = make_bench('N');

	(void)state;
	assert_int_equal(tell(bench, "A\r"), 0);
	bench->line->ops->quarantine(bench->line, 60);
	for (int i = 0; i < 4; i++) {
		pause_ms(40);
		say(bench, "7");
		assert_int_equal(tell(bench, "A\r"), CAUSE_QUARANTINE);
	}
	pause_ms(70);
	tell(bench, "A\r"); /* drains, and begins again */
	pause_ms(70);
	assert_int_equal(tell(bench, "A\r"), 0);
	free_bench(bench);
}

/* Hiss of the line, closer together than the quarantine is long: it ends fifteen seconds after it began (here
 * a thirtieth), and what is there before a question is nothing while it is less than an answer. */
static void hiss_does_not_keep_a_line_from_being_asked(void **state)
{
	struct bench *bench = make_bench('N');
	int r = CAUSE_QUARANTINE;

	(void)state;
	bench->config.scale = 30;
	assert_int_equal(tell(bench, "A\r"), 0);
	bench->line->ops->quarantine(bench->line, 60);
	for (int i = 0; i < 60 && r == CAUSE_QUARANTINE; i++) {
		pause_ms(20);
		r = tell(bench, "A\r");
		say(bench, "~");
	}
	assert_int_equal(r, 0);
	pause_ms(5);
	assert_int_equal(tell(bench, "A\r"), 0);
	say(bench, "~~~~");
	pause_ms(5);
	assert_int_equal(tell(bench, "A\r"), CAUSE_MISMATCH);
	free_bench(bench);
}

/* A byte with wrong parity reads as NUL, which no text holds. */
static void parity_is_checked_where_there_is_one(void **state)
{
	static const char parities[] = {'N', 'E', 'O'};
	struct termios settings;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bench *bench = make_bench(parities[i]);

		assert_int_equal(tell(bench, "A\r"), 0);
		assert_int_equal(tcgetattr(bench->slave, &settings), 0);
		assert_int_equal(!!(settings.c_iflag & INPCK), parities[i] != 'N');
		assert_int_equal(settings.c_iflag & (IGNPAR | PARMRK), 0);
		free_bench(bench);
	}
}

static void a_pulled_adapter_is_a_lost_line(void **state)
{
	struct bench *bench = make_bench('N');

	(void)state;
	assert_int_equal(tell(bench, "A\r"), 0);
	close(bench->master);
	close(bench->slave);
	pause_ms(10);
	assert_int_equal(tell(bench, "A\r"), CAUSE_LINK);
	bench->master = bench->slave = open("/dev/null", O_RDONLY);
	bench->slave = dup(bench->master);
	free_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_asked_for_ends_in_a_quarantine),
		cmocka_unit_test(the_rest_of_a_line_end_is_nothing),
		cmocka_unit_test(a_quarantine_ends_in_silence_only),
		cmocka_unit_test(hiss_does_not_keep_a_line_from_being_asked),
		cmocka_unit_test(parity_is_checked_where_there_is_one),
		cmocka_unit_test(a_pulled_adapter_is_a_lost_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
