/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tf and Ea of a state as its scans come in: one result after each analysed pair, with what was known by
 * then. A state is every completed run with the pressure, temperature, isotherm and rates of the pair's own.
 */
#ifndef DENSD_RECORDER_RUNNING_H
#define DENSD_RECORDER_RUNNING_H

#include "daemon/publication.h"
#include "daemon/recorder/store.h"

struct running_pair {
	int64_t seq;
	char run[ULID_TEXT], section[80];
};

/* The first pair behind sequence number @after that no running result has followed. */
bool running_find(struct store *store, int64_t after, struct running_pair *ret_pair);
/* 0 and a RESULT_RUNNING; -ENOENT: the run is not in the store; -ENOMEM. */
int running_compute(struct store *store, const struct running_pair *pair, struct result_body *ret_result);

#endif
