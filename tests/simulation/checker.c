/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/checker.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "tests/simulation/world.h"

#define TRIP_LIMIT_S 5.0
#define TOLD_OFF_S 60.0
#define ABORT_LIMIT_S (3 * 3600.0)
#define DEVICE_WATCHDOG_S 12.0
#define OPEN_LIMIT_S 1800.0 /* the instruments may be away while intents wait to be settled */
#define COLD_MARGIN_K 1.5   /* cell against thermocouple */
#define AMBIENT_MARGIN_BAR 3.0

static double now_s(void)
{
	return (double)world.now_ns / 1e9;
}

void checker_init(struct checker *ret_checker, const struct site *site)
{
	*ret_checker = (struct checker){.site = site,
					.furnace_setpoint_k = NAN,
					.furnace_written_s = -INFINITY,
					.judged_bar = NAN,
					.tripped_s = -1,
					.aborting_s = -1,
					.permitted_s = -INFINITY};
}

void checker_violate(struct checker *checker, const char *which, const char *format, ...)
{
	char text[CHECKER_TEXT - 16];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	world_tell("VIOLATION of %s: %s", which, text);
	if (checker->violations++ == 0)
		snprintf(checker->first, sizeof(checker->first), "%s: %s", which, text);
}

/* Trouble that can keep densd's word from reaching a device, or that moves the plant by itself. */
static bool was_deaf(double within_s)
{
	static const enum trouble_kind kinds[] = {
		TROUBLE_PRESS_SILENT,    TROUBLE_RTU_SILENT,       TROUBLE_ADAPTER,
		TROUBLE_LATE_ANSWERS,    TROUBLE_SLOW_DEVICE,      TROUBLE_CORRUPT,
		TROUBLE_FALSE_ACK,       TROUBLE_MASTER_FURNACE,   TROUBLE_MANUAL,
		TROUBLE_LOCAL,           TROUBLE_IDENTITY_FURNACE, TROUBLE_IDENTITY_PRESS,
		TROUBLE_BUS_CRASH,       TROUBLE_CONTROL_CRASH,    TROUBLE_POWER_CUT,
		TROUBLE_STORE_CORRUPT,   TROUBLE_LATE_STEP,        TROUBLE_MAINS_OUT,
		TROUBLE_DEVICE_RESET,    TROUBLE_FRAME_LATE,       TROUBLE_FRAME_SLAVE,
		TROUBLE_FRAME_FUNCTION,  TROUBLE_FRAME_HALF,       TROUBLE_FRAME_STRAY,
		TROUBLE_FRAME_EXCEPTION, TROUBLE_FRAME_ACK,        TROUBLE_FRAME_LOST,
		TROUBLE_RESET,           TROUBLE_FOREIGN_LOCK,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (trouble_was_on(&world.trouble, kinds[i], now_s(), within_s))
			return true;
	return !world.up || world.asleep_until_ns != 0 ||
	       (world.woke_ns > 0 && (double)(world.now_ns - world.woke_ns) / 1e9 < within_s);
}

/* I2: a trip takes the heater away, whatever else happens, as long as one of the two ways is open. */
static void check_trip(struct checker *checker, double t_s)
{
	bool heating = world.lab.furnace.output_pct > 0.05 && press_plant_contactor(&world.lab.press);

	if (checker->tripped_s < 0 || !heating || t_s - checker->tripped_s < TRIP_LIMIT_S ||
	    was_deaf(DEVICE_WATCHDOG_S + TRIP_LIMIT_S))
		return;
	checker_violate(checker, "I2", "the heater has %.1f %% %.1f s after the trip",
			world.lab.furnace.output_pct, t_s - checker->tripped_s);
	checker->tripped_s = t_s;
}

/* I2 where no contactor stands in for the controller: a trip that stands, also one that a restart found among
 * strangers, has taken the controller's own output a minute after the last trouble. */
static void check_told_off(struct checker *checker, double t_s)
{
	if (checker->tripped_s < 0 || t_s - checker->tripped_s < TOLD_OFF_S ||
	    world.lab.furnace.output_pct <= 0.05 || was_deaf(TOLD_OFF_S))
		return;
	checker_violate(checker, "I2", "the controller's output is %.1f %% %.0f s after the trip",
			world.lab.furnace.output_pct, t_s - checker->tripped_s);
	checker->tripped_s = t_s;
}

/* I7, the truth's side: time in which the reading was in the soak band and was a reading. */
static void count_band(struct checker *checker)
{
	const struct furnace_plant *furnace = &world.lab.furnace;

	if (checker->has_plan && !furnace->sensor_break &&
	    fabs(furnace->measured_k - checker->plan.temperature_k) <= checker->plan.soak_band_k + 0.2)
		checker->in_band_s += WORLD_QUANTUM_S;
}

/* I18: ABORT ends cold and at ambient pressure, or in S-HOLD with an alarm. */
static void check_abort(struct checker *checker, double t_s)
{
	/* A hazard that stands, with its alarm, keeps the press as it is, and a machine that sleeps or is off
	 * tells nothing: the time counts from the end of that. */
	if (checker->aborting_s >= 0 &&
	    (checker->state.alarms_active || !world.up || world.asleep_until_ns != 0))
		checker->aborting_s = t_s;
	if (checker->aborting_s < 0 || t_s - checker->aborting_s < ABORT_LIMIT_S)
		return;
	checker_violate(checker, "I18", "still aborting after %.1f h without an alarm",
			(t_s - checker->aborting_s) / 3600);
	checker->aborting_s = t_s;
}

/* I9: of the press and of the chip no more than the newest intent is open; the others have their outcome, or
 * were settled by reading. */
static void check_open(struct checker *checker, double t_s)
{
	uint32_t open[2] = {0};

	for (uint32_t i = 0; i < world.book.intent_count; i++)
		open[world.book.intents[i].kind == INTENT_FIRE]++;
	if ((open[0] <= 1 && open[1] <= 1) || !world.up || !checker->has_state) {
		checker->settled_s = t_s;
		return;
	}
	if (t_s - checker->settled_s < OPEN_LIMIT_S || checker->told_open)
		return;
	checker->told_open = true;
	checker_violate(checker, "I9", "%u intents of the press and %u of the chip have been open for %.0f s",
			open[0], open[1], t_s - checker->settled_s);
}

static void mix_truth(void)
{
	double truth[4] = {world.lab.furnace.cell_k, world.lab.press.sample_gpa, world.lab.furnace.setpoint_k,
			   world.lab.press.setpoint_bar};

	world_mix(truth, sizeof(truth));
}

void checker_step(struct checker *checker, double t_s)
{
	check_trip(checker, t_s);
	check_told_off(checker, t_s);
	check_abort(checker, t_s);
	count_band(checker);
	if (checker->has_state && checker->state.phase != PHASE_IDLE && checker->state.phase != PHASE_DONE)
		checker->busy_s += WORLD_QUANTUM_S;
	if (t_s - checker->last_step_s < 1)
		return;
	checker->last_step_s = t_s;
	check_open(checker, t_s);
	mix_truth();
}

/* After hours without trouble nothing may be left that only waits. */
void checker_end(struct checker *checker, double t_s)
{
	check_abort(checker, t_s);
	if (checker->allocations > 0)
		checker_violate(checker, "I20", "control allocated %llu times after its start",
				(unsigned long long)checker->allocations);
	for (uint32_t i = 0; i < world.book.intent_count; i++)
		world_tell("still open: intent %llu (%s)", (unsigned long long)world.book.intents[i].number,
			   world.book.intents[i].text);
	if (world.book.intent_count > 2)
		checker_violate(checker, "I9", "%u intents were never settled", world.book.intent_count);
}

/* ---- the store ---- */

void checker_durable_intent(struct checker *checker, const struct intent *intent)
{
	world_tell("durable: intent %llu (%u, %s)", (unsigned long long)intent->number, intent->kind,
		   phase_name((enum phase)intent->phase));
	crash_at_intent(intent->kind);
	if (intent->kind == INTENT_FIRE)
		checker->fire_intents++;
	if (intent->kind == INTENT_SEGMENT)
		checker->begun = true;
	if (intent->kind == INTENT_SEGMENT && intent->phase == PHASE_COMPRESS)
		checker->compress_intent = true;
	if (intent->kind == INTENT_SEGMENT &&
	    (intent->phase == PHASE_HEAT || intent->phase == PHASE_ISOTHERM))
		checker->heat_intent = true;
	if (intent->kind == INTENT_RELEASE || intent->phase == PHASE_DECOMPRESS)
		checker->release_intent = true;
	if (intent->kind == INTENT_VERB || intent->kind == INTENT_RECOVERY) {
		checker->resume_intent = checker->compress_intent = checker->heat_intent = true;
		if (intent->kind == INTENT_VERB)
			checker->permitted_s = now_s();
	}
}

static void begin_run(struct checker *checker, const char *run)
{
	for (uint32_t i = 0; i < world.book.run_count; i++)
		if (strcmp(world.book.runs[i].run, run) == 0) {
			checker->plan = world.book.runs[i].plan;
			checker->has_plan = true;
		}
	snprintf(checker->run, sizeof(checker->run), "%s", run);
	checker->compress_intent = checker->heat_intent = checker->release_intent = checker->resume_intent =
		false;
	checker->begun = false;
	checker->in_band_s = checker->soak_s = checker->soak_at_in_band_s = 0;
	checker->permitted_s = now_s();
	checker->needs_leave = false;
	world_tell("run %s: %.2f GPa, %.0f K, %.0f s", run, checker->plan.pressure_gpa,
		   checker->plan.temperature_k, checker->plan.isotherm_s);
}

/* I18, the plant's side: what ends completed or aborted is cold and has no pressure. A run that is aborted
 * while its preflight waits for the heat of another one has moved nothing, and ends at once. */
static void check_rest(struct checker *checker, const struct journal_run *run)
{
	double now = now_s();
	bool deceived = trouble_was_on(&world.trouble, TROUBLE_TC_SLIP, now, 3600) ||
			trouble_was_on(&world.trouble, TROUBLE_TC_FREEZE, now, 3600) ||
			trouble_was_on(&world.trouble, TROUBLE_WELDED, now, 600) ||
			trouble_was_on(&world.trouble, TROUBLE_OVER_PRESSURE, now, 60) ||
			trouble_was_on(&world.trouble, TROUBLE_MASTER_PRESS, now, 60) ||
			trouble_was_on(&world.trouble, TROUBLE_MASTER_FURNACE, now, 60);

	if ((run->densification != OUTCOME_ABORTED && run->densification != OUTCOME_COMPLETED) || deceived ||
	    !run->started || !checker->begun)
		return;
	if (world.lab.furnace.cell_k > world.site.limits.release_temperature_k + COLD_MARGIN_K ||
	    world.lab.press.oil_bar > world.site.limits.ambient_oil_bar + AMBIENT_MARGIN_BAR)
		checker_violate(checker, "I18", "run %s ends as %s at %.1f K and %.1f bar of oil", run->run,
				outcome_name((enum outcome)run->densification), world.lab.furnace.cell_k,
				world.lab.press.oil_bar);
}

void checker_durable_run(struct checker *checker, const struct journal_run *run)
{
	if (run->densification != OUTCOME_NONE && strcmp(run->run, checker->run) == 0) {
		counters_hit(world.counters, COUNTER_OUTCOME, run->densification);
		/* Once: the record is written again with each section, whatever has befallen the press since.
		 */
		if (strcmp(checker->rested, run->run) != 0)
			check_rest(checker, run);
		snprintf(checker->rested, sizeof(checker->rested), "%s", run->run);
		checker->runs_ended++;
		world_tell("run %s ended: %s (%s)", run->run, outcome_name((enum outcome)run->densification),
			   run->cause);
	}
	if (run->started && run->densification == OUTCOME_NONE && strcmp(run->run, checker->run) != 0)
		begin_run(checker, run->run);
}

/* I12: numbers without gaps and never twice, in the store. */
void checker_durable_publication(struct checker *checker, const struct publication *publication,
				 uint64_t before)
{
	if (publication->seq != before + 1)
		checker_violate(checker, "I12", "topic %s goes from %llu to %llu in the store",
				topic_name((enum topic)publication->topic), (unsigned long long)before,
				(unsigned long long)publication->seq);
}

static void count_restart(const char *text)
{
	unsigned row;

	if (sscanf(text, "restart: R%u", &row) == 1 && row < COUNTERS_MAX) {
		counters_hit(world.counters, COUNTER_RESTART, row);
		world_tell("%s", text);
	}
}

/* "... (F2)." */
static void count_scan_restart(const char *text)
{
	const char *found = strstr(text, "(F");

	if (found && found[2] >= '1' && found[2] <= '4' && found[3] == ')')
		counters_hit(world.counters, COUNTER_SCAN_RESTART, (uint32_t)(found[2] - '0'));
}

void checker_durable_note(struct checker *checker, const struct note *note)
{
	(void)checker;
	count_scan_restart(note->text);
	if (note->kind == NOTE_TRANSITION)
		world_mix_decision(&note->to, sizeof(note->to));
	if (note->kind == NOTE_TRANSITION && note->from < PHASE_MAX && note->to < PHASE_MAX)
		counters_hit(world.counters, COUNTER_EDGE, note->from * (uint32_t)PHASE_MAX + note->to);
	else if (note->kind == NOTE_INFO)
		count_restart(note->text);
}

void checker_durable_alarm(struct checker *checker, const struct alarm_body *alarm)
{
	(void)checker;
	if (alarm->raised)
		counters_hit(world.counters, COUNTER_ALARM, alarm->alarm);
}

void checker_new_store(struct checker *checker)
{
	checker->has_plan = false;
	checker->run[0] = '\0';
}

void checker_crashed(struct checker *checker, bool power_cut)
{
	(void)power_cut;
	checker->has_state = false;
	checker->tripped_s = checker->aborting_s = -1;
	checker->furnace_setpoint_k = checker->judged_bar = NAN;
	memset(checker->identified, 0, sizeof(checker->identified));
	memset(checker->live_seq, 0, sizeof(checker->live_seq));
}

/* I17: after a start nothing heats but by the operator's word, or by the plan's policy. */
void checker_started(struct checker *checker, const struct link_loaded *loaded)
{
	checker->expect_latched = loaded->has_snapshot && loaded->snapshot.machine.latched;
	checker->needs_leave =
		loaded->has_snapshot && !(checker->has_plan && checker->plan.recovery == RECOVERY_CONTINUE);
	checker->permitted_s = -INFINITY;
}
