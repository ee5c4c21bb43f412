/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/command.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
	FIELD_ID,
	FIELD_COMMAND,
	FIELD_CLIENT,
	FIELD_STATE_SEQ,
	FIELD_RUN,
	FIELD_SECTION,
	FIELD_REASON,
	FIELD_TEXT,
	FIELD_FILE,
	FIELD_LIMIT,
	FIELD_FORMAT,
	FIELD_REFERENCE,
	FIELD_TOPIC,
	FIELD_FROM,
	FIELD_TO,
	FIELD_BUS,
	FIELD_SECONDS,
	FIELD_DEVICE,
	FIELD_MAX
};
#define BIT(name) (1u << FIELD_##name)
#define ALWAYS (BIT(ID) | BIT(COMMAND) | BIT(CLIENT))
#define VERB_FIELDS (BIT(RUN) | BIT(STATE_SEQ) | BIT(REASON))

struct decoding {
	struct command_request *request;
	char *why; /* MACHINE_WHY */
	uint32_t seen;
};
struct field_rule {
	const char *name;
	json_type type;
	const char *type_name;
	int (*take)(struct decoding *decoding, const struct field_rule *rule, json_object *value);
};
struct command_rule {
	const char *name;
	bool is_query;
	uint8_t kind, verb; /* enum command_kind and verb, or query_kind */
	uint32_t allowed, required;
};

static const struct command_rule commands[] = {
	{"submit", false, COMMAND_SUBMIT, 0, BIT(TEXT) | BIT(FILE), BIT(TEXT)},
	{"hold", false, COMMAND_VERB, VERB_HOLD, VERB_FIELDS, 0},
	{"pause", false, COMMAND_VERB, VERB_PAUSE, VERB_FIELDS, 0},
	{"resume", false, COMMAND_VERB, VERB_RESUME, VERB_FIELDS, 0},
	{"abort", false, COMMAND_VERB, VERB_ABORT, VERB_FIELDS, 0},
	{"cool", false, COMMAND_VERB, VERB_COOL, VERB_FIELDS, 0},
	{"handover", false, COMMAND_VERB, VERB_HANDOVER, VERB_FIELDS, BIT(REASON)},
	{"ack", false, COMMAND_VERB, VERB_ACK, VERB_FIELDS, 0},
	{"reset", false, COMMAND_VERB, VERB_RESET, VERB_FIELDS, 0},
	{"confirm-capsule", false, COMMAND_VERB, VERB_CONFIRM_CAPSULE, VERB_FIELDS, 0},
	{"confirm-section", false, COMMAND_CONFIRM_SECTION, 0, BIT(RUN) | BIT(SECTION) | BIT(STATE_SEQ), 0},
	{"cancel", false, COMMAND_CANCEL, 0, BIT(RUN) | BIT(SECTION) | BIT(STATE_SEQ), 0},
	{"status", false, COMMAND_STATUS, 0, 0, 0},
	{"capture", false, COMMAND_CAPTURE, 0, BIT(BUS) | BIT(SECONDS), BIT(BUS) | BIT(SECONDS)},
	{"devices", false, COMMAND_DEVICES, 0, 0, 0},
	{"replaced", false, COMMAND_REPLACED, 0, BIT(DEVICE) | BIT(REASON), BIT(DEVICE) | BIT(REASON)},
	{"queue", true, QUERY_QUEUE, 0, 0, 0},
	{"runs", true, QUERY_RUNS, 0, BIT(LIMIT) | BIT(RUN), 0},
	{"recovery", true, QUERY_RECOVERY, 0, 0, 0},
	{"results", true, QUERY_RESULTS, 0, BIT(RUN), 0},
	{"samples", true, QUERY_SAMPLES, 0, BIT(RUN) | BIT(FORMAT) | BIT(FROM), BIT(RUN)},
	{"trace", true, QUERY_TRACE, 0, BIT(RUN) | BIT(SECTION) | BIT(FORMAT) | BIT(REFERENCE), BIT(SECTION)},
	{"replay", true, QUERY_REPLAY, 0, BIT(TOPIC) | BIT(FROM) | BIT(TO) | BIT(RUN), BIT(TOPIC)},
	{"events", true, QUERY_EVENTS, 0, BIT(RUN), 0},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int refuse(struct decoding *decoding, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct decoding *decoding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(decoding->why, MACHINE_WHY, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* A text without NUL and control characters, of 1 to @size - 1 bytes. */
static int copy_text(struct decoding *decoding, const struct field_rule *rule, json_object *value,
		     char *ret_text, size_t size)
{
	const char *text = json_object_get_string(value);
	size_t length = (size_t)json_object_get_string_len(value);

	if (length == 0 || length >= size)
		return refuse(decoding, "\"%s\" has %zu bytes; 1 to %zu are allowed", rule->name, length,
			      size - 1);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return refuse(decoding, "\"%s\" has a control character at byte %zu", rule->name,
				      i + 1);
	memcpy(ret_text, text, length + 1);
	return 0;
}

static int take_id(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return copy_text(decoding, rule, value, decoding->request->id, LINK_ID);
}

static int take_client(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return copy_text(decoding, rule, value, decoding->request->client, COMMAND_CLIENT);
}

/* The command's name was looked up before the fields. */
static int take_nothing(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	(void)decoding;
	(void)rule;
	(void)value;
	return 0;
}

static int take_count(struct decoding *decoding, const struct field_rule *rule, json_object *value,
		      int64_t least, int64_t most, uint64_t *ret_count)
{
	int64_t count = json_object_get_int64(value);

	if (count < least || count > most)
		return refuse(decoding, "\"%s\" is out of range; %lld to %lld are allowed", rule->name,
			      (long long)least, (long long)most);
	*ret_count = (uint64_t)count;
	return 0;
}

static int take_state_seq(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return take_count(decoding, rule, value, 0, INT64_MAX, &decoding->request->command.state_seq);
}

static int take_run(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	struct command_request *request = decoding->request;
	char *run = request->is_query ? request->query.run : request->command.run;

	if (!ulid_is_valid(json_object_get_string(value)) ||
	    json_object_get_string_len(value) != ULID_TEXT - 1)
		return refuse(decoding, "\"%s\" is not a run id; 26 letters and digits are (densctl runs)",
			      rule->name);
	memcpy(run, json_object_get_string(value), ULID_TEXT);
	return 0;
}

/* "<run>/r<rate>/s<n>" */
static bool is_section(const char *text)
{
	char run[ULID_TEXT];
	size_t length = strlen(text);

	if (length <= ULID_TEXT || length >= 80 || text[ULID_TEXT - 1] != '/')
		return false;
	memcpy(run, text, ULID_TEXT - 1);
	run[ULID_TEXT - 1] = '\0';
	if (!ulid_is_valid(run) || text[ULID_TEXT] != 'r')
		return false;
	text += ULID_TEXT + 1;
	text += strspn(text, "0123456789.e+-");
	return text[0] == '/' && text[1] == 's' && text[2] &&
	       text[2 + strspn(text + 2, "0123456789")] == '\0';
}

static int take_section(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	struct command_request *request = decoding->request;
	const char *text = json_object_get_string(value);

	if ((size_t)json_object_get_string_len(value) != strlen(text) || !is_section(text))
		return refuse(decoding, "\"%s\" is not a section; <run>/r<rate>/s<n> is", rule->name);
	snprintf(request->is_query ? request->query.section : request->command.text, 80, "%s", text);
	return 0;
}

static int take_reason(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return copy_text(decoding, rule, value, decoding->request->command.text, MACHINE_WHY);
}

static int take_text(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	struct command_request *request = decoding->request;
	size_t length = (size_t)json_object_get_string_len(value);

	(void)rule;
	request->text = malloc(length + 1);
	if (!request->text)
		return refuse(decoding, "there is no memory for the protocol");
	memcpy(request->text, json_object_get_string(value), length + 1);
	request->text_length = length;
	return 0;
}

static int take_file(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return copy_text(decoding, rule, value, decoding->request->file, sizeof(decoding->request->file));
}

static int take_limit(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return take_count(decoding, rule, value, 1, 1000, &decoding->request->query.to);
}

static int take_format(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	const char *format = json_object_get_string(value);

	if (strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)
		return refuse(decoding, "\"%s\" is not known; allowed: json csv", rule->name);
	decoding->request->query.format = strcmp(format, "csv") == 0;
	return 0;
}

static int take_reference(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	(void)rule;
	decoding->request->query.from = json_object_get_boolean(value) ? 1 : 0;
	return 0;
}

static int take_topic(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	int topic = topic_from_name(json_object_get_string(value));

	if (topic < 0 || topic == TOPIC_HEARTBEAT)
		return refuse(decoding, "\"%s\" is not stored; allowed: sample state alarm scan result",
			      rule->name);
	decoding->request->query.topic = (uint8_t)topic;
	return 0;
}

static int take_from(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return take_count(decoding, rule, value, 0, INT64_MAX, &decoding->request->query.from);
}

static int take_to(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return take_count(decoding, rule, value, 0, INT64_MAX, &decoding->request->query.to);
}

static int take_bus(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	return copy_text(decoding, rule, value, decoding->request->command.text, 32);
}

static int take_device(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	struct link_command *command = &decoding->request->command;

	return copy_text(decoding, rule, value, command->device, sizeof(command->device));
}

static int take_seconds(struct decoding *decoding, const struct field_rule *rule, json_object *value)
{
	uint64_t seconds = 0;
	int r = take_count(decoding, rule, value, 1, LINK_CAPTURE_LONGEST_S, &seconds);

	if (r == 0)
		decoding->request->command.seconds = (uint32_t)seconds;
	return r;
}

static const struct field_rule fields[FIELD_MAX] = {
	[FIELD_ID] = {"id", json_type_string, "a text", take_id},
	[FIELD_COMMAND] = {"command", json_type_string, "a text", take_nothing},
	[FIELD_CLIENT] = {"client", json_type_string, "a text", take_client},
	[FIELD_STATE_SEQ] = {"state_seq", json_type_int, "a whole number", take_state_seq},
	[FIELD_RUN] = {"run", json_type_string, "a text", take_run},
	[FIELD_SECTION] = {"section", json_type_string, "a text", take_section},
	[FIELD_REASON] = {"reason", json_type_string, "a text", take_reason},
	[FIELD_TEXT] = {"text", json_type_string, "a text", take_text},
	[FIELD_FILE] = {"file", json_type_string, "a text", take_file},
	[FIELD_LIMIT] = {"limit", json_type_int, "a whole number", take_limit},
	[FIELD_FORMAT] = {"format", json_type_string, "a text", take_format},
	[FIELD_REFERENCE] = {"reference", json_type_boolean, "true or false", take_reference},
	[FIELD_TOPIC] = {"topic", json_type_string, "a text", take_topic},
	[FIELD_FROM] = {"from", json_type_int, "a whole number", take_from},
	[FIELD_TO] = {"to", json_type_int, "a whole number", take_to},
	[FIELD_BUS] = {"bus", json_type_string, "a text", take_bus},
	[FIELD_DEVICE] = {"device", json_type_string, "a text", take_device},
	[FIELD_SECONDS] = {"seconds", json_type_int, "a whole number", take_seconds},
};

static int find_field(const char *name)
{
	for (int i = 0; i < FIELD_MAX; i++)
		if (strcmp(name, fields[i].name) == 0)
			return i;
	return -1;
}

static int decode_field(struct decoding *decoding, const struct command_rule *rule, const char *name,
			json_object *value)
{
	int field = find_field(name);

	if (field < 0 || !((rule->allowed | ALWAYS) & 1u << field))
		return refuse(decoding, "\"%.60s\" is not a field of \"%s\"", name, rule->name);
	if (!json_object_is_type(value, fields[field].type))
		return refuse(decoding, "\"%s\" is not %s", name, fields[field].type_name);
	decoding->seen |= 1u << field;
	return fields[field].take(decoding, &fields[field], value);
}

static int decode_fields(struct decoding *decoding, const struct command_rule *rule, json_object *object)
{
	struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
	uint32_t missing;

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		int r = decode_field(decoding, rule, json_object_iter_peek_name(&at),
				     json_object_iter_peek_value(&at));

		if (r < 0)
			return r;
	}
	missing = (rule->required | BIT(ID)) & ~decoding->seen;
	for (int i = 0; i < FIELD_MAX; i++)
		if (missing & 1u << i)
			return refuse(decoding, "\"%s\" needs \"%s\"", rule->name, fields[i].name);
	return 0;
}

static const struct command_rule *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int refuse_unknown(struct decoding *decoding, const char *name)
{
	char known[MACHINE_WHY] = "";

	for (size_t i = 0; i < COMMANDS; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), " %s", commands[i].name);
	return refuse(decoding, "\"%.16s\" is no command; allowed:%.165s", name, known);
}

static int decode_object(struct decoding *decoding, json_object *object)
{
	struct command_request *request = decoding->request;
	const struct command_rule *rule;
	json_object *value;

	if (!json_object_is_type(object, json_type_object))
		return refuse(decoding,
			      "the request is not an object: {\"id\": ..., \"command\": ...} is wanted");
	if (json_object_object_get_ex(object, "id", &value) && json_object_is_type(value, json_type_string) &&
	    take_id(decoding, &fields[FIELD_ID], value) < 0)
		return -EINVAL;
	if (!json_object_object_get_ex(object, "command", &value) ||
	    !json_object_is_type(value, json_type_string))
		return refuse(decoding, "\"command\" is missing or not a text");
	rule = find_command(json_object_get_string(value));
	if (!rule)
		return refuse_unknown(decoding, json_object_get_string(value));
	request->is_query = rule->is_query;
	request->query.kind = request->command.kind = rule->kind;
	request->command.verb = rule->verb;
	if (rule->is_query && rule->kind == QUERY_REPLAY)
		request->query.to = INT64_MAX;
	return decode_fields(decoding, rule, object);
}

static int decode_text(struct decoding *decoding, const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(COMMAND_DEPTH);
	json_object *object;
	int r;

	if (!tokener)
		return refuse(decoding, "there is no memory for the request");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		r = refuse(decoding, "the request is not JSON: %s at byte %zu",
			   json_tokener_get_error(tokener) == json_tokener_continue
				   ? "it ends too early"
				   : json_tokener_error_desc(json_tokener_get_error(tokener)),
			   json_tokener_get_parse_end(tokener) + 1);
	else if (json_tokener_get_parse_end(tokener) != length)
		r = refuse(decoding, "the request goes on behind its end at byte %zu",
			   json_tokener_get_parse_end(tokener) + 1);
	else
		r = decode_object(decoding, object);
	json_object_put(object);
	json_tokener_free(tokener);
	return r;
}

int command_decode(const char *text, size_t length, struct command_request *ret_request,
		   char ret_why[MACHINE_WHY])
{
	struct decoding decoding = {.request = ret_request, .why = ret_why};
	int r;

	*ret_request = (struct command_request){0};
	ret_why[0] = '\0';
	if (length == 0 || length > COMMAND_BYTES_MAX)
		return refuse(&decoding, "the request has %zu bytes; 1 to %d are allowed", length,
			      COMMAND_BYTES_MAX);
	r = decode_text(&decoding, text, length);
	if (r < 0)
		return r;
	memcpy(ret_request->command.request_id, ret_request->id, LINK_ID);
	memcpy(ret_request->query.request_id, ret_request->id, LINK_ID);
	return 0;
}

void command_free(struct command_request *request)
{
	free(request->text);
	request->text = NULL;
}
