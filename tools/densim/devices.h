/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profiles named by --device, and the folder that densim makes when --dir is not given. */
#ifndef DENSD_DENSIM_DEVICES_H
#define DENSD_DENSIM_DEVICES_H

#include <stddef.h>

#include "drivers/profile.h"

/*
 * @name: a path to a YAML file, or a profile's name, looked up in $DENSD_CONFIG/devices, where densd is
 * installed, and in its source. Faults go to stderr with their places. 0, or -1.
 */
int devices_read(const char *name, struct profile *ret_profile);
/* A fresh folder below $TMPDIR or /tmp. 0 or -errno. */
int devices_make_folder(char *ret_path, size_t size);

#endif
