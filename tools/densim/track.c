/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/track.h"

#include <stdio.h>

const char track_header[] =
	"substep,lab_s,T_K,T_measured_K,setpoint_K,output_pct,manual,manual_pct,heater_enable,"
	"contactor,P_GPa,oil_bar,setpoint_bar,active_bar,mode,locked,local,stroke_pct,scans,"
	"first_scans,faults\n";

static struct track_commands look(const struct laboratory *lab)
{
	const struct furnace_plant *furnace = &lab->furnace;
	const struct press_plant *press = &lab->press;
	struct track_commands seen = {.setpoint_k = furnace->setpoint_k,
				      .manual_pct = furnace->manual ? furnace->manual_pct : 0,
				      .setpoint_bar = (double)press->setpoint_bar,
				      .scans = lab->chip.counter,
				      .first_scans = lab->chip.first_scans,
				      .mode = press->mode,
				      .manual = furnace->manual,
				      .heater_enable = press->heater_enable,
				      .contactor = laboratory_contactor(lab),
				      .locked = press->mode_active == PRESS_PLANT_LOCK,
				      .local = press->local};

	for (int i = 0; i < FAULT_COUNT; i++)
		seen.faults |= (uint32_t)lab->faults.on[i] << i;
	return seen;
}

static bool is_same(const struct track_commands *a, const struct track_commands *b)
{
	return !(a->setpoint_k < b->setpoint_k || a->setpoint_k > b->setpoint_k) &&
	       !(a->manual_pct < b->manual_pct || a->manual_pct > b->manual_pct) &&
	       !(a->setpoint_bar < b->setpoint_bar || a->setpoint_bar > b->setpoint_bar) &&
	       a->scans == b->scans && a->first_scans == b->first_scans && a->faults == b->faults &&
	       a->mode == b->mode && a->manual == b->manual && a->heater_enable == b->heater_enable &&
	       a->contactor == b->contactor && a->locked == b->locked && a->local == b->local;
}

bool track_step(struct track *track, const struct laboratory *lab, char ret_line[TRACK_LINE])
{
	struct track_commands seen = look(lab);

	if (track->begun && is_same(&seen, &track->last) && lab->substep % TRACK_PERIOD != 0)
		return false;
	track->begun = true;
	track->last = seen;
	snprintf(ret_line, TRACK_LINE,
		 "%llu,%.2f,%.3f,%.4f,%.3f,%.2f,%d,%.2f,%d,%d,%.5f,%.3f,%.3f,%.3f,%u,%d,%d,%.2f,%u,%u,%u\n",
		 (unsigned long long)lab->substep, (double)lab->substep * LABORATORY_STEP_S,
		 lab->furnace.cell_k, lab->furnace.measured_k, seen.setpoint_k, lab->furnace.output_pct,
		 seen.manual, seen.manual_pct, seen.heater_enable, seen.contactor, lab->press.sample_gpa,
		 lab->press.measured_bar, seen.setpoint_bar, lab->press.active_bar, seen.mode, seen.locked,
		 seen.local, press_plant_stroke_pct(&lab->press), seen.scans, seen.first_scans, seen.faults);
	return true;
}
