/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int queue_add(struct queue *queue, const struct link_queue_item *item)
{
	uint32_t at = queue->count;

	if (queue->count == QUEUE_ITEMS_MAX)
		return -ENOSPC;
	while (at > 0 && queue->items[at - 1].position > item->position)
		at--;
	memmove(&queue->items[at + 1], &queue->items[at], (queue->count - at) * sizeof(*item));
	queue->items[at] = *item;
	queue->count++;
	return 0;
}

struct link_queue_item *queue_find(struct queue *queue, const char *run)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (strcmp(queue->items[i].run, run) == 0)
			return &queue->items[i];
	return NULL;
}

static bool is_waiting(const struct link_queue_item *item)
{
	return !item->started && item->densification == OUTCOME_NONE;
}

struct link_queue_item *queue_next_waiting(struct queue *queue)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (is_waiting(&queue->items[i]))
			return &queue->items[i];
	return NULL;
}

struct link_queue_item *queue_next_scan(struct queue *queue)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (queue->items[i].densification == OUTCOME_COMPLETED &&
		    queue->items[i].calorimetry == OUTCOME_NONE)
			return &queue->items[i];
	return NULL;
}

uint32_t queue_count_waiting(const struct queue *queue)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < queue->count; i++)
		waiting += is_waiting(&queue->items[i]);
	return waiting;
}

uint32_t queue_next_position(const struct queue *queue)
{
	return queue->count > 0 ? queue->items[queue->count - 1].position + 1 : 1;
}

void queue_drop_ended(struct queue *queue)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < queue->count; i++) {
		const struct link_queue_item *item = &queue->items[i];

		if (item->densification != OUTCOME_NONE && item->calorimetry != OUTCOME_NONE)
			continue;
		if (kept != i)
			queue->items[kept] = *item;
		kept++;
	}
	queue->count = kept;
}

uint32_t queue_count_sections(const struct plan *plan)
{
	return plan->calorimetry.present ? plan->calorimetry.rate_count * plan->calorimetry.sections_per_rate
					 : 0;
}

double queue_section_rate(const struct plan *plan, uint32_t index)
{
	return plan->calorimetry.rate_k_per_s[index / plan->calorimetry.sections_per_rate];
}

void queue_format_section(const struct link_queue_item *item, uint32_t index,
			  char ret_text[QUEUE_SECTION_TEXT])
{
	snprintf(ret_text, QUEUE_SECTION_TEXT, "%.26s/r%g/s%u", item->run,
		 queue_section_rate(&item->plan, index),
		 index % item->plan.calorimetry.sections_per_rate + 1);
}

bool queue_next_ulid(const char *ulid, char ret_next[ULID_TEXT])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	memcpy(ret_next, ulid, ULID_TEXT);
	for (int i = ULID_TEXT - 2; i >= 0; i--) {
		const char *digit = strchr(alphabet, ret_next[i]);

		if (!digit || !*digit)
			return false;
		if (digit[1] != '\0') {
			ret_next[i] = digit[1];
			return true;
		}
		ret_next[i] = alphabet[0];
	}
	return false;
}
