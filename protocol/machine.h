/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The press-and-furnace machine: a pure function of plan, state and event. No I/O, clock, malloc or log.
 * The same function runs in densd, in `densctl plan`, in the simulated nights and in the exhaustive search.
 *
 * Commands are levels, not edges: every step says what each device should do now, completely, so that a
 * worker that was restarted needs only the next step. Notes (alarms, transitions, intents) are edges.
 */
#ifndef DENSD_PROTOCOL_MACHINE_H
#define DENSD_PROTOCOL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/reading.h"
#include "protocol/alarm.h"
#include "protocol/phase.h"
#include "protocol/plan.h"
#include "protocol/recovery.h"
#include "protocol/verb.h"

#define MACHINE_WHY 200 /* bytes of a sentence */
#define MACHINE_UNARMED 176
#define MACHINE_NOTES 16

/* One measured value on the lab clock. Age is event time less t_lab_s. */
struct measurement {
	double value;
	double t_lab_s;  /* when the answer was complete; -INFINITY: never */
	uint8_t quality; /* enum quality */
	uint8_t cause;   /* enum cause */
};

/* Everything the rules look at, as of one tick. */
struct inputs {
	struct measurement temperature_k; /* trusted furnace/cell thermocouple */
	double temperature_margin_k; /* how much hotter it may be: by its correction and the uncertainty */
	double temperature2_margin_k;
	struct measurement temperature2_k;     /* second trusted sensor; quality NONE where there is none */
	struct measurement ambient_k;          /* quality NONE: 298 K is assumed */
	struct measurement furnace_setpoint_k; /* read back from the controller */
	struct measurement furnace_output_pct;
	struct measurement pressure_gpa;          /* sample side, through the calibration */
	struct measurement pressure_setpoint_gpa; /* last written, read back, sample side */
	struct measurement oil_bar;
	struct measurement oil_setpoint_bar;
	double oil_gpa_per_bar;        /* local slope, to compare on the oil side in GPa */
	struct measurement stroke_pct; /* pump volume left */
	struct measurement flow_ml_per_min;
	/* Status bits, valid only while the device's own block is fresh (temperature_k, oil_bar). */
	bool furnace_sensor_break, furnace_manual, furnace_identity_ok, furnace_readback_differs,
		furnace_second_master;
	bool press_locked, press_local, press_depressurised, press_contactor_closed, press_watchdog_tripped,
		press_identity_ok, press_readback_differs, press_second_master;
	bool furnace_stranger, press_stranger; /* another instrument answers at this address */
	bool units_differ;                     /* a panel's units or decimals are not the profile's */
	bool order_unproven; /* a device's floats may be in another word order than declared */
	/* The heater's contactor hangs on a coupler that opened it, or would not open it when it must. */
	bool furnace_contactor_open;
	bool devices_armed; /* each device's own watchdog is armed (or its absence accepted) */
	/* Unless devices_armed: which device's is not, and what to do. */
	char unarmed[MACHINE_UNARMED];
	bool furnace_lost, press_lost; /* worker or line is gone */
	bool store_ok;                 /* recorder answers, space is left, last commit in time */
	bool step_late;                /* this step is more than step_late_ms late */
};

#define MACHINE_LAST_READS 3
#define MACHINE_WINDOW_READS 11
/* Reads of one quantity as the interlocks keep them, newest first: interlock_observe.c. */
struct machine_reads {
	double last[MACHINE_LAST_READS], last_lab_s[MACHINE_LAST_READS];
	/* The middle ones of each three, some time apart. */
	double window[MACHINE_WINDOW_READS], window_lab_s[MACHINE_WINDOW_READS];
	double slope_per_s; /* over the window */
	uint32_t window_count;
	bool any;
};

enum event_kind {
	EVENT_TICK,    /* inputs */
	EVENT_START,   /* a queued run is given to the press: IDLE/DONE -> WAIT_CAPSULE or PREFLIGHT */
	EVENT_VERB,    /* verb, role, text */
	EVENT_DURABLE, /* intent: everything up to this intent number is on disk */
	EVENT_RECOVER, /* recovery: a decided restart row */
	EVENT_KIND_MAX
};
/*
 * While an intent with before=true waits for its EVENT_DURABLE the setpoints stand still. The commit limit is
 * mono time, so the caller keeps it: store_ok turns false when a commit is later than intent_hold_s, and a
 * waiting machine then goes to HOLD.
 */
struct event {
	enum event_kind kind;
	double t_lab_s;
	const struct inputs *inputs; /* TICK; for the others the last known, may be NULL */
	enum verb verb;
	enum role role;
	const char *text; /* reason given with the verb, may be NULL */
	uint64_t intent;  /* DURABLE */
	const struct recovery_decision *recovery;
};

enum heat_mode { HEAT_OBSERVE /* no writes */, HEAT_OFF, HEAT_CONTROL };
enum press_mode { PRESS_OBSERVE /* no writes */, PRESS_LOCK, PRESS_REGULATE };

/* The temperature a release rests on; the press worker checks it again by itself. */
struct permit {
	bool granted;
	double temperature_k;
	double t_lab_s;
	double release_temperature_k;
};

enum intent_kind {
	INTENT_NONE,
	INTENT_SEGMENT,
	INTENT_VERB,
	INTENT_TRIP,
	INTENT_RELEASE,
	INTENT_FIRE,
	INTENT_RECOVERY,
	INTENT_KIND_MAX
};
/* What must be durable before it is done (adds energy, moves pressure, fires, resumes), or is journaled
 * after. */
struct intent {
	uint64_t number; /* counts up within a store; 0 = none */
	uint8_t kind;
	bool before; /* true: the machine waits for EVENT_DURABLE(number) */
	uint8_t phase;
	double from_gpa, to_gpa, from_k, to_k, rate_gpa_per_s, rate_k_per_s;
	char text[MACHINE_WHY];
};

enum note_kind { NOTE_ALARM_RAISED, NOTE_ALARM_CLEARED, NOTE_TRANSITION, NOTE_OUTCOME, NOTE_INFO };
struct note {
	uint8_t kind;
	uint8_t alarm;          /* enum alarm */
	uint8_t from, to;       /* phases, for TRANSITION */
	char text[MACHINE_WHY]; /* what happened, what densd did, what to do */
};

enum answer_code { ANSWER_NONE, ANSWER_DONE, ANSWER_PENDING /* waits for its journal */, ANSWER_REFUSED };
struct answer {
	uint8_t code;
	char why[MACHINE_WHY];
};

struct actions {
	enum heat_mode heat;
	double setpoint_k;
	double ramp_k_per_s; /* signed rate setpoint_k moves at; 0 = standing */
	double target_k;     /* where it moves to; setpoint_k when it stands */
	bool relay;          /* autotune: the controller in manual, at output_pct */
	double output_pct;
	enum press_mode press;
	double setpoint_gpa;
	double ramp_gpa_per_s; /* signed rate the setpoint moves at; 0 = standing */
	bool contactor;        /* HEATER_ENABLE */
	bool purge;            /* nitrogen on */
	bool chip_off;         /* trips: the chip heater goes off as well */
	struct permit permit;  /* granted only with a pressure-lowering command */
	struct intent intent;  /* number 0: none in this step */
	struct answer answer;  /* to EVENT_VERB, EVENT_START */
	uint32_t note_count;
	struct note notes[MACHINE_NOTES];
};

/*
 * The state. Flat, no pointers: control stores it as it is. Fields up to "private" may be read by anyone;
 * the rest belongs to protocol/.
 */
struct machine {
	uint8_t phase;        /* enum phase */
	uint8_t resume_phase; /* HOLD, TRIPPED, RECOVERY_WAIT: where it came from */
	uint8_t outcome;      /* enum outcome: set once, at the end */
	uint8_t hold_alarm;   /* enum alarm that caused HOLD, 0 = the operator */
	bool holdback;        /* the protocol clock stands because PV left its band */
	bool pause_pending;
	bool latched;     /* a trip is latched */
	bool interrupted; /* the record says INTERRUPTED */
	bool cold_run;
	uint8_t first_cause; /* enum alarm of the latched trip */
	double phase_since_lab_s;
	double run_s; /* run clock: programme time */
	double setpoint_k, setpoint_gpa;
	double soak_s;             /* credit so far */
	double soak_started_lab_s; /* -1: not yet */
	double progress;           /* 0..1 of the whole run */
	double remaining_s;        /* estimate, lab */
	double holdback_s, holdback_sum_s, hold_s, pause_s, outage_s;
	double last_good_gpa, last_good_k;
	double release_temperature_k; /* at the moment of release; 0 before */
	double peak_gpa, peak_k;
	uint64_t next_intent;
	char cause[MACHINE_WHY]; /* of the outcome, hold or trip, in words */
	struct alarm_set alarms;
	struct tune tune;
	/* private */
	struct machine_private {
		uint64_t waiting_intent;
		bool durable;
		double previous_lab_s;
		double dwell_since_lab_s, done_since_lab_s, in_band_since_lab_s, hold_hot_since_lab_s,
			resume_offer_until_lab_s;
		double previous_k, previous_gpa;
		double timer[32];  /* one accumulator or start time a hazard row, see interlock.c */
		double memory[16]; /* values those timers began with */
		struct machine_reads reads_k, reads2_k, reads_gpa;
		uint8_t bad_reads, bad_reads2; /* of the last reads of each thermocouple: a bit a bad one */
		bool broken2;                  /* the second one reads what it cannot have got to */
		bool acknowledged, resume_offered, decompressing;
		uint8_t verb_pending;
		uint64_t fired;           /* bit n: row n of the interlock table demands a reaction now */
		double clear_since_lab_s; /* ABORTING: since when no row demands one */
		double good_k_lab_s, good_gpa_lab_s; /* when T and P were last read well */
		bool heater_off;                     /* the heater stays off whatever the phase */
		bool safe_hold;                      /* the press stays locked whatever the phase */
		bool stay;            /* COOL by verb or R15: stay pressurised; the heater is off then */
		bool was_tripped;     /* RESUME only if the plan allows it after a trip */
		bool offer_ends;      /* resume_offer_until_lab_s counts */
		bool frozen;          /* ABORTING: stands until the hazard has been gone for 60 s */
		bool panel_has_press; /* HANDED_OVER: lock and heater off were read back */
		uint8_t wait_mode;    /* RECOVERY_WAIT: what the devices do */
		uint8_t ending;       /* enum outcome the way out ends with */
	} private_state;
};

/* IDLE at @t_lab_s. Before every step the caller sets next_intent (one numbering for all of a store's
 * intents). */
void machine_init(struct machine *ret_machine, double t_lab_s);
/*
 * One step. *ret_next and *ret_actions are always written. Returns 0, or -EINVAL for an event that is not
 * well formed (the state is then unchanged). Plan may be NULL while IDLE.
 */
int machine_step(const struct plan *plan, const struct machine *state, const struct event *event,
		 struct machine *ret_next, struct actions *ret_actions);

#endif
