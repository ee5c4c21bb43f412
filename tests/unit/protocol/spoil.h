/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hazard for each row of the table of interlocks, and where the row must act (hazards.md section 2). */
#ifndef DENSD_TESTS_SPOIL_H
#define DENSD_TESTS_SPOIL_H

#include "plant.h"

#define SPOIL_ROWS 28u

/* What a row needs: the limits that are not put out of the way for it, its trigger, and where it must act. */
struct spoil_row {
	const char *row;
	void (*spoil)(struct plant *rig);
	int ticks; /* of 2 s */
	unsigned phases;
	bool at_1_atm;
	const char *limits[6];
};

extern const struct spoil_row spoil_rows[SPOIL_ROWS];

/* Each makes one thing wrong, at the rig's time. */
void spoil_hotter(struct plant *rig);
void spoil_over(struct plant *rig);
void spoil_breaks(struct plant *rig);
void spoil_empty(struct plant *rig);
void spoil_other_master(struct plant *rig);
void spoil_furnace_differs(struct plant *rig);
void spoil_other_units(struct plant *rig);
void spoil_waits_too_long(struct plant *rig);
void spoil_press_gone(struct plant *rig);

/* Limits at their defaults where they are named (up to 6, then NULL), out of the way else. */
void spoil_keep_limits(struct plan *plan, const char *const *names);
/* Into this phase at 600 K and 7 GPa, with nothing wrong and nothing remembered. */
void spoil_put(struct plant *rig, enum phase phase);
/* @dt seconds later everything is read anew, spoilt by rig->spoil. */
void spoil_tick(struct plant *rig, double dt);

#endif
