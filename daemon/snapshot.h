/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control's state as journaled on every transition and once a second: what a restart is decided from. */
#ifndef DENSD_DAEMON_SNAPSHOT_H
#define DENSD_DAEMON_SNAPSHOT_H

#include "daemon/link.h"

#define SNAPSHOT_VERSION 1
/* One submitted run. The queue is every item whose densification or calorimetry has not ended. */
struct link_queue_item {
	char run[ULID_TEXT];
	uint32_t position;
	uint8_t densification, calorimetry; /* enum outcome; NONE: not ended */
	bool started;
	uint32_t sections_done;             /* index of the next section, rate-major */
	uint64_t sections_lost;
	struct plan plan;
};
struct control_snapshot {
	uint32_t version, size;
	char run[ULID_TEXT], scan_run[ULID_TEXT];
	struct machine machine;
	struct scan_machine scan;
	uint64_t topic_seq[TOPIC_MAX];
	uint64_t next_intent;
	uint32_t restarts; int64_t restart_wall_us[8];
};
struct link_loaded {
	bool store_new, store_corrupt, has_snapshot, same_boot;
	char publisher[ULID_TEXT];
	double last_tick_lab_s;      /* of the last journaled snapshot or sample */
	int64_t last_wall_us;
	uint64_t topic_seq[TOPIC_MAX]; /* highest stored, samples included */
	uint64_t next_intent;
	uint32_t intents_in_doubt;   /* intents without an outcome */
	struct intent last_intent;   /* the newest of them */
	uint32_t queue_items;        /* LINK_QUEUE_ITEM messages that follow */
	char boot_id[40];            /* of the last snapshot */
	struct control_snapshot snapshot;
};

#endif
