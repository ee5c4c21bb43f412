/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every driver in the role of the press shares: the oil setpoint that follows a sample setpoint, never
 * down without a permit, and the sample pressure that an oil pressure stands for. No I/O.
 */
#ifndef DENSD_DRIVERS_PRESS_FOLLOW_H
#define DENSD_DRIVERS_PRESS_FOLLOW_H

#include "drivers/calibration.h"
#include "drivers/memory.h"

/* What an oil pressure can be at all; read in another word order it is not. */
#define PRESS_FOLLOW_LOW_BAR (-20.0)
#define PRESS_FOLLOW_HIGH_BAR 5000.0

struct press_follow {
	const struct bus_config *config;
	struct calibration_follower follower;
	bool following; /* the follower starts from what the device holds */
	bool refused;   /* the last step wanted down and had no permit */
	double sample_gpa, previous_lab_s;
};

extern const struct memory_field memory_of_press_follow[];

void press_follow_init(struct press_follow *ret_follow, const struct bus_config *config);
/* A pressure, and not one that is read in the wrong word order. */
bool press_follow_is_plausible(double oil_bar);
/* The fastest the oil may move at @oil_bar: twice what the sample's rate needs, to cross the dead band. */
double press_follow_limit_bar_per_s(const struct press_follow *follow, double oil_bar);
/* Fresh, cold, granted: checked here again, whatever control believes. */
bool press_follow_may_release(const struct bus_config *config, const struct press_permit *permit);
/* The follower takes over @oil_bar, the pressure that moves nothing. */
void press_follow_adopt(struct press_follow *follow, double oil_bar);
/* One cycle towards the demand's setpoint from where the follower stands. */
void press_follow_step(struct press_follow *follow, const struct press_demand *demand, double t_lab_s,
		       double oil_bar);
/* Keeps the clock of the steps; each cycle ends with it. */
void press_follow_tick(struct press_follow *follow, double t_lab_s);
/* Takes a measured oil pressure. @prior_gpa seeds the branch while nothing is known. */
void press_follow_measure(struct press_follow *follow, double oil_bar, bool depressurised, double prior_gpa);
/* The sample pressure a setpoint stands for, continuous at a reversal. */
double press_follow_setpoint_gpa(const struct press_follow *follow, double setpoint_bar);

#endif
