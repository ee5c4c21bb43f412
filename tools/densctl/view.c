/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/view.h"

#include <math.h>
#include <string.h>

#include "protocol/alarm.h"
#include "tools/densctl/energy.h"
#include "tools/densctl/json.h"
#include "tools/densctl/switches.h"

#define BAR 32
#define LABEL 15 /* where the text of a line begins */
#define WIDTH 79
#define WIDE 9 /* columns of a number */

void view_take(struct view *view, const char *topic, json_object *message, int64_t now_ms)
{
	json_object **place = strcmp(topic, "sample") == 0  ? &view->sample
			      : strcmp(topic, "state") == 0 ? &view->state
			      : strcmp(topic, "scan") == 0  ? &view->scan
			      : strcmp(topic, "alarm") == 0 ? &view->alarm
			      : strcmp(topic, "result") == 0
				      ? strcmp(json_text(message, "kind", ""), "running") == 0 ? &view->energy
											       : &view->result
				      : NULL;

	view->heard_ms = now_ms;
	if (strcmp(topic, "heartbeat") == 0 && json_number(message, "t_lab") > 0)
		view->heard_lab_s = json_number(message, "t_lab");
	if (!place) {
		json_object_put(message);
		return;
	}
	json_object_put(*place);
	*place = message;
}

void view_clear(struct view *view)
{
	json_object_put(view->sample);
	json_object_put(view->state);
	json_object_put(view->scan);
	json_object_put(view->result);
	json_object_put(view->alarm);
	json_object_put(view->energy);
	*view = (struct view){0};
}

bool view_is_silent(const struct view *view, int64_t now_ms)
{
	return view->heard_ms == 0 || now_ms - view->heard_ms > VIEW_SILENCE_MS;
}

/* @text behind @label, in as many lines as a terminal of 80 columns needs. */
static void draw_text(const char *label, const char *text, const char *end, FILE *stream)
{
	for (bool first = true; first || *text; first = false) {
		size_t length = strlen(text);

		if (length > WIDTH - LABEL) {
			length = WIDTH - LABEL;
			while (length > 1 && text[length] != ' ')
				length--;
			length = length > 1 ? length : WIDTH - LABEL;
		}
		fprintf(stream, "  %-12s %.*s%s", first ? label : "", (int)length, text, end);
		text += length;
		text += strspn(text, " ");
	}
}

static void draw_bar(double share, FILE *stream)
{
	int filled = isfinite(share) ? (int)lround(fmin(fmax(share, 0), 1) * BAR) : 0;

	for (int i = 0; i < BAR; i++)
		fputc(i < filled ? '#' : '.', stream);
}

/* "643.1 K", "643.1 K (4.2 s OLD)", "643.1 K (bad: sensor-break)" */
static void draw_measured(json_object *sample, const char *name, int width, int decimals, const char *unit,
			  FILE *stream)
{
	json_object *value = json_field(sample, name);
	const char *quality = json_text(value, "quality", "none");
	double age = json_number(value, "age_s");
	char text[NUMBER_TEXT];

	fprintf(stream, "%*s %s", width, number_text(json_number(value, "value"), decimals, text), unit);
	if (strcmp(quality, "none") == 0)
		fputs(value ? " (no reading yet)" : "", stream);
	else if (strcmp(quality, "good") != 0)
		fprintf(stream, " (%s: %s)", quality, json_text(value, "cause", "unknown"));
	if (isfinite(age) && age > 2)
		fprintf(stream, " (%.1f s OLD)", age);
}

/* How long before the last heartbeat the sample was taken: an idle densd takes one every 10 s. */
static double sample_since_s(const struct view *view)
{
	double since_s = view->heard_lab_s - json_number(view->sample, "t_lab");

	return since_s > 0 ? since_s : 0;
}

/* Is the heater really off? Each answer with its own age. */
static void draw_heater(const struct view *view, const char *end, FILE *stream)
{
	double since_s = sample_since_s(view), age_s = json_number(view->sample, "output_pct.age_s");
	char text[SWITCHES_TEXT];

	fprintf(stream, "  %-12s", "heater");
	draw_measured(view->sample, "output_pct", WIDE, 0, "%", stream);
	if (age_s <= 2)
		fprintf(stream, ", read %.1f s ago", age_s + since_s);
	fprintf(stream, "   nitrogen");
	draw_measured(view->sample, "flow_ml_per_min", WIDE, 0, "ml/min", stream);
	fputs(end, stream);
	draw_text("contactor", switches_contactors(view->sample, since_s, text), end, stream);
	draw_text("press lock", switches_lock(view->sample, since_s, text), end, stream);
}

static bool has_run(json_object *state)
{
	return json_text(state, "run", "")[0] != '\0';
}

/* Before a run has read anything the programme of a temperature is 0 K, which is none. */
static double programme_value(const struct view *view, const char *programme, const char *unit)
{
	double value = json_number(view->sample, programme);

	return strcmp(unit, "K") == 0 && value <= 0 ? NAN : value;
}

static void draw_pair(const struct view *view, const char *label, const char *measured, const char *programme,
		      const char *target, int decimals, const char *unit, const char *end, FILE *stream)
{
	char text[NUMBER_TEXT];

	fprintf(stream, "  %-12s", label);
	draw_measured(view->sample, measured, WIDE, decimals, unit, stream);
	if (has_run(view->state)) {
		fprintf(stream, "   setpoint %s",
			number_text(programme_value(view, programme, unit), decimals, text));
		fprintf(stream, "   target %s",
			number_text(json_number(view->state, target), decimals, text));
	}
	fputs(end, stream);
}

static bool is_listed(json_object *list, const char *name)
{
	for (size_t i = 0; i < json_length(list); i++)
		if (json_object_get_string(json_object_array_get_idx(list, i)) &&
		    strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			return true;
	return false;
}

static void draw_alarm(const char *label, const char *name, bool seen, const char *end, FILE *stream)
{
	const char *head = seen ? "acknowledged alarm" : "ALARM";
	char text[400];

	snprintf(text, sizeof(text), "%s %s", head, name);
	for (int number = 1; number < ALARM_MAX; number++)
		if (strcmp(alarm_info((enum alarm)number)->name, name) == 0)
			snprintf(text, sizeof(text), "%s %s: %s. densd: %s. You: %s", head, name,
				 alarm_info((enum alarm)number)->what, alarm_info((enum alarm)number)->did,
				 alarm_info((enum alarm)number)->remedy);
	draw_text(label, text, end, stream);
}

static void draw_alarms(json_object *state, const char *end, FILE *stream)
{
	json_object *active = json_field(state, "alarms_active");
	size_t count = json_object_is_type(active, json_type_array) ? json_object_array_length(active) : 0;

	if (!count)
		draw_text("alarms",
			  json_flag(state, "latched")
				  ? "none any more; the trip stays latched until ack and reset"
				  : "none",
			  end, stream);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(active, i));

		if (name)
			draw_alarm(i ? "" : "alarms", name,
				   is_listed(json_field(state, "alarms_acknowledged"), name), end, stream);
	}
}

/* When something last went wrong or right again, and in which words: the active alarms do not say since when.
 */
static void draw_last_alarm(json_object *alarm, const char *end, FILE *stream)
{
	char text[400];

	if (!alarm)
		return;
	snprintf(text, sizeof(text), "%.19sZ %s%s: %s", json_text(alarm, "t_wall", "-"),
		 json_text(alarm, "alarm", "?"), json_flag(alarm, "raised") ? "" : " cleared",
		 json_text(alarm, "text", ""));
	draw_text("last alarm", text, end, stream);
}

static void draw_calorimeter(json_object *state, const char *end, FILE *stream)
{
	double total = json_number(state, "sections_total");

	if (!(total > 0))
		return;
	fprintf(stream, "  %-12s %s, section %s; %.0f of %.0f done%s", "calorimeter",
		json_text(state, "scan_phase", "-"), json_text(state, "section", "-"),
		json_number(state, "sections_done"), total, end);
}

static void draw_energy(json_object *energy, const char *end, FILE *stream)
{
	char text[ENERGY_TEXT];

	if (energy)
		draw_text("last scan", energy_state_text(energy, text), end, stream);
}

static void draw_run(json_object *state, const char *end, FILE *stream)
{
	fprintf(stream, "densd  %s%s", has_run(state) ? json_text(state, "run_name", "") : "no run", end);
	if (has_run(state))
		fprintf(stream, "  %-12s %s%s", "run", json_text(state, "run", ""), end);
	if (json_flag(state, "simulated"))
		fprintf(stream, "  %-12s simulated, %g x real time%s", "instruments",
			json_number(state, "clock_scale"), end);
}

static void draw_progress(json_object *state, const char *end, FILE *stream)
{
	double progress = json_number(state, "progress"), queued = json_number(state, "queued");
	char left[DURATION_TEXT];

	if (has_run(state)) {
		fprintf(stream, "  %-12s [", "progress");
		draw_bar(progress, stream);
		fprintf(stream, "] %3.0f %%   left %s%s", isfinite(progress) ? 100 * progress : 0,
			duration_text(json_number(state, "remaining_s"), left), end);
	}
	if (queued > 0)
		fprintf(stream, "  %-12s %.0f waiting%s", "queue", queued, end);
}

/* "hold in heat", "done: aborted": a phase alone says neither what stands still nor how it ended. */
static void draw_phase(json_object *state, FILE *stream)
{
	const char *phase = json_text(state, "phase", "-"), *held = json_text(state, "resume_phase", "idle"),
		   *outcome = json_text(state, "outcome", "none");

	fprintf(stream, "  %-12s %s", "state", phase);
	if (strcmp(phase, "hold") == 0 && strcmp(held, "idle") != 0)
		fprintf(stream, " in %s", held);
	if (strcmp(phase, "done") == 0 && strcmp(outcome, "none") != 0)
		fprintf(stream, ": %s", outcome);
}

static void draw_state(json_object *state, const char *end, FILE *stream)
{
	char soak[DURATION_TEXT], isotherm[DURATION_TEXT];

	draw_run(state, end, stream);
	draw_phase(state, stream);
	if (json_flag(state, "holdback"))
		fputs(" (holdback: waiting for the process value)", stream);
	if (json_flag(state, "pause_pending"))
		fputs(" (pause at the end of this segment)", stream);
	if (json_flag(state, "latched"))
		fputs(" (trip latched)", stream);
	if (json_number(state, "soak_s") > 0)
		fprintf(stream, " (soak %s of %s)", duration_text(json_number(state, "soak_s"), soak),
			duration_text(json_number(state, "isotherm_s"), isotherm));
	fputs(end, stream);
	draw_progress(state, end, stream);
}

void view_draw(const struct view *view, int64_t now_ms, const char *end, FILE *stream)
{
	const char *ask = json_text(view->state, "ask", ""), *cause = json_text(view->state, "cause", "");

	if (view_is_silent(view, now_ms)) {
		if (view->heard_ms)
			fprintf(stream, "  NO NEWS from densd for %lld s: nothing below is fresh%s",
				(long long)(now_ms - view->heard_ms) / 1000, end);
		else
			fprintf(stream, "  no news from densd yet%s", end);
	}
	draw_state(view->state, end, stream);
	draw_pair(view, "temperature", "temperature_k", "programme_k", "target_k", 1, "K", end, stream);
	draw_pair(view, "pressure", "pressure_gpa", "programme_gpa", "target_gpa", 3, "GPa", end, stream);
	draw_heater(view, end, stream);
	draw_calorimeter(view->state, end, stream);
	draw_energy(view->energy, end, stream);
	draw_alarms(view->state, end, stream);
	draw_last_alarm(view->alarm, end, stream);
	if (cause[0])
		draw_text("cause", cause, end, stream);
	if (ask[0])
		draw_text("asked of you", ask, end, stream);
}

/* The press is done and its sections are being scanned: that is the progress one wants to see. */
static bool line_is_calorimetry(json_object *state)
{
	const char *phase = json_text(state, "phase", "");

	return json_number(state, "sections_total") > 0 && json_text(state, "section", "")[0] &&
	       (strcmp(phase, "done") == 0 || strcmp(phase, "idle") == 0);
}

static void heater_part(json_object *sample, FILE *stream)
{
	char text[SWITCHES_TEXT];

	fputs("  heater ", stream);
	draw_measured(sample, "output_pct", 0, 0, "%", stream);
	fprintf(stream, "  %s", switches_brief(sample, text));
}

static void calorimetry_line(const struct view *view, FILE *stream)
{
	json_object *state = view->state;

	double done = json_number(state, "sections_done"), total = json_number(state, "sections_total");
	const char *section = json_text(state, "section", ""), *rate = strchr(section, '/');

	fprintf(stream, "%-12s %3.0f %%  section %.0f of %.0f, %s: %s", "calorimetry", 100 * done / total,
		fmin(done + 1, total), total, rate ? rate + 1 : section, json_text(state, "scan_phase", "-"));
	heater_part(view->sample, stream);
	fputc('\n', stream);
}

void view_line(const struct view *view, int64_t now_ms, FILE *stream)
{
	char left[DURATION_TEXT];
	json_object *state = view->state;
	double progress = json_number(state, "progress"), total = json_number(state, "sections_total");

	if (view_is_silent(view, now_ms)) {
		fprintf(stream, "no news from densd for %lld s\n",
			view->heard_ms ? (long long)(now_ms - view->heard_ms) / 1000 : 0);
		return;
	}
	if (line_is_calorimetry(state)) {
		calorimetry_line(view, stream);
		return;
	}
	fprintf(stream, "%-12s %3.0f %%  T ", json_text(state, "phase", "-"),
		isfinite(progress) ? 100 * progress : 0);
	draw_measured(view->sample, "temperature_k", 6, 1, "K", stream);
	fputs("  P ", stream);
	draw_measured(view->sample, "pressure_gpa", 6, 3, "GPa", stream);
	heater_part(view->sample, stream);
	fprintf(stream, "  left %s", duration_text(json_number(state, "remaining_s"), left));
	if (total > 0)
		fprintf(stream, "  sections %.0f/%.0f %s", json_number(state, "sections_done"), total,
			json_text(state, "scan_phase", ""));
	if (json_flag(state, "holdback"))
		fputs("  holdback", stream);
	fputc('\n', stream);
}
