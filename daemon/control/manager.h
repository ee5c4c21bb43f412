/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One word to the service manager. Not sd_notify: that waits for ever where the manager does not read
 * (frozen, or stopped by a debugger), and the furnace with it. Nothing is allocated.
 */
#ifndef DENSD_DAEMON_CONTROL_MANAGER_H
#define DENSD_DAEMON_CONTROL_MANAGER_H

/* 0; -ENOENT: there is no manager; -EAGAIN: it has no room now; else -errno. */
int manager_tell(const char *text);

#endif
