/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control's state as journaled on every transition and once a second: what a restart is decided from. */
#ifndef DENSD_DAEMON_SNAPSHOT_H
#define DENSD_DAEMON_SNAPSHOT_H

#include "daemon/link.h"

#define SNAPSHOT_VERSION 3
/* One submitted run. The queue is every item whose densification or calorimetry has not ended. */
struct link_queue_item {
	char run[ULID_TEXT];
	uint32_t position;
	uint8_t densification, calorimetry; /* enum outcome; NONE: not ended */
	bool started;
	uint32_t sections_done; /* index of the next section, rate-major */
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
	uint32_t section; /* index, rate-major, of the section the scan machine is at */
	uint32_t restarts;
	int64_t restart_wall_us[8];
};
#define LINK_IN_DOUBT_MAX 16
struct link_loaded {
	bool store_new, store_corrupt, has_snapshot, same_boot;
	char publisher[ULID_TEXT];
	double last_tick_lab_s; /* of the last journaled snapshot or sample */
	int64_t last_wall_us;
	uint64_t topic_seq[TOPIC_MAX]; /* highest stored, samples included */
	uint64_t next_intent;
	uint32_t intents_in_doubt; /* intents without an outcome */
	struct intent last_intent; /* the newest of them */
	/* Of all of them, the newest first; as many as fit. */
	uint64_t in_doubt[LINK_IN_DOUBT_MAX];
	uint32_t queue_items; /* LINK_QUEUE_ITEM messages that follow */
	char boot_id[40];     /* of the last snapshot */
	struct control_snapshot snapshot;
	/* The last journal entry on disk and the start of control it came from: control sends again only what
	 * comes after. */
	uint64_t last_start, last_entry;
	uint32_t wear_items;     /* LINK_WEAR messages after the known commands */
	uint32_t known_commands; /* LINK_KNOWN_COMMAND messages after the queue items, at most LINK_KNOWN_MAX
				  */
};
#define LINK_KNOWN_MAX 10000

/*
 * The bodies of LINK_JOURNAL, one a kind:
 *   INTENT          struct intent
 *   INTENT_OUTCOME  struct journal_outcome
 *   TRANSITION      struct note
 *   ALARM           struct alarm_body
 *   COMMAND         struct journal_command
 *   RUN_QUEUED      struct link_queue_item; the message of a submit's first run carries the SUBMIT memfd
 *   RUN_UPDATED     struct journal_run
 *   SNAPSHOT        struct control_snapshot
 *   PUBLICATION     struct publication (STATE, ALARM, SCAN, RESULT; a RESULT is also what analysis() found)
 *   SECTION         struct journal_section
 *   NOTE            struct note (kind NOTE_INFO, text)
 *   RECOVERY        struct journal_recovery
 *   WEAR            struct journal_wear
 */
struct journal_outcome {
	uint64_t number; /* of the intent */
	bool done;       /* false: settled by reading, not done */
	char text[MACHINE_WHY];
};
struct journal_command {
	uint8_t kind, verb, role, code; /* enum command_kind, verb, role, reply_code */
	uint32_t run_count; /* SUBMIT: runs are @run and the ULIDs that follow it by counting up */
	char client[LINK_ID], request_id[LINK_ID];
	char run[ULID_TEXT];
	char text[MACHINE_WHY], why[MACHINE_WHY]; /* reason given; answer */
};
struct journal_run {
	char run[ULID_TEXT];
	uint8_t densification, calorimetry; /* enum outcome */
	bool started, interrupted;
	bool of_press; /* false: what the press and furnace reached is not told here, and stays as it is
			  stored */
	uint32_t sections_done;
	uint64_t sections_lost;
	double last_good_k, last_good_gpa, release_temperature_k, peak_k, peak_gpa, outage_s, hold_s,
		clock_scale;
	double holdback_s, pause_s, soak_s; /* soak_s: credit, what counted in band on fresh data */
	struct limits limits;               /* in force, widened at scale > 1; all 0 before the start */
	char cause[MACHINE_WHY];            /* empty, and not of_press: as it is stored */
};
struct journal_recovery { /* what a start found, and the row that decided */
	struct recovery_facts facts;
	uint8_t row, action, scan_phase;    /* enum recovery_action, scan_phase in the journal */
	double pressure_gpa, temperature_k; /* measured; NAN: not read */
	uint32_t furnace_cycles, press_cycles, intents_in_doubt;
	char text[MACHINE_WHY];
};
struct journal_wear {
	char key[LINK_WEAR_KEY], device[32];
	uint64_t used, reserved; /* so many were sent; so many may be, and count as sent after a crash */
	bool reset;              /* another instrument: @text is the reason */
	char text[MACHINE_WHY];
};
struct journal_section {
	char run[ULID_TEXT], section[80];
	uint32_t index; /* rate-major */
	double rate_k_per_s;
	uint8_t outcome; /* enum section_outcome; NONE: begun */
	char text[MACHINE_WHY];
};

#endif
