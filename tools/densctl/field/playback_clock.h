/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clock of a playback: what a driver decides by the time that a line took (a coupler that is slow, a
 * demand that is old) it decides again as it did then. While one is played it stands in the place of
 * clock_mono_ns for all of densctl (the linker's --wrap), and goes on by recorded times alone.
 */
#ifndef DENSCTL_PLAYBACK_CLOCK_H
#define DENSCTL_PLAYBACK_CLOCK_H

#include <stdint.h>

/* The recording began at @mono_ns of its own machine's clock; else it begins now. */
void playback_clock_begin(int64_t mono_ns);
/* The instant that is @lab_s of the laboratory's clock at @scale; only behind playback_clock_begin. */
void playback_clock_set_lab(double lab_s, double scale);
/* From now on the clock stands @since_s behind the beginning of the recording. */
void playback_clock_set(double since_s);
/* Nothing while no playback has set it. */
void playback_clock_spend(double seconds);
/* The machine's own clock again. */
void playback_clock_end(void);

#endif
