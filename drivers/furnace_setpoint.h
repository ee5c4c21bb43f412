/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the setpoint of control gets into the controller: streamed within the profile's write budget, or as
 * target and rate of a controller that ramps by itself (furnace_ramp.h says what is due, this writes it and
 * reads it back).
 */
#ifndef DENSD_DRIVERS_FURNACE_SETPOINT_H
#define DENSD_DRIVERS_FURNACE_SETPOINT_H

#include "drivers/furnace_state.h"

bool furnace_setpoint_ramps_itself(const struct furnace *furnace);
/* A register holds what is written to it within half a step of it. */
double furnace_setpoint_find_same_k(const struct profile_register *reg);
/* One cycle in control: writes what is due. True when the setpoint stands, or is in force where the device
 * ramps by itself, so that the controller may go to automatic. */
bool furnace_setpoint_follow(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s);

#endif
