/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/capture_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S 1e9

static const char *const kind_names[DEVICE_KIND_MAX] = {"furnace", "press", "flow", "chip"};
static const char *const contactor_names[CONTACTOR_STATE_MAX] = {"none",     "unarmed", "armed",  "opened",
								 "stranger", "freezes", "locked", "differs"};

static void add(char text[CAPTURE_LINE], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char text[CAPTURE_LINE], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, CAPTURE_LINE - used, format, arguments);
	va_end(arguments);
}

void capture_text_sent(const char *bytes, size_t length, char ret_text[CAPTURE_SENT])
{
	size_t used = 0;

	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length && used + 5 < CAPTURE_SENT; i++) {
		bool plain = bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\';

		used += (size_t)snprintf(ret_text + used, CAPTURE_SENT - used, plain ? "%c" : "\\%02X",
					 (unsigned char)bytes[i]);
	}
	ret_text[used] = '\0';
}

static void add_furnace(const struct furnace_demand *furnace, char text[CAPTURE_LINE])
{
	add(text, " %u %.17g %.17g %.17g %d %.17g %d", furnace->mode, furnace->setpoint_k,
	    furnace->ramp_k_per_s, furnace->target_k, furnace->relay, furnace->output_pct,
	    furnace->contactor_ours);
}

static void add_press(const struct press_demand *press, int64_t now_ns, char text[CAPTURE_LINE])
{
	const struct press_permit *permit = &press->permit;

	add(text, " %u %.17g %d %d %.17g %.17g %d %.17g %.17g %.9f", press->mode, press->setpoint_gpa,
	    press->heater_enable, press->heartbeat, press->watchdog_s, press->prior_gpa, permit->granted,
	    permit->temperature_k, permit->release_temperature_k,
	    permit->t_reply_ns > 0 ? (double)(now_ns - permit->t_reply_ns) / NS_PER_S : -1.0);
}

void capture_text_demand(const struct demand *demand, int64_t now_ns, char ret_text[CAPTURE_LINE])
{
	ret_text[0] = '\0';
	if (demand->kind >= DEVICE_KIND_MAX)
		return;
	add(ret_text, "%s", kind_names[demand->kind]);
	switch ((enum device_kind)demand->kind) {
	case DEVICE_FURNACE:
		add_furnace(&demand->furnace, ret_text);
		break;
	case DEVICE_PRESS:
		add_press(&demand->press, now_ns, ret_text);
		break;
	case DEVICE_FLOW:
		add(ret_text, " %u %.17g", demand->flow.mode, demand->flow.setpoint_ml_per_min);
		break;
	case DEVICE_CHIP:
		add(ret_text, " %d %u %u %u %.17g %.17g %.17g %.17g", demand->chip.off, demand->chip.job,
		    demand->chip.job_id, demand->chip.counter, demand->chip.start_k, demand->chip.end_k,
		    demand->chip.rate_k_per_s, demand->chip.cooling_k_per_s);
		break;
	case DEVICE_KIND_MAX:
		break;
	}
	add(ret_text, " wear=%u", demand->wear_allowance);
}

/* A recording from before a device could ramp by itself, be tuned, or inherit a contactor, has less. */
static int read_furnace(const char *text, struct furnace_demand *ret_furnace)
{
	struct furnace_demand furnace = {0};
	unsigned mode;
	int relay = 0, ours = 0;
	int n = sscanf(text, "furnace %u %lf %lf %lf %d %lf %d", &mode, &furnace.setpoint_k,
		       &furnace.ramp_k_per_s, &furnace.target_k, &relay, &furnace.output_pct, &ours);

	if (n != 2 && n != 4 && n != 6 && n != 7)
		return -EINVAL;
	if (n == 2)
		furnace.target_k = furnace.setpoint_k;
	furnace.relay = relay != 0;
	furnace.contactor_ours = ours != 0;
	furnace.mode = (uint8_t)mode;
	*ret_furnace = furnace;
	return 0;
}

static int read_press(const char *text, int64_t now_ns, struct press_demand *ret_press)
{
	unsigned mode;
	int heater, heartbeat, granted;
	struct press_demand press = {0};
	double age_s;

	if (sscanf(text, "press %u %lf %d %d %lf %lf %d %lf %lf %lf", &mode, &press.setpoint_gpa, &heater,
		   &heartbeat, &press.watchdog_s, &press.prior_gpa, &granted, &press.permit.temperature_k,
		   &press.permit.release_temperature_k, &age_s) != 10)
		return -EINVAL;
	press.mode = (uint8_t)mode;
	press.heater_enable = heater != 0;
	press.heartbeat = heartbeat != 0;
	press.permit.granted = granted != 0;
	press.permit.t_reply_ns = age_s < 0 ? 0 : now_ns - (int64_t)(age_s * NS_PER_S);
	*ret_press = press;
	return 0;
}

static int read_chip(const char *text, struct chip_demand *ret_chip)
{
	struct chip_demand chip = {0};
	unsigned job;
	int off;

	if (sscanf(text, "chip %d %u %u %u %lf %lf %lf %lf", &off, &job, &chip.job_id, &chip.counter,
		   &chip.start_k, &chip.end_k, &chip.rate_k_per_s, &chip.cooling_k_per_s) != 8)
		return -EINVAL;
	chip.off = off != 0;
	chip.job = (uint8_t)job;
	*ret_chip = chip;
	return 0;
}

int capture_text_read_demand(const char *text, int64_t now_ns, struct demand *ret_demand)
{
	struct demand demand = {0};
	const char *wear = strstr(text, " wear=");
	unsigned mode = 0;
	int r = 0;

	/* A recording from before allowances were kept: what was sent then is compared. */
	if (!wear || sscanf(wear, " wear=%u", &demand.wear_allowance) != 1)
		demand.wear_allowance = UINT32_MAX;

	while (demand.kind < DEVICE_KIND_MAX &&
	       strncmp(text, kind_names[demand.kind], strlen(kind_names[demand.kind])) != 0)
		demand.kind++;
	switch ((enum device_kind)demand.kind) {
	case DEVICE_FURNACE:
		r = read_furnace(text, &demand.furnace);
		break;
	case DEVICE_PRESS:
		r = read_press(text, now_ns, &demand.press);
		break;
	case DEVICE_FLOW:
		r = sscanf(text, "flow %u %lf", &mode, &demand.flow.setpoint_ml_per_min) == 2 ? 0 : -EINVAL;
		demand.flow.mode = (uint8_t)mode;
		break;
	case DEVICE_CHIP:
		r = read_chip(text, &demand.chip);
		break;
	case DEVICE_KIND_MAX:
		return -EINVAL;
	}
	if (r == 0)
		*ret_demand = demand;
	return r;
}

static void add_reading(const char *name, const struct reading *reading, char text[CAPTURE_LINE])
{
	if (reading->quality != QUALITY_NONE)
		add(text, " %s=%.6g/%s", name, reading->value, quality_name((enum quality)reading->quality));
}

static void add_flag(const char *name, bool flag, char text[CAPTURE_LINE])
{
	if (flag)
		add(text, " %s", name);
}

static void report_furnace(const struct furnace_report *furnace, char text[CAPTURE_LINE])
{
	add_reading("T", &furnace->temperature_k, text);
	add_reading("T2", &furnace->temperature2_k, text);
	add_reading("SP", &furnace->setpoint_k, text);
	add_reading("output", &furnace->output_pct, text);
	add_flag("sensor-break", furnace->sensor_break, text);
	add_flag("manual", furnace->manual, text);
	add_flag("readback-differs", furnace->readback_differs, text);
	add_flag("second-master", furnace->second_master, text);
	add_flag("verified-off", furnace->verified_off, text);
	if (furnace->contactor != CONTACTOR_NONE && furnace->contactor < CONTACTOR_STATE_MAX) {
		add(text, " contactor=%s", contactor_names[furnace->contactor]);
		add_flag("contactor-closed", furnace->contactor_closed, text);
		add_flag("contactor-silent", !furnace->contactor_heard, text);
	}
}

static void report_press(const struct press_report *press, char text[CAPTURE_LINE])
{
	add_reading("P", &press->pressure_gpa, text);
	add_reading("oil", &press->oil_bar, text);
	add_reading("oilSP", &press->oil_setpoint_bar, text);
	add_reading("stroke", &press->stroke_pct, text);
	add_flag("locked", press->locked, text);
	add_flag("local", press->local, text);
	add_flag("depressurised", press->depressurised, text);
	add_flag("contactor", press->contactor_closed, text);
	add_flag("watchdog-armed", press->watchdog_armed, text);
	add_flag("watchdog-tripped", press->watchdog_tripped, text);
	add_flag("power-failed", press->power_failed, text);
	add_flag("readback-differs", press->readback_differs, text);
	add_flag("second-master", press->second_master, text);
	add_flag("release-refused", press->release_refused, text);
}

static void report_chip(const struct chip_report *chip, char text[CAPTURE_LINE])
{
	add_reading("T", &chip->temperature_k, text);
	add_reading("R", &chip->resistance_ohm, text);
	add(text, " state=%u scans=%u job=%u", chip->state, chip->scan_counter, chip->job_id);
	add_flag("trace", chip->trace_available, text);
	add_flag("out-of-band", chip->out_of_band, text);
	add_flag("job-ok", chip->job_ok, text);
}

void capture_text_report(const struct report *report, char ret_text[CAPTURE_LINE])
{
	ret_text[0] = '\0';
	if (report->kind >= DEVICE_KIND_MAX)
		return;
	add(ret_text, "%s online=%d fault=%s", kind_names[report->kind], report->online,
	    report->fault ? cause_name((enum cause)report->fault) : "none");
	add_flag("units-differ", report->units_differ, ret_text);
	switch ((enum device_kind)report->kind) {
	case DEVICE_FURNACE:
		report_furnace(&report->furnace, ret_text);
		break;
	case DEVICE_PRESS:
		report_press(&report->press, ret_text);
		break;
	case DEVICE_FLOW:
		add_reading("flow", &report->flow.flow_ml_per_min, ret_text);
		add_reading("SP", &report->flow.setpoint_ml_per_min, ret_text);
		break;
	case DEVICE_CHIP:
		report_chip(&report->chip, ret_text);
		break;
	case DEVICE_KIND_MAX:
		break;
	}
}
