/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/control.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *at;
	size_t used;
};
enum { WORDS_MAX = 6 };

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vsnprintf(text->at + text->used, CONTROL_ANSWER - text->used, format, list);
	va_end(list);
	if (n > 0)
		text->used +=
			(size_t)n < CONTROL_ANSWER - text->used ? (size_t)n : CONTROL_ANSWER - text->used - 1;
}

static void refuse(struct text *text, const char *why, const char *what)
{
	add(text, "{\"error\":\"%s: %s\"}\n", what, why);
}

static const char *bool_text(bool value)
{
	return value ? "true" : "false";
}

static void add_faults(struct text *text, const struct faults *faults)
{
	bool first = true;
	add(text, "\"faults\":{");
	for (int i = 0; i < FAULT_COUNT; i++)
		if (faults->on[i]) {
			add(text, "%s\"%s\":%g", first ? "" : ",", fault_table[i].name, faults->value[i]);
			first = false;
		}
	add(text, "}");
}

static void add_furnace(struct text *text, const struct laboratory *lab)
{
	const struct furnace_plant *furnace = &lab->furnace;
	add(text, "\"T_K\":%.4f,\"T_measured_K\":%.4f,\"setpoint_K\":%.4f,\"working_setpoint_K\":%.4f,",
	    furnace->cell_k, furnace->measured_k, furnace->setpoint_k, furnace->working_k);
	add(text, "\"heater_pct\":%.3f,\"heater_K\":%.3f,\"anvil_K\":%.3f,\"ambient_K\":%.2f,\"manual\":%s,",
	    furnace->output_pct, furnace->heater_k, furnace->anvil_k, FURNACE_AMBIENT_K,
	    bool_text(furnace->manual));
}

static void add_press(struct text *text, const struct laboratory *lab)
{
	const struct press_plant *press = &lab->press;
	add(text,
	    "\"P_GPa\":%.5f,\"oil_bar\":%.3f,\"oil_setpoint_bar\":%.3f,\"oil_setpoint_active_bar\":%.3f,",
	    press->sample_gpa, press->oil_bar, (double)press->setpoint_bar, press->active_bar);
	add(text,
	    "\"press\":\"%s\",\"press_status\":%u,\"stroke_pct\":%.2f,\"contactor\":%s,\"watchdog_s\":%u,",
	    press->mode_active == PRESS_PLANT_REGULATE ? "REGULATE" : "LOCK", press_plant_status(press),
	    press_plant_stroke_pct(press), bool_text(laboratory_contactor(lab)), press->watchdog_s);
	if (lab->coupler.fitted)
		add(text, "\"coupler\":{\"closed\":%s,\"fell_back\":%s,\"fallbacks\":%u},",
		    bool_text(lab->coupler.output), bool_text(lab->coupler.fell_back),
		    lab->coupler.fallbacks);
}

static void add_glass(struct text *text, const struct laboratory *lab)
{
	add(text, "\"nitrogen_ml_per_min\":%.3f,\"nitrogen_setpoint_ml_per_min\":%.3f,", lab->flow,
	    lab->flow_setpoint);
	add(text,
	    "\"capsule\":{\"running\":%s,\"Tf_K\":%.4f,\"T_max_K\":%.3f,\"P_max_GPa\":%.4f,\"q1\":%.5f},",
	    bool_text(lab->capsule.running), glass_tf_k(&lab->capsule.glass), lab->capsule.highest_k,
	    lab->capsule.highest_gpa, glass_q1(&lab->capsule.glass));
	add(text,
	    "\"recovered\":{\"batch\":%u,\"Tf_K\":%.4f,\"T_max_K\":%.3f,\"P_max_GPa\":%.4f,\"q1\":%.5f},",
	    lab->batch, glass_tf_k(&lab->recovered), lab->recovered_highest_k, lab->recovered_highest_gpa,
	    glass_q1(&lab->recovered));
	add(text,
	    "\"chip\":{\"counter\":%u,\"trace\":%u,\"T_K\":%.3f,\"section\":%u,\"mass_g\":%.5g,\"running\":%"
	    "s},",
	    lab->chip.counter, lab->chip.trace, lab->chip.temperature_k, lab->chip.section_number,
	    lab->chip.mass_g, bool_text(lab->chip.running));
}

static void do_status(struct laboratory *lab, char **words, struct text *text)
{
	(void)words;
	add(text, "{\"lab_s\":%.2f,\"substep\":%llu,\"scale\":%g,\"seed\":%llu,",
	    (double)lab->substep * LABORATORY_STEP_S, (unsigned long long)lab->substep, lab->scale,
	    (unsigned long long)lab->seed);
	add_furnace(text, lab);
	add_press(text, lab);
	add_glass(text, lab);
	add(text, "\"eeprom_writes\":%u,\"setpoint_writes\":%u,\"mark\":\"%s\",", lab->eeprom_writes,
	    lab->setpoint_writes, lab->mark);
	add_faults(text, &lab->faults);
	add(text, "}\n");
}

/* The recovered state, for `densim ctl truth`, which computes outside the laboratory's loop. */
static void do_glass(struct laboratory *lab, char **words, struct text *text)
{
	(void)words;
	const struct glass *glass = &lab->recovered;
	add(text, "{\"batch\":%u,\"T_max_K\":%.4f,\"P_max_GPa\":%.5f,\"state\":[%.17g,%.17g,%.17g",
	    lab->batch, lab->recovered_highest_k, lab->recovered_highest_gpa, glass->strain,
	    glass->frozen_gpa, glass->highest_gpa);
	for (int i = 0; i < GLASS_ALPHA; i++)
		add(text, ",%.17g", glass->f[i]);
	for (int i = 0; i < GLASS_BETA; i++)
		add(text, ",%.17g", glass->u[i]);
	add(text, "]}\n");
}

static void list_faults(const struct laboratory *lab, struct text *text)
{
	add(text, "{\"faults\":[");
	for (int i = 0; i < FAULT_COUNT; i++)
		add(text,
		    "%s\n{\"name\":\"%s\",\"on\":%s,\"value\":%g,\"default\":%g,\"minimum\":%g,\"maximum\":%"
		    "g,\"what\":\"%s\"}",
		    i ? "," : "", fault_table[i].name, bool_text(lab->faults.on[i]), lab->faults.value[i],
		    fault_table[i].default_value, fault_table[i].minimum, fault_table[i].maximum,
		    fault_table[i].what);
	add(text, "]}\n");
}

static void do_fault(struct laboratory *lab, char **words, struct text *text)
{
	const char *verb = words[1], *name = words[2];
	int r;
	if (verb && strcmp(verb, "list") == 0) {
		list_faults(lab, text);
		return;
	}
	if (!verb || !name) {
		refuse(text, "wanted: fault set NAME [VALUE [WIRE]], fault clear NAME|all, fault list",
		       "fault");
		return;
	}
	if (strcmp(verb, "set") == 0)
		r = faults_set(&lab->faults, name, words[3], words[3] ? words[4] : NULL);
	else if (strcmp(verb, "clear") == 0)
		r = faults_clear(&lab->faults, name);
	else {
		refuse(text, "wanted: set, clear or list", "fault");
		return;
	}
	if (r < 0) {
		refuse(text,
		       faults_find(name) < 0 ? "no such fault; see fault list" : "bad value; see fault list",
		       "fault");
		return;
	}
	add(text, "{\"ok\":true,");
	add_faults(text, &lab->faults);
	add(text, "}\n");
}

static void do_capsule(struct laboratory *lab, char **words, struct text *text)
{
	if (lab->press.sample_gpa > 0.02) {
		refuse(text, "the press is loaded", "capsule");
		return;
	}
	if (words[1] && strcmp(words[1], "recover") != 0) {
		refuse(text, "wanted: capsule, or capsule recover", "capsule");
		return;
	}
	if (words[1] && lab->furnace.cell_k > LABORATORY_COLD_K) {
		refuse(text, "the cell is hot: what is put in now is not as spun when it is taken out",
		       "capsule");
		return;
	}
	laboratory_load_capsule(lab);
	if (words[1])
		laboratory_recover(lab);
	add(text, "{\"ok\":true,\"capsule_Tf_K\":%.4f,\"batch\":%u}\n", glass_tf_k(&lab->capsule.glass),
	    lab->batch);
}

static void do_section(struct laboratory *lab, char **words, struct text *text)
{
	(void)words;
	if (lab->chip.running) {
		refuse(text, "a scan is running", "section");
		return;
	}
	chip_load(&lab->chip, &lab->recovered);
	add(text, "{\"ok\":true,\"section\":%u}\n", lab->chip.section_number);
}

static void do_automatic(struct laboratory *lab, char **words, struct text *text)
{
	(void)words;
	if (lab->faults.on[FAULT_FURNACE_MANUAL]) {
		refuse(text, "somebody keeps it in manual: clear furnace-manual first", "automatic");
		return;
	}
	lab->furnace.manual = false;
	add(text, "{\"ok\":true}\n");
}

static void do_mark(struct laboratory *lab, char **words, struct text *text)
{
	snprintf(lab->mark, sizeof(lab->mark), "%s", words[1] ? words[1] : "");
	for (char *c = lab->mark; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
			*c = '_';
	add(text, "{\"ok\":true,\"substep\":%llu,\"mark\":\"%s\"}\n", (unsigned long long)lab->substep,
	    lab->mark);
}

static const struct {
	const char *name;
	void (*act)(struct laboratory *lab, char **words, struct text *text);
} commands[] = {{"status", do_status},   {"glass", do_glass},     {"fault", do_fault},
		{"capsule", do_capsule}, {"section", do_section}, {"automatic", do_automatic},
		{"mark", do_mark}};

size_t control_line(struct laboratory *lab, char *line, char ret_answer[CONTROL_ANSWER])
{
	struct text text = {.at = ret_answer};
	char *words[WORDS_MAX] = {NULL}, *save = NULL;
	int count = 0;
	ret_answer[0] = '\0';
	for (char *word = strtok_r(line, " \t\r\n", &save); word && count < WORDS_MAX - 1;
	     word = strtok_r(NULL, " \t\r\n", &save))
		words[count++] = word;
	for (size_t i = 0; count && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, words[0]) == 0) {
			commands[i].act(lab, words, &text);
			return text.used;
		}
	refuse(&text, "wanted: status, glass, fault, capsule, section, automatic or mark", "command");
	return text.used;
}
