/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One answer bent: what the kinds of manners.h make of its bytes. */
#ifndef DENSD_TESTS_WIRES_BEND_H
#define DENSD_TESTS_WIRES_BEND_H

#include "drivers/profile.h"
#include "tests/wires/manners.h"

struct bend {
	int kind; /* enum manner; MANNER_KINDS: none */
	int64_t late_ns, gap_ns;
	bool undone;    /* what was asked for is not done, nor shown */
	bool false_ack; /* acknowledged all the same */
	uint8_t code;   /* of the exception */
	bool twice, closes;
	bool passes; /* whatever check the wire has says that it is good */
};

struct bend bend_draw(struct manners *manners, struct chance *chance);
/* @asked: the question's bytes. */
void bend_frame(struct bend *bend, char line, const struct bus_config *config, struct chance *chance,
		const uint8_t *asked, struct manner_frame *frame);
/* The exception to @asked. */
void bend_except(const struct bend *bend, char line, const uint8_t *asked, struct manner_frame *ret_frame);
/* How a text instrument says no; nothing when it has no words for it. */
void bend_refuse(const char *protocol, struct manner_frame *ret_frame);
/* Any question that an instrument of that protocol answers, with its end. */
const char *bend_question(const char *protocol, struct chance *chance);
/* Any read of a declared register, as RTU. */
void bend_read_of(const struct profile *profile, struct chance *chance, uint8_t unit,
		  struct manner_frame *ret_frame);

#endif
