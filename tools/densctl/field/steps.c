/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/steps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/contactor_rules.h"

#define ONLINE_S 20.0
#define SHORT_S 15.0
#define PERSON_S 300.0
#define COLD_K 323.0
#define FREEZING_K 253.0
#define SAME_K 0.3
#define SAME_BAR 2.0
#define FLOW_ML_PER_MIN 20.0
#define FLOW_SHARE 0.2
#define WATCHDOG_SLACK_S 5.0
#define ZERO_CELSIUS_K 273.15

static const struct report *report_of(const struct commission *commission)
{
	return &commission->field.reports[commission->index];
}

static struct demand *demand_of(struct commission *commission)
{
	return &commission->field.demands[commission->index];
}

static bool wait_for(struct commission *commission, double lab_s, field_test done)
{
	return field_wait(&commission->field, commission->index, lab_s, done);
}

/* A person works in real time, whatever the site's clock. */
static double person_s(const struct commission *commission)
{
	return PERSON_S * fmax(commission->config->scale, 1);
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

static bool step_identity(struct commission *commission, char *ret_found)
{
	bool ok = wait_for(commission, ONLINE_S, is_online);
	const struct report *report = report_of(commission);

	snprintf(ret_found, COMMISSIONING_TEXT, "%s; %u of %u transactions failed%s", identity_text(report),
		 report->errors, report->transactions, report->simulated ? "; simulated (densim)" : "");
	return ok;
}

static bool is_proven(const struct report *report)
{
	return report->order_proven;
}

static bool step_order(struct commission *commission, char *ret_found)
{
	bool ok = wait_for(commission, SHORT_S, is_proven);

	snprintf(
		ret_found, COMMISSIONING_TEXT, "%s",
		ok ? "the values make sense in the declared word order alone"
		   : "no value proves the declared word order: densctl probe shows the numbers in the other");
	return ok;
}

static bool has_units(const struct commission *commission)
{
	return commission->device->profile.unit_count > 0;
}

static bool step_units(struct commission *commission, char *ret_found)
{
	bool differ = report_of(commission)->units_differ;

	snprintf(ret_found, COMMISSIONING_TEXT, "units and decimals at the panel %s the profile's",
		 differ ? "differ from" : "are");
	return !differ;
}

static bool has_limits(const struct commission *commission)
{
	return commission->limits[0] != '\0';
}

static bool step_limits(struct commission *commission, char *ret_found)
{
	snprintf(ret_found, COMMISSIONING_TEXT, "%s", commission->limits);
	return commission->limits_hold;
}

/* furnace */

static bool step_temperature(struct commission *commission, char *ret_found)
{
	const struct reading *reading = &report_of(commission)->furnace.temperature_k;
	char question[160];
	bool cold =
		reading->quality == QUALITY_GOOD && reading->value < COLD_K && reading->value > FREEZING_K;

	snprintf(ret_found, COMMISSIONING_TEXT, "%.2f K (%.2f degC), %s%s", reading->value,
		 reading->value - ZERO_CELSIUS_K, quality_name((enum quality)reading->quality),
		 cold ? "" : ": a cold furnace is wanted; is the unit the panel's, K or degC?");
	if (!cold)
		return false;
	snprintf(question, sizeof(question),
		 "densd reads %.1f degC. Does the controller's display agree within 1 K?",
		 reading->value - ZERO_CELSIUS_K);
	return ask_yes(question);
}

static bool is_off(const struct report *report)
{
	return report->furnace.verified_off;
}

static bool step_off(struct commission *commission, char *ret_found)
{
	demand_of(commission)->furnace = (struct furnace_demand){.mode = MODE_OFF};
	if (!wait_for(commission, SHORT_S, is_off)) {
		snprintf(ret_found, COMMISSIONING_TEXT, "the output did not read 0 within %g s: %.1f %%",
			 SHORT_S, report_of(commission)->furnace.output_pct.value);
		return false;
	}
	snprintf(ret_found, COMMISSIONING_TEXT, "heater off as the profile says; output read back 0 %%");
	return true;
}

static bool step_setpoint(struct commission *commission, char *ret_found)
{
	double target_k = report_of(commission)->furnace.temperature_k.value;
	const struct furnace_report *furnace = &report_of(commission)->furnace;
	double read_k;

	demand_of(commission)->furnace =
		(struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = target_k};
	wait_for(commission, SHORT_S / 3, NULL);
	read_k = furnace->setpoint_k.value;
	snprintf(ret_found, COMMISSIONING_TEXT, "wrote %.2f K, read back %.2f K, %s%s", target_k, read_k,
		 furnace->manual ? "still in manual" : "automatic",
		 furnace->readback_differs ? ", the read-back differs" : "");
	return fabs(read_k - target_k) < SAME_K && !furnace->readback_differs && !furnace->second_master &&
	       !furnace->manual;
}

static bool has_contactor(const struct commission *commission)
{
	return commission->config->contactor.fitted;
}

static bool is_contactor_armed(const struct report *report)
{
	return report->furnace.contactor == CONTACTOR_ARMED && !report->furnace.contactor_closed;
}

static bool is_contactor_closed(const struct report *report)
{
	return report->furnace.contactor_closed;
}

/* Read to be so: one that is merely silent counts as open, and proves nothing. */
static bool is_contactor_fallen(const struct report *report)
{
	return report->furnace.contactor == CONTACTOR_OPENED && !report->furnace.contactor_closed &&
	       report->furnace.contactor_heard;
}

/* Heat is asked for at the temperature that is there: what closes the contactor and heats nothing. */
static void ask_heat(struct commission *commission, bool heat)
{
	double target_k = report_of(commission)->furnace.temperature_k.value;

	demand_of(commission)->furnace =
		heat ? (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = target_k}
		     : (struct furnace_demand){.mode = MODE_OFF};
}

static bool close_contactor(struct commission *commission)
{
	ask_heat(commission, false);
	if (!wait_for(commission, 2 * SHORT_S, is_contactor_armed))
		return false;
	ask_heat(commission, true);
	return wait_for(commission, SHORT_S, is_contactor_closed);
}

/* Time without a write until the output is open; NAN: it stayed closed. */
static double trip_coupler(struct commission *commission)
{
	double scale = fmax(commission->config->scale, 1);
	double limit_s = fmax(commission->site->limits.device_watchdog_s, 0.25 * scale) + WATCHDOG_SLACK_S +
			 0.25 * scale;
	int64_t began_ns = clock_mono_ns();
	bool fallen;

	commission->field.mute = true;
	fallen = wait_for(commission, limit_s, is_contactor_fallen);
	commission->field.mute = false;
	return fallen ? (double)(clock_mono_ns() - began_ns) / 1e9 * scale : NAN;
}

/* The proof that matters: without a write the coupler opens it by itself, and asking for heat closes nothing.
 */
static bool step_contactor(struct commission *commission, char *ret_found)
{
	bool closed = close_contactor(commission), stayed, again;
	double took_s = closed ? trip_coupler(commission) : NAN;

	if (isnan(took_s)) {
		ask_heat(commission, false);
		snprintf(ret_found, COMMISSIONING_TEXT, "%.30s%.80s",
			 closed ? "closed; nobody wrote: NOT open" : "NOT closed: ",
			 closed ? "" : contactor_rules_text(report_of(commission)->furnace.contactor));
		return false;
	}
	stayed = !wait_for(commission, SHORT_S / 3, is_contactor_closed);
	again = close_contactor(commission);
	ask_heat(commission, false);
	again = again && wait_for(commission, SHORT_S, is_contactor_armed);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "nobody wrote: open after %.1f s; heat asked for: %s; armed anew: %s", took_s,
		 stayed ? "stayed open" : "CLOSED by itself", again ? "closed, then open" : "NOT closed");
	return stayed && again;
}

static bool is_manual(const struct report *report)
{
	return report->furnace.manual || ask_stopped();
}

static bool is_automatic(const struct report *report)
{
	return !report->furnace.manual || ask_stopped();
}

static bool step_manual(struct commission *commission, char *ret_found)
{
	bool seen, back;

	puts("    Switch the controller to manual at its own panel now.");
	seen = wait_for(commission, person_s(commission), is_manual) && !ask_stopped();
	if (seen)
		puts("    Seen. Switch it back to automatic.");
	back = seen && wait_for(commission, person_s(commission), is_automatic) && !ask_stopped();
	snprintf(ret_found, COMMISSIONING_TEXT, "manual at the panel %s, automatic again %s",
		 seen ? "seen" : "NOT seen", back ? "seen" : "NOT seen");
	return seen && back;
}

/* The value is bad from the cycle after the one that read the status. */
static bool is_broken(const struct report *report)
{
	return (report->furnace.sensor_break && report->furnace.temperature_k.quality == QUALITY_BAD) ||
	       ask_stopped();
}

static bool is_whole(const struct report *report)
{
	return (!report->furnace.sensor_break && report->furnace.temperature_k.quality == QUALITY_GOOD) ||
	       ask_stopped();
}

static bool step_break(struct commission *commission, char *ret_found)
{
	bool seen, back;

	puts("    Take one wire of the thermocouple off the controller now.");
	seen = wait_for(commission, person_s(commission), is_broken) && !ask_stopped();
	if (seen)
		puts("    Seen. Connect it again.");
	back = seen && wait_for(commission, person_s(commission), is_whole) && !ask_stopped();
	snprintf(ret_found, COMMISSIONING_TEXT, "sensor break and a bad value %s, whole again %s",
		 seen ? "seen" : "NOT seen", back ? "seen" : "NOT seen");
	return seen && back;
}

/* press */

static bool step_ambient(struct commission *commission, char *ret_found)
{
	const struct press_report *press = &report_of(commission)->press;
	char question[160];
	bool empty = press->depressurised && press->oil_bar.quality == QUALITY_GOOD &&
		     press->oil_bar.value <= commission->site->limits.ambient_oil_bar;

	snprintf(ret_found, COMMISSIONING_TEXT,
		 "oil %.2f bar, DEPRESSURISED %d, %.0f %% of the pump's volume left", press->oil_bar.value,
		 press->depressurised, press->stroke_pct.value);
	if (!empty)
		return false;
	snprintf(question, sizeof(question), "densd reads %.1f bar of oil. Does the press's own gauge agree?",
		 press->oil_bar.value);
	return ask_yes(question);
}

static bool has_watchdog(const struct commission *commission)
{
	return commission->device->profile.watchdog;
}

static bool is_regulating(const struct report *report)
{
	return !report->press.locked;
}

static bool is_armed(const struct report *report)
{
	return report->press.watchdog_armed && !report->press.locked;
}

static void regulate(struct commission *commission, bool heartbeat)
{
	demand_of(commission)->press = (struct press_demand){
		.mode = MODE_CONTROL,
		.setpoint_gpa = fmax(report_of(commission)->press.pressure_gpa.value, 0),
		.heater_enable = heartbeat,
		.heartbeat = heartbeat,
		.watchdog_s = commission->site->limits.device_watchdog_s,
		.prior_gpa = NAN};
}

static bool step_regulate(struct commission *commission, char *ret_found)
{
	const struct press_report *press = &report_of(commission)->press;
	bool ok;

	regulate(commission, true);
	/* A pump has none: the site accepts that in words, and a run is refused until it does. */
	ok = wait_for(commission, 2 * SHORT_S, has_watchdog(commission) ? is_armed : is_regulating);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "REGULATE %s, watchdog %s, setpoint read back %.2f bar at %.2f bar of oil",
		 press->locked ? "NOT reached" : "reached",
		 press->watchdog_armed      ? "armed"
		 : has_watchdog(commission) ? "NOT armed"
					    : "none",
		 press->oil_setpoint_bar.value, press->oil_bar.value);
	return ok && fabs(press->oil_setpoint_bar.value - press->oil_bar.value) < SAME_BAR &&
	       !press->readback_differs && !press->second_master;
}

static bool is_closed(const struct report *report)
{
	return report->press.contactor_closed;
}

static bool is_tripped(const struct report *report)
{
	return report->press.watchdog_tripped && !report->press.contactor_closed && report->press.locked;
}

/* The proof that matters: without heartbeats the PLC opens the contactor and locks the press by itself. */
static bool step_watchdog(struct commission *commission, char *ret_found)
{
	double scale = fmax(commission->config->scale, 1);
	double limit_s = fmax(commission->site->limits.device_watchdog_s, 0.25 * scale) + WATCHDOG_SLACK_S +
			 0.25 * scale;
	const struct press_report *press = &report_of(commission)->press;
	bool closed = wait_for(commission, SHORT_S, is_closed), tripped;
	int64_t began_ns = clock_mono_ns();
	double took_s;

	regulate(commission, false);
	tripped = closed && wait_for(commission, limit_s, is_tripped);
	took_s = (double)(clock_mono_ns() - began_ns) / 1e9 * scale;
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "contactor %s before; heartbeat stopped: after %.1f s contactor %s, press %s, "
		 "WATCHDOG_TRIPPED %d",
		 closed ? "closed" : "NOT closed", took_s, press->contactor_closed ? "NOT open" : "open",
		 press->locked ? "locked" : "NOT locked", press->watchdog_tripped);
	return tripped;
}

static bool is_locked_clear(const struct report *report)
{
	return report->press.locked && !report->press.watchdog_tripped;
}

static bool step_lock(struct commission *commission, char *ret_found)
{
	bool ok;

	demand_of(commission)->press =
		(struct press_demand){.mode = MODE_OFF, .heartbeat = true, .prior_gpa = NAN};
	ok = wait_for(commission, 2 * SHORT_S, is_locked_clear);
	snprintf(ret_found, COMMISSIONING_TEXT, "LOCK read back: %s; trip cleared: %s",
		 report_of(commission)->press.locked ? "yes" : "NO",
		 report_of(commission)->press.watchdog_tripped ? "NO" : "yes");
	return ok;
}

static bool is_local(const struct report *report)
{
	return report->press.local || ask_stopped();
}

static bool is_remote(const struct report *report)
{
	return !report->press.local || ask_stopped();
}

static bool step_local(struct commission *commission, char *ret_found)
{
	bool seen, back;

	puts("    Turn the press's key to LOCAL now.");
	seen = wait_for(commission, person_s(commission), is_local) && !ask_stopped();
	if (seen)
		puts("    Seen. Turn it back to REMOTE.");
	back = seen && wait_for(commission, person_s(commission), is_remote) && !ask_stopped();
	snprintf(ret_found, COMMISSIONING_TEXT, "LOCAL %s, REMOTE again %s", seen ? "seen" : "NOT seen",
		 back ? "seen" : "NOT seen");
	return seen && back;
}

/* flow */

static bool flows(const struct report *report)
{
	const struct reading *flow = &report->flow.flow_ml_per_min;

	return flow->quality == QUALITY_GOOD &&
	       fabs(flow->value - FLOW_ML_PER_MIN) < FLOW_SHARE * FLOW_ML_PER_MIN;
}

static bool step_flow(struct commission *commission, char *ret_found)
{
	const struct flow_report *flow = &report_of(commission)->flow;
	bool ok;

	demand_of(commission)->flow =
		(struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = FLOW_ML_PER_MIN};
	ok = wait_for(commission, 4 * SHORT_S, flows);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "asked for %g ml/min, setpoint read back %.2f, flow %.2f ml/min", FLOW_ML_PER_MIN,
		 flow->setpoint_ml_per_min.value, flow->flow_ml_per_min.value);
	return ok;
}

static bool step_flow_seen(struct commission *commission, char *ret_found)
{
	bool seen;

	(void)commission;
	seen = ask_yes("Does nitrogen flow at the chip (bubbler, rotameter or display)?");
	snprintf(ret_found, COMMISSIONING_TEXT, "flow at the chip %s by the technician",
		 seen ? "seen" : "NOT seen");
	return seen;
}

/* chip */

static bool step_chip(struct commission *commission, char *ret_found)
{
	const struct chip_report *chip = &report_of(commission)->chip;

	snprintf(ret_found, COMMISSIONING_TEXT, "%.2f K, %.1f ohm, %s, scan counter %u",
		 chip->temperature_k.value, chip->resistance_ohm.value,
		 chip->out_of_band ? "OUT OF BAND" : "in band", chip->scan_counter);
	return chip->temperature_k.quality == QUALITY_GOOD && chip->resistance_ohm.value > 0 &&
	       !chip->out_of_band;
}

static const struct step furnace_steps[] = {
	{"identity", "The controller is the one the profile means.", false, NULL, step_identity},
	{"units", "Units and decimals at the panel.", false, has_units, step_units},
	{"word order", "The word order of its numbers is proven.", false, NULL, step_order},
	{"limits", "Its own setpoint limits hold what the site allows.", true, has_limits, step_limits},
	{"temperature", "It is cold, and densd reads what the display shows.", false, NULL, step_temperature},
	{"heater off", "The profile's heater-off sequence, output read back.", false, NULL, step_off},
	{"setpoint", "A setpoint at the present temperature, written and read back; automatic.", false, NULL,
	 step_setpoint},
	{COMMISSIONING_CONTACTOR, "Nobody writes to the coupler: it opens the contactor by itself.", false,
	 has_contactor, step_contactor},
	{"manual", "Manual at the panel is seen.", true, NULL, step_manual},
	{"sensor break", "A broken thermocouple is seen and its value is bad.", true, NULL, step_break},
};
static const struct step press_steps[] = {
	{"identity", "The PLC is the one the profile means.", false, NULL, step_identity},
	{"word order", "The word order of its numbers is proven.", false, NULL, step_order},
	{"ambient", "The press is empty and without pressure.", false, NULL, step_ambient},
	{"regulate", "REGULATE at the pressure that is there; a watchdog is armed first.", false, NULL,
	 step_regulate},
	{"watchdog", "The heartbeat stops: the PLC opens the contactor and locks the press.", false,
	 has_watchdog, step_watchdog},
	{"lock", "LOCK, and the trip is cleared.", false, NULL, step_lock},
	{"local", "LOCAL at the panel is seen.", true, NULL, step_local},
};
static const struct step flow_steps[] = {
	{"identity", "The flow controller is the one the profile means.", false, NULL, step_identity},
	{"units", "Units at the panel.", false, has_units, step_units},
	{"flow", "20 ml/min, and the flow follows.", false, NULL, step_flow},
	{"flow seen", "The gas arrives.", true, NULL, step_flow_seen},
};
static const struct step chip_steps[] = {
	{"identity", "The chip controller is the one the profile means.", false, NULL, step_identity},
	{"chip", "Temperature, heater resistance and band.", false, NULL, step_chip},
};

const struct step *steps_of(uint8_t kind, size_t *ret_count)
{
	static const struct {
		const struct step *steps;
		size_t count;
	} kinds[DEVICE_KIND_MAX] = {
		[DEVICE_FURNACE] = {furnace_steps, sizeof(furnace_steps) / sizeof(furnace_steps[0])},
		[DEVICE_PRESS] = {press_steps, sizeof(press_steps) / sizeof(press_steps[0])},
		[DEVICE_FLOW] = {flow_steps, sizeof(flow_steps) / sizeof(flow_steps[0])},
		[DEVICE_CHIP] = {chip_steps, sizeof(chip_steps) / sizeof(chip_steps[0])},
	};

	*ret_count = kinds[kind].count;
	return kinds[kind].steps;
}

static bool is_locked(const struct report *report)
{
	return report->press.locked && !report->press.contactor_closed;
}

static bool is_answering(const struct commission *commission)
{
	const struct report *report = &commission->field.reports[commission->index];

	return report->online && report->fault == CAUSE_NONE;
}

bool steps_make_safe(struct commission *commission)
{
	struct demand *demand = demand_of(commission);
	bool safe = false;

	switch ((enum device_kind)demand->kind) {
	case DEVICE_FURNACE:
		demand->furnace = (struct furnace_demand){.mode = MODE_OFF};
		safe = wait_for(commission, SHORT_S, is_off);
		break;
	case DEVICE_PRESS:
		demand->press = (struct press_demand){.mode = MODE_OFF, .heartbeat = true, .prior_gpa = NAN};
		safe = wait_for(commission, SHORT_S, is_locked);
		break;
	case DEVICE_FLOW:
		demand->flow = (struct flow_demand){.mode = MODE_CONTROL};
		wait_for(commission, SHORT_S / 3, NULL);
		safe = is_answering(commission);
		break;
	case DEVICE_CHIP:
		demand->chip.off = true;
		wait_for(commission, 1, NULL);
		safe = is_answering(commission);
		break;
	case DEVICE_KIND_MAX:
		break;
	}
	return safe;
}
