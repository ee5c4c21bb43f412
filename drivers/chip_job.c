/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs of the chip controller, but for the trace. */
#include <math.h>
#include <stdio.h>

#include "drivers/chip_parts.h"

#define SAME_NUMBER 1e-3

void chip_job_finish(struct chip *chip, uint32_t id, bool ok, const char *error)
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

	if (chip_talk_ask(chip, "SYST:ERR?", text) != 0) {
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

	if (chip_talk_ask(chip, "PROG?", text) != 0) {
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
	if (chip_talk_tell(chip, "*CLS") != 0 || chip_talk_tell(chip, watchdog) != 0 ||
	    chip_talk_tell(chip, "PROG:CLEAR") != 0 || chip_talk_tell(chip, ramp) != 0 ||
	    (demand->cooling_k_per_s > 0 && chip_talk_tell(chip, cool) != 0))
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
	if (chip_talk_tell(chip, "*CLS") != 0 || chip_talk_tell(chip, "ARM") != 0 ||
	    !is_clear(chip, ret_error))
		return false;
	snprintf(ret_error, CHIP_ERROR, "the controller is not armed after ARM");
	return chip_talk_poll(chip, seq) == 0 && chip->status.state == BLOCK_CHIP_ARMED;
}

/* Sent once. If the answer is lost the job has failed, and the scan counter tells control what happened. */
static bool do_fire(struct chip *chip, uint32_t seq, char ret_error[CHIP_ERROR])
{
	uint32_t before;

	snprintf(ret_error, CHIP_ERROR, "the controller is not armed: nothing was fired");
	if (chip_talk_poll(chip, seq) != 0 || chip->status.state != BLOCK_CHIP_ARMED)
		return false;
	before = chip->status.scan_counter;
	snprintf(ret_error, CHIP_ERROR, "no answer after FIRE: the scan counter decides");
	if (chip_talk_tell(chip, "FIRE") != 0 || chip_talk_poll(chip, seq) != 0)
		return false;
	if (chip->status.scan_counter == before + 1)
		return true;
	is_clear(chip, ret_error);
	return false;
}

static bool do_command(struct chip *chip, const char *command, char ret_error[CHIP_ERROR])
{
	snprintf(ret_error, CHIP_ERROR, "the line to the controller is lost");
	return chip_talk_tell(chip, "*CLS") == 0 && chip_talk_tell(chip, command) == 0 &&
	       is_clear(chip, ret_error);
}

void chip_job_do(struct chip *chip, const struct chip_demand *demand, uint32_t seq, int *ret_trace_fd)
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
		chip_trace_begin(chip, demand, ret_trace_fd);
		return;
	case CHIP_JOB_DELETE:
		ok = do_command(chip, command, error);
		break;
	case CHIP_JOB_OFF:
		ok = do_command(chip, "HEAT:OFF", error);
		break;
	}
	chip_job_finish(chip, demand->job_id, ok, error);
}
