/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activation energies in words, as `results`, `watch` and `submit --wait` show them. */
#ifndef DENSCTL_ENERGY_H
#define DENSCTL_ENERGY_H

#include <json-c/json.h>
#include <stdio.h>

enum { ENERGY_TEXT = 512 };

/*
 * A result of kind kissinger or running: "Ea 205.1 +- 6.4 kJ/mol (95 %: 184.7 to 225.5) = 41.4 R Tg, alpha,
 * from 5 scans at 3 rates", or why there is none yet. While planned rates are still to come: "provisional Ea
 * ...". @text, for use in an expression.
 */
const char *energy_text(json_object *result, char text[ENERGY_TEXT]);
/* A result of kind running: "state 7 GPa, 643 K: Tf ..., Ea ...". @text. */
const char *energy_state_text(json_object *result, char text[ENERGY_TEXT]);

#endif
