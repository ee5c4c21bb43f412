/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The links between control and its workers: SOCK_SEQPACKET, one message a packet, a fixed header and a
 * fixed struct, optionally one file descriptor (a sealed memfd: trace, submitted text, query answer).
 */
#ifndef DENSD_DAEMON_LINK_H
#define DENSD_DAEMON_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/site.h"
#include "daemon/base/ulid.h"
#include "daemon/publication.h"
#include "drivers/device.h"
#include "protocol/machine.h"
#include "protocol/scan.h"

#define LINK_MAGIC UINT32_C(0x44454e53)
#define LINK_VERSION 5
#define LINK_MESSAGE_MAX 163840
#define LINK_WORKER_FD 3 /* the inherited end of the socketpair in every worker */

enum link_type {
	/* control -> bus */
	LINK_BUS_CONFIG = 1, /* struct bus_config, first message */
	LINK_BUS_CYCLE,      /* struct link_cycle */
	LINK_BUS_CAPTURE,    /* struct link_capture */
	/* bus -> control */
	LINK_BUS_REPORT, /* struct link_reports, perhaps with a trace fd */
	/* gateway -> control */
	LINK_COMMAND, /* struct link_command; SUBMIT carries a memfd: struct submit_header, plans, text */
	LINK_QUERY,   /* struct link_query */
	LINK_GATEWAY_LOAD, /* struct link_gateway_load, each second */
	/* control -> gateway */
	LINK_GATEWAY_CONFIG, /* struct site */
	LINK_REPLY,          /* struct link_reply */
	LINK_PUBLISH,        /* struct publication */
	LINK_QUERY_ANSWER,   /* struct link_query_answer with a memfd of JSON text */
	/* control -> recorder */
	LINK_RECORDER_CONFIG, /* struct site */
	LINK_JOURNAL,         /* struct link_journal: one durable entry; the recorder answers COMMITTED */
	LINK_SAMPLE,          /* struct publication of topic SAMPLE (samples.db) */
	LINK_TRACE,           /* struct link_trace with the trace memfd */
	LINK_RECORDER_QUERY,  /* struct link_query */
	/* recorder -> control */
	LINK_LOADED,          /* struct link_loaded: what the store knew at start, before anything else */
	LINK_QUEUE_ITEM,      /* struct link_queue_item: after LOADED, one for each run not yet ended */
	LINK_COMMITTED,       /* struct link_committed */
	LINK_TRACE_COMMITTED, /* struct link_trace (same ids) */
	LINK_RESULT,          /* struct result_body: analysis done, to be numbered and published by control */
	LINK_RECORDER_ANSWER, /* struct link_query_answer with a memfd */
	LINK_KNOWN_COMMAND,   /* struct journal_command: after the queue items, the last commands answered,
				 oldest first */
	LINK_WEAR,            /* struct link_wear: behind the known commands, one a device that was counted */
	LINK_DEVICES,         /* control -> gateway: struct link_devices, the answer to COMMAND_DEVICES */
	LINK_TYPE_MAX
};
struct link_header {
	uint32_t magic;
	uint16_t version, type;
	uint32_t length; /* of the body */
	uint32_t seq;
};
struct link_cycle {
	uint64_t tick;
	int64_t t_mono_ns;
	uint32_t count;
	struct demand demands[BUS_DEVICES_MAX];
};
/* Record the traffic of this line into a new file; the worker makes its folder. */
#define LINK_CAPTURE_LONGEST_S 3600u
struct link_capture {
	uint32_t seconds;
	char path[SITE_PATH + 80];
};
struct link_reports {
	uint64_t tick;
	uint32_t count;
	struct report reports[BUS_DEVICES_MAX];
};

/* The memfd of a SUBMIT: this header, @count struct plan, @text_length bytes of YAML. Nothing after it. */
struct submit_header {
	uint32_t count, text_length;
};
#define LINK_ID 64
enum command_kind {
	COMMAND_SUBMIT,
	COMMAND_VERB,
	COMMAND_CONFIRM_SECTION,
	COMMAND_CANCEL,
	COMMAND_STATUS,
	COMMAND_CAPTURE,
	COMMAND_DEVICES,
	COMMAND_REPLACED,
	COMMAND_MAX
};
/* As a person says it: "submit", "resume", "confirm section"; @verb counts for COMMAND_VERB alone. */
const char *link_command_name(enum command_kind kind, enum verb verb);

struct link_command {
	uint8_t kind;   /* enum command_kind */
	uint8_t verb;   /* enum verb */
	uint8_t role;   /* enum role, decided by the gateway from the peer's identity */
	uint32_t route; /* gateway's handle for the client's connection, echoed */
	char client[LINK_ID], request_id[LINK_ID];
	char run[ULID_TEXT];    /* the run meant; empty: the current one */
	uint64_t state_seq;     /* 0, or the state sequence the client saw: refused when it is an older one */
	char text[MACHINE_WHY]; /* reason, or section id "<run>/r<rate>/s<n>" */
	char device[32];        /* REPLACED */
	uint32_t plan_count, text_length; /* SUBMIT */
	uint32_t seconds;                 /* CAPTURE; the bus is in @text */
};
/* Of the gateway's process, so that a flood of connections is seen before they are used up. */
struct link_gateway_load {
	uint32_t descriptors, descriptors_most;
	uint64_t refused;     /* requests without an identity since its start */
	uint64_t turned_away; /* connections closed at the door since its start: no descriptor to spare */
};
enum reply_code { REPLY_DONE, REPLY_REFUSED, REPLY_INVALID, REPLY_BUSY };
struct link_reply {
	uint32_t route;
	uint8_t code; /* enum reply_code */
	bool repeated;
	char request_id[LINK_ID];
	char why[MACHINE_WHY];
	char run[ULID_TEXT]; /* SUBMIT: the first run; the others follow in @runs */
	uint32_t run_count;
	char runs[PLAN_QUEUE_MAX][ULID_TEXT];
	struct state_body state; /* the resulting state */
};
enum query_kind {
	QUERY_REPLAY,
	QUERY_QUEUE,
	QUERY_RUNS,
	QUERY_RESULTS,
	QUERY_SAMPLES,
	QUERY_TRACE,
	QUERY_EVENTS,
	QUERY_RECOVERY,
	QUERY_MAX
};
struct link_query {
	uint8_t kind;
	uint32_t route, format; /* format 0 JSON, 1 CSV */
	char request_id[LINK_ID];
	uint8_t topic;
	uint64_t from,
		to; /* seq range for REPLAY; limit in @to for RUNS; SAMPLES: the page begins at @from */
	char run[ULID_TEXT], section[80];
};
struct link_query_answer {
	uint32_t route, format, length;
	int32_t error; /* 0 or -errno */
	uint64_t next; /* where the next page of a long answer begins; 0: this was all */
	char request_id[LINK_ID], why[MACHINE_WHY];
};

/* Journal: everything that must survive. The snapshot is the whole of control's state, as stored and
 * reloaded. */
struct control_snapshot; /* daemon/snapshot.h */
enum journal_kind {
	JOURNAL_INTENT,
	JOURNAL_TRANSITION,
	JOURNAL_ALARM,
	JOURNAL_COMMAND,
	JOURNAL_RUN_QUEUED,
	JOURNAL_RUN_UPDATED,
	JOURNAL_SNAPSHOT,
	JOURNAL_PUBLICATION,
	JOURNAL_SECTION,
	JOURNAL_INTENT_OUTCOME,
	JOURNAL_NOTE,
	JOURNAL_RECOVERY,
	JOURNAL_WEAR,
	JOURNAL_MAX
};
struct link_journal {
	uint64_t entry; /* control's number, gap-free within a start; COMMITTED(entry) means all up to it are
			   on disk */
	uint64_t start; /* names this start of control; (start, entry) is stored with the entry, so that what
			 * is sent again after a recorder's death is stored once */
	uint8_t kind;   /* enum journal_kind */
	bool now;       /* commit at once (an intent waits for it); else within 200 ms mono */
	bool more;      /* one transaction with the next entry: all of them become durable, or none */
	int64_t t_wall_us;
	double t_lab_s;
	char run[ULID_TEXT];
	uint32_t
		body_length; /* of the kind's struct, which follows: intent, publication, plan + fields ... */
	uint8_t body[] __attribute__((aligned(8)));
};
struct link_committed {
	uint64_t start, entry; /* a start of densd and its last durable entry; another start's says nothing of
				  this one */
	int32_t error;         /* 0, or -ENOSPC, -EIO: nothing after @entry is durable */
	double commit_ms, free_mib;
	uint64_t sample_seq; /* highest sample sequence committed to samples.db; 0: none */
};
struct link_trace {
	char run[ULID_TEXT], section[80];
	bool reference;
	uint32_t counter, rows;
	double ordered_rate_k_per_s, cooling_k_per_s;
	double material_tg_k;
	struct chip_calibration chip;
	int64_t t_wall_us;
	double t_lab_s;
};

/* Writes into memory that wears, of one physical device: so many at most in its life. */
#define LINK_WEAR_KEY 64
#define LINK_WEAR_MAX 32
struct link_wear {
	char key[LINK_WEAR_KEY], device[32];
	uint64_t used;
	int64_t since_wall_us; /* counted since */
	int64_t month_wall_us; /* the oldest count of the last 30 days, and when: what a forecast rests on */
	uint64_t month_used;
};
/* What control knows of each device now; profile, calibrations and the like the gateway has in its site. */
struct link_device {
	double age_s; /* of its main reading, lab; NAN: never read */
	bool present, online, quarantined, units_differ, order_proven, counted;
	uint8_t fault; /* enum cause of the last cycle */
	uint32_t transactions, errors, connects, worker_starts;
	uint32_t causes[CAUSE_MAX]; /* cycles that failed, by cause, since densd's start */
	char identity[DEVICE_IDENTITY];
	uint64_t used; /* writes into memory that wears */
	int64_t since_wall_us, month_wall_us;
	uint64_t month_used;
	int64_t commissioned_wall_s; /* 0: not with its present profile */
};
struct link_devices {
	uint32_t route;
	char request_id[LINK_ID];
	int64_t wall_us;
	struct link_device devices[SITE_BUSES_MAX][BUS_DEVICES_MAX];
};

/* Sends header + body (+ fd, -1: none; the fd stays the caller's). 0, -EAGAIN (queue full), -EPIPE,
 * -EMSGSIZE. */
int link_send(int socket, uint16_t type, uint32_t seq, const void *body, size_t length, int fd);
/*
 * Receives one message into @buffer (>= LINK_MESSAGE_MAX + header). Checks magic, version, length and type.
 * 1 = a message; 0 = end of file; -EAGAIN; -EBADMSG. *ret_fd is -1 or a descriptor the caller now owns.
 */
int link_receive(int socket, void *buffer, size_t size, const struct link_header **ret_header,
		 const void **ret_body, int *ret_fd);
/*
 * What a worker takes from control: hands every message that waits in the non-blocking @socket to @take, at
 * most @most of them. @take returns 0 for the next one, 1 to leave the rest to the next call, -EBADMSG when
 * it does not understand (which is logged), or -errno, which ends it. The descriptor is closed here. 1; 0:
 * control has closed; -errno.
 */
typedef int (*link_take)(void *userdata, const struct link_header *header, const void *body, int fd);
int link_serve(int socket, void *buffer, size_t size, int most, link_take take, void *userdata);

#endif
