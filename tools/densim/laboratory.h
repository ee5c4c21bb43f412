/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole virtual laboratory in lab time: furnace, press, nitrogen, chip, the capsule in the press and the
 * glass recovered from it. Advanced in fixed substeps; the same seed and the same commands at the same
 * substeps give the same run. No clock and no I/O in here.
 */
#ifndef DENSD_DENSIM_LABORATORY_H
#define DENSD_DENSIM_LABORATORY_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/densim/chip.h"
#include "tools/densim/coupler.h"
#include "tools/densim/faults.h"
#include "tools/densim/furnace_plant.h"
#include "tools/densim/glass.h"
#include "tools/densim/press_plant.h"

#define LABORATORY_STEP_S 0.05
#define LABORATORY_FLOW_FULL 100.0 /* ml/min at 32000 */
enum { LABORATORY_MARK = 80 };

enum laboratory_start {
	LABORATORY_IDLE,
	LABORATORY_COMPRESS,
	LABORATORY_HEAT,
	LABORATORY_ISOTHERM,
	LABORATORY_COOL,
	LABORATORY_DECOMPRESS,
	LABORATORY_START_COUNT
};

/* The capsule: one glass for all its pieces, and what it has seen. */
struct capsule {
	struct glass glass;
	bool running; /* pressed or heated since it was loaded */
	double highest_k, highest_gpa;
	double last_k, last_gpa; /* end of the last glass step */
	double waiting_s;        /* not yet stepped */
};
struct laboratory {
	double scale;
	uint64_t seed, substep;
	bool noise;
	struct faults faults;
	struct furnace_plant furnace;
	struct press_plant press;
	struct chip chip;
	struct coupler coupler;
	double flow_setpoint, flow, flow_measured; /* ml/min */
	struct capsule capsule;
	struct glass recovered; /* the last batch; the ribbon before any */
	uint32_t batch;         /* batches recovered so far */
	double recovered_highest_k, recovered_highest_gpa;
	double second_master_s;
	bool power_was_off;
	uint32_t eeprom_writes;   /* into registers of emulated instruments that wear */
	uint32_t setpoint_writes; /* to an emulated furnace controller, wear or not */
	char mark[LABORATORY_MARK];
};

void laboratory_init(struct laboratory *ret_lab, double scale, uint64_t seed, bool noise);
/* Goes through a 7 GPa, 643 K night up to the middle of a phase, quickly; the press is left in REGULATE. */
void laboratory_begin_at(struct laboratory *lab, enum laboratory_start start);
/* Mains reach the heater: the PLC and, where one is fitted, the coupler keep the contactor closed. */
bool laboratory_contactor(const struct laboratory *lab);
/* One substep of LABORATORY_STEP_S. */
void laboratory_step(struct laboratory *lab);
/* Puts a fresh as-spun capsule into the press. */
void laboratory_load_capsule(struct laboratory *lab);
/* The capsule is taken out as it is now: the batch that sections are cut from. */
void laboratory_recover(struct laboratory *lab);
/* Below this a cell is cold, and a released capsule is taken out. */
#define LABORATORY_COLD_K 325.0
/* enum laboratory_start, or -ENOENT. */
int laboratory_start_find(const char *name);

#endif
