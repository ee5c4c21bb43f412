/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/cycle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/contactor_rules.h"

#define WIDEN_S_PER_SCALE 0.25

void cycle_find_devices(const struct site *site, struct cycle_map *ret_map)
{
	*ret_map = (struct cycle_map){0};
	for (uint32_t bus = 0; bus < site->bus_count; bus++)
		for (uint32_t i = 0; i < site->buses[bus].device_count; i++) {
			uint8_t kind = site->buses[bus].devices[i].profile.kind;

			if (kind < DEVICE_KIND_MAX)
				ret_map->at[kind] =
					(struct cycle_place){.present = true, .bus = bus, .device = i};
		}
}

const struct report *cycle_find_report(const struct cycle_view *view, enum device_kind kind)
{
	const struct cycle_place *place = &view->map->at[kind];
	const struct link_reports *reports;

	if (!place->present)
		return NULL;
	reports = &view->reports[place->bus];
	if (place->device >= reports->count || reports->reports[place->device].kind != kind)
		return NULL;
	return &reports->reports[place->device];
}

static struct measurement measure(const struct cycle_view *view, const struct reading *reading)
{
	return (struct measurement){
		.value = reading->value,
		.t_lab_s = reading->t_reply_ns > 0 ? clock_lab_s(reading->t_reply_ns, view->site->clock_scale)
						   : -INFINITY,
		.quality = reading->quality,
		.cause = reading->cause};
}

static struct measurement measure_nothing(void)
{
	return (struct measurement){.value = NAN, .t_lab_s = -INFINITY, .quality = QUALITY_NONE};
}

static const struct bus_device *device_at(const struct cycle_view *view, enum device_kind kind)
{
	const struct cycle_place *place = &view->map->at[kind];

	return place->present ? &view->site->buses[place->bus].devices[place->device] : NULL;
}

static bool is_lost(const struct cycle_view *view, enum device_kind kind)
{
	const struct cycle_place *place = &view->map->at[kind];

	return !place->present || view->lost[place->bus];
}

static void read_furnace(const struct cycle_view *view, struct inputs *inputs)
{
	const struct report *report = cycle_find_report(view, DEVICE_FURNACE);

	if (!report)
		return;
	inputs->temperature_k = measure(view, &report->furnace.temperature_k);
	inputs->temperature_margin_k = report->furnace.margin_k;
	inputs->temperature2_k = measure(view, &report->furnace.temperature2_k);
	inputs->temperature2_margin_k = report->furnace.margin2_k;
	inputs->furnace_setpoint_k = measure(view, &report->furnace.setpoint_k);
	inputs->furnace_output_pct = measure(view, &report->furnace.output_pct);
	inputs->furnace_sensor_break = report->furnace.sensor_break;
	inputs->furnace_manual = report->furnace.manual;
	inputs->furnace_identity_ok = report->furnace.identity_ok && report->online;
	inputs->furnace_stranger = report->fault == CAUSE_IDENTITY;
	inputs->furnace_readback_differs = report->furnace.readback_differs;
	inputs->furnace_second_master = report->furnace.second_master;
	inputs->furnace_contactor_open = report->furnace.contactor > CONTACTOR_ARMED;
	inputs->units_differ |= report->units_differ;
	inputs->order_unproven |= !report->order_proven;
}

static void read_press(const struct cycle_view *view, struct inputs *inputs)
{
	const struct report *report = cycle_find_report(view, DEVICE_PRESS);

	if (!report)
		return;
	inputs->pressure_gpa = measure(view, &report->press.pressure_gpa);
	inputs->pressure_setpoint_gpa = measure(view, &report->press.setpoint_gpa);
	inputs->oil_bar = measure(view, &report->press.oil_bar);
	inputs->oil_setpoint_bar = measure(view, &report->press.oil_setpoint_bar);
	inputs->stroke_pct = measure(view, &report->press.stroke_pct);
	inputs->oil_gpa_per_bar = report->press.oil_gpa_per_bar;
	inputs->press_locked = report->press.locked;
	inputs->press_local = report->press.local;
	inputs->press_depressurised = report->press.depressurised;
	inputs->press_contactor_closed = report->press.contactor_closed;
	inputs->press_watchdog_tripped = report->press.watchdog_tripped;
	inputs->press_identity_ok = report->press.identity_ok && report->online;
	inputs->press_stranger = report->fault == CAUSE_IDENTITY;
	inputs->press_readback_differs = report->press.readback_differs;
	inputs->press_second_master = report->press.second_master;
	inputs->units_differ |= report->units_differ;
	inputs->order_unproven |= !report->order_proven;
}

/* Which device's watchdog is not armed, and what to do; nothing said: all are, or are accepted in words. */
static void find_unarmed_press(const struct cycle_view *view, const struct bus_device *plc,
			       char ret_text[MACHINE_UNARMED])
{
	const struct report *press = cycle_find_report(view, DEVICE_PRESS);

	if (!plc->profile.watchdog && !view->site->accept_no_watchdog)
		snprintf(ret_text, MACHINE_UNARMED,
			 "the press '%.31s' has no watchdog, and the site file accepts none: "
			 "accept_no_watchdog: \"...\"",
			 plc->name);
	else if (plc->profile.watchdog && !(press && press->online))
		snprintf(
			ret_text, MACHINE_UNARMED,
			"the watchdog of the press '%.31s' is not armed, since it does not answer: check its "
			"line and supply",
			plc->name);
	else if (plc->profile.watchdog && !press->press.watchdog_armed)
		snprintf(ret_text, MACHINE_UNARMED,
			 "the watchdog of the press '%.31s' is not armed; densd arms it with its first "
			 "writes. If it stays so, look at the PLC: key in remote, no other master",
			 plc->name);
	/* Words stand in for no contactor that is there. */
	else if (!plc->profile.contactor && !site_contactor(view->site) && !view->site->accept_no_contactor)
		snprintf(ret_text, MACHINE_UNARMED,
			 "the press '%.31s' switches no heater contactor, and the site file accepts none: "
			 "accept_no_contactor: \"...\"",
			 plc->name);
}

static void find_unarmed_furnace(const struct cycle_view *view, const struct bus_device *furnace,
				 char ret_text[MACHINE_UNARMED])
{
	const struct report *heater = cycle_find_report(view, DEVICE_FURNACE);
	bool coupled = site_contactor(view->site) != NULL;

	if (coupled && !(heater && heater->online))
		snprintf(ret_text, MACHINE_UNARMED,
			 "the contactor of the furnace '%.31s' is not armed, since the furnace does not "
			 "answer: check its line",
			 furnace->name);
	else if (coupled && heater->furnace.contactor != CONTACTOR_ARMED)
		snprintf(ret_text, MACHINE_UNARMED, "contactor of '%.31s': %.124s", furnace->name,
			 contactor_rules_text(heater->furnace.contactor));
	else if (!coupled && !furnace->profile.watchdog && !view->site->accept_no_watchdog)
		snprintf(ret_text, MACHINE_UNARMED,
			 "the furnace '%.31s' has no watchdog and no contactor on a coupler, and the site "
			 "file accepts none: accept_no_watchdog: \"...\"",
			 furnace->name);
}

static void judge_watchdogs(const struct cycle_view *view, struct inputs *inputs)
{
	const struct bus_device *furnace = device_at(view, DEVICE_FURNACE),
				*plc = device_at(view, DEVICE_PRESS);

	inputs->unarmed[0] = '\0';
	if (!furnace || !plc)
		snprintf(inputs->unarmed, sizeof(inputs->unarmed), "the site has no furnace or no press");
	if (!inputs->unarmed[0])
		find_unarmed_furnace(view, furnace, inputs->unarmed);
	if (!inputs->unarmed[0])
		find_unarmed_press(view, plc, inputs->unarmed);
	inputs->devices_armed = inputs->unarmed[0] == '\0';
}

void cycle_build_inputs(const struct cycle_view *view, struct inputs *ret_inputs)
{
	const struct report *flow = cycle_find_report(view, DEVICE_FLOW);
	struct measurement nothing = measure_nothing();

	*ret_inputs = (struct inputs){.temperature_k = nothing,
				      .temperature2_k = nothing,
				      .ambient_k = nothing,
				      .furnace_setpoint_k = nothing,
				      .furnace_output_pct = nothing,
				      .pressure_gpa = nothing,
				      .pressure_setpoint_gpa = nothing,
				      .oil_bar = nothing,
				      .oil_setpoint_bar = nothing,
				      .stroke_pct = nothing,
				      .flow_ml_per_min = nothing};
	read_furnace(view, ret_inputs);
	read_press(view, ret_inputs);
	if (flow)
		ret_inputs->flow_ml_per_min = measure(view, &flow->flow.flow_ml_per_min);
	judge_watchdogs(view, ret_inputs);
	cycle_judge_inputs(view, ret_inputs);
}

void cycle_judge_inputs(const struct cycle_view *view, struct inputs *inputs)
{
	inputs->furnace_lost = is_lost(view, DEVICE_FURNACE);
	inputs->press_lost = is_lost(view, DEVICE_PRESS);
	inputs->store_ok = view->store_ok;
	inputs->step_late = view->step_late;
	if (view->site->ambient_k > 0)
		inputs->ambient_k = (struct measurement){
			.value = view->site->ambient_k, .t_lab_s = view->t_lab_s, .quality = QUALITY_GOOD};
}

void cycle_build_chip_inputs(const struct cycle_view *view, struct chip_inputs *ret_inputs)
{
	const struct report *chip = cycle_find_report(view, DEVICE_CHIP);
	const struct report *flow = cycle_find_report(view, DEVICE_FLOW);
	struct measurement nothing = measure_nothing();

	*ret_inputs = (struct chip_inputs){.temperature_k = nothing,
					   .resistance_ohm = nothing,
					   .power_mw = nothing,
					   .flow_ml_per_min = nothing,
					   .lost = is_lost(view, DEVICE_CHIP)};
	if (flow)
		ret_inputs->flow_ml_per_min = measure(view, &flow->flow.flow_ml_per_min);
	if (!chip)
		return;
	ret_inputs->temperature_k = measure(view, &chip->chip.temperature_k);
	ret_inputs->resistance_ohm = measure(view, &chip->chip.resistance_ohm);
	ret_inputs->power_mw = measure(view, &chip->chip.power_mw);
	ret_inputs->state = chip->chip.state;
	ret_inputs->scan_counter = chip->chip.scan_counter;
	ret_inputs->trace_available = chip->chip.trace_available;
	ret_inputs->identity_ok = chip->chip.identity_ok && chip->online;
	ret_inputs->out_of_band = chip->chip.out_of_band;
}

/* @read_ns: mono, 0: never. What an instrument that is not proven says is not known either. */
static struct switch_body make_switch(const struct cycle_view *view, bool on, int64_t read_ns, bool proven,
				      double limit_s)
{
	struct switch_body body = {.t_lab_s = -INFINITY, .is = SWITCH_NOT_KNOWN};

	if (read_ns > 0)
		body.t_lab_s = clock_lab_s(read_ns, view->site->clock_scale);
	if (proven && view->t_lab_s - body.t_lab_s <= limit_s)
		body.is = on ? SWITCH_ON : SWITCH_OFF;
	return body;
}

void cycle_fill_switches(const struct cycle_view *view, double limit_s, struct sample_body *sample)
{
	const struct switch_body none = {.t_lab_s = -INFINITY, .is = SWITCH_NONE};
	const struct switch_body unread = {.t_lab_s = -INFINITY, .is = SWITCH_NOT_KNOWN};
	const struct report *press = cycle_find_report(view, DEVICE_PRESS),
			    *furnace = cycle_find_report(view, DEVICE_FURNACE);
	const struct bus_device *plc = device_at(view, DEVICE_PRESS);

	sample->press_lock = plc ? unread : none;
	sample->press_contactor = plc && plc->profile.contactor ? unread : none;
	sample->coupler_contactor = site_contactor(view->site) ? unread : none;
	if (press && sample->press_lock.is != SWITCH_NONE)
		sample->press_lock = make_switch(view, press->press.locked, press->press.switches_ns,
						 press->online, limit_s);
	if (press && sample->press_contactor.is != SWITCH_NONE)
		sample->press_contactor = make_switch(view, press->press.contactor_closed,
						      press->press.switches_ns, press->online, limit_s);
	if (furnace && sample->coupler_contactor.is != SWITCH_NONE)
		sample->coupler_contactor =
			make_switch(view, furnace->furnace.contactor_closed, furnace->furnace.contactor_ns,
				    furnace->furnace.contactor != CONTACTOR_STRANGER, limit_s);
}

/* Doubtful is what claims another scale; at scale 1 a real device claims none. */
static bool scale_is_right(const struct report *report, double scale, bool proved)
{
	bool heard = report && report->online;

	if (heard && report->simulated)
		return fabs(report->sim_scale - scale) < 1e-3 * scale;
	return scale <= 1 || (proved && !heard);
}

bool cycle_check_scale(const struct cycle_view *view, bool proved, char ret_why[MACHINE_WHY])
{
	double scale = view->site->clock_scale;

	for (int kind = 0; kind < DEVICE_KIND_MAX; kind++) {
		const struct report *report = cycle_find_report(view, (enum device_kind)kind);
		const struct bus_device *device = device_at(view, (enum device_kind)kind);

		if (!device || scale_is_right(report, scale, proved))
			continue;
		if (report && report->online && report->simulated)
			snprintf(ret_why, MACHINE_WHY,
				 "%s runs at scale %g, this site at %g: nothing is written; give both the "
				 "same scale",
				 device->name, report->sim_scale, scale);
		else if (report && report->online)
			snprintf(ret_why, MACHINE_WHY,
				 "clock scale %g needs every instrument to be densim; %s has not shown that "
				 "it is",
				 scale, device->name);
		else
			snprintf(
				ret_why, MACHINE_WHY,
				"nothing: waiting for the answer of %s; at clock scale %g nothing is written "
				"before it has shown that it is densim",
				device->name, scale);
		return false;
	}
	return true;
}

bool cycle_is_simulated(const struct cycle_view *view)
{
	bool any = false;

	for (int kind = 0; kind < DEVICE_KIND_MAX; kind++) {
		const struct report *report = cycle_find_report(view, (enum device_kind)kind);

		if (!report || !report->online)
			continue;
		if (!report->simulated)
			return false;
		any = true;
	}
	return any;
}

int64_t cycle_follow_contactor(int64_t closed_ns, const struct report *furnace, bool controls, int64_t now_ns)
{
	if (controls)
		return now_ns;
	if (furnace && furnace->furnace.contactor_ns > closed_ns && !furnace->furnace.contactor_closed)
		return 0;
	return closed_ns;
}

static struct furnace_demand want_furnace(const struct cycle_wish *wish)
{
	static const uint8_t modes[] = {
		[HEAT_OBSERVE] = MODE_OBSERVE, [HEAT_OFF] = MODE_OFF, [HEAT_CONTROL] = MODE_CONTROL};

	if (!wish->writes)
		return (struct furnace_demand){.mode = MODE_OBSERVE, .contactor_ours = wish->contactor_ours};
	return (struct furnace_demand){.mode = modes[wish->actions->heat],
				       .contactor_ours = wish->contactor_ours,
				       .setpoint_k = wish->actions->setpoint_k,
				       .ramp_k_per_s = wish->actions->ramp_k_per_s,
				       .target_k = wish->actions->target_k,
				       .relay = wish->actions->relay,
				       .output_pct = wish->actions->output_pct};
}

static struct press_demand want_press(const struct cycle_view *view, const struct cycle_wish *wish)
{
	static const uint8_t modes[] = {
		[PRESS_OBSERVE] = MODE_OBSERVE, [PRESS_LOCK] = MODE_OFF, [PRESS_REGULATE] = MODE_CONTROL};
	const struct permit *permit = &wish->actions->permit;
	struct press_demand demand = {.mode = MODE_OBSERVE, .prior_gpa = wish->prior_gpa};

	if (!wish->writes)
		return demand;
	demand.mode = modes[wish->actions->press];
	demand.setpoint_gpa = wish->actions->setpoint_gpa;
	demand.heater_enable = wish->actions->contactor;
	demand.heartbeat = demand.mode != MODE_OBSERVE;
	demand.watchdog_s = demand.heartbeat ? wish->watchdog_s : 0;
	if (permit->granted)
		demand.permit = (struct press_permit){
			.granted = true,
			.temperature_k = permit->temperature_k,
			.release_temperature_k = permit->release_temperature_k,
			.t_reply_ns = (int64_t)(permit->t_lab_s / view->site->clock_scale *
						(double)CLOCK_NS_PER_S)};
	return demand;
}

static struct chip_demand want_chip(const struct cycle_wish *wish)
{
	struct chip_demand demand = wish->chip;

	demand.off = demand.off || wish->actions->chip_off;
	if (!wish->writes)
		demand = (struct chip_demand){0};
	return demand;
}

void cycle_build_demands(const struct cycle_view *view, const struct cycle_wish *wish, uint32_t bus,
			 struct link_cycle *ret_cycle)
{
	const struct bus_config *config = &view->site->buses[bus];

	ret_cycle->count = config->device_count;
	for (uint32_t i = 0; i < config->device_count; i++) {
		struct demand *demand = &ret_cycle->demands[i];

		*demand = (struct demand){.kind = config->devices[i].profile.kind};
		switch ((enum device_kind)demand->kind) {
		case DEVICE_FURNACE:
			demand->furnace = want_furnace(wish);
			break;
		case DEVICE_PRESS:
			demand->press = want_press(view, wish);
			break;
		case DEVICE_FLOW:
			demand->flow.mode = wish->writes ? MODE_CONTROL : MODE_OBSERVE;
			demand->flow.setpoint_ml_per_min = wish->purge ? wish->purge_ml_per_min : 0;
			break;
		case DEVICE_CHIP:
			demand->chip = want_chip(wish);
			break;
		case DEVICE_KIND_MAX:
			break;
		}
	}
}

void cycle_widen_limits(struct limits *limits, double scale)
{
	double least_s = WIDEN_S_PER_SCALE * scale;

	if (scale <= 1)
		return;
	limits->fresh_age_s = fmax(limits->fresh_age_s, least_s);
	limits->permit_age_s = fmax(limits->permit_age_s, least_s);
	limits->stale_hold_s = fmax(limits->stale_hold_s, least_s);
	limits->bus_lost_s = fmax(limits->bus_lost_s, least_s);
	limits->reopen_limit_s = fmax(limits->reopen_limit_s, least_s);
	limits->device_watchdog_s = fmax(limits->device_watchdog_s, least_s);
	limits->preflight_grace_s = fmax(limits->preflight_grace_s, least_s);
}
