/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The runs that have not ended: waiting for the press, on it, or with sections still to scan. Fixed size; at
 * most PLAN_QUEUE_MAX wait for the press. Order is that of submission.
 */
#ifndef DENSD_DAEMON_CONTROL_QUEUE_H
#define DENSD_DAEMON_CONTROL_QUEUE_H

#include "daemon/snapshot.h"

#define QUEUE_ITEMS_MAX (2 * PLAN_QUEUE_MAX)
#define QUEUE_SECTION_TEXT 80

struct queue {
	uint32_t count;
	struct link_queue_item items[QUEUE_ITEMS_MAX];
};

/* 0, or -ENOSPC. Keeps the order of @item->position. */
int queue_add(struct queue *queue, const struct link_queue_item *item);
/* NULL when there is no such run. Valid until the next change of the queue. */
struct link_queue_item *queue_find(struct queue *queue, const char *run);
/* The next run for the press, or NULL. */
struct link_queue_item *queue_next_waiting(struct queue *queue);
/* The next run with a section to scan, or NULL. */
struct link_queue_item *queue_next_scan(struct queue *queue);
uint32_t queue_count_waiting(const struct queue *queue);
uint32_t queue_next_position(const struct queue *queue);
/* Forgets every item whose two outcomes are both set. */
void queue_drop_ended(struct queue *queue);

uint32_t queue_count_sections(const struct plan *plan);
/* Heating rate of section @index (rate-major), K/s. @index < queue_count_sections(). */
double queue_section_rate(const struct plan *plan, uint32_t index);
/* "<run>/r<rate in K/s>/s<number from 1>" */
void queue_format_section(const struct link_queue_item *item, uint32_t index,
			  char ret_text[QUEUE_SECTION_TEXT]);

/* The ULID that follows by counting up, as the runs of one submit do. False at the very last one. */
bool queue_next_ulid(const char *ulid, char ret_next[ULID_TEXT]);

#endif
