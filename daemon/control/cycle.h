/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the instruments' value structs and the machines': reports to inputs, actions to demands. Pure.
 * Times cross here from mono (readings) to lab (measurements) and back (the permit).
 */
#ifndef DENSD_DAEMON_CONTROL_CYCLE_H
#define DENSD_DAEMON_CONTROL_CYCLE_H

#include "config/site.h"
#include "daemon/link.h"
#include "protocol/machine.h"
#include "protocol/scan.h"

struct cycle_place { /* where a device is */
	bool present;
	uint32_t bus, device;
};
struct cycle_map {
	struct cycle_place at[DEVICE_KIND_MAX];
};
/* Everything known of the lines as of one tick. */
struct cycle_view {
	const struct site *site;
	const struct cycle_map *map;
	const struct link_reports *reports; /* [SITE_BUSES_MAX], the last of each bus */
	const bool *lost;                   /* [SITE_BUSES_MAX]: no worker, or one that does not answer */
	double t_lab_s;
	bool store_ok, step_late;
};
/* What control wants of the lines in one tick. */
struct cycle_wish {
	const struct actions *actions;
	bool writes;         /* false: observe only, whatever @actions says */
	bool purge;          /* either machine asks for nitrogen */
	bool contactor_ours; /* of the heater: see cycle_follow_contactor */
	double purge_ml_per_min, watchdog_s, prior_gpa;
	struct chip_demand chip; /* the job in hand */
};

void cycle_find_devices(const struct site *site, struct cycle_map *ret_map);
void cycle_build_inputs(const struct cycle_view *view, struct inputs *ret_inputs);
/* What does not come out of the reports: lost lines, the store, a late step, the room. */
void cycle_judge_inputs(const struct cycle_view *view, struct inputs *inputs);
/* Locks and contactors as last read into a sample; what was read more than @limit_s ago is not known. */
void cycle_fill_switches(const struct cycle_view *view, double limit_s, struct sample_body *sample);
void cycle_build_chip_inputs(const struct cycle_view *view, struct chip_inputs *ret_inputs);
/* The report of the device, or NULL when the site has none or nothing was heard of it. */
const struct report *cycle_find_report(const struct cycle_view *view, enum device_kind kind);
/*
 * May anything be written at all? At scale 1: no device may claim another scale. Above: every device must
 * have proved to be densim at exactly the site's scale. @proved: they did before, so a silent one is the
 * machine's business and only a contradiction counts. False with one sentence in @ret_why.
 */
bool cycle_check_scale(const struct cycle_view *view, bool proved, char ret_why[MACHINE_WHY]);
/* True when every device that was heard is densim. */
bool cycle_is_simulated(const struct cycle_view *view);
/*
 * Since when (mono ns) the heater's contactor may be closed by this densd's word; 0: it is not. @closed_ns:
 * as of the last tick; @controls: the furnace is now told to heat. It counts until a look behind that finds
 * it open: a worker begun anew must open what the one before it had closed, and nothing that is another
 * master's.
 */
int64_t cycle_follow_contactor(int64_t closed_ns, const struct report *furnace, bool controls,
			       int64_t now_ns);
/* The demands of one bus. count is the bus's device count. */
void cycle_build_demands(const struct cycle_view *view, const struct cycle_wish *wish, uint32_t bus,
			 struct link_cycle *ret_cycle);
/* The limits at scale N: freshness, bus-lost and watchdog times become max(value, 250 ms x N). */
void cycle_widen_limits(struct limits *limits, double scale);

#endif
