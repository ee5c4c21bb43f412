/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pressure source in the role of the press: a syringe pump or a pressure controller that keeps a setpoint
 * while it runs, and holds its volume while it stands. What it lacks is not made up: it has no heartbeat
 * watchdog and no heater contactor (a site must say in words that it accepts that), and AMBIENT is what its
 * own sensor measures.
 *
 * REGULATE is "setpoint, read back, then run"; LOCK is "stop". It never runs on a setpoint that was not read
 * back, never starts again by itself what stopped by itself, writes nothing while the panel has it, and never
 * vents. No I/O: the driver reads, this decides, the driver writes.
 */
#ifndef DENSD_DRIVERS_SOURCE_H
#define DENSD_DRIVERS_SOURCE_H

#include "drivers/driver.h"
#include "drivers/press_follow.h"

/* What an instrument has said so far. The counters go up with each answer, so that nothing is judged twice.
 */
struct source_state {
	struct reading pressure_bar, setpoint_bar, stroke_pct;
	bool running, local;
	bool failed; /* over-pressure, motor fault: it says itself that it cannot go on */
	uint32_t setpoint_reads, status_reads;
	int64_t status_ns; /* mono: of the last of @status_reads */
};
struct source_ops {
	/* Each returns 0 or a positive enum cause. @bar is a multiple of the resolution. */
	int (*write_setpoint)(void *driver, double bar, double limit_bar_per_s);
	int (*run)(void *driver, bool on);
	/* Optional: once after each connect, before anything else is written: remote control, pressure mode.
	 */
	int (*start)(void *driver);
};
struct source {
	const struct source_ops *ops;
	void *driver;
	const struct profile *profile;
	struct press_follow follow;
	struct source_state state;
	double resolution_bar; /* what a setpoint can differ by */
	double limit_high_bar; /* what the instrument itself takes at most; NAN: unknown */
	bool started, ran, failed_itself;
	double written_bar, before_write_bar, written_lab_s; /* NAN: nothing since the connect */
	double order_lab_s;                                  /* of the last run or stop */
	int8_t ordered;                                      /* 1 run, 0 stop, -1 nothing */
	uint32_t judged_setpoint, judged_status, setpoint_mark, status_mark;
	uint32_t differs, foreign, mode_differs, writes;
	uint32_t empty_readings; /* in a row that count as no pressure */
	int64_t counted_ns;
	struct press_report report;
};

extern const struct memory_field memory_of_source[];

/* 0, or -EINVAL: the calibration makes no sense. */
int source_init(struct source *ret_source, const struct source_ops *ops, void *driver,
		const struct driver_setup *setup, double resolution_bar);
/* After a reconnect: nothing that was written is believed to stand. */
void source_forget(struct source *source);
/*
 * What the demand asks for, before the instrument is read in this cycle. @may_write: false while the line or
 * identity is in doubt; nothing is told then, and what stopped by itself is remembered. 0 or the cause of the
 * first write that failed; a start that is refused does not keep a stop from being tried.
 */
int source_obey(struct source *source, const struct driver_cycle *cycle, const struct press_demand *demand,
		bool may_write, bool units_differ);
/* After it was read. Fills the press part of @report; the common part is the session's. */
void source_conclude(struct source *source, const struct driver_cycle *cycle,
		     const struct press_demand *demand, bool identity_ok, struct report *report);

#endif
