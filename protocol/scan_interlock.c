/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/scan_interlock.h"

#include <stdio.h>

static bool chip_is_out_of_band(const struct scan_look *look, char *ret_text)
{
	const struct chip_inputs *in = look->in;
	bool answers = look->now - in->temperature_k.t_lab_s <= look->plan->limits.fresh_age_s;

	if (!answers || in->lost || !in->identity_ok)
		return false;
	if (!in->out_of_band && in->state != CHIP_FAULT)
		return false;
	snprintf(ret_text, MACHINE_WHY,
		 "Chip heater %.1f ohm, %.3f mW: out of band by more than %.0f %% or open. Chip off; the "
		 "press goes on. Replace the "
		 "chip, then load a section.",
		 in->resistance_ohm.value, in->power_mw.value, look->plan->limits.chip_band_pct);
	return true;
}

/* purge_bad_since_lab_s is kept by the scan machine: flow below its share since then. */
static bool purge_is_lost(const struct scan_look *look, char *ret_text)
{
	const struct limits *limits = &look->plan->limits;
	double since = look->machine->purge_bad_since_lab_s;

	if (!look->hot || since < 0 || look->now - since < limits->purge_time_s)
		return false;
	snprintf(ret_text, MACHINE_WHY,
		 "Nitrogen at %.1f ml/min, below %.0f %% of %.0f ml/min for %.0f s. Chip off, not armed. "
		 "Check bottle and valve; goes "
		 "on when the flow is back.",
		 look->in->flow_ml_per_min.value, limits->purge_share * 100,
		 look->plan->calorimetry.purge_ml_per_min, look->now - since);
	return true;
}

const struct scan_interlock_row scan_interlock_table[] = {
	{ALARM_CHIP, SCAN_REACT_FAULT, chip_is_out_of_band},
	{ALARM_PURGE, SCAN_REACT_DISARM, purge_is_lost},
};
const size_t scan_interlock_count = sizeof(scan_interlock_table) / sizeof(scan_interlock_table[0]);
