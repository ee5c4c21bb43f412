/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the numbers and conditions of the interlocks from both sides: on the limit and a step beyond it, with
 * the condition and without. Lab time begins at 0 and moves in binary fractions, so that a limit is met
 * exactly.
 */
#ifndef DENSD_TESTS_RIG_H
#define DENSD_TESTS_RIG_H

#include "plant.h"
#include "protocol/interlock.h"
#include "protocol/interlock_rows.h"

#define RUN_K 600.0
#define FAR 1e9

/* A tick of @dt with everything read anew; the machine's own setpoints stand. */
void rig_tick(struct plant *rig, double dt);
void rig_ticks(struct plant *rig, int count, double dt);
/* @phase at 600 K and 7 GPa, output 0, nothing moves; the first tick is at lab time 0. */
void rig_put(struct plant *rig, enum phase phase);
void rig_put_soak(struct plant *rig);
void rig_put_reference(struct plant *rig);
/* True when the row of that name demanded its reaction in the last tick. */
bool rig_fired(const struct plant *rig, const char *name);
bool rig_raised(const struct plant *rig, enum alarm alarm);
/* The last alarm's text holds @words. */
void rig_assert_says(const struct plant *rig, const char *words);

/* From now on nothing new is read: the temperature stays the one of @lab_s. Until rig.spoil is NULL. */
void rig_stop_reading(struct plant *rig, double lab_s);
/* A restart that decides @action with the values as they are. */
void rig_restart(struct plant *rig, enum recovery_action action);

#endif
