/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The questions to the coupler of a heater's contactor. All of them return 0, a positive enum cause, or
 * -EAGAIN: not asked, since the cycle has no time left for its answer. What takes many questions (arming,
 * looking at the settings) goes on in the next cycle where it stopped.
 */
#ifndef DENSD_DRIVERS_CONTACTOR_LINK_H
#define DENSD_DRIVERS_CONTACTOR_LINK_H

#include "drivers/session.h"

struct contactor_link {
	const struct bus_contactor *config;
	struct bus_device device; /* what the session speaks to, made of @config */
	struct session session;
	bool closed;        /* the output, as last read */
	int64_t read_ns;    /* mono: when that was; 0: never */
	bool ordered;       /* what it was last told, when @have_order */
	bool have_order;    /* the last order was acknowledged */
	bool may_be_closed; /* it was told to close and not read back open since it was told to open */
	uint16_t fallbacks; /* the count it was armed with */
	uint8_t stage;      /* of arming; 0: not begun */
	uint32_t at;        /* step inside the stage, or setting that is looked at next */
	bool same;          /* of the settings looked at so far */
	uint32_t connects;  /* of the line when this began */
};

extern const struct memory_field memory_of_contactor_link[];

void contactor_link_init(struct contactor_link *ret_link, const struct bus_contactor *config,
			 struct modbus_line *line, double scale);
/* What is asked until the next call ends within @budget_ns. */
void contactor_link_begin(struct contactor_link *link, int64_t budget_ns);
int contactor_link_write(struct contactor_link *link, bool closed);
int contactor_link_read(struct contactor_link *link);
int contactor_link_count(struct contactor_link *link, uint16_t *ret_fallbacks);
/* Arming and looking at the settings begin anew with the next call. */
void contactor_link_restart(struct contactor_link *link);
/* 0 when it is done: *ret_state is ARMED, or FREEZES, LOCKED or DIFFERS. */
int contactor_link_arm(struct contactor_link *link, uint8_t *ret_state);
/* 0 when all settings have been read: *ret_same says whether they are as they were armed. */
int contactor_link_verify(struct contactor_link *link, bool *ret_same);

#endif
