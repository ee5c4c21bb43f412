/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commissioning what scans: the flow controller of the nitrogen and the chip controller. */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/field/ask.h"
#include "tools/densctl/field/steps_common.h"

#define FLOW_ML_PER_MIN 20.0
#define FLOW_SHARE 0.2

static bool flows(const struct report *report)
{
	const struct reading *flow = &report->flow.flow_ml_per_min;

	return flow->quality == QUALITY_GOOD &&
	       fabs(flow->value - FLOW_ML_PER_MIN) < FLOW_SHARE * FLOW_ML_PER_MIN;
}

static bool step_flow(struct commission *commission, char *ret_found)
{
	const struct flow_report *flow = &steps_report(commission)->flow;
	bool ok;

	steps_demand(commission)->flow =
		(struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = FLOW_ML_PER_MIN};
	ok = steps_wait(commission, 4 * STEPS_SHORT_S, flows);
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

static bool stop_flow(struct commission *commission)
{
	steps_demand(commission)->flow = (struct flow_demand){.mode = MODE_CONTROL};
	steps_wait(commission, STEPS_SHORT_S / 3, NULL);
	return steps_is_answering(commission);
}

static const struct step flow_steps[] = {
	{"identity", "The flow controller is the one the profile means.", false, NULL, steps_run_identity},
	{"units", "Units at the panel.", false, steps_has_units, steps_run_units},
	{"flow", "20 ml/min, and the flow follows.", false, NULL, step_flow},
	{"flow seen", "The gas arrives.", true, NULL, step_flow_seen},
};
const struct steps_kind steps_flow = {flow_steps, sizeof(flow_steps) / sizeof(flow_steps[0]), stop_flow};

static bool step_chip(struct commission *commission, char *ret_found)
{
	const struct chip_report *chip = &steps_report(commission)->chip;

	snprintf(ret_found, COMMISSIONING_TEXT, "%.2f K, %.1f ohm, %s, scan counter %u",
		 chip->temperature_k.value, chip->resistance_ohm.value,
		 chip->out_of_band ? "OUT OF BAND" : "in band", chip->scan_counter);
	return chip->temperature_k.quality == QUALITY_GOOD && chip->resistance_ohm.value > 0 &&
	       !chip->out_of_band;
}

static bool turn_chip_off(struct commission *commission)
{
	steps_demand(commission)->chip.off = true;
	steps_wait(commission, 1, NULL);
	return steps_is_answering(commission);
}

static const struct step chip_steps[] = {
	{"identity", "The chip controller is the one the profile means.", false, NULL, steps_run_identity},
	{"chip", "Temperature, heater resistance and band.", false, NULL, step_chip},
};
const struct steps_kind steps_chip = {chip_steps, sizeof(chip_steps) / sizeof(chip_steps[0]), turn_chip_off};
