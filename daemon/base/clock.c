/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

int64_t clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

char *clock_wall_text(int64_t wall_us, char buffer[CLOCK_WALL_TEXT])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	int milliseconds = (int)(wall_us / 1000 % 1000);
	struct tm tm;
	char day[24];

	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer, CLOCK_WALL_TEXT, "%s.%03dZ", day, milliseconds);
	return buffer;
}
