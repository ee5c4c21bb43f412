/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every Modbus driver must know of its device before it writes: that it is the one the profile means,
 * that three good cycles have passed since the last (re)connect, and whether it is densim and at which scale.
 */
#ifndef DENSD_DRIVERS_SESSION_H
#define DENSD_DRIVERS_SESSION_H

#include "drivers/driver.h"

struct session {
	struct modbus_port port;
	const struct bus_device *device;
	uint32_t connects, desyncs; /* of the line, as last seen */
	bool identity_ok, units_differ, order_proven, checked, probed, simulated;
	uint8_t probe_attempts;
	uint32_t good_cycles, good_since_desync;
	double checked_lab_s, sim_scale;
	uint32_t serial; /* role "serial" of the profile, as last read; 0: none */
	char identity[DEVICE_IDENTITY];
};

extern const struct memory_field memory_of_session[];

void session_init(struct session *ret_session, const struct driver_setup *setup);
/* The same for @device at the other end of @line; both outlive the session. */
void session_init_device(struct session *ret_session, const struct bus_device *device,
			 struct modbus_line *line, double scale);
/*
 * Begins a cycle: after a reconnect or a desync, and every 60 s of lab time, identity is read first. 0 when
 * the device may be read; else a positive enum cause, and nothing but session_end may follow.
 */
int session_begin(struct session *session, const struct driver_cycle *cycle);
/* Reads the units now, out of their turn. 0, or a positive enum cause. */
int session_check_units(struct session *session);
/* True when this cycle may write: identity verified and three good cycles since reconnect and since desync.
 */
bool session_may_write(const struct session *session);
/*
 * True when this cycle may bring the device to @mode (enum device_mode). To MODE_OFF, heater at zero, press
 * locked, it may once it was trusted on this connection and its identity has been read again, without three
 * good cycles since the desync.
 */
bool session_may_obey(const struct session *session, uint8_t mode);
/* Ends a cycle: @good when the device's block was read. Fills the report's common fields. */
void session_end(struct session *session, bool good, struct report *report);
/* The device's own block says that it is another one: no writes until identity has been read again. */
void session_distrust(struct session *session);
/* A value of the device's block was @proven to be in the declared word order; forgotten with the connection.
 */
void session_prove_order(struct session *session, bool proven);
/* Fills the report's common fields in a cycle without traffic of this device. */
void session_keep(const struct session *session, struct report *report);
/* A good reading, timed by the port's last transaction; quality BAD with cause RANGE when @value is not
 * finite. */
struct reading session_make_reading(const struct session *session, uint32_t seq, double value);

#endif
