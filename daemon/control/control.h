/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole state of the control process, one struct, allocated once. The files of this folder are its parts:
 *   workers     start, watch and restart the children          cycle      reports <-> machines (pure)
 *   step        the 10 Hz step: inputs, machines, demands       perform    store the next state, do the
 * actions sections    feed the scan machine                           commands   what clients ask start load
 * the store, recover                         publish    number and tell journal     what is not yet on disk
 * notify     systemd
 */
#ifndef DENSD_DAEMON_CONTROL_CONTROL_H
#define DENSD_DAEMON_CONTROL_CONTROL_H

#include <systemd/sd-event.h>

#include "config/site.h"
#include "daemon/control/cycle.h"
#include "daemon/control/dedup.h"
#include "daemon/control/journal.h"
#include "daemon/control/outbox.h"
#include "daemon/control/queue.h"
#include "daemon/control/recommission.h"
#include "daemon/control/wear.h"
#include "daemon/control/workers.h"
#include "daemon/link.h"
#include "daemon/snapshot.h"

#define CONTROL_PENDING_MAX \
	64 /* commands whose journal entry is not yet committed; more are answered "busy" */
#define CONTROL_INTENTS_MAX 32
#define CONTROL_TRACES_MAX 4
#define CONTROL_QUERIES_MAX 8 /* in the recorder's hands: what is to become durable stands behind them */

struct pending_command {
	bool used;
	uint64_t entry;
	uint32_t route;
	struct journal_command command;
};
struct pending_intent {
	uint64_t entry, number;
	bool scan, before;
};
struct held_trace { /* kept until the recorder has committed it */
	bool used, sent;
	int fd;
	struct link_trace trace;
};
struct step_clock {
	sd_event_source *timer;
	int64_t period_ns, due_ns;
	int64_t sent_ns;             /* when this tick's cycles went out */
	uint64_t tick, sampled_tick; /* the tick whose sample is published */
	double late_ms, late_ms_max;
	bool late;
};
struct publishing {
	uint64_t seq[TOPIC_MAX];
	struct publication last[TOPIC_MAX];
	bool has_last[TOPIC_MAX];
	bool state_dirty;
	uint64_t decision_seq; /* state sequence of the last change that a command may depend on */
	int64_t sample_ns, state_ns, snapshot_ns, heartbeat_ns;
	double sample_lab_s;
	uint32_t skipped;
};
struct recovering {
	bool active;
	uint32_t furnace_cycles, press_cycles, cold_cycles; /* good ones in a row */
	int64_t since_ns;
	double since_lab_s;
	uint32_t items, commands, wears; /* of the store's, received so far */
	struct link_loaded loaded;
};

struct control {
	sd_event *event;
	struct site site;
	struct limits limits; /* the site's, widened at scale > 1 */
	struct cycle_map map;
	char search[2048]; /* colon-separated folders of the workers */
	char publisher[ULID_TEXT];

	struct worker recorder, gateway, buses[SITE_BUSES_MAX];
	struct link_reports reports[SITE_BUSES_MAX];
	bool lost[SITE_BUSES_MAX];
	int64_t contactor_ns; /* cycle_follow_contactor */
	struct journal journal;
	struct outbox outbox;
	struct dedup dedup;

	struct machine machine;
	struct actions actions;
	struct inputs inputs;
	bool inputs_old;  /* a report came after they were built */
	struct plan plan; /* of @run, limits widened */
	bool has_plan;
	char run[ULID_TEXT];

	struct scan_machine scan;
	struct chip_inputs chip_inputs;
	struct chip_demand chip_job;
	uint64_t chip_entry; /* chip_job waits until the journal has this; UINT64_MAX: not written yet */
	struct plan scan_plan;
	char scan_run[ULID_TEXT], section[QUEUE_SECTION_TEXT];
	uint32_t section_index;
	bool scan_purge;
	int trace_fd; /* that came with the last report; -1: none */

	struct queue queue;
	struct pending_command pending[CONTROL_PENDING_MAX];
	uint32_t pending_count; /* of them that are used */
	struct pending_intent intents[CONTROL_INTENTS_MAX];
	uint32_t intent_count;
	uint64_t open_intent[2]; /* [0] press and furnace, [1] calorimeter: no outcome yet */
	struct held_trace traces[CONTROL_TRACES_MAX];

	struct alarm_set alarms; /* control's own; the machine keeps its own set */
	struct step_clock clock;
	struct publishing publishing;
	struct recovering recovering;
	struct wear wear;
	struct recommission recommission;
	uint32_t causes[SITE_BUSES_MAX][BUS_DEVICES_MAX][CAUSE_MAX]; /* reports with that fault */
	bool writes;                                                 /* cycle_check_scale passed */
	char no_writes_why[MACHINE_WHY];
	int64_t desync_ns, adapter_ns; /* when a line was last seen in trouble; 0: never */
	uint32_t queries;              /* of clients, that the recorder has not answered */
	int32_t store_error;
	double free_mib;
	uint32_t refused_count; /* commands, within the minute that began at refused_since_ns */
	int64_t refused_since_ns;
	uint64_t gateway_refused;              /* requests without an identity, as the gateway last counted */
	int64_t wall_offset_us, clock_jump_ns; /* wall less mono; when it last jumped, mono */
	uint32_t restarts;
	int64_t restart_wall_us[8];
	bool loaded; /* the store has told all it knew at start */
	bool stopping;
};

double control_lab_s(const struct control *control);
/* True when the recorder holds everything up to a short while ago and has room for more. */
bool control_store_ok(const struct control *control);
/* 0: it is ok; else the length of the sentence that says what is wrong. @ret_text may be NULL with @size 0.
 */
int control_store_trouble(const struct control *control, char *ret_text, size_t size);
/* Loading by itself is for simulated sites with simulated instruments only, whatever a plan says. */
bool control_loads_itself(const struct control *control, const struct plan *plan);
struct cycle_view control_view(const struct control *control, double t_lab_s);

#endif
