/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The FDSC chip controller of chip-protocol.md. Status twice a lab second when idle, every cycle while a job
 * or a scan runs. A job is done once per job id: a repeated id gets the first answer, and FIRE is never sent
 * again, whatever became of its answer; the scan counter says what happened. A trace may be longer than one
 * cycle can take: what has come is collected cycle by cycle.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/block.h"
#include "drivers/driver.h"

#define LINE_MAX_BYTES 512u
#define POLL_IDLE_S 0.5
#define OFF_REPEAT_S 1.0
#define GOOD_CYCLES 3u
#define RESPONSE_MS 1000.0
#define WAIT_MS 20.0
#define LEAST_SCALED_MS 100.0 /* a process that plays the chip waits for its turn on a busy machine */
#define SLICE_MS 200.0
#define WATCHDOG_S 10.0
#define WATCHDOG_SCALED_S 0.25
#define SAME_NUMBER 1e-3
enum { FLAG_HEATER_OPEN = 1, FLAG_OUT_OF_BAND = 2 };

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

#define BLOCK_ROOM (BLOCK_BYTES_MAX + BLOCK_HEADER_MAX + 1)

static void forget_device(struct chip *chip)
{
	chip->identity_ok = chip->simulated = chip->programmed = chip->reading = false;
	chip->good = 0;
	chip->polled_lab_s = chip->off_lab_s = -INFINITY;
	chip->report.state = BLOCK_CHIP_UNKNOWN;
}

static int chip_init(void *state, const struct driver_setup *setup)
{
	struct chip *chip = state;
	const struct profile *profile = &setup->config->devices[setup->device].profile;

	chip->line = setup->text;
	chip->scale = fmax(setup->config->scale, 1);
	chip->response_ms =
		fmax(RESPONSE_MS, fmax(2 * profile->worst_latency_ms, profile->response_timeout_ms));
	chip->response_ms = fmax(chip->response_ms / chip->scale, LEAST_SCALED_MS);
	chip->watchdog_s = fmax(WATCHDOG_S, WATCHDOG_SCALED_S * chip->scale);
	chip->bytes = malloc(BLOCK_ROOM);
	if (!chip->bytes)
		return -ENOMEM;
	forget_device(chip);
	return 0;
}

static void chip_deinit(void *state)
{
	struct chip *chip = state;

	free(chip->bytes);
}

static int fail(struct chip *chip, int cause)
{
	chip->errors++;
	chip->fault = (uint8_t)cause;
	if (cause != CAUSE_LINK && cause != CAUSE_QUARANTINE)
		chip->line->ops->quarantine(chip->line, chip->response_ms);
	return cause;
}

static int tell(struct chip *chip, const char *text)
{
	int r;

	chip->transactions++;
	chip->t_request_ns = clock_mono_ns();
	r = chip->line->ops->send(chip->line, text);
	return r != 0 ? fail(chip, r) : 0;
}

/* One line without its LF. */
static int hear(struct chip *chip, char ret_text[LINE_MAX_BYTES])
{
	int64_t end_ns = clock_mono_ns() + (int64_t)(chip->response_ms * 1e6);
	size_t have = 0;

	for (;;) {
		double left_ms = (double)(end_ns - clock_mono_ns()) / 1e6;
		size_t count = 0;
		int r;

		if (left_ms <= 0)
			return fail(chip, CAUSE_TIMEOUT);
		r = chip->line->ops->receive(chip->line, (uint8_t *)ret_text + have,
					     LINE_MAX_BYTES - 1 - have, left_ms, &count);
		if (r != 0)
			return fail(chip, r);
		have += count;
		if (have > 0 && ret_text[have - 1] == '\n')
			break;
		/* More than one line, or one too long: not the answer to one question. */
		if (memchr(ret_text, '\n', have) || have >= LINE_MAX_BYTES - 1)
			return fail(chip, CAUSE_MISMATCH);
	}
	ret_text[have - 1] = '\0';
	if (strlen(ret_text) != have - 1 || strchr(ret_text, '\n'))
		return fail(chip, CAUSE_MISMATCH);
	chip->t_reply_ns = clock_mono_ns();
	return 0;
}

static int ask(struct chip *chip, const char *question, char ret_text[LINE_MAX_BYTES])
{
	int r = tell(chip, question);

	return r != 0 ? r : hear(chip, ret_text);
}

/* "densd,densim-fdsc,<scale N>,<version>" from the simulator; anything with four fields is a controller. */
static int identify(struct chip *chip)
{
	char text[LINE_MAX_BYTES];
	const char *model, *serial;
	int r = ask(chip, "*IDN?", text);

	if (r != 0)
		return r;
	model = strchr(text, ',');
	serial = model ? strchr(model + 1, ',') : NULL;
	if (!serial || !strchr(serial + 1, ','))
		return fail(chip, CAUSE_IDENTITY);
	chip->identity_ok = true;
	snprintf(chip->identity, sizeof(chip->identity), "%.*s", DEVICE_IDENTITY - 1, text);
	chip->simulated = strstr(text, "densim") != NULL;
	chip->sim_scale = chip->simulated ? strtod(serial + 1, NULL) : 0;
	return 0;
}

static struct reading make_reading(const struct chip *chip, uint32_t seq, double value)
{
	return (struct reading){.value = value,
				.t_request_ns = chip->t_request_ns,
				.t_reply_ns = chip->t_reply_ns,
				.seq = seq,
				.quality = QUALITY_GOOD};
}

static int poll_status(struct chip *chip, uint32_t seq)
{
	struct chip_report *report = &chip->report;
	char text[LINE_MAX_BYTES];
	int r = ask(chip, "CHIP:STAT?", text);

	if (r != 0)
		return r;
	if (block_parse_status(text, &chip->status) < 0)
		return fail(chip, CAUSE_MISMATCH);
	report->temperature_k = make_reading(chip, seq, chip->status.temperature_k);
	report->resistance_ohm = make_reading(chip, seq, chip->status.resistance_ohm);
	report->power_mw = make_reading(chip, seq, chip->status.power_mw);
	report->state = chip->status.state;
	report->scan_counter = chip->status.scan_counter;
	report->trace_available =
		chip->status.trace_counter != 0 && chip->status.trace_counter == chip->status.scan_counter;
	report->out_of_band = chip->status.flags & (FLAG_HEATER_OPEN | FLAG_OUT_OF_BAND);
	if (chip->good < GOOD_CYCLES)
		chip->good++;
	return 0;
}

/* ---- jobs ---- */

static void finish_job(struct chip *chip, uint32_t id, bool ok, const char *error)
{
	chip->job_id = id;
	chip->reading = false;
	chip->report.job_id = id;
	chip->report.job_ok = ok;
	snprintf(chip->report.error, sizeof(chip->report.error), "%s", ok ? "" : error);
}

/* Asks for the oldest error; true when there is none. The words of the first go to the report. */
static bool is_clear(struct chip *chip, char ret_error[CHIP_ERROR])
{
	char text[LINE_MAX_BYTES];
	int code;

	if (ask(chip, "SYST:ERR?", text) != 0) {
		snprintf(ret_error, CHIP_ERROR, "the controller does not answer: %s",
			 cause_name(chip->fault));
		return false;
	}
	if (block_parse_error(text, &code) < 0 || code != 0) {
		snprintf(ret_error, CHIP_ERROR, "the controller says %.90s", text);
		return false;
	}
	return true;
}

static bool same(double a, double b)
{
	return fabs(a - b) <= SAME_NUMBER * fmax(1, fabs(b));
}

static bool confirm_program(struct chip *chip, const struct chip_demand *wanted, char ret_error[CHIP_ERROR])
{
	struct block_segment segments[BLOCK_SEGMENTS_MAX];
	char text[LINE_MAX_BYTES];
	int expected = wanted->cooling_k_per_s > 0 ? 2 : 1, count;
	bool ok;

	if (ask(chip, "PROG?", text) != 0) {
		snprintf(ret_error, CHIP_ERROR, "no answer to PROG?");
		return false;
	}
	count = block_parse_program(text, segments);
	ok = count == expected && !segments[0].cool && same(segments[0].from_k, wanted->start_k) &&
	     same(segments[0].to_k, wanted->end_k) && same(segments[0].rate_k_per_s, wanted->rate_k_per_s);
	if (ok && expected == 2)
		ok = segments[1].cool && same(segments[1].from_k, wanted->end_k) &&
		     same(segments[1].to_k, wanted->start_k) &&
		     same(segments[1].rate_k_per_s, wanted->cooling_k_per_s);
	if (!ok)
		snprintf(ret_error, CHIP_ERROR, "the program reads back as %.90s", text);
	return ok;
}

static bool do_program(struct chip *chip, const struct chip_demand *demand, char ret_error[CHIP_ERROR])
{
	char ramp[96], cool[96], watchdog[48];

	chip->programmed = false;
	snprintf(ramp, sizeof(ramp), "PROG:RAMP %.3f,%.3f,%.6g", demand->start_k, demand->end_k,
		 demand->rate_k_per_s);
	snprintf(cool, sizeof(cool), "PROG:COOL %.3f,%.3f,%.6g", demand->end_k, demand->start_k,
		 demand->cooling_k_per_s);
	snprintf(watchdog, sizeof(watchdog), "WDOG %.0f", chip->watchdog_s);
	snprintf(ret_error, CHIP_ERROR, "the line to the controller is lost");
	/* The watchdog is armed before anything that could heat. */
	if (tell(chip, "*CLS") != 0 || tell(chip, watchdog) != 0 || tell(chip, "PROG:CLEAR") != 0 ||
	    tell(chip, ramp) != 0 || (demand->cooling_k_per_s > 0 && tell(chip, cool) != 0))
		return false;
	if (!is_clear(chip, ret_error) || !confirm_program(chip, demand, ret_error))
		return false;
	chip->program = *demand;
	chip->programmed = true;
	return true;
}

static bool do_arm(struct chip *chip, uint32_t seq, char ret_error[CHIP_ERROR])
{
	snprintf(ret_error, CHIP_ERROR, "no program has been verified since the controller was connected");
	if (!chip->programmed || !confirm_program(chip, &chip->program, ret_error))
		return false;
	snprintf(ret_error, CHIP_ERROR, "the line to the controller is lost");
	if (tell(chip, "*CLS") != 0 || tell(chip, "ARM") != 0 || !is_clear(chip, ret_error))
		return false;
	snprintf(ret_error, CHIP_ERROR, "the controller is not armed after ARM");
	return poll_status(chip, seq) == 0 && chip->status.state == BLOCK_CHIP_ARMED;
}

/* Sent once. If the answer is lost the job has failed, and the scan counter tells control what happened. */
static bool do_fire(struct chip *chip, uint32_t seq, char ret_error[CHIP_ERROR])
{
	uint32_t before;

	snprintf(ret_error, CHIP_ERROR, "the controller is not armed: nothing was fired");
	if (poll_status(chip, seq) != 0 || chip->status.state != BLOCK_CHIP_ARMED)
		return false;
	before = chip->status.scan_counter;
	snprintf(ret_error, CHIP_ERROR, "no answer after FIRE: the scan counter decides");
	if (tell(chip, "FIRE") != 0 || poll_status(chip, seq) != 0)
		return false;
	if (chip->status.scan_counter == before + 1)
		return true;
	is_clear(chip, ret_error);
	return false;
}

static bool do_command(struct chip *chip, const char *command, char ret_error[CHIP_ERROR])
{
	snprintf(ret_error, CHIP_ERROR, "the line to the controller is lost");
	return tell(chip, "*CLS") == 0 && tell(chip, command) == 0 && is_clear(chip, ret_error);
}

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
		finish_job(chip, id, false,
			   count == 0 ? "the controller has no such trace" : "the trace is damaged");
		free(rows);
		return;
	}
	fd = seal_trace(rows, count);
	free(rows);
	if (fd < 0) {
		finish_job(chip, id, false, "no memory for the trace");
		return;
	}
	chip->report.trace_rows = (uint32_t)count;
	finish_job(chip, id, true, "");
	*ret_trace_fd = fd;
}

/* Takes what has come. The block is whole when its LF is there as well. */
static void collect(struct chip *chip, uint32_t id, int *ret_trace_fd)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)(SLICE_MS * 1e6);
	enum block_result result = BLOCK_INCOMPLETE;
	const uint8_t *payload;
	size_t length, count;

	while (result == BLOCK_INCOMPLETE && chip->have < BLOCK_ROOM && clock_mono_ns() < end_ns) {
		int r = chip->line->ops->receive(chip->line, chip->bytes + chip->have,
						 BLOCK_ROOM - chip->have, WAIT_MS, &count);

		if (r != 0) {
			fail(chip, r);
			finish_job(chip, id, false, "the line was lost while the trace came");
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
		fail(chip, CAUSE_MISMATCH);
		finish_job(chip, id, false, "the answer is not a block, or too long");
	} else if ((double)(clock_mono_ns() - chip->progress_ns) / 1e6 > chip->response_ms) {
		fail(chip, CAUSE_TIMEOUT);
		finish_job(chip, id, false, "the trace stopped half way");
	}
}

static void begin_read(struct chip *chip, const struct chip_demand *demand, int *ret_trace_fd)
{
	char question[48];

	snprintf(question, sizeof(question), "SCAN:DATA? %u", demand->counter);
	if (tell(chip, question) != 0) {
		finish_job(chip, demand->job_id, false, "the line to the controller is lost");
		return;
	}
	chip->have = 0;
	chip->reading = true;
	chip->progress_ns = clock_mono_ns();
	collect(chip, demand->job_id, ret_trace_fd);
}

static void do_job(struct chip *chip, const struct chip_demand *demand, uint32_t seq, int *ret_trace_fd)
{
	char error[CHIP_ERROR] = "", command[48];
	bool ok = false;

	snprintf(command, sizeof(command), "SCAN:DEL %u", demand->counter);
	switch ((enum chip_job_kind)demand->job) {
	case CHIP_JOB_NONE:
		return;
	case CHIP_JOB_PROGRAM:
		ok = do_program(chip, demand, error);
		break;
	case CHIP_JOB_ARM:
		ok = do_arm(chip, seq, error);
		break;
	case CHIP_JOB_FIRE:
		ok = do_fire(chip, seq, error);
		break;
	case CHIP_JOB_READ:
		begin_read(chip, demand, ret_trace_fd);
		return;
	case CHIP_JOB_DELETE:
		ok = do_command(chip, command, error);
		break;
	case CHIP_JOB_OFF:
		ok = do_command(chip, "HEAT:OFF", error);
		break;
	}
	finish_job(chip, demand->job_id, ok, error);
}

/* Off is above any job, and is said again as long as the chip does not look off. */
static void keep_off(struct chip *chip, double t_lab_s)
{
	bool active = chip->status.state == BLOCK_CHIP_ARMED || chip->status.state == BLOCK_CHIP_RUNNING;

	if (chip->off && !(active && t_lab_s - chip->off_lab_s >= OFF_REPEAT_S))
		return;
	if (tell(chip, "ABORT") != 0 || tell(chip, "HEAT:OFF") != 0)
		return;
	chip->off = true;
	chip->off_lab_s = t_lab_s;
}

static void work(struct chip *chip, const struct driver_cycle *cycle, const struct chip_demand *demand,
		 int *ret_trace_fd)
{
	bool due = demand->job != CHIP_JOB_NONE && demand->job_id != chip->job_id;

	if (!demand->off)
		chip->off = false;
	if (chip->good < GOOD_CYCLES)
		return;
	if (demand->off && !chip->reading)
		keep_off(chip, cycle->t_lab_s);
	if (!due)
		return;
	if (chip->reading)
		collect(chip, demand->job_id, ret_trace_fd);
	else if (demand->off && (demand->job == CHIP_JOB_ARM || demand->job == CHIP_JOB_FIRE))
		finish_job(chip, demand->job_id, false, "the chip is switched off");
	else
		do_job(chip, demand, cycle->seq, ret_trace_fd);
}

static int refresh(struct chip *chip, const struct driver_cycle *cycle, const struct chip_demand *demand)
{
	bool busy = chip->status.state == BLOCK_CHIP_RUNNING || chip->good < GOOD_CYCLES ||
		    (demand->job != CHIP_JOB_NONE && demand->job_id != chip->job_id);
	int r = 0;

	if (chip->reading || (!busy && cycle->t_lab_s - chip->polled_lab_s < POLL_IDLE_S))
		return 0;
	if (!chip->identity_ok)
		r = identify(chip);
	if (r == 0)
		r = poll_status(chip, cycle->seq);
	if (r == 0)
		chip->polled_lab_s = cycle->t_lab_s;
	return r;
}

static void chip_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		       struct report *report, int *ret_trace_fd)
{
	struct chip *chip = state;
	int r;

	chip->fault = CAUSE_NONE;
	chip->report.trace_rows = 0;
	r = refresh(chip, cycle, &demand->chip);
	if (chip->connects != chip->line->connects) {
		bool answered = r == 0 && chip->identity_ok;

		chip->connects = chip->line->connects;
		if (!answered || chip->good > 1)
			forget_device(chip);
	}
	if (r == 0)
		work(chip, cycle, &demand->chip, ret_trace_fd);
	report->online = chip->identity_ok && chip->good >= GOOD_CYCLES;
	report->fault = chip->fault;
	report->errors = chip->errors;
	report->transactions = chip->transactions;
	report->connects = chip->connects;
	if (chip->identity_ok)
		memcpy(report->identity, chip->identity, sizeof(report->identity));
	report->simulated = chip->simulated;
	report->sim_scale = chip->sim_scale;
	chip->report.identity_ok = chip->identity_ok;
	report->chip = chip->report;
}

static const struct memory_field memory_of_status[] = {
	MEMORY(struct block_status, state),         MEMORY(struct block_status, scan_counter),
	MEMORY(struct block_status, trace_counter), MEMORY(struct block_status, flags),
	MEMORY(struct block_status, temperature_k), MEMORY(struct block_status, resistance_ohm),
	MEMORY(struct block_status, power_mw),      MEMORY_END,
};

static const struct memory_field memory_of_program[] = {
	MEMORY(struct chip_demand, start_k),
	MEMORY(struct chip_demand, end_k),
	MEMORY(struct chip_demand, rate_k_per_s),
	MEMORY(struct chip_demand, cooling_k_per_s),
	MEMORY_END,
};

static const struct memory_field memory_of_report[] = {
	MEMORY_PART(struct chip_report, temperature_k, memory_of_reading),
	MEMORY_PART(struct chip_report, resistance_ohm, memory_of_reading),
	MEMORY_PART(struct chip_report, power_mw, memory_of_reading),
	MEMORY(struct chip_report, state),
	MEMORY(struct chip_report, scan_counter),
	MEMORY(struct chip_report, trace_available),
	MEMORY(struct chip_report, identity_ok),
	MEMORY(struct chip_report, out_of_band),
	MEMORY(struct chip_report, job_id),
	MEMORY(struct chip_report, job_ok),
	MEMORY(struct chip_report, trace_rows),
	MEMORY(struct chip_report, error),
	MEMORY_END,
};

static const struct memory_field memory_of_chip[] = {
	MEMORY(struct chip, connects),
	MEMORY(struct chip, good),
	MEMORY(struct chip, transactions),
	MEMORY(struct chip, errors),
	MEMORY(struct chip, identity_ok),
	MEMORY(struct chip, simulated),
	MEMORY(struct chip, identity),
	MEMORY(struct chip, sim_scale),
	MEMORY(struct chip, polled_lab_s),
	MEMORY(struct chip, off_lab_s),
	MEMORY_BELOW(struct chip, fault, CAUSE_MAX),
	MEMORY_PART(struct chip, status, memory_of_status),
	MEMORY_PART(struct chip, program, memory_of_program),
	MEMORY(struct chip, programmed),
	MEMORY(struct chip, off),
	MEMORY(struct chip, reading),
	MEMORY(struct chip, progress_ns),
	MEMORY(struct chip, t_request_ns),
	MEMORY(struct chip, t_reply_ns),
	MEMORY(struct chip, job_id),
	MEMORY_PART(struct chip, report, memory_of_report),
	MEMORY_BUFFER(struct chip, bytes, have, BLOCK_ROOM),
	MEMORY_END,
};

const struct driver_ops chip_driver = {
	.name = "chip",
	.kind = DEVICE_CHIP,
	.protocol = "scpi",
	.state_size = sizeof(struct chip),
	.memory = memory_of_chip,
	.init = chip_init,
	.cycle = chip_cycle,
	.deinit = chip_deinit,
};
