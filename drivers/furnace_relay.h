/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace's part of an autotune: manual, and an output that control chooses. */
#ifndef DENSD_DRIVERS_FURNACE_RELAY_H
#define DENSD_DRIVERS_FURNACE_RELAY_H

#include "drivers/furnace_state.h"

/*
 * Autotune: manual, as the off sequence has it, and the output. It goes to and fro a few times a minute and
 * is written when it changes. Nothing of the setpoint is believed to stand afterwards.
 */
void furnace_relay_play(struct furnace *furnace, double output_pct);
/* The output as just read: somebody's hand at the panel, or an output that does not obey, is counted. */
void furnace_relay_judge(struct furnace *furnace);

#endif
