/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the furnace driver reads in a cycle, and what it makes of it. The values that lie side by side come in
 * one block; mode and status take turns, one a lab second. 0, or a cause as modbus_port.h has them.
 */
#ifndef DENSD_DRIVERS_FURNACE_VALUES_H
#define DENSD_DRIVERS_FURNACE_VALUES_H

#include "drivers/furnace_state.h"

/* The span that holds as many of the fast values as lie side by side. Once, when the registers are known. */
void furnace_values_plan_span(struct furnace *furnace);
/* Temperatures, setpoint and output into the report; the setpoint and a relay's output are judged by it. */
int furnace_values_read_fast(struct furnace *furnace, uint32_t seq);
/*
 * A step that no cell makes: what explains it, a broken sensor or other units, is read before the value goes
 * out, and not a lab second later in its turn.
 */
int furnace_values_explain_jump(struct furnace *furnace);
/* Mode and status are far from the values on most controllers: one of them a lab second, in turn. */
int furnace_values_read_slow(struct furnace *furnace, double t_lab_s);

#endif
