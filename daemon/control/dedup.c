/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384u

int dedup_init(struct dedup *ret_dedup)
{
	*ret_dedup = (struct dedup){0};
	ret_dedup->answers = calloc(LINK_KNOWN_MAX, sizeof(struct dedup_answer));
	ret_dedup->buckets = calloc(BUCKETS, sizeof(uint32_t));
	if (ret_dedup->answers && ret_dedup->buckets)
		return 0;
	dedup_deinit(ret_dedup);
	return -ENOMEM;
}

void dedup_deinit(struct dedup *dedup)
{
	free(dedup->answers);
	free(dedup->buckets);
	dedup->answers = NULL;
	dedup->buckets = NULL;
}

/* FNV-1a over both names; the NUL between them keeps ("ab","c") and ("a","bc") apart. */
static uint32_t bucket_of(const char *client, const char *request_id)
{
	uint32_t hash = 2166136261u;

	for (const char *c = client; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	hash *= 16777619u;
	for (const char *c = request_id; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return hash % BUCKETS;
}

static void unlink_answer(struct dedup *dedup, uint32_t index)
{
	const struct dedup_answer *answer = &dedup->answers[index];
	uint32_t *link = &dedup->buckets[bucket_of(answer->client, answer->request_id)];

	while (*link != 0 && *link != index + 1)
		link = &dedup->answers[*link - 1].next;
	if (*link == index + 1)
		*link = answer->next;
}

void dedup_add(struct dedup *dedup, const struct journal_command *command)
{
	uint32_t index, *bucket;
	struct dedup_answer *answer;

	if (dedup->count < LINK_KNOWN_MAX) {
		index = dedup->count++;
	} else {
		index = dedup->oldest;
		dedup->oldest = (dedup->oldest + 1) % LINK_KNOWN_MAX;
		unlink_answer(dedup, index);
	}
	answer = &dedup->answers[index];
	answer->code = command->code;
	answer->run_count = command->run_count;
	memcpy(answer->client, command->client, LINK_ID);
	memcpy(answer->request_id, command->request_id, LINK_ID);
	memcpy(answer->run, command->run, ULID_TEXT);
	memcpy(answer->why, command->why, MACHINE_WHY);
	bucket = &dedup->buckets[bucket_of(answer->client, answer->request_id)];
	answer->next = *bucket;
	*bucket = index + 1;
}

const struct dedup_answer *dedup_find(const struct dedup *dedup, const char *client, const char *request_id)
{
	uint32_t at = dedup->buckets[bucket_of(client, request_id)];

	while (at != 0) {
		const struct dedup_answer *answer = &dedup->answers[at - 1];

		if (strcmp(answer->client, client) == 0 && strcmp(answer->request_id, request_id) == 0)
			return answer;
		at = answer->next;
	}
	return NULL;
}
