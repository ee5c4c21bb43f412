/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cycle of a pressure source that speaks text: identity, orders, readings, report. What they are is the
 * driver's. */
#ifndef DENSD_DRIVERS_SOURCE_TEXT_H
#define DENSD_DRIVERS_SOURCE_TEXT_H

#include "drivers/source.h"
#include "drivers/text_session.h"

struct source_text_ops {
	/* Asks name and unit and ends with text_session_identify. 0 or a positive enum cause, as read. */
	int (*identify)(void *driver, double t_lab_s);
	/* Brings the source's state up to date. */
	int (*read)(void *driver, uint32_t seq);
	/* Optional: after a reconnect. */
	void (*forget)(void *driver);
};
struct source_text {
	const struct source_text_ops *ops;
	void *driver;
	struct text_session session;
	struct source source;
	uint32_t connects;
};

extern const struct memory_field memory_of_source_text[];

void source_text_cycle(struct source_text *text, const struct driver_cycle *cycle,
		       const struct press_demand *demand, struct report *report);

#endif
