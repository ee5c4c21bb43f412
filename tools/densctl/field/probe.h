/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Modbus device answers, register by register, beside what a profile expects. Reads only. */
#ifndef DENSCTL_PROBE_H
#define DENSCTL_PROBE_H

#include "drivers/modbus_port.h"
#include "tools/densctl/field/field.h"

struct probe_value { /* one register of a profile, as read */
	int fault;   /* enum cause; CAUSE_NONE: @words are the device's */
	uint8_t exception;
	uint16_t words[2];
	double raw, value; /* as declared; value in the driver's unit: kelvin for a temperature */
	double other;      /* a float in the other word order; NAN for an integer */
	bool proven;       /* a float that makes sense in the declared order alone */
	bool swapped;      /* in the other order alone */
};
/* A line that may be asked, without drivers. 0, or -errno. Freed by line->ops->free. */
int probe_open(const struct bus_config *config, struct modbus_line **ret_line);
/* Reads @reg of the device behind @port. Coils and discrete inputs are not read: CAUSE_RANGE. */
void probe_read(struct modbus_port *port, const struct profile_register *reg, struct probe_value *ret_value);
/* What became of questions: right, another value, an exception, something that is no answer, nothing. */
struct probe_tally {
	uint32_t found, other, refused, garbled, silent;
};
/* Counts what one question ended with: enum cause, and whether what was read is what is wanted. */
void probe_count(struct probe_tally *tally, int cause, bool right);
enum probe_verdict {
	PROBE_FITS,
	PROBE_STRANGER, /* answers, and is not what the profile means */
	PROBE_REFUSES,  /* answers with exceptions alone */
	PROBE_GARBLED,  /* something comes, and it is no answer */
	PROBE_SILENT
};
enum probe_verdict probe_judge(const struct probe_tally *tally);
/* True when all of the profile's identity is read and found. */
bool probe_identity(struct modbus_port *port, const struct profile *profile, struct probe_tally *ret_tally);
/* True when unit @unit answers anything at all, an exception included. */
bool probe_answers(struct modbus_line *line, const struct bus_config *config, uint8_t unit);

#endif
