/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/switches.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/densctl/json.h"

#define ONE_TEXT 64

static const char *word_of(json_object *sample, const char *name)
{
	return json_text(json_field(sample, name), "value", "not known");
}

static bool is_there(json_object *sample, const char *name)
{
	return strcmp(word_of(sample, name), "none") != 0;
}

/* "open, read 0.1 s ago", "not known, last read 34 s ago", "not known, never read" */
static const char *say_one(json_object *sample, const char *name, double since_s, char text[ONE_TEXT])
{
	const char *word = word_of(sample, name);
	double age_s = json_number(json_field(sample, name), "age_s");

	if (strcmp(word, "locked") == 0)
		word = "LOCKED";
	if (isfinite(age_s))
		snprintf(text, ONE_TEXT, "%.12s, %sread %.1f s ago", word,
			 strcmp(word, "not known") == 0 ? "last " : "", age_s + since_s);
	else
		snprintf(text, ONE_TEXT, "%.12s, never read", word);
	return text;
}

const char *switches_contactors(json_object *sample, double since_s, char text[SWITCHES_TEXT])
{
	bool press = is_there(sample, "press_contactor");
	bool coupler = json_field(sample, "coupler_contactor") && is_there(sample, "coupler_contactor");
	char of_press[ONE_TEXT], of_coupler[ONE_TEXT];

	say_one(sample, "press_contactor", since_s, of_press);
	say_one(sample, "coupler_contactor", since_s, of_coupler);
	if (press && coupler)
		snprintf(text, SWITCHES_TEXT, "press: %s; coupler: %s", of_press, of_coupler);
	else if (press || coupler)
		snprintf(text, SWITCHES_TEXT, "%s%s", press ? of_press : of_coupler,
			 coupler ? " (coupler)" : "");
	else
		snprintf(text, SWITCHES_TEXT, "this site has none that densd reads");
	return text;
}

const char *switches_lock(json_object *sample, double since_s, char text[SWITCHES_TEXT])
{
	return is_there(sample, "press_lock") ? say_one(sample, "press_lock", since_s, text)
					      : "this site has no press";
}

const char *switches_brief(json_object *sample, char text[SWITCHES_TEXT])
{
	static const char *const contactors[] = {"press_contactor", "coupler_contactor"};
	const char *lock = word_of(sample, "press_lock");
	char words[ONE_TEXT] = "";

	for (size_t i = 0; i < sizeof(contactors) / sizeof(contactors[0]); i++) {
		size_t length = strlen(words);

		if (is_there(sample, contactors[i]) && (i == 0 || json_field(sample, contactors[i])))
			snprintf(words + length, sizeof(words) - length, "%s%.12s", length ? "/" : "",
				 word_of(sample, contactors[i]));
	}
	snprintf(text, SWITCHES_TEXT, "contactor %s  press %.12s", words[0] ? words : "none",
		 strcmp(lock, "locked") == 0 ? "LOCKED" : lock);
	return text;
}
