/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Oil pressure (bar) to sample pressure (GPa) and back, with seal friction: a loading branch and an unloading
 * branch above it, both piecewise linear and increasing. Between them the sample keeps its pressure. Pure.
 *
 *     P = max(f_load(oil), min(P_before, f_unload(oil)))        f_load(oil) <= f_unload(oil)
 */
#ifndef DENSD_DRIVERS_CALIBRATION_H
#define DENSD_DRIVERS_CALIBRATION_H

#include "drivers/profile.h"

/* 0, or -EINVAL: fewer than two points, not increasing, or the loading branch above the unloading one. */
int calibration_check(const struct press_calibration *calibration);
/* Branch values; beyond the table the last slope goes on, below it the value of the first point stays. */
double calibration_loading_gpa(const struct press_calibration *calibration, double oil_bar);
double calibration_unloading_gpa(const struct press_calibration *calibration, double oil_bar);
/* Inverses: the oil pressure at which the branch passes @gpa. */
double calibration_loading_bar(const struct press_calibration *calibration, double gpa);
double calibration_unloading_bar(const struct press_calibration *calibration, double gpa);
/* The play operator. @before_gpa NAN: unknown, the loading branch is taken. */
double calibration_sample_gpa(const struct press_calibration *calibration, double before_gpa, double oil_bar);
/* Local slope of the loading branch, > 0. */
double calibration_slope_gpa_per_bar(const struct press_calibration *calibration, double oil_bar);

/* The oil setpoint that follows a sample setpoint. */
struct calibration_follower {
	double oil_bar;      /* last oil setpoint */
	double setpoint_gpa; /* last sample setpoint that was acted on */
	int direction;       /* +1 loading, -1 unloading, 0: adopted, moves neither way */
};
/* Takes over what the device holds: no movement until a setpoint differs by more than 0.005 GPa. */
void calibration_adopt(struct calibration_follower *ret_follower, double oil_bar, double sample_gpa);
/*
 * One step of @dt_s (run of the device's clock) towards @setpoint_gpa. A raised setpoint is sought on the
 * loading branch, a lowered one on the unloading branch; the oil moves at most @limit_bar_per_s, which is
 * what crosses the dead band at a reversal. Below the adoption or noise band nothing moves.
 */
void calibration_follow(const struct press_calibration *calibration, struct calibration_follower *follower,
			double setpoint_gpa, double dt_s, double limit_bar_per_s);

#endif
