/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Misbehaving peers on a real pty and on real TCP: what the transport makes of them, and how long it takes.
 */
#include "tests/unit/drivers/cmocka_all.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/modbus_doubt.h"
#include "drivers/modbus_line.h"

enum manner {
	HONEST,
	LATE,
	TRICKLE,
	WRONG_SLAVE,
	BAD_CRC,
	HALF_FRAME,
	SILENT,
	BUSY_TWICE,
	REFUSES,
	TWICE,
	DEAF
};

struct peer {
	int fd; /* the pty's master, or the listening socket */
	bool tcp;
	volatile int manner, late_ms;
	volatile bool stop;
	volatile unsigned requests;
	pthread_t thread;
};
struct bench {
	struct peer peer;
	struct bus_config config;
	struct modbus_line *line;
	struct modbus_peer address;
};

static uint16_t crc16(const uint8_t *bytes, size_t length)
{
	uint16_t crc = 0xFFFF;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (uint16_t)(crc >> 1 ^ 0xA001) : (uint16_t)(crc >> 1);
	}
	return crc;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

static void put(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n <= 0)
			return;
		bytes += n;
		length -= (size_t)n;
	}
}

/* Answers FC 3 with each register's own address as its value: a stale answer is recognisable. */
static size_t make_body(struct peer *peer, const uint8_t *request, uint8_t *ret_body)
{
	bool busy = peer->manner == BUSY_TWICE && peer->requests <= 2;

	if (busy || peer->manner == REFUSES) {
		ret_body[0] = request[0] | 0x80;
		ret_body[1] = busy ? 6 : 2;
		return 2;
	}
	ret_body[0] = request[0];
	ret_body[1] = (uint8_t)(2 * request[4]);
	for (unsigned i = 0; i < request[4]; i++) {
		unsigned value = ((unsigned)request[1] << 8 | request[2]) + i;

		ret_body[2 + 2 * i] = (uint8_t)(value >> 8);
		ret_body[3 + 2 * i] = (uint8_t)value;
	}
	return 2 + 2u * request[4];
}

static void answer_rtu(struct peer *peer, const uint8_t *request)
{
	uint8_t frame[64];
	size_t length = 1 + make_body(peer, request + 1, frame + 1);
	uint16_t crc;

	frame[0] = peer->manner == WRONG_SLAVE ? 9 : request[0];
	crc = crc16(frame, length);
	if (peer->manner == BAD_CRC)
		crc ^= 0x5555;
	frame[length++] = (uint8_t)(crc & 0xff);
	frame[length++] = (uint8_t)(crc >> 8);
	if (peer->manner == LATE)
		pause_ms(peer->late_ms);
	if (peer->manner == HALF_FRAME)
		length = 3;
	for (size_t i = 0; peer->manner == TRICKLE && i < length; i++) {
		put(peer->fd, frame + i, 1);
		pause_ms(60);
	}
	if (peer->manner == TWICE) {
		memcpy(frame + length, frame, length);
		length *= 2;
	}
	if (peer->manner != TRICKLE && peer->manner != SILENT)
		put(peer->fd, frame, length);
}

static size_t get(int fd, uint8_t *bytes, size_t size, volatile bool *stop)
{
	size_t have = 0;

	while (have < size && !*stop) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&wait, 1, 20) <= 0)
			continue;
		n = read(fd, bytes + have, size - have);
		if (n == 0)
			return 0;
		if (n > 0)
			have += (size_t)n;
		else
			pause_ms(5);
	}
	return have;
}

static void *serve_rtu(void *data)
{
	struct peer *peer = data;
	uint8_t request[8];

	while (!peer->stop)
		if (get(peer->fd, request, sizeof(request), &peer->stop) == sizeof(request)) {
			peer->requests++;
			answer_rtu(peer, request);
		}
	return NULL;
}

static void serve_connection(struct peer *peer, int fd)
{
	uint8_t request[12], answer[64];
	size_t length;

	while (!peer->stop && get(fd, request, sizeof(request), &peer->stop) == sizeof(request)) {
		peer->requests++;
		memcpy(answer, request, 7);
		length = make_body(peer, request + 7, answer + 7);
		answer[5] = (uint8_t)(length + 1);
		if (peer->manner == LATE)
			pause_ms(peer->late_ms);
		if (peer->manner != SILENT)
			send(fd, answer, 7 + length, MSG_NOSIGNAL);
	}
}

static void *serve_tcp(void *data)
{
	struct peer *peer = data;

	while (!peer->stop) {
		struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
		int fd;

		if (poll(&wait, 1, 20) <= 0 || peer->manner == DEAF) {
			pause_ms(5);
			continue;
		}
		fd = accept(peer->fd, NULL, NULL);
		if (fd >= 0) {
			serve_connection(peer, fd);
			close(fd);
		}
	}
	return NULL;
}

static void open_pty(struct bench *bench)
{
	struct termios raw;
	int slave;

	bench->peer.fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(bench->peer.fd >= 0);
	assert_int_equal(grantpt(bench->peer.fd), 0);
	assert_int_equal(unlockpt(bench->peer.fd), 0);
	assert_int_equal(ptsname_r(bench->peer.fd, bench->config.path, sizeof(bench->config.path)), 0);
	/* Kept raw before anybody opens it, so that nothing is echoed. */
	slave = open(bench->config.path, O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	bench->config.kind = BUS_MODBUS_RTU;
	bench->config.baud = 19200;
	bench->config.parity = 'N';
	bench->config.stop_bits = 1;
	close(slave);
}

static void open_tcp(struct bench *bench)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	bench->peer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bench->peer.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(bench->peer.fd, 4), 0);
	assert_int_equal(getsockname(bench->peer.fd, (struct sockaddr *)&address, &length), 0);
	bench->config.kind = BUS_MODBUS_TCP;
	strcpy(bench->config.path, "127.0.0.1");
	bench->config.port = ntohs(address.sin_port);
}

static struct bench *make_bench(bool tcp, enum manner manner)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->config.scale = 50; /* reconnects after 20 ms */
	bench->peer.tcp = tcp;
	bench->peer.manner = manner;
	bench->peer.late_ms = 130;
	if (tcp)
		open_tcp(bench);
	else
		open_pty(bench);
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	bench->address = (struct modbus_peer){.unit = 1, .response_timeout_ms = 100, .worst_latency_ms = 150};
	assert_int_equal(pthread_create(&bench->peer.thread, NULL, tcp ? serve_tcp : serve_rtu, &bench->peer),
			 0);
	return bench;
}

static void free_bench(struct bench *bench)
{
	bench->peer.stop = true;
	bench->line->ops->free(bench->line);
	pthread_join(bench->peer.thread, NULL);
	close(bench->peer.fd);
	free(bench);
}

static int ask(struct bench *bench, uint16_t address, uint16_t *ret_value)
{
	return bench->line->ops->read_registers(bench->line, &bench->address, false, address, 1, ret_value);
}

static int ask_words(struct bench *bench, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	return bench->line->ops->read_registers(bench->line, &bench->address, false, address, count,
						ret_values);
}

static void honest_peers_are_read(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct bench *bench = make_bench(tcp, HONEST);
		uint16_t value = 0;

		for (uint16_t i = 1; i < 50; i++) {
			assert_int_equal(ask(bench, i, &value), 0);
			assert_int_equal(value, i);
		}
		assert_int_equal(bench->line->connects, 1);
		assert_int_equal(bench->line->desyncs, 0);
		free_bench(bench);
	}
}

/* The heart of it: after a late answer no later question may ever get it. */
static void a_late_answer_never_answers_another_question(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct bench *bench = make_bench(tcp, LATE);
		uint16_t value = 0;
		int good = 0;

		assert_int_equal(ask(bench, 1, &value), CAUSE_TIMEOUT);
		assert_int_equal(bench->line->desyncs, 1);
		bench->peer.manner = HONEST;
		for (uint16_t i = 2; i < 60; i++) {
			int r = ask(bench, i, &value);

			if (r == 0) {
				assert_int_equal(value, i);
				good++;
			}
			pause_ms(10);
		}
		assert_true(good > 10);
		free_bench(bench);
	}
}

/* An answer that came twice must not be there for the next question. */
static void a_second_copy_never_answers_the_next_question(void **state)
{
	struct bench *bench = make_bench(false, TWICE);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(ask(bench, 2, &value), CAUSE_MISMATCH);
	assert_int_equal(bench->line->desyncs, 1);
	bench->peer.manner = HONEST;
	pause_ms(170);
	assert_int_equal(ask(bench, 3, &value), 0);
	assert_int_equal(value, 3);
	free_bench(bench);
}

/* A quarantine of the worst latency ends before an answer that breaks the profile's word by far: that unit is
 * not asked again until three seconds after its question (here a tenth of them); the others on the line are.
 */
static void a_unit_whose_answer_is_missing_is_left_alone(void **state)
{
	struct bench *bench = make_bench(false, LATE);
	struct modbus_peer other;
	uint16_t value = 0;
	int good = 0;

	(void)state;
	bench->config.scale = 10;
	bench->peer.late_ms = 260;
	bench->address.worst_latency_ms = 20;
	other = bench->address;
	other.unit = 2;
	assert_int_equal(ask(bench, 1, &value), CAUSE_TIMEOUT);
	pause_ms(30);
	assert_int_equal(ask(bench, 2, &value), CAUSE_QUARANTINE);
	/* Another unit's question is sent; what comes is the first one's late answer, and no answer to it. */
	assert_int_equal(bench->line->ops->read_registers(bench->line, &other, false, 3, 1, &value),
			 CAUSE_TIMEOUT);
	assert_int_equal(bench->peer.requests, 1);
	bench->peer.manner = HONEST;
	for (uint16_t i = 4; i < 60; i++) {
		if (ask(bench, i, &value) == 0) {
			assert_int_equal(value, i);
			good++;
		}
		pause_ms(10);
	}
	assert_true(good > 10);
	free_bench(bench);
}

/* One answer is lost: the same question may be asked again as soon as one of another length was answered, and
 * not only after three seconds. */
static void another_question_ends_the_wait_for_a_missing_answer(void **state)
{
	struct bench *bench = make_bench(false, HONEST);
	uint16_t values[3] = {0};
	unsigned before;

	(void)state;
	bench->config.scale = 1;
	bench->address.worst_latency_ms = 20;
	assert_int_equal(ask_words(bench, 100, 3, values), 0);
	assert_int_equal(ask_words(bench, 200, 1, values), 0);
	bench->peer.manner = SILENT;
	assert_int_equal(ask_words(bench, 300, 3, values), CAUSE_TIMEOUT);
	bench->peer.manner = HONEST;
	pause_ms(30);
	before = bench->peer.requests;
	assert_int_equal(ask_words(bench, 300, 3, values), 0);
	assert_int_equal(values[0], 300);
	assert_int_equal(bench->peer.requests, before + 2);
	assert_int_equal(ask_words(bench, 300, 3, values), 0);
	assert_int_equal(bench->peer.requests, before + 3);
	free_bench(bench);
}

/* The answers of both kinds come late, now one, now the other: none is taken for another question's. */
static void late_answers_are_told_by_their_length(void **state)
{
	struct bench *bench = make_bench(false, HONEST);
	uint16_t values[3] = {0};
	unsigned good = 0;

	(void)state;
	bench->config.scale = 5;
	bench->address.response_timeout_ms = 40;
	bench->address.worst_latency_ms = 20;
	for (uint16_t i = 1; i < 2000 && good < 20; i++) {
		uint16_t count = i % 3 == 0 ? 1 : 3;

		bench->peer.manner = i % 16 == 0 ? LATE : HONEST;
		bench->peer.late_ms = 45 + i % 7 * 30;
		if (ask_words(bench, (uint16_t)(10 * i), count, values) == 0) {
			for (uint16_t at = 0; at < count; at++)
				assert_int_equal(values[at], 10 * i + at);
			good++;
		}
		pause_ms(10);
	}
	assert_true(good == 20);
	free_bench(bench);
}

/* A refusal bears no length, so that it may be the missing answer's: it ends no wait, and is nobody's. */
static void a_refusal_after_a_missing_answer_is_nobodys(void **state)
{
	struct bench *bench = make_bench(false, HONEST);
	uint16_t values[3] = {0};

	(void)state;
	bench->config.scale = 1;
	bench->address.worst_latency_ms = 20;
	assert_int_equal(ask_words(bench, 100, 3, values), 0);
	bench->peer.manner = SILENT;
	assert_int_equal(ask_words(bench, 300, 3, values), CAUSE_TIMEOUT);
	bench->peer.manner = REFUSES;
	pause_ms(30);
	assert_int_equal(ask_words(bench, 200, 1, values), CAUSE_MISMATCH);
	bench->peer.manner = HONEST;
	pause_ms(30);
	assert_int_equal(ask_words(bench, 300, 3, values),
			 CAUSE_QUARANTINE); /* nothing else is left to ask */
	assert_int_equal(ask_words(bench, 200, 2, values), 0);
	assert_int_equal(ask_words(bench, 300, 3, values), 0);
	free_bench(bench);
}

/* More missing answers than there is room for: nothing is told from anything until they are over. */
static void missing_answers_without_room_are_all_answers(void **state)
{
	struct modbus_doubt doubt = {0};

	(void)state;
	for (uint16_t i = 1; i <= 4; i++)
		modbus_doubt_remember(&doubt, &(struct modbus_read){.function = 3, .count = i});
	assert_int_equal(modbus_doubt_find_read(&doubt, 0)->count, 1);
	for (uint16_t i = 1; i <= MODBUS_DOUBT_MISSING; i++)
		modbus_doubt_miss(&doubt, modbus_doubt_shape(3, 2 * i), 100 + i, 0);
	assert_true(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(3, 2), 0));
	assert_false(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(4, 2), 0));
	assert_false(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(3, 2), 101));
	assert_null(modbus_doubt_find_read(&doubt, 0));
	modbus_doubt_miss(&doubt, modbus_doubt_shape(16, 0), 200, 0);
	assert_true(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(4, 2), 199));
	assert_false(modbus_doubt_is_any_missing(&doubt, 200));
	modbus_doubt_end(&doubt);
	assert_false(modbus_doubt_is_any_missing(&doubt, 0));
}

static void a_trickle_does_not_stretch_the_timeout(void **state)
{
	struct bench *bench = make_bench(false, TRICKLE);
	int64_t began_ns = clock_mono_ns();
	uint16_t value;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), CAUSE_TIMEOUT);
	assert_true(clock_mono_ns() - began_ns < 180 * INT64_C(1000000));
	assert_int_equal(ask(bench, 1, &value), CAUSE_QUARANTINE);
	free_bench(bench);
}

static void broken_answers_have_their_cause(void **state)
{
	static const struct {
		enum manner manner;
		int first, second;
	} cases[] = {
		{WRONG_SLAVE, CAUSE_MISMATCH, CAUSE_TIMEOUT},
		{BAD_CRC, CAUSE_CRC, CAUSE_CRC},
		{HALF_FRAME, CAUSE_TIMEOUT, CAUSE_TIMEOUT},
		{SILENT, CAUSE_TIMEOUT, CAUSE_TIMEOUT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *bench = make_bench(false, cases[i].manner);
		uint16_t value = 0;
		int r = ask(bench, 1, &value);

		assert_true(r == cases[i].first || r == cases[i].second);
		assert_int_equal(ask(bench, 2, &value), CAUSE_QUARANTINE);
		bench->peer.manner = HONEST;
		pause_ms(170);
		assert_int_equal(ask(bench, 3, &value), 0);
		assert_int_equal(value, 3);
		free_bench(bench);
	}
}

static void busy_is_asked_again_and_a_refusal_is_not(void **state)
{
	struct bench *bench = make_bench(false, BUSY_TWICE);
	uint16_t value;

	(void)state;
	assert_int_equal(ask(bench, 7, &value), 0);
	assert_int_equal(bench->peer.requests, 3);
	bench->peer.manner = REFUSES;
	assert_int_equal(ask(bench, 7, &value), CAUSE_EXCEPTION);
	assert_int_equal(bench->line->exception, 2);
	assert_int_equal(bench->peer.requests, 4);
	assert_int_equal(bench->line->desyncs, 0);
	free_bench(bench);
}

static void two_processes_cannot_share_a_line(void **state)
{
	struct bench *bench = make_bench(false, HONEST);
	struct modbus_line *second;
	uint16_t value;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), 0);
	assert_int_equal(modbus_line_new(&bench->config, &second), 0);
	assert_int_equal(second->ops->read_registers(second, &bench->address, false, 1, 1, &value),
			 CAUSE_LINK);
	second->ops->free(second);
	free_bench(bench);
}

/* The connection stands, and nobody is there: each question ends with its timeout and a new connection. */
static void a_half_open_connection_is_given_up(void **state)
{
	struct bench *bench = make_bench(true, DEAF);
	int64_t began_ns = clock_mono_ns();
	uint16_t value = 0;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), CAUSE_TIMEOUT);
	assert_int_equal(ask(bench, 2, &value), CAUSE_TIMEOUT);
	assert_int_equal(bench->line->connects, 2);
	assert_true(clock_mono_ns() - began_ns < 400 * INT64_C(1000000));
	bench->peer.manner = HONEST;
	for (uint16_t i = 3; i < 40; i++) {
		int r = ask(bench, i, &value);

		assert_true(r != 0 || value == i);
	}
	assert_int_equal(ask(bench, 40, &value), 0);
	free_bench(bench);
}

static void a_refused_connection_is_tried_again(void **state)
{
	struct bench *bench = make_bench(true, HONEST);
	uint16_t value = 0, port = bench->config.port;

	(void)state;
	bench->config.port = 1; /* nobody listens there */
	bench->line->ops->free(bench->line);
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(ask(bench, 1, &value), CAUSE_LINK);
	assert_int_equal(ask(bench, 1, &value), CAUSE_LINK); /* at once: not tried */
	assert_int_equal(bench->line->connects, 0);
	bench->line->ops->free(bench->line);
	bench->config.port = port;
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(ask(bench, 2, &value), 0);
	assert_int_equal(value, 2);
	free_bench(bench);
}

/* A USB adapter that is pulled and comes back as another port under the same name: hazard 15. */
static void a_pulled_adapter_is_found_again_by_its_name(void **state)
{
	struct bench *bench = make_bench(false, HONEST), *again = make_bench(false, HONEST);
	char folder[] = "/tmp/densd-line-XXXXXX", name[64];
	uint16_t value = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/by-id", folder);
	assert_int_equal(symlink(bench->config.path, name), 0);
	bench->line->ops->free(bench->line);
	strcpy(bench->config.path, name);
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(ask(bench, 1, &value), 0);
	bench->peer.stop = true;
	pthread_join(bench->peer.thread, NULL);
	close(bench->peer.fd);
	unlink(name);
	assert_int_equal(ask(bench, 2, &value), CAUSE_LINK);
	pause_ms(30);
	assert_int_equal(ask(bench, 3, &value), CAUSE_LINK);
	assert_int_equal(symlink(again->config.path, name), 0);
	pause_ms(70);
	assert_int_equal(ask(bench, 4, &value), 0);
	assert_int_equal(value, 4);
	assert_int_equal(bench->line->connects, 2);
	unlink(name);
	rmdir(folder);
	bench->line->ops->free(bench->line);
	free(bench);
	free_bench(again);
}

/* What another master asks and is told on the same pair of wires is seen, and is nobody's answer. */
static void another_masters_talk_answers_nothing(void **state)
{
	static const uint8_t talk[] = {1, 3, 0, 0, 0, 1, 0x84, 0x0A, 1, 3, 2, 0, 7, 0xF9, 0x86};
	struct bench *bench = make_bench(false, HONEST);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), 0);
	put(bench->peer.fd, talk, sizeof(talk));
	pause_ms(5);
	assert_int_equal(ask(bench, 2, &value), CAUSE_MISMATCH);
	assert_int_equal(value, 1);
	assert_int_equal(ask(bench, 3, &value), CAUSE_QUARANTINE);
	pause_ms(170);
	assert_int_equal(ask(bench, 4, &value), 0);
	assert_int_equal(value, 4);
	free_bench(bench);
}

/* Less than any frame: hiss of the line, and not an answer. */
static void a_stray_byte_before_a_question_is_nothing(void **state)
{
	static const uint8_t strays[] = {0xFF, 0, 1};
	struct bench *bench = make_bench(false, HONEST);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(ask(bench, 1, &value), 0);
	for (size_t i = 1; i <= sizeof(strays); i++) {
		put(bench->peer.fd, strays, i);
		pause_ms(5);
		assert_int_equal(ask(bench, (uint16_t)(1 + i), &value), 0);
		assert_int_equal(value, 1 + i);
	}
	assert_int_equal(bench->line->desyncs, 0);
	free_bench(bench);
}

/* Bytes that come closer together than the worst latency must not keep a line from being asked: single ones
 * are no answer, more of them begin the quarantine again until three seconds after the failure (here a fifth
 * of them). */
static void strays_do_not_keep_a_line_from_being_asked(void **state)
{
	static const uint8_t strays[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

	(void)state;
	for (size_t count = 1; count <= sizeof(strays); count += sizeof(strays) - 1) {
		struct bench *bench = make_bench(false, BAD_CRC);
		uint16_t value = 0;
		int r = CAUSE_CRC;

		bench->config.scale = 5;
		assert_true(ask(bench, 1, &value) != 0);
		bench->peer.manner = HONEST;
		for (int i = 0; i < 60 && r != 0; i++) {
			pause_ms(20);
			r = ask(bench, 2, &value);
			if (r != 0)
				put(bench->peer.fd, strays, count);
		}
		assert_int_equal(r, 0);
		assert_int_equal(value, 2);
		free_bench(bench);
	}
}

/* max(1 s, twice the worst latency); at a scale an N-th of it, but a process gets its turn. */
static void timeouts_follow_the_profile(void **state)
{
	static const struct {
		double latency_ms, timeout_ms, scale, response_ms, quarantine_ms;
	} cases[] = {{200, 0, 1, 1000, 200},
		     {700, 0, 1, 1400, 700},
		     {200, 2000, 1, 2000, 200},
		     {500, 0, 5, 200, 100},
		     {500, 0, 100, 100, 50}};
	struct modbus_port port;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bus_device device = {.unit = 7,
					    .profile = {.worst_latency_ms = cases[i].latency_ms,
							.response_timeout_ms = cases[i].timeout_ms}};

		modbus_port_init(&port, NULL, &device, cases[i].scale);
		assert_true(port.peer.unit == 7 && port.peer.response_timeout_ms == cases[i].response_ms &&
			    port.peer.worst_latency_ms == cases[i].quarantine_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_follow_the_profile),
		cmocka_unit_test(a_half_open_connection_is_given_up),
		cmocka_unit_test(a_refused_connection_is_tried_again),
		cmocka_unit_test(a_pulled_adapter_is_found_again_by_its_name),
		cmocka_unit_test(another_masters_talk_answers_nothing),
		cmocka_unit_test(a_stray_byte_before_a_question_is_nothing),
		cmocka_unit_test(strays_do_not_keep_a_line_from_being_asked),
		cmocka_unit_test(honest_peers_are_read),
		cmocka_unit_test(a_late_answer_never_answers_another_question),
		cmocka_unit_test(a_second_copy_never_answers_the_next_question),
		cmocka_unit_test(a_unit_whose_answer_is_missing_is_left_alone),
		cmocka_unit_test(another_question_ends_the_wait_for_a_missing_answer),
		cmocka_unit_test(late_answers_are_told_by_their_length),
		cmocka_unit_test(a_refusal_after_a_missing_answer_is_nobodys),
		cmocka_unit_test(missing_answers_without_room_are_all_answers),
		cmocka_unit_test(a_trickle_does_not_stretch_the_timeout),
		cmocka_unit_test(broken_answers_have_their_cause),
		cmocka_unit_test(busy_is_asked_again_and_a_refusal_is_not),
		cmocka_unit_test(two_processes_cannot_share_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
