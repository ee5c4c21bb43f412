/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/json.h"

#include <math.h>
#include <string.h>

json_object *json_field(json_object *message, const char *path)
{
	const char *dot = strchr(path, '.');
	char outer[64];
	json_object *value;

	if (!dot)
		return json_object_object_get_ex(message, path, &value) ? value : NULL;
	snprintf(outer, sizeof(outer), "%.*s", (int)(dot - path), path);
	return json_object_object_get_ex(message, outer, &value) ? json_field(value, dot + 1) : NULL;
}

double json_number(json_object *message, const char *path)
{
	json_object *value = json_field(message, path);

	if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
		return NAN;
	return json_object_get_double(value);
}

const char *json_text(json_object *message, const char *path, const char *fallback)
{
	json_object *value = json_field(message, path);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : fallback;
}

size_t json_length(json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

bool json_flag(json_object *message, const char *path)
{
	json_object *value = json_field(message, path);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

json_object *json_request(const char *command)
{
	json_object *request = json_object_new_object();

	json_add_text(request, "command", command);
	return request;
}

void json_add_text(json_object *message, const char *field, const char *text)
{
	if (text)
		json_object_object_add(message, field, json_object_new_string(text));
}

void json_print(json_object *message, FILE *stream)
{
	fprintf(stream, "%s\n",
		json_object_to_json_string_ext(message,
					       JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

const char *duration_text(double seconds, char text[DURATION_TEXT])
{
	long s;

	if (!isfinite(seconds) || seconds < 0 || seconds > 1e9) {
		strcpy(text, "-");
		return text;
	}
	s = lround(seconds);
	snprintf(text, DURATION_TEXT, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	return text;
}

const char *number_text(double value, int decimals, char text[NUMBER_TEXT])
{
	if (isfinite(value) && fabs(value) < 1e12)
		snprintf(text, NUMBER_TEXT, "%.*f", decimals, value);
	else
		strcpy(text, "-");
	return text;
}
