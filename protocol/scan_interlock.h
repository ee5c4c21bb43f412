/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the scan machine: hazards 37 and 38, a table like the press's. Either takes the chip's heater
 * off; the press goes on. */
#ifndef DENSD_PROTOCOL_SCAN_INTERLOCK_H
#define DENSD_PROTOCOL_SCAN_INTERLOCK_H

#include "protocol/scan.h"

struct scan_look { /* what the rows look at */
	const struct scan_machine *machine;
	const struct chip_inputs *in;
	const struct plan *plan;
	double now;
	bool hot; /* armed or running: the chip's heater may be on */
};
enum scan_reaction {
	SCAN_REACT_FAULT /* chip off, CHIP_FAULT */,
	SCAN_REACT_DISARM /* chip off, back to PURGE */
};
struct scan_interlock_row {
	enum alarm alarm;
	enum scan_reaction reaction;
	bool (*fires)(const struct scan_look *look, char *ret_text); /* MACHINE_WHY bytes */
};
extern const struct scan_interlock_row scan_interlock_table[];
extern const size_t scan_interlock_count;

#endif
