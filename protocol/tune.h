/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay autotune of the furnace (Astrom and Hagglund, Automatica 20 (1984) 645): the controller stands in
 * manual and its output goes to and fro between two values, high below the setpoint less the hysteresis, low
 * above it plus the hysteresis. The loop oscillates near its ultimate period; its amplitude gives the
 * ultimate gain. Pure.
 *
 * It is a proposal and no more: nothing here or behind it writes a gain to a controller.
 */
#ifndef DENSD_PROTOCOL_TUNE_H
#define DENSD_PROTOCOL_TUNE_H

#include <stdbool.h>
#include <stdint.h>

#define TUNE_CYCLES_MAX 12
#define TUNE_SENTENCE 200
#define TUNE_REST_S 30.0    /* at rest in the band, before the relay begins */
#define TUNE_FIRST_CYCLES 2 /* do not count: the oscillation grows into its limit cycle */

struct plan_tune {
	bool present;
	double amplitude_pct; /* of the output, either side of what held the temperature */
	double hysteresis_k;  /* well above the noise of the thermocouple */
	double ceiling_k;     /* above it the tuning gives up */
	double limit_s;       /* without enough steady cycles by then it gives up */
	uint32_t cycles;      /* that count, after the first ones */
};

enum tune_stage { TUNE_NONE, TUNE_ASKED /* waits for its intent */, TUNE_RUNNING, TUNE_DONE };
/* In the machine's state: flat. */
struct tune {
	uint8_t stage; /* enum tune_stage */
	bool high;
	double bias_pct;                  /* mean output that held the temperature before */
	double amplitude_pct;             /* what it is, where the plan's would have passed 0 or 100 % */
	double started_lab_s, rose_lab_s; /* last switch to high; negative: none yet */
	double most_k, least_k;           /* since then */
	uint32_t seen;                    /* whole cycles, the first ones included */
	double period_s[TUNE_CYCLES_MAX], swing_k[TUNE_CYCLES_MAX]; /* of the last ones, oldest first */
};

enum tune_verdict { TUNE_GOES_ON, TUNE_COMPLETE, TUNE_TOO_HOT, TUNE_NO_OSCILLATION };

/* Adds one tick at rest to the mean output that the relay will go to and fro around. */
void tune_rest(struct tune *tune, double output_pct, double dt_s);
void tune_begin(struct tune *tune, const struct plan_tune *plan, double t_lab_s);
/* One tick: the temperature as it was read. */
enum tune_verdict tune_step(struct tune *tune, const struct plan_tune *plan, double t_lab_s,
			    double temperature_k, double setpoint_k);
double tune_output_pct(const struct tune *tune);

/* Standard deviations are those of the mean over the cycles. */
struct tune_result {
	uint32_t cycles;
	double gain_pct_per_k, gain_sd; /* ultimate gain */
	double period_s, period_sd;     /* ultimate period */
};
struct tune_pid {
	const char *rule;
	double gain_pct_per_k, integral_s, derivative_s;
	double band_k; /* the same gain as a proportional band */
};
enum tune_rule { TUNE_TYREUS_LUYBEN, TUNE_ZIEGLER_NICHOLS, TUNE_RULE_MAX };
/* False while too few cycles were seen. */
bool tune_result(const struct tune *tune, const struct plan_tune *plan, struct tune_result *ret_result);
/*
 * Tyreus and Luyben, Ind. Eng. Chem. Res. 31 (1992) 2625: gentle, hardly overshoots. Ziegler and Nichols,
 * Trans. ASME 64 (1942) 759: quick, overshoots.
 */
struct tune_pid tune_propose(const struct tune_result *result, enum tune_rule rule);
/* One sentence for the record. */
void tune_say(const struct tune_result *result, char ret_text[TUNE_SENTENCE]);
/* What it says; false for another sentence. */
bool tune_read(const char *text, struct tune_result *ret_result);

#endif
