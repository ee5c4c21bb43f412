/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/playback_clock.h"

#include <math.h>

#include "daemon/base/clock.h"

#define LONGEST_S 1e9 /* no machine is up for so long */

static int64_t began_ns, now_ns; /* 0: the machine's own clock */

int64_t __real_clock_mono_ns(void);
int64_t __wrap_clock_mono_ns(void);
int64_t __wrap_clock_mono_ns(void)
{
	return now_ns != 0 ? now_ns : __real_clock_mono_ns();
}

void playback_clock_begin(int64_t mono_ns)
{
	began_ns = now_ns = mono_ns;
}

void playback_clock_set_lab(double lab_s, double scale)
{
	if (fabs(lab_s / scale) < LONGEST_S)
		now_ns = llround(lab_s / scale * (double)CLOCK_NS_PER_S);
}

void playback_clock_set(double since_s)
{
	if (began_ns == 0)
		began_ns = __real_clock_mono_ns();
	now_ns = began_ns + (int64_t)(since_s * (double)CLOCK_NS_PER_S);
}

void playback_clock_spend(double seconds)
{
	if (now_ns != 0)
		now_ns += (int64_t)(seconds * (double)CLOCK_NS_PER_S);
}

void playback_clock_end(void)
{
	began_ns = now_ns = 0;
}
