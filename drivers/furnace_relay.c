/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_relay.h"

#include <math.h>

#define SAME_OUTPUT_PCT 0.2

void furnace_relay_play(struct furnace *furnace, double output_pct)
{
	const struct profile *profile = furnace->profile;
	const struct profile_register *output = profile_find(profile, "output");
	int r = 0;

	if (!profile_can_relay(profile) || !isfinite(output_pct)) {
		furnace->session.port.fault = CAUSE_RANGE;
		return;
	}
	if (fabs(output_pct - furnace->relay_pct) <= SAME_OUTPUT_PCT)
		return;
	if (isnan(furnace->relay_pct)) {
		r = modbus_port_write_value(&furnace->session.port, profile_find(profile, "mode"),
					    profile_off_value(profile, "mode"));
		furnace->manual = furnace->have_mode = true;
		furnace->commanded_auto = furnace->seen_auto = furnace->report.verified_off = false;
		furnace->written_k = NAN;
		furnace_ramp_reset(&furnace->ramp, profile);
	}
	furnace->session.port.wear_always = output_pct <= 0 || output_pct < furnace->relay_pct;
	if (r == 0)
		r = modbus_port_write_value(&furnace->session.port, output, output_pct);
	furnace->session.port.wear_always = false;
	if (r == 0) {
		furnace->relay_pct = output_pct;
		furnace->relay_differs = 0;
	}
}

void furnace_relay_judge(struct furnace *furnace)
{
	const struct reading *output = &furnace->report.output_pct;

	if (isnan(furnace->relay_pct) || output->quality != QUALITY_GOOD)
		return;
	if (fabs(output->value - furnace->relay_pct) <= SAME_OUTPUT_PCT)
		furnace->relay_differs = 0;
	else
		furnace->relay_differs++;
}
