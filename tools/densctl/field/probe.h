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
/* True when all of the profile's identity is read and found. */
bool probe_identity(struct modbus_port *port, const struct profile *profile, uint32_t *ret_found);
/* True when unit @unit answers anything at all, an exception included. */
bool probe_answers(struct modbus_line *line, const struct bus_config *config, uint8_t unit);

#endif
