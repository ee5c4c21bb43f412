/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calorimeter's machine beside a chip that does what a test says. */
#ifndef DENSD_TESTS_CHIP_FIXTURE_H
#define DENSD_TESTS_CHIP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "plant.h"
#include "protocol/scan.h"
#include "protocol/scan_steps.h"

struct chip {
	struct plan plan;
	struct scan_machine scan;
	struct scan_actions act;
	struct chip_inputs in;
	double now;
};

static inline int give(struct chip *chip, struct scan_event event)
{
	struct scan_machine next;
	int r;

	event.t_lab_s = chip->now;
	event.inputs = &chip->in;
	r = scan_step(&chip->plan, &chip->scan, &event, &next, &chip->act);
	chip->scan = next;
	return r;
}

static inline void chip_put(struct chip *chip, enum chip_state state)
{
	memset(chip, 0, sizeof(*chip));
	plant_scan_plan(&chip->plan);
	chip->in = (struct chip_inputs){.state = (uint8_t)state, .identity_ok = true, .scan_counter = 41};
	scan_init(&chip->scan, 0);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 200, .automatic = true});
}

static inline void wait_s(struct chip *chip, double seconds)
{
	for (double end = chip->now + seconds; chip->now < end;) {
		chip->now += 0.5;
		chip->in.temperature_k = (struct measurement){300, chip->now, QUALITY_GOOD, CAUSE_NONE};
		chip->in.flow_ml_per_min = (struct measurement){80, chip->now, QUALITY_GOOD, CAUSE_NONE};
		give(chip, (struct scan_event){.kind = SCAN_EVENT_TICK});
	}
}

static inline void finish(struct chip *chip, bool ok)
{
	give(chip, (struct scan_event){.kind = SCAN_EVENT_JOB_DONE,
				       .job = chip->scan.job,
				       .job_id = chip->scan.job_id,
				       .ok = ok,
				       .text = ok ? NULL : "no answer"});
}

static inline void arm(struct chip *chip)
{
	chip_put(chip, CHIP_IDLE);
	wait_s(chip, 40);
	finish(chip, true);
	finish(chip, true);
	chip->in.state = CHIP_ARMED;
	wait_s(chip, 1);
}

static inline void fire(struct chip *chip)
{
	arm(chip);
	assert_true(chip->scan.waiting_intent != 0);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = chip->scan.waiting_intent - 1});
	assert_int_equal(chip->act.job, SCAN_JOB_NONE);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = chip->scan.waiting_intent});
	assert_int_equal(chip->act.job, SCAN_JOB_FIRE);
	finish(chip, true);
	chip->in.scan_counter = 42;
	chip->in.state = CHIP_RUNNING;
}

static inline void commit(struct chip *chip)
{
	give(chip, (struct scan_event){.kind = SCAN_EVENT_COMMITTED, .counter = 42});
}

/* Up to READ of the first scan. */
static inline void fire_and_read(struct chip *chip)
{
	fire(chip);
	chip->in.state = CHIP_DATA;
	chip->in.trace_available = true;
	wait_s(chip, 1);
	assert_int_equal(chip->scan.job, SCAN_JOB_READ);
}

#endif
