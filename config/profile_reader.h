/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device profile: config/devices/NAME.yaml to struct profile. */
#ifndef DENSD_CONFIG_PROFILE_READER_H
#define DENSD_CONFIG_PROFILE_READER_H

#include "config/diagnostic.h"
#include "drivers/profile.h"

/* 0; -errno when the file cannot be read; 1 with errors in @diagnostics (its file name is set to @path). */
int profile_read(const char *path, struct diagnostics *diagnostics, struct profile *ret_profile);
/* The same from text already in memory. */
int profile_read_text(const char *text, size_t length, struct diagnostics *diagnostics,
		      struct profile *ret_profile);

#endif
