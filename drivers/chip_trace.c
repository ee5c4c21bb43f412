/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trace of a scan: collected as it comes, and handed on sealed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/chip_parts.h"

#define WAIT_MS 20.0
#define SLICE_MS 200.0

/* A read-only copy that nobody can change: the recorder takes it as it is. */
static int seal_trace(const struct trace_row *rows, size_t count)
{
	const uint8_t *at = (const uint8_t *)rows;
	size_t left = count * sizeof(*rows);
	int fd = memfd_create("densd-trace", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n <= 0) {
			close(fd);
			return -EIO;
		}
		at += n;
		left -= (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void deliver_trace(struct chip *chip, uint32_t id, const uint8_t *payload, size_t length,
			  int *ret_trace_fd)
{
	size_t count = length / BLOCK_ROW_BYTES;
	struct trace_row *rows = count > 0 ? malloc(count * sizeof(*rows)) : NULL;
	int fd;

	if (!rows || block_decode_rows(payload, length, rows) < 0) {
		chip_job_finish(chip, id, false,
				count == 0 ? "the controller has no such trace" : "the trace is damaged");
		free(rows);
		return;
	}
	fd = seal_trace(rows, count);
	free(rows);
	if (fd < 0) {
		chip_job_finish(chip, id, false, "no memory for the trace");
		return;
	}
	chip->report.trace_rows = (uint32_t)count;
	chip_job_finish(chip, id, true, "");
	*ret_trace_fd = fd;
}

/* Takes what has come. The block is whole when its LF is there as well. */
void chip_trace_collect(struct chip *chip, uint32_t id, int *ret_trace_fd)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)(SLICE_MS * 1e6);
	enum block_result result = BLOCK_INCOMPLETE;
	const uint8_t *payload;
	size_t length, count;

	while (result == BLOCK_INCOMPLETE && chip->have < BLOCK_ROOM && clock_mono_ns() < end_ns) {
		int r = chip->line->ops->receive(chip->line, chip->bytes + chip->have,
						 BLOCK_ROOM - chip->have, WAIT_MS, &count);

		if (r != 0) {
			chip_talk_fail(chip, r);
			chip_job_finish(chip, id, false, "the line was lost while the trace came");
			return;
		}
		if (count > 0)
			chip->progress_ns = clock_mono_ns();
		chip->have += count;
		result = block_parse(chip->bytes, chip->have, &payload, &length);
		if (result == BLOCK_COMPLETE && (size_t)(payload - chip->bytes) + length >= chip->have)
			result = BLOCK_INCOMPLETE;
		if (count == 0)
			break;
	}
	if (result == BLOCK_COMPLETE) {
		chip->t_reply_ns = clock_mono_ns();
		deliver_trace(chip, id, payload, length, ret_trace_fd);
	} else if (result != BLOCK_INCOMPLETE || chip->have >= BLOCK_ROOM) {
		chip_talk_fail(chip, CAUSE_MISMATCH);
		chip_job_finish(chip, id, false, "the answer is not a block, or too long");
	} else if ((double)(clock_mono_ns() - chip->progress_ns) / 1e6 > chip->response_ms) {
		chip_talk_fail(chip, CAUSE_TIMEOUT);
		chip_job_finish(chip, id, false, "the trace stopped half way");
	}
}

void chip_trace_begin(struct chip *chip, const struct chip_demand *demand, int *ret_trace_fd)
{
	char question[48];

	snprintf(question, sizeof(question), "SCAN:DATA? %u", demand->counter);
	if (chip_talk_tell(chip, question) != 0) {
		chip_job_finish(chip, demand->job_id, false, "the line to the controller is lost");
		return;
	}
	chip->have = 0;
	chip->reading = true;
	chip->progress_ns = clock_mono_ns();
	chip_trace_collect(chip, demand->job_id, ret_trace_fd);
}
