/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/message.h"

#include <math.h>
#include <string.h>

#include "config/json_real.h"
#include "daemon/base/clock.h"

void message_add_number(json_object *object, const char *key, double value)
{
	json_object_object_add(object, key, json_real(value));
}

void message_add_text(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

void message_add_count(json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void message_add_flag(json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void message_add_wall(json_object *object, const char *key, int64_t wall_us)
{
	char text[CLOCK_WALL_TEXT];

	json_object_object_add(object, key,
			       wall_us ? json_object_new_string(clock_wall_text(wall_us, text)) : NULL);
}

static void add_pair(json_object *object, const char *key, const double value[2])
{
	json_object *array = json_object_new_array();

	json_object_array_add(array, json_real(value[0]));
	json_object_array_add(array, json_real(value[1]));
	json_object_object_add(object, key, array);
}

static void add_measurement(json_object *object, const char *key, const struct measurement *measurement,
			    double now_lab_s)
{
	json_object *value = json_object_new_object();
	bool has_value = measurement->quality != QUALITY_NONE;

	message_add_number(value, "value", has_value ? measurement->value : NAN);
	message_add_number(value, "age_s", has_value ? fmax(now_lab_s - measurement->t_lab_s, 0) : NAN);
	message_add_text(value, "quality", quality_name((enum quality)measurement->quality));
	message_add_text(value, "cause", cause_name((enum cause)measurement->cause));
	json_object_object_add(object, key, value);
}

static void add_switch(json_object *object, const char *key, const struct switch_body *body, const char *word,
		       double now_lab_s)
{
	json_object *value = json_object_new_object();

	json_object_object_add(value, "value", word ? json_object_new_string(word) : NULL);
	message_add_number(value, "age_s", fmax(now_lab_s - body->t_lab_s, 0));
	json_object_object_add(object, key, value);
}

static void add_switches(json_object *object, const struct publication *publication)
{
	const struct sample_body *sample = &publication->sample;
	double now_lab_s = publication->t_lab_s;

	add_switch(object, "press_lock", &sample->press_lock, switch_lock_name(sample->press_lock.is),
		   now_lab_s);
	add_switch(object, "press_contactor", &sample->press_contactor,
		   switch_contactor_name(sample->press_contactor.is), now_lab_s);
	add_switch(object, "coupler_contactor", &sample->coupler_contactor,
		   switch_contactor_name(sample->coupler_contactor.is), now_lab_s);
}

static void add_sample(json_object *object, const struct publication *publication)
{
	const struct sample_body *sample = &publication->sample;
	const struct {
		const char *key;
		const struct measurement *measurement;
	} measured[] = {{"temperature_k", &sample->temperature_k},
			{"temperature2_k", &sample->temperature2_k},
			{"setpoint_k", &sample->setpoint_k},
			{"output_pct", &sample->output_pct},
			{"pressure_gpa", &sample->pressure_gpa},
			{"pressure_setpoint_gpa", &sample->pressure_setpoint_gpa},
			{"oil_bar", &sample->oil_bar},
			{"flow_ml_per_min", &sample->flow_ml_per_min},
			{"chip_temperature_k", &sample->chip_temperature_k}};

	message_add_text(object, "run", sample->run);
	message_add_text(object, "phase", phase_name((enum phase)sample->phase));
	message_add_number(object, "run_s", sample->run_s);
	message_add_number(object, "programme_k", sample->programme_k);
	message_add_number(object, "programme_gpa", sample->programme_gpa);
	for (size_t i = 0; i < sizeof(measured) / sizeof(measured[0]); i++)
		add_measurement(object, measured[i].key, measured[i].measurement, publication->t_lab_s);
	add_switches(object, publication);
	message_add_count(object, "skipped", sample->skipped);
}

static void add_alarms(json_object *object, const char *key, uint64_t alarms)
{
	json_object *array = json_object_new_array();

	for (int i = 1; i < ALARM_MAX; i++)
		if (alarms >> i & 1)
			json_object_array_add(array, json_object_new_string(alarm_info((enum alarm)i)->name));
	json_object_object_add(object, key, array);
}

static void add_state_phases(json_object *object, const struct state_body *state)
{
	message_add_text(object, "phase", phase_name((enum phase)state->phase));
	message_add_text(object, "resume_phase", phase_name((enum phase)state->resume_phase));
	message_add_text(object, "outcome", outcome_name((enum outcome)state->outcome));
	message_add_text(object, "densification", outcome_name((enum outcome)state->densification_outcome));
	message_add_text(object, "scan_phase", scan_phase_name((enum scan_phase)state->scan_phase));
	message_add_text(object, "calorimetry", outcome_name((enum outcome)state->calorimetry_outcome));
}

static void add_state_flags(json_object *object, const struct state_body *state)
{
	message_add_flag(object, "holdback", state->holdback);
	message_add_flag(object, "latched", state->latched);
	message_add_flag(object, "interrupted", state->interrupted);
	message_add_flag(object, "pause_pending", state->pause_pending);
	message_add_flag(object, "simulated", state->simulated);
}

static void add_state_numbers(json_object *object, const struct state_body *state)
{
	message_add_number(object, "progress", state->progress);
	message_add_number(object, "remaining_s", state->remaining_s);
	message_add_number(object, "soak_s", state->soak_s);
	message_add_number(object, "isotherm_s", state->isotherm_s);
	message_add_number(object, "setpoint_k", state->setpoint_k);
	message_add_number(object, "setpoint_gpa", state->setpoint_gpa);
	message_add_number(object, "target_k", state->target_k);
	message_add_number(object, "target_gpa", state->target_gpa);
	message_add_number(object, "last_good_k", state->last_good_k);
	message_add_number(object, "last_good_gpa", state->last_good_gpa);
	message_add_number(object, "clock_scale", state->clock_scale);
	message_add_count(object, "queued", state->queued);
	message_add_count(object, "sections_done", state->sections_done);
	message_add_count(object, "sections_total", state->sections_total);
}

static void add_state(json_object *object, const struct state_body *state)
{
	add_state_phases(object, state);
	add_state_flags(object, state);
	message_add_text(object, "run", state->run);
	message_add_text(object, "run_name", state->run_name);
	message_add_text(object, "scan_run", state->scan_run);
	message_add_text(object, "section", state->section);
	add_state_numbers(object, state);
	add_alarms(object, "alarms_active", state->alarms_active);
	add_alarms(object, "alarms_acknowledged", state->alarms_acknowledged);
	message_add_text(object, "cause", state->cause);
	message_add_text(object, "ask", state->ask);
}

static void add_alarm(json_object *object, const struct alarm_body *alarm)
{
	static const char *const severities[] = {[SEVERITY_NOTICE] = "notice",
						 [SEVERITY_WARNING] = "warning",
						 [SEVERITY_ALARM] = "alarm",
						 [SEVERITY_TRIP] = "trip"};
	const struct alarm_info *info = alarm_info((enum alarm)alarm->alarm);

	message_add_text(object, "alarm", info->name);
	message_add_count(object, "hazard", alarm->alarm);
	message_add_text(object, "severity", severities[info->severity]);
	message_add_flag(object, "raised", alarm->raised);
	message_add_flag(object, "acknowledged", alarm->acknowledged);
	message_add_text(object, "run", alarm->run);
	message_add_text(object, "text", alarm->text);
	message_add_text(object, "did", info->did);
	message_add_text(object, "remedy", info->remedy);
}

static void add_scan(json_object *object, const struct scan_body *scan)
{
	message_add_text(object, "run", scan->run);
	message_add_text(object, "section", scan->section);
	message_add_flag(object, "reference", scan->reference);
	message_add_number(object, "ordered_rate_k_per_s", scan->ordered_rate_k_per_s);
	message_add_count(object, "counter", scan->counter);
	message_add_count(object, "rows", scan->rows);
	message_add_text(object, "outcome", section_outcome_name((enum section_outcome)scan->outcome));
	message_add_text(object, "text", scan->text);
}

static void add_pair_result(json_object *object, const struct result_body *result)
{
	message_add_number(object, "rate_k_per_s", result->rate_k_per_s);
	message_add_number(object, "tf_k", result->tf_k);
	message_add_number(object, "tf_sd_k", result->tf_sd_k);
	message_add_number(object, "tf_common_sd_k", result->tf_common_sd_k);
	message_add_number(object, "tf_ref_k", result->tf_ref_k);
	message_add_number(object, "tf_ref_sd_k", result->tf_ref_sd_k);
	message_add_number(object, "delta_tf_k", result->delta_tf_k);
	message_add_number(object, "delta_tf_sd_k", result->delta_tf_sd_k);
	message_add_number(object, "tp_k", result->tp_k);
	message_add_number(object, "tp_sd_k", result->tp_sd_k);
	message_add_number(object, "tp_own_sd_k", result->tp_own_sd_k);
	message_add_number(object, "tp_sub_k", result->tp_sub_k);
	message_add_number(object, "tp_sub_sd_k", result->tp_sub_sd_k);
	message_add_number(object, "tg_onset_k", result->tg_onset_k);
	message_add_number(object, "tg_onset_sd_k", result->tg_onset_sd_k);
	message_add_number(object, "t_mid_k", result->t_mid_k);
	message_add_number(object, "t_mid_sd_k", result->t_mid_sd_k);
	add_pair(object, "glass_k", result->glass_k);
	add_pair(object, "liquid_k", result->liquid_k);
	message_add_number(object, "align_k", result->align_k);
	message_add_flag(object, "extrapolated", result->extrapolated);
}

static void add_kissinger_result(json_object *object, const struct result_body *result)
{
	message_add_number(object, "ea_kj_per_mol", result->ea_kj_per_mol);
	message_add_number(object, "ea_se_kj_per_mol", result->ea_se_kj_per_mol);
	add_pair(object, "ea_ci95_kj_per_mol", result->ea_ci95_kj_per_mol);
	message_add_number(object, "ea_over_rtg", result->ea_over_rtg);
	message_add_flag(object, "weighted", result->weighted);
	message_add_number(object, "ea_ols_kj_per_mol", result->ea_ols_kj_per_mol);
	message_add_number(object, "ea_ols_se_kj_per_mol", result->ea_ols_se_kj_per_mol);
	message_add_number(object, "r2", result->r2);
	message_add_count(object, "n", result->n);
	message_add_count(object, "n_rates", result->n_rates);
	message_add_count(object, "n_rates_planned", result->n_rates_planned);
	message_add_flag(object, "provisional", result->n_rates_to_come > 0);
	message_add_text(object, "class", result->class_name);
}

static void add_running_result(json_object *object, const struct result_body *result)
{
	message_add_flag(object, "reference", result->reference);
	message_add_number(object, "pressure_gpa", result->pressure_gpa);
	message_add_number(object, "temperature_k", result->temperature_k);
	message_add_count(object, "n_runs", result->n_runs);
	message_add_count(object, "n_sections", result->n_sections);
	message_add_count(object, "n_refused", result->n_refused);
	message_add_number(object, "tf_k", result->tf_k);
	message_add_number(object, "tf_spread_k", result->tf_spread_k);
	add_kissinger_result(object, result);
}

static void add_result(json_object *object, const struct result_body *result)
{
	message_add_text(object, "kind", result_kind_name((enum result_kind)result->kind));
	message_add_text(object, "run", result->run);
	message_add_text(object, "section", result->section);
	message_add_flag(object, "refused", result->refused);
	message_add_text(object, "code", result->code);
	message_add_text(object, "why", result->why);
	if (result->kind == RESULT_PAIR)
		add_pair_result(object, result);
	else if (result->kind == RESULT_RUNNING)
		add_running_result(object, result);
	else
		add_kissinger_result(object, result);
}

static void add_heartbeat(json_object *object, const struct heartbeat_body *heartbeat)
{
	json_object *last = json_object_new_object();

	for (int i = 0; i < TOPIC_MAX; i++)
		message_add_count(last, topic_name((enum topic)i), heartbeat->last_seq[i]);
	json_object_object_add(object, "last_seq", last);
	message_add_number(object, "step_late_ms_max", heartbeat->step_late_ms_max);
}

static void add_body(json_object *object, const struct publication *publication)
{
	switch ((enum topic)publication->topic) {
	case TOPIC_SAMPLE:
		add_sample(object, publication);
		return;
	case TOPIC_STATE:
		add_state(object, &publication->state);
		return;
	case TOPIC_ALARM:
		add_alarm(object, &publication->alarm);
		return;
	case TOPIC_SCAN:
		add_scan(object, &publication->scan);
		return;
	case TOPIC_RESULT:
		add_result(object, &publication->result);
		return;
	case TOPIC_HEARTBEAT:
		add_heartbeat(object, &publication->heartbeat);
		return;
	case TOPIC_MAX:
		return;
	}
}

json_object *message_render(const struct publication *publication)
{
	json_object *object = publication->topic < TOPIC_MAX ? json_object_new_object() : NULL;

	if (!object)
		return NULL;
	message_add_text(object, "topic", topic_name((enum topic)publication->topic));
	message_add_count(object, "seq", publication->seq);
	message_add_text(object, "publisher", publication->publisher);
	message_add_wall(object, "t_wall", publication->t_wall_us);
	message_add_number(object, "t_lab", publication->t_lab_s);
	add_body(object, publication);
	return object;
}

json_object *message_render_state(const struct state_body *state)
{
	json_object *object = json_object_new_object();

	if (object)
		add_state(object, state);
	return object;
}

const char *message_text(json_object *message)
{
	return json_object_to_json_string_ext(message,
					      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
