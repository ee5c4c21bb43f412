/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the chip driver share. */
#ifndef DENSD_DRIVERS_CHIP_PARTS_H
#define DENSD_DRIVERS_CHIP_PARTS_H

#include "drivers/block.h"
#include "drivers/driver.h"

#define LINE_MAX_BYTES 512u
#define GOOD_CYCLES 3u
#define BLOCK_ROOM (BLOCK_BYTES_MAX + BLOCK_HEADER_MAX + 1)

struct chip {
	struct text_line *line;
	double response_ms, scale, watchdog_s;
	uint32_t connects, good, transactions, errors;
	bool identity_ok, simulated;
	char identity[DEVICE_IDENTITY];
	double sim_scale, polled_lab_s, off_lab_s;
	uint8_t fault;
	struct block_status status;
	struct chip_demand program; /* what PROG? last confirmed */
	bool programmed, off, reading;
	uint8_t *bytes; /* of a block that is arriving: BLOCK_BYTES_MAX and its head */
	size_t have;
	int64_t progress_ns, t_request_ns, t_reply_ns;
	uint32_t job_id;
	struct chip_report report;
};

/* Counts the fault and keeps the line quiet. Returns @cause. */
int chip_talk_fail(struct chip *chip, int cause);
/* Sends a line that has no answer. 0 or enum cause; so do the others. */
int chip_talk_tell(struct chip *chip, const char *text);
int chip_talk_ask(struct chip *chip, const char *question, char ret_text[LINE_MAX_BYTES]);
int chip_talk_identify(struct chip *chip);
/* Its status, into chip->report. */
int chip_talk_poll(struct chip *chip, uint32_t seq);

/* Does the job of @demand, or begins it. */
void chip_job_do(struct chip *chip, const struct chip_demand *demand, uint32_t seq, int *ret_trace_fd);
/* The answer to job @id, which a repetition gets again. @error: when not @ok. */
void chip_job_finish(struct chip *chip, uint32_t id, bool ok, const char *error);

/* Asks for a trace and takes what comes at once; the rest in the cycles that follow. */
void chip_trace_begin(struct chip *chip, const struct chip_demand *demand, int *ret_trace_fd);
/* Takes what has come. */
void chip_trace_collect(struct chip *chip, uint32_t id, int *ret_trace_fd);

#endif
