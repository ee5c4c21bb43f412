/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a command writes: standard output, or the file of --out. */
#ifndef DENSCTL_OUTPUT_H
#define DENSCTL_OUTPUT_H

#include "tools/densctl/command.h"

/* NULL with the reason printed. */
FILE *output_open(const struct options *options);
/* DENSCTL_OK; DENSCTL_INVALID with the reason printed when not everything was written. */
int output_close(const struct options *options, FILE *file);

#endif
