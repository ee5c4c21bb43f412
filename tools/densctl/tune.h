/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an autotune proposes, as `densctl results` shows it. */
#ifndef DENSCTL_TUNE_H
#define DENSCTL_TUNE_H

#include "tools/densctl/command.h"

/* Prints what the run of the first argument proposes; nothing when it is no autotune. enum exit_code. */
int tune_show(const struct options *options);

#endif
