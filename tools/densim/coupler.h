/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fieldbus coupler with one output, the heater's contactor: its watchdog, what the output does when nobody
 * writes any more, and the words that bring it back. While it has fallen back a write to the output is
 * acknowledged and does nothing. Pure.
 */
#ifndef DENSD_DENSIM_COUPLER_H
#define DENSD_DENSIM_COUPLER_H

#include <stdbool.h>
#include <stdint.h>

enum coupler_type { COUPLER_ON_WRITES, COUPLER_ON_TELEGRAMS, COUPLER_OFF };
enum coupler_fallback { COUPLER_ZERO, COUPLER_FREEZE, COUPLER_STOP };

struct coupler {
	bool fitted; /* else the contactor does not hang on it */
	bool output, fell_back, running;
	unsigned type, fallback;
	double watchdog_s, silent_s;
	uint16_t fallbacks;
	unsigned reset_steps; /* words of the reset sequence written so far, in order */
	bool write_lock;      /* one master writes, the others are refused */
	unsigned asker;       /* who asks now, a connection; 0: nobody in particular */
	unsigned master;      /* who holds the lock; 0: nobody yet */
};

/* @watchdog_least_s as for the press. */
void coupler_step(struct coupler *coupler, double watchdog_least_s, double step_s);
/*
 * Whether the asker may write. Under the lock the first that writes is the master until its connection ends;
 * which exception the device refuses another with is not documented: here it is 1.
 */
bool coupler_takes_write(struct coupler *coupler);
/* The connection of @asker has ended. */
void coupler_hang_up(struct coupler *coupler, unsigned asker);
/* A telegram came: what the watchdog waits for, by its type. It runs from the first write on. */
void coupler_hear(struct coupler *coupler, bool write);
void coupler_set_output(struct coupler *coupler, bool on);
/* The reset sequence is complete. */
void coupler_reset(struct coupler *coupler);
/* Its supply came back: the output is off, and nothing has fallen back. */
void coupler_restart(struct coupler *coupler);
/* Mains may pass, as far as the coupler decides. */
bool coupler_closed(const struct coupler *coupler);

#endif
