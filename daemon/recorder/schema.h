/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables. A change raises SCHEMA_VERSION and has its step in migrate.c. */
#ifndef DENSD_RECORDER_SCHEMA_H
#define DENSD_RECORDER_SCHEMA_H

#define SCHEMA_VERSION 4

extern const char schema_journal[];
extern const char schema_samples[];

#endif
