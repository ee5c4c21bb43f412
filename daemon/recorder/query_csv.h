/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands above the columns of a CSV file, behind '#': units, words, and the calibrations that it stands
 * on. */
#ifndef DENSD_RECORDER_QUERY_CSV_H
#define DENSD_RECORDER_QUERY_CSV_H

#include "daemon/recorder/query_parts.h"
#include "daemon/recorder/traces.h"

void query_csv_head_samples(const struct asked *asked);
void query_csv_head_trace(const struct asked *asked, const struct trace *trace);

#endif
