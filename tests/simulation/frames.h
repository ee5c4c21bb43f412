/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wires at the level of bytes: libmodbus, drivers/modbus_line.c and drivers/serial_line.c as they ship,
 * on streams of bytes whose other end is densim's Modbus server and chip controller. Waiting for an answer
 * advances the simulated clock; between device and densd an answer may come late, be cut, bent, foreign or
 * lost.
 */
#ifndef DENSD_TESTS_SIMULATION_FRAMES_H
#define DENSD_TESTS_SIMULATION_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

/* At the start of a night. 0 or -errno. */
int frames_init(void);
/* The worker of that enum world_bus is gone, and its descriptors with it. */
void frames_forget(int bus);
/* Waits on a descriptor of theirs, on the simulated clock: 0 and whether there is something to read, or
 * -ENOENT. */
int frames_wait(int fd, int64_t most_ns, int *ret_ready);
/* Somebody is at its far end. */
bool frames_is_open(int fd);
/* A new connection on that bus: densd's end, or -errno. */
int frames_open(int bus);
void frames_flush(int fd);
/* One quantum: the other program that wants a line for itself. */
void frames_step(void);
/* What the adapters and late answers do before a cycle of that bus. */
void frames_begin_cycle(int bus);

#endif
