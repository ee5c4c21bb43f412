/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What densd last said, kept with when it was heard, and drawn. An old value is never drawn as a fresh one.
 */
#ifndef DENSCTL_VIEW_H
#define DENSCTL_VIEW_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VIEW_SILENCE_MS 3000 /* no heartbeat for longer: nothing in the picture is fresh */

struct view {
	json_object *sample, *state, *scan, *result, *alarm;
	json_object *energy; /* the newest result of kind running */
	int64_t heard_ms;    /* mono: last message of any topic; 0: never */
	double heard_lab_s;  /* lab clock of densd's last heartbeat; 0: none yet */
};

/* Takes @message. */
void view_take(struct view *view, const char *topic, json_object *message, int64_t now_ms);
void view_clear(struct view *view);
bool view_is_silent(const struct view *view, int64_t now_ms);
/* Several lines, each ended with @end ("\n", or "\033[K\n" to redraw a terminal cleanly). */
void view_draw(const struct view *view, int64_t now_ms, const char *end, FILE *stream);
/* One line: state, progress, T, P, heater, contactor, lock. */
void view_line(const struct view *view, int64_t now_ms, FILE *stream);

#endif
