/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reference for the lateness of densd's control step: an sd-event loop that does nothing at 10 Hz.
 *
 * usage: bare_loop SECONDS      prints the largest lateness of each second, in milliseconds, one a line
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <systemd/sd-event.h>

#define PERIOD_US 100000

struct loop {
	uint64_t due_us, late_us_max;
	unsigned steps, steps_wanted;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct loop *loop = userdata;
	uint64_t late_us = now_us() - loop->due_us;

	(void)usec;
	if (late_us > loop->late_us_max)
		loop->late_us_max = late_us;
	if (++loop->steps % 10 == 0) {
		printf("%.3f\n", (double)loop->late_us_max / 1000);
		loop->late_us_max = 0;
	}
	if (loop->steps >= loop->steps_wanted)
		return sd_event_exit(sd_event_source_get_event(source), 0);
	while (loop->due_us <= now_us())
		loop->due_us += PERIOD_US;
	sd_event_source_set_time(source, loop->due_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int main(int argc, char **argv)
{
	struct loop loop = {.due_us = now_us() + PERIOD_US};
	sd_event *event = NULL;
	int r;

	loop.steps_wanted = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) * 10 : 0;
	if (loop.steps_wanted == 0) {
		fprintf(stderr, "usage: bare_loop SECONDS\n");
		return 2;
	}
	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_add_time(event, NULL, CLOCK_BOOTTIME, loop.due_us, 1, on_time, &loop);
	if (r >= 0)
		r = sd_event_loop(event);
	sd_event_unref(event);
	return r < 0 ? 1 : 0;
}
