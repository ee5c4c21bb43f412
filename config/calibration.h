/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A calibration: what an instrument says to what is true, in a YAML file of its own (config/calibrations/),
 * with who measured it how and when, and for how long it is good. A site names one a place; its identity and
 * content are pinned into the record of each run that stands on it.
 */
#ifndef DENSD_CONFIG_CALIBRATION_H
#define DENSD_CONFIG_CALIBRATION_H

#include "config/diagnostic.h"
#include "drivers/profile.h"

/* The places a site can calibrate. Both thermocouples read files of one kind. */
enum calibration_place {
	CALIBRATION_PRESS,
	CALIBRATION_THERMOCOUPLE,
	CALIBRATION_THERMOCOUPLE2,
	CALIBRATION_FLOW,
	CALIBRATION_CHIP,
	CALIBRATION_PLACE_MAX
};
enum calibration_kind {
	CALIBRATION_OF_PRESS,
	CALIBRATION_OF_THERMOCOUPLE,
	CALIBRATION_OF_FLOW,
	CALIBRATION_OF_CHIP
};

#define CALIBRATION_ID 40
struct calibration_head {
	char id[CALIBRATION_ID]; /* empty: this place has no calibration */
	char version[16];
	char date[12]; /* UTC, 2026-11-27 */
	char by[48], method[160];
	char sha256[65]; /* of the file's text */
	double valid_days;
	bool simulated; /* the virtual laboratory's own: of no real instrument */
};
struct chip_calibration {
	double lag_s, cell_s; /* thermal lag of the sample; time constant of the cell, 0: not undone */
	double offset_k;      /* what the chip's temperature scale reads too high */
	double lag_sd_s, offset_sd_k; /* NAN: what the analysis takes by itself */
};
struct calibration {
	struct calibration_head head;
	uint8_t kind; /* enum calibration_kind */
	struct press_calibration press;
	struct correction table; /* of a thermocouple (K) or flow controller (ml/min) */
	struct chip_calibration chip;
};

/* "press", "thermocouple", "thermocouple2", "flow", "chip" */
const char *calibration_place_name(enum calibration_place place);
enum calibration_kind calibration_kind_of(enum calibration_place place);
const char *calibration_kind_name(enum calibration_kind kind);
/* Seconds since 1970 at the beginning of its date, and at its end; -1: the date is none. */
int64_t calibration_begin_s(const struct calibration_head *head);
int64_t calibration_end_s(const struct calibration_head *head);
/* 0, or -EINVAL with one sentence: at @wall_s it is no longer, or not yet, good for a new run; or nobody has
 * put a name to it. */
int calibration_judge(const struct calibration_head *head, enum calibration_place place, int64_t wall_s,
		      char *ret_why, size_t size);
/* One hash over which calibration is where. @heads[CALIBRATION_PLACE_MAX] */
void calibration_hash_all(const struct calibration_head *heads, char ret_hex[65]);

/* 0; -errno when the file cannot be read; 1 with errors in @diagnostics. */
int calibration_read(const char *path, struct diagnostics *diagnostics, struct calibration *ret_calibration);
int calibration_read_text(const char *text, size_t length, struct diagnostics *diagnostics,
			  struct calibration *ret_calibration);

#endif
