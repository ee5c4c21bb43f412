/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `densim ctl`: sends a command to a running densim, prints its JSON; computes the truth by itself. */
#ifndef DENSD_DENSIM_CLIENT_H
#define DENSD_DENSIM_CLIENT_H

/* @words[@count]: the command. Exit code: 0 done, 1 refused, 2 usage, 3 no densim there. */
int client_run(const char *directory, int count, char *const *words);

#endif
