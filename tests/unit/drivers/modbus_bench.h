/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer that misbehaves in one manner, on a pty or on TCP, and a line that asks it. */
#pragma once

#include "tests/unit/drivers/cmocka_all.h"

#include <pthread.h>
#include <stdbool.h>

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

/* A peer of this manner in a thread of its own, and a line to it; response timeout 100 ms, worst latency 150
 * ms. Fails the test where the machine gives no pty, socket or thread. */
struct bench *modbus_bench_make(bool tcp, enum manner manner);
void modbus_bench_free(struct bench *bench);

/* Reads one holding register. Returns 0 or a cause. */
int modbus_bench_ask(struct bench *bench, uint16_t address, uint16_t *ret_value);
int modbus_bench_ask_words(struct bench *bench, uint16_t address, uint16_t count, uint16_t *ret_values);
void modbus_bench_pause_ms(int ms);
/* All of the bytes, as the peer would send them. */
void modbus_bench_put(int fd, const uint8_t *bytes, size_t length);
