/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorder between control's link and the store: takes messages, commits in time, answers. */
#ifndef DENSD_RECORDER_RECORDER_H
#define DENSD_RECORDER_RECORDER_H

#include "config/site.h"
#include "daemon/recorder/batch.h"
#include "daemon/recorder/store.h"

struct recorder {
	int socket;
	uint32_t seq;
	bool configured, result_came;
	struct site site;
	struct store store;
	struct batch batch;
	struct pair_workspace *workspace;
	int64_t running_seq; /* of the last pair that a running result was sent for */
	int64_t prune_ns;    /* when old samples are looked for again */
	int64_t find_ns;     /* when to look for sections without a result; 0: not again */
	uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)] __attribute__((aligned(16)));
};

/* 0 or -ENOMEM. */
int recorder_init(struct recorder *ret_recorder, int socket);
void recorder_deinit(struct recorder *recorder);
/* Waits until there is something to do and does it. Positive: there may be more; 0: control has closed the
 * link. */
int recorder_turn(struct recorder *recorder);
/* After the last turn, which gave @r: commits what came. What recorder_run returns. */
int recorder_end(struct recorder *recorder, int r);
/* Until control closes the link: then commits what came and returns 0. Negative: nothing can be recorded. */
int recorder_run(struct recorder *recorder);

#endif
