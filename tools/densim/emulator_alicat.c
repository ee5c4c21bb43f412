/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alicat mass flow controller, unit A: each command of its own is answered by the line of data, anything else
 * by '?'. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densim/emulator_text.h"

#define NITROGEN 8

static size_t say_data(const struct emulator_text *emulator, char *ret_answer)
{
	const struct laboratory *lab = emulator->lab;

	return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER,
				"A +014.70 +025.00 %+07.2f %+07.2f %06.2f %6s%s\r", lab->flow_measured * 1.01,
				lab->flow_measured, lab->flow_setpoint, emulator->gas,
				emulator->hold ? " HLD" : "");
}

static bool obey(struct emulator_text *emulator, const char *command)
{
	struct laboratory *lab = emulator->lab;
	bool lost = lab->faults.on[FAULT_FALSE_ACK];

	if (command[0] == 'S') {
		double wanted = strtod(command + 1, NULL);

		if (wanted >= 0 && wanted <= LABORATORY_FLOW_FULL && !emulator->hold && !lost)
			lab->flow_setpoint = wanted;
		return true;
	}
	if (strcmp(command, "$$H") == 0 || strcmp(command, "$$C") == 0) {
		emulator->hold = command[2] == 'H';
		return true;
	}
	if (strncmp(command, "$$W46=", 6) == 0) {
		snprintf(emulator->gas, sizeof(emulator->gas), "%s",
			 atoi(command + 6) == NITROGEN ? "N2" : "Air");
		return true;
	}
	return command[0] == '\0';
}

size_t emulator_alicat_line(struct emulator_text *emulator, const char *line, char *ret_answer)
{
	if (strcmp(line, "*IDN?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, "A densim:%g\r",
					emulator->lab->scale);
	if (line[0] != 'A')
		return 0; /* another unit on the line */
	if (!obey(emulator, line + 1))
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, "?\r");
	return say_data(emulator, ret_answer);
}
