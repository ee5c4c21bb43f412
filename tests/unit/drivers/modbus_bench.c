/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/drivers/modbus_bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

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

void modbus_bench_pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

void modbus_bench_put(int fd, const uint8_t *bytes, size_t length)
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
		modbus_bench_pause_ms(peer->late_ms);
	if (peer->manner == HALF_FRAME)
		length = 3;
	for (size_t i = 0; peer->manner == TRICKLE && i < length; i++) {
		modbus_bench_put(peer->fd, frame + i, 1);
		modbus_bench_pause_ms(60);
	}
	if (peer->manner == TWICE) {
		memcpy(frame + length, frame, length);
		length *= 2;
	}
	if (peer->manner != TRICKLE && peer->manner != SILENT)
		modbus_bench_put(peer->fd, frame, length);
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
			modbus_bench_pause_ms(5);
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
			modbus_bench_pause_ms(peer->late_ms);
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
			modbus_bench_pause_ms(5);
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

struct bench *modbus_bench_make(bool tcp, enum manner manner)
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

void modbus_bench_free(struct bench *bench)
{
	bench->peer.stop = true;
	bench->line->ops->free(bench->line);
	pthread_join(bench->peer.thread, NULL);
	close(bench->peer.fd);
	free(bench);
}

int modbus_bench_ask(struct bench *bench, uint16_t address, uint16_t *ret_value)
{
	return bench->line->ops->read_registers(bench->line, &bench->address, false, address, 1, ret_value);
}

int modbus_bench_ask_words(struct bench *bench, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	return bench->line->ops->read_registers(bench->line, &bench->address, false, address, count,
						ret_values);
}
