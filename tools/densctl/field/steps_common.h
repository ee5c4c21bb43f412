/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of every kind of device share, and the table that each kind has. */
#ifndef DENSCTL_STEPS_COMMON_H
#define DENSCTL_STEPS_COMMON_H

#include "tools/densctl/field/steps.h"

#define STEPS_SHORT_S 15.0

/* A kind of device. */
struct steps_kind {
	const struct step *steps;
	size_t count;
	bool (*make_safe)(struct commission *commission); /* as steps_make_safe */
};
extern const struct steps_kind steps_furnace, steps_press, steps_flow, steps_chip;

/* Of the device that is commissioned: what it reported last, and what is asked of it from the next cycle on.
 */
const struct report *steps_report(const struct commission *commission);
struct demand *steps_demand(struct commission *commission);
/* As field_wait, on that device. */
bool steps_wait(struct commission *commission, double lab_s, field_test done);
/*
 * Waits until a watchdog has tripped, for its time and some more: true when @fallen was seen. *ret_took_s, of
 * the site's clock, is set either way.
 */
bool steps_wait_fall(struct commission *commission, field_test fallen, double *ret_took_s);
bool steps_is_answering(const struct commission *commission);

/* What a technician does at a panel and undoes; the tests are true after an interrupt, too. */
struct steps_hands {
	const char *change, *undo;    /* what to do: sentences */
	const char *changed, *undone; /* what is then seen */
	field_test is_changed, is_undone;
};
/* True when both were seen; a step's @ret_found. */
bool steps_watch_hands(struct commission *commission, const struct steps_hands *hands, char *ret_found);

/* Steps of several kinds, as struct step has them. */
bool steps_run_identity(struct commission *commission, char *ret_found);
bool steps_run_order(struct commission *commission, char *ret_found);
bool steps_has_units(const struct commission *commission);
bool steps_run_units(struct commission *commission, char *ret_found);
bool steps_has_limits(const struct commission *commission);
bool steps_run_limits(struct commission *commission, char *ret_found);

#endif
