/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Modbus line as the drivers see it: four transactions behind an interface, so that a test can put an
 * in-memory device there. The wrappers count, time, refuse black-listed registers and remember the outcome.
 */
#ifndef DENSD_DRIVERS_MODBUS_PORT_H
#define DENSD_DRIVERS_MODBUS_PORT_H

#include "drivers/profile.h"

#define MODBUS_WORDS_MAX 32u

/* What a transaction needs to know of the device it addresses. */
struct modbus_peer {
	uint8_t unit;                                 /* 1..247: there is no broadcast here */
	double response_timeout_ms, worst_latency_ms; /* real time, already scaled */
	bool single_write; /* one register is written by function 06, else all by function 16 */
};
/*
 * All mandatory, all may block for the response timeout. Each returns 0, or a positive enum cause; @line's
 * counters in struct modbus_line are kept by the implementation. Addresses are 0-based.
 */
struct modbus_line;
struct modbus_ops {
	int (*read_registers)(struct modbus_line *line, const struct modbus_peer *peer, bool input,
			      uint16_t address, uint16_t count, uint16_t *ret_words);
	int (*write_registers)(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			       uint16_t count, const uint16_t *words);
	int (*write_read)(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
			  uint16_t write_count, const uint16_t *words, uint16_t read_address,
			  uint16_t read_count, uint16_t *ret_words);
	int (*write_coil)(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			  bool on);
	/* One bit: a coil, or with @discrete a discrete input. *ret_bit is 0 or 1. */
	int (*read_bit)(struct modbus_line *line, const struct modbus_peer *peer, bool discrete,
			uint16_t address, uint16_t *ret_bit);
	void (*free)(struct modbus_line *line);
};
/* Head of every implementation. */
struct modbus_line {
	const struct modbus_ops *ops;
	uint32_t connects; /* goes up with every (re)connect: identity and good cycles begin again */
	uint32_t desyncs;  /* goes up when an answer was late, broken or another's: identity before anything
			      else */
	uint8_t exception; /* code of the last Modbus exception answer, 0: none in the last transaction */
	/*
	 * For an owner that cannot wait (mono ns): nothing is begun or waited for beyond this instant,
	 * connecting goes on from call to call (CAUSE_LINK until then) to a numeric address, and a busy
	 * device is asked once. 0: each call takes the time it needs.
	 */
	int64_t until_ns;
};

/* One device on a line. */
struct modbus_port {
	struct modbus_line *line;
	struct modbus_peer peer;
	const struct profile *profile; /* for the black list */
	uint32_t transactions, errors;
	uint32_t wear;           /* writes into retained registers, counted before they are sent */
	uint32_t wear_allowance; /* none is sent beyond this */
	bool wear_always;        /* while this is set all are: heater off, a lower setpoint, stop */
	uint8_t fault; /* enum cause of the last failure since modbus_port_begin, CAUSE_NONE: clean */
	int64_t t_request_ns, t_reply_ns; /* of the last transaction that succeeded */
};
/* Timeouts by the rules: max(1 s, 2 x worst latency) and the worst latency; divided by @scale, but never
 * below 100 ms and 50 ms for that. */
void modbus_port_init(struct modbus_port *ret_port, struct modbus_line *line, const struct bus_device *device,
		      double scale);
void modbus_port_begin(struct modbus_port *port);
/* As the ops; CAUSE_RANGE when the profile's black list, the word limit or the allowance of writes into
 * memory that wears forbids it: nothing was sent. */
int modbus_port_read(struct modbus_port *port, uint16_t address, uint16_t count, uint16_t *ret_words);
int modbus_port_read_space(struct modbus_port *port, bool input, uint16_t address, uint16_t count,
			   uint16_t *ret_words);
int modbus_port_write(struct modbus_port *port, uint16_t address, uint16_t count, const uint16_t *words);
int modbus_port_write_read(struct modbus_port *port, uint16_t write_address, uint16_t write_count,
			   const uint16_t *words, uint16_t read_address, uint16_t read_count,
			   uint16_t *ret_words);
/* The register @reg, wherever it lives: its words, or a coil's bit in the first of them. */
int modbus_port_read_value(struct modbus_port *port, const struct profile_register *reg,
			   uint16_t ret_words[2]);
/* Writes @value, in the register's own unit. CAUSE_RANGE when it does not fit or is not writable: nothing is
 * sent. */
int modbus_port_write_value(struct modbus_port *port, const struct profile_register *reg, double value);
int modbus_port_write_coil(struct modbus_port *port, uint16_t address, bool on);

#endif
