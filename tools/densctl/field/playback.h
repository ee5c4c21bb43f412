/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A capture, played into the drivers: each cycle of the recording becomes a cycle of the driver, its demand
 * the recorded one, and the lines answer as the devices did. What a driver asks that the recording does not
 * hold (the identity, when the capture began in the middle of a night) is answered from the profile and
 * counted.
 */
#ifndef DENSCTL_PLAYBACK_H
#define DENSCTL_PLAYBACK_H

#include <stdio.h>

#include "config/site.h"
#include "drivers/driver.h"
#include "drivers/modbus_port.h"
#include "drivers/text_line.h"

#define PLAYBACK_EVENTS_MAX 400000u

enum playback_kind {
	PLAYBACK_CYCLE,
	PLAYBACK_DEMAND,
	PLAYBACK_MODBUS,
	PLAYBACK_CONTACTOR,
	PLAYBACK_SENT,
	PLAYBACK_CAME,
	PLAYBACK_REPORT
};
struct playback_event {
	uint8_t kind; /* enum playback_kind */
	bool used;
	uint32_t line;    /* of the file */
	const char *text; /* behind the letter, in the file's own text */
};
struct playback;
struct playback_line {
	struct modbus_line modbus; /* first: the drivers hold a pointer to it */
	struct playback *playback;
	uint8_t kind; /* of the events that are its traffic */
};
/* What the recording says of one line, or of one device, at its beginning. */
struct playback_start {
	bool told;
	uint32_t connects, desyncs;
};
struct playback_memory {
	const char *text; /* of what its driver knew then; NULL: a recording from before that was kept */
	uint32_t line;    /* of the file */
};
struct playback {
	struct bus_config config;
	int64_t mono_ns; /* of the beginning: the memory's times are of that clock; 0: cannot be known */
	struct playback_start modbus_start, contactor_start, serial_start;
	struct playback_memory memory[BUS_DEVICES_MAX];
	const char *path;
	char *text; /* the file; its lines are cut in place */
	struct playback_event *events;
	size_t count, first, last; /* of the cycle that is played: [first, last) */
	size_t came;               /* the event that answers what was sent last */
	bool arming;               /* the coupler is asked in the place of the driver of then */
	uint32_t assumed, missing; /* questions answered from the profile; answered with silence */
	struct playback_line modbus, contactor;
	struct text_line serial;
};

/*
 * Reads @path and finds the profiles it names in @folder. 0, or -1 with "file:line: what" on standard error.
 */
int playback_open(const char *path, const char *folder, struct playback **ret_playback);
void playback_free(struct playback *playback);
/* The lines of a new playback. */
void playback_modbus_init(struct playback *playback);
void playback_text_init(struct playback *playback);
/* The lines stand where the recording says that they stood; nothing where it does not. */
void playback_lines_stand(struct playback *playback);
/* The driver of @device knows what it knew then. 1: it does; 0: the recording does not say; -1: no memory of
 * this driver, with "file:line: what" on standard error. */
int playback_restore(const struct playback *playback, uint32_t device, const struct driver_ops *driver,
		     void *state);
/*
 * Writes the recording from the cycle that is played on into @stream: @drivers and @states know what then
 * stands at its beginning, @demands hold.
 */
void playback_cut(const struct playback *playback, const struct driver_ops *const *drivers,
		  void *const *states, const struct demand *demands, FILE *stream);
/* The Modbus lines stand on the connections of the recording's beginning. */
void playback_modbus_join(struct playback *playback);
/*
 * While @arming the contactor's coupler lets itself be armed, whatever the recording holds: of what is read
 * only the count of its fall-backs is the recorded one.
 */
void playback_modbus_arm(struct playback *playback, bool arming);
/* Cycles in the recording. */
uint32_t playback_cycles(const struct playback *playback);

#endif
