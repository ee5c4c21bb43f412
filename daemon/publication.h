/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What densd tells the world, as structs: control numbers them, the recorder stores them, the gateway sends
 * them. publication_to_json (daemon/message.c, gateway and recorder only) is the one renderer, so replay and
 * live agree to the byte.
 */
#ifndef DENSD_DAEMON_PUBLICATION_H
#define DENSD_DAEMON_PUBLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/ulid.h"
#include "protocol/machine.h"
#include "protocol/scan.h"

enum topic { TOPIC_SAMPLE, TOPIC_STATE, TOPIC_ALARM, TOPIC_SCAN, TOPIC_RESULT, TOPIC_HEARTBEAT, TOPIC_MAX };

/* What an instrument said of a lock or a contactor when it was last asked. */
enum switch_is {
	SWITCH_NOT_KNOWN, /* never read, or too long ago */
	SWITCH_NONE,      /* the site has none there */
	SWITCH_OFF,       /* free; open */
	SWITCH_ON,        /* locked; closed */
	SWITCH_IS_MAX
};
struct switch_body {
	double t_lab_s; /* when it was last read; -INFINITY: never, or there is none */
	uint8_t is;     /* enum switch_is */
};
struct sample_body {
	struct measurement temperature_k, temperature2_k, setpoint_k, output_pct, pressure_gpa,
		pressure_setpoint_gpa, oil_bar, flow_ml_per_min, chip_temperature_k;
	double programme_k, programme_gpa; /* what the machine wants */
	double run_s;
	uint8_t phase;
	uint32_t skipped; /* stored samples just before this one that were not sent live (50 Hz limit): not a
			     loss */
	char run[ULID_TEXT]; /* the run it belongs to; empty while idle */
	/* Later (bodies of SAMPLE_BODY_SHORT bytes before); aligned, so that it begins where those end. */
	_Alignas(8) struct switch_body press_lock;
	struct switch_body press_contactor, coupler_contactor; /* of the heater */
};
#define SAMPLE_BODY_SHORT offsetof(struct sample_body, press_lock)
struct state_body {
	uint8_t phase, outcome, resume_phase, scan_phase, densification_outcome, calorimetry_outcome;
	bool holdback, latched, interrupted, pause_pending, simulated;
	char run[ULID_TEXT], run_name[PLAN_TEXT];
	char section[80]; /* being scanned or waited for; empty: none */
	char scan_run[ULID_TEXT];
	double progress, remaining_s, soak_s, isotherm_s, setpoint_k, setpoint_gpa, last_good_k,
		last_good_gpa;
	double target_k, target_gpa;
	double clock_scale;
	uint64_t alarms_active, alarms_acknowledged;
	uint32_t queued, sections_done, sections_total;
	char cause[MACHINE_WHY];
	char ask[MACHINE_WHY]; /* what the operator is asked to do now; empty: nothing */
};
struct alarm_body {
	uint8_t alarm; /* enum alarm */
	bool raised, acknowledged;
	char run[ULID_TEXT];
	char text[MACHINE_WHY];
};
struct scan_body {
	char run[ULID_TEXT], section[80];
	bool reference;
	double ordered_rate_k_per_s;
	uint32_t counter, rows;
	uint8_t outcome; /* enum section_outcome; NONE while the section goes on */
	char text[MACHINE_WHY];
};
/* RUNNING: Tf and Ea of a state (every run with its pressure, temperature and rates) as of one scan. */
enum result_kind { RESULT_PAIR, RESULT_KISSINGER, RESULT_RUNNING, RESULT_KIND_MAX };
struct result_body {
	uint8_t kind; /* enum result_kind */
	char run[ULID_TEXT], section[80];
	bool refused;
	char code[24], why[MACHINE_WHY];
	double rate_k_per_s; /* measured; NAN where a value does not exist, here and below */
	double tf_k, tf_sd_k, tf_ref_k, delta_tf_k, delta_tf_sd_k, tp_k, tp_sub_k, tg_onset_k, t_mid_k;
	double glass_k[2], liquid_k[2], align_k;
	bool extrapolated;
	double ea_kj_per_mol, ea_se_kj_per_mol, ea_ci95_kj_per_mol[2], ea_over_rtg, r2;
	uint32_t n, n_rates;
	char class_name[16];                             /* alpha, beta, undecided */
	double pressure_gpa, temperature_k, tf_spread_k; /* of the state; spread: sd between its sections */
	uint32_t n_runs, n_sections, n_refused;          /* of the state; sections: with a Tf */
	bool reference;                                  /* 1 atm */
	/*
	 * Since 1.1; stores of before have bodies that end here (RESULT_BODY_SHORT bytes): NAN. What comes
	 * later goes behind, so that every shorter body is the beginning of a longer one.
	 */
	double tf_common_sd_k; /* share of tf_sd_k that all scans of a chip have in common: lag, scale */
	double tf_ref_sd_k, tp_sd_k, tp_own_sd_k, tp_sub_sd_k, tg_onset_sd_k, t_mid_sd_k;
	double ea_ols_kj_per_mol, ea_ols_se_kj_per_mol; /* without weights */
	bool weighted;                                  /* ea_kj_per_mol is by the errors of its peaks */
	/* Later still (bodies of RESULT_BODY_MIDDLE bytes before); aligned, so that it begins where those
	 * end. */
	_Alignas(8) uint32_t n_rates_planned;
	uint32_t n_rates_to_come; /* planned, without a peak, and still to be scanned: Ea is provisional */
};
#define RESULT_BODY_SHORT offsetof(struct result_body, tf_common_sd_k)
#define RESULT_BODY_MIDDLE offsetof(struct result_body, n_rates_planned)
struct heartbeat_body {
	uint64_t last_seq[TOPIC_MAX];
	double step_late_ms_max;
};
struct publication {
	uint8_t topic; /* enum topic */
	uint64_t seq;  /* gap-free within a topic and a store */
	int64_t t_wall_us;
	double t_lab_s;
	char publisher[ULID_TEXT]; /* the store's id */
	union {
		struct sample_body sample;
		struct state_body state;
		struct alarm_body alarm;
		struct scan_body scan;
		struct result_body result;
		struct heartbeat_body heartbeat;
	};
};
/* "none", "free" or "locked"; "none", "open" or "closed"; NULL: not known. */
const char *switch_lock_name(enum switch_is is);
const char *switch_contactor_name(enum switch_is is);
const char *result_kind_name(enum result_kind kind);
const char *topic_name(enum topic topic);
int topic_from_name(const char *name);

#endif
