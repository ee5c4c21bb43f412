/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of DIR/control.sock: one line in, one JSON text out. Pure but for the laboratory it changes.
 */
#ifndef DENSD_DENSIM_CONTROL_H
#define DENSD_DENSIM_CONTROL_H

#include <stddef.h>

#include "tools/densim/laboratory.h"

enum { CONTROL_LINE = 256, CONTROL_ANSWER = 8192 };
/* Acts on @line (changed while it is split). Writes NUL-terminated JSON with a LF; returns its length. */
size_t control_line(struct laboratory *lab, char *line, char ret_answer[CONTROL_ANSWER]);

#endif
