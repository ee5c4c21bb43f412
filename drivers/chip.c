/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The FDSC chip controller of chip-protocol.md. Status twice a lab second when idle, every cycle while a job
 * or a scan runs. A job is done once per job id: a repeated id gets the first answer, and FIRE is never sent
 * again, whatever became of its answer; the scan counter says what happened. A trace may be longer than one
 * cycle can take: what has come is collected cycle by cycle.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/chip_parts.h"

#define POLL_IDLE_S 0.5
#define OFF_REPEAT_S 1.0
#define RESPONSE_MS 1000.0
#define LEAST_SCALED_MS 100.0 /* a process that plays the chip waits for its turn on a busy machine */
#define WATCHDOG_S 10.0
#define WATCHDOG_SCALED_S 0.25

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

/* Off is above any job, and is said again as long as the chip does not look off. */
static void keep_off(struct chip *chip, double t_lab_s)
{
	bool active = chip->status.state == BLOCK_CHIP_ARMED || chip->status.state == BLOCK_CHIP_RUNNING;

	if (chip->off && !(active && t_lab_s - chip->off_lab_s >= OFF_REPEAT_S))
		return;
	if (chip_talk_tell(chip, "ABORT") != 0 || chip_talk_tell(chip, "HEAT:OFF") != 0)
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
		chip_trace_collect(chip, demand->job_id, ret_trace_fd);
	else if (demand->off && (demand->job == CHIP_JOB_ARM || demand->job == CHIP_JOB_FIRE))
		chip_job_finish(chip, demand->job_id, false, "the chip is switched off");
	else
		chip_job_do(chip, demand, cycle->seq, ret_trace_fd);
}

static int refresh(struct chip *chip, const struct driver_cycle *cycle, const struct chip_demand *demand)
{
	bool busy = chip->status.state == BLOCK_CHIP_RUNNING || chip->good < GOOD_CYCLES ||
		    (demand->job != CHIP_JOB_NONE && demand->job_id != chip->job_id);
	int r = 0;

	if (chip->reading || (!busy && cycle->t_lab_s - chip->polled_lab_s < POLL_IDLE_S))
		return 0;
	if (!chip->identity_ok)
		r = chip_talk_identify(chip);
	if (r == 0)
		r = chip_talk_poll(chip, cycle->seq);
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
