/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of commissioning (config/commissioning.h): signed and kept, and shown. */
#ifndef DENSCTL_COMMISSION_RECORD_H
#define DENSCTL_COMMISSION_RECORD_H

#include "config/commissioning.h"
#include "tools/densctl/command.h"

/* "passed", "FAILED", "skipped", for an enum commissioning_result. */
const char *commission_record_mark(uint8_t result);
/* Asks for a name, and puts @entry into the record at @path. enum exit_code. */
int commission_record_sign(const char *path, const struct site *site, struct commissioning_entry *entry);
/* The record at @path, and whether a run is accepted by it today. enum exit_code. */
int commission_record_show(const struct options *options, const struct site *site, const char *path);

#endif
