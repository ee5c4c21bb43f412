/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answers already given, by (client, request id): repeating an id repeats the answer, not the action.
 * The last LINK_KNOWN_MAX are kept; the oldest makes room. Allocated once.
 */
#ifndef DENSD_DAEMON_CONTROL_DEDUP_H
#define DENSD_DAEMON_CONTROL_DEDUP_H

#include "daemon/link.h"
#include "daemon/snapshot.h"

struct dedup_answer {
	uint8_t code;             /* enum reply_code */
	uint32_t run_count, next; /* next: index + 1 in the same bucket */
	char client[LINK_ID], request_id[LINK_ID], run[ULID_TEXT], why[MACHINE_WHY];
};
struct dedup {
	uint32_t count, oldest;
	struct dedup_answer *answers; /* LINK_KNOWN_MAX */
	uint32_t *buckets;            /* index + 1 of the newest */
};

/* 0 or -ENOMEM. */
int dedup_init(struct dedup *ret_dedup);
void dedup_deinit(struct dedup *dedup);
void dedup_add(struct dedup *dedup, const struct journal_command *command);
/* NULL when that id was never answered. Valid until the next dedup_add. */
const struct dedup_answer *dedup_find(const struct dedup *dedup, const char *client, const char *request_id);

#endif
