/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instruments that speak text, in front of the laboratory: Druck PACE (SCPI), Teledyne ISCO pump (DASNET),
 * Alicat flow controller (ASCII). Behaviour from the manuals; what their texts are made of is written here
 * and not with drivers/, so that a fault there is not on both ends. Pure: bytes in, bytes out.
 */
#ifndef DENSD_DENSIM_EMULATOR_TEXT_H
#define DENSD_DENSIM_EMULATOR_TEXT_H

#include "drivers/profile.h"
#include "tools/densim/laboratory.h"

enum { EMULATOR_TEXT_ANSWER = 256, EMULATOR_TEXT_ERRORS = 8 };
struct emulator_text {
	const struct profile *profile;
	struct laboratory *lab;
	bool remote, constant_pressure;   /* ISCO */
	int busy;                         /* ISCO: so many messages are answered by "busy" */
	double slew_bar_per_s;            /* PACE */
	bool linear, keeps_maximum;       /* PACE: the slew rate is a limit; it cannot be made one */
	int errors[EMULATOR_TEXT_ERRORS]; /* PACE: the error queue */
	int error_count;
	bool hold; /* Alicat */
	char gas[8];
	const char *unit;          /* of pressure: what the panel may change */
	uint32_t telegrams, vents; /* VENT releases at once: densd must never send it */
};
/* @profile and @lab are borrowed. 0, or -EINVAL: no text instrument of this kind. */
int emulator_text_init(struct emulator_text *ret_emulator, const struct profile *profile,
		       struct laboratory *lab);
/*
 * Looks for one request at the start of @bytes. Returns how many bytes to take away, 0: more are needed.
 * *ret_length: of the answer, 0: none.
 */
size_t emulator_text_take(struct emulator_text *emulator, const char *bytes, size_t length,
			  char ret_answer[EMULATOR_TEXT_ANSWER], size_t *ret_length);

/* One line without its end each; the answer's length with its end. */
size_t emulator_pace_line(struct emulator_text *emulator, const char *line, char *ret_answer);
size_t emulator_dasnet_line(struct emulator_text *emulator, const char *line, char *ret_answer);
size_t emulator_alicat_line(struct emulator_text *emulator, const char *line, char *ret_answer);
/* A pump or controller that runs or stands, on the press's oil. After a power failure it stands. */
void emulator_text_press(struct emulator_text *emulator, bool run, double setpoint_bar,
			 double slew_bar_per_s);
bool emulator_text_runs(const struct emulator_text *emulator);

#endif
