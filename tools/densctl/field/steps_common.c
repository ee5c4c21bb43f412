/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/steps_common.h"

#include <math.h>
#include <stdio.h>

#include "daemon/base/clock.h"
#include "tools/densctl/field/ask.h"

#define ONLINE_S 20.0
#define PERSON_S 300.0
#define WATCHDOG_LEAST_S 0.25 /* of real time */
#define WATCHDOG_SLACK_S 5.0

const struct report *steps_report(const struct commission *commission)
{
	return &commission->field.reports[commission->index];
}

struct demand *steps_demand(struct commission *commission)
{
	return &commission->field.demands[commission->index];
}

bool steps_wait(struct commission *commission, double lab_s, field_test done)
{
	return field_wait(&commission->field, commission->index, lab_s, done);
}

bool steps_wait_fall(struct commission *commission, field_test fallen, double *ret_took_s)
{
	double scale = fmax(commission->config->scale, 1);
	double limit_s = fmax(commission->site->limits.device_watchdog_s, WATCHDOG_LEAST_S * scale) +
			 WATCHDOG_SLACK_S + WATCHDOG_LEAST_S * scale;
	int64_t began_ns = clock_mono_ns();
	bool seen = steps_wait(commission, limit_s, fallen);

	*ret_took_s = (double)(clock_mono_ns() - began_ns) / CLOCK_NS_PER_S * scale;
	return seen;
}

/* A person works in real time, whatever the site's clock. */
static bool wait_for_person(struct commission *commission, field_test done)
{
	return steps_wait(commission, PERSON_S * fmax(commission->config->scale, 1), done) && !ask_stopped();
}

bool steps_watch_hands(struct commission *commission, const struct steps_hands *hands, char *ret_found)
{
	bool seen, back;

	printf("    %s\n", hands->change);
	seen = wait_for_person(commission, hands->is_changed);
	if (seen)
		printf("    Seen. %s\n", hands->undo);
	back = seen && wait_for_person(commission, hands->is_undone);
	snprintf(ret_found, COMMISSIONING_TEXT, "%s %s, %s %s", hands->changed, seen ? "seen" : "NOT seen",
		 hands->undone, back ? "seen" : "NOT seen");
	return seen && back;
}

bool steps_is_answering(const struct commission *commission)
{
	const struct report *report = steps_report(commission);

	return report->online && report->fault == CAUSE_NONE;
}

static bool is_online(const struct report *report)
{
	return report->online;
}

/* Where to look; shorter than COMMISSIONING_TEXT with the counts behind it. */
static const char *identity_text(const struct report *report)
{
	if (report->online)
		return "identity as the profile says";
	if (report->transactions > 0 && report->errors >= report->transactions)
		return "nothing answers: cable, speed, parity, unit, is it on?";
	if (report->fault == CAUSE_IDENTITY)
		return "another device, settings or address: densctl probe shows it";
	return cause_name((enum cause)report->fault);
}

bool steps_run_identity(struct commission *commission, char *ret_found)
{
	bool ok = steps_wait(commission, ONLINE_S, is_online);
	const struct report *report = steps_report(commission);

	snprintf(ret_found, COMMISSIONING_TEXT, "%s; %u of %u transactions failed%s", identity_text(report),
		 report->errors, report->transactions, report->simulated ? "; simulated (densim)" : "");
	return ok;
}

static bool is_proven(const struct report *report)
{
	return report->order_proven;
}

bool steps_run_order(struct commission *commission, char *ret_found)
{
	bool ok = steps_wait(commission, STEPS_SHORT_S, is_proven);

	snprintf(
		ret_found, COMMISSIONING_TEXT, "%s",
		ok ? "the values make sense in the declared word order alone"
		   : "no value proves the declared word order: densctl probe shows the numbers in the other");
	return ok;
}

bool steps_has_units(const struct commission *commission)
{
	return commission->device->profile.unit_count > 0;
}

bool steps_run_units(struct commission *commission, char *ret_found)
{
	bool differ = steps_report(commission)->units_differ;

	snprintf(ret_found, COMMISSIONING_TEXT, "units and decimals at the panel %s the profile's",
		 differ ? "differ from" : "are");
	return !differ;
}

bool steps_has_limits(const struct commission *commission)
{
	return commission->limits[0] != '\0';
}

bool steps_run_limits(struct commission *commission, char *ret_found)
{
	snprintf(ret_found, COMMISSIONING_TEXT, "%s", commission->limits);
	return commission->limits_hold;
}
