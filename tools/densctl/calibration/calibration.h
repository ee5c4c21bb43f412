/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl calibration: show, check, and make one out of measured fixed points. No daemon. */
#ifndef DENSCTL_CALIBRATION_H
#define DENSCTL_CALIBRATION_H

#include <json-c/json.h>

#include "config/calibration.h"
#include "tools/densctl/command.h"

/* One measured point, as it stands in the table of the person who measured. */
#define MEASURED_MAX 200
struct measured {
	bool unloading;
	char name[24]; /* of the fixed point; may be empty when the truth is given */
	double reading, truth, truth_sd;
};
/* Repeats of one fixed point on one branch, as a point of the calibration. */
struct fixed {
	bool unloading;
	char name[24];
	double reading, truth, truth_sd;
	double scatter; /* standard deviation of one reading; NAN: it was read once */
	uint32_t count;
	double sd; /* standard uncertainty of the point, in the unit of the truth */
};

/* Gathers repeats, sorts by branch and reading, and works out the uncertainties. @fixed has room for @count;
 * the number of points is returned. Pure. */
size_t calibration_fit(const struct measured *measured, size_t count, struct fixed *ret_fixed);

/* 0, or -EINVAL with one sentence: densd would accept no run with it now. */
#define CALIBRATION_WHY 240
int calibration_judge_now(const struct calibration *calibration, char ret_why[CALIBRATION_WHY]);
void calibration_show(const struct calibration *calibration);
/* Head and tables, whether it is good now and why not. @path NULL: it has no file yet. The caller's. */
json_object *calibration_json(const struct calibration *calibration, const char *path);

/* densctl calibration make KIND FILE. enum exit_code. */
int calibration_make(const struct options *options, enum calibration_kind kind, const char *path);

#endif
