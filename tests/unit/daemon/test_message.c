/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message as it is sent has the fields of its example in daemon/WIRE.md, and the other way round. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/message.h"

static struct publication make(enum topic topic)
{
	struct publication publication = {.topic = (uint8_t)topic,
					  .seq = 7,
					  .t_wall_us = INT64_C(1763900000123000),
					  .t_lab_s = 100.5,
					  .publisher = "01ARZ3NDEKTSV4RRFFQ69G5FAV"};

	return publication;
}

static char *read_page(void)
{
	FILE *file = fopen(WIRE_PAGE, "r");
	char *page = calloc(1, 1 << 17);

	assert_non_null(file);
	assert_non_null(page);
	assert_true(fread(page, 1, (1 << 17) - 1, file) > 0);
	fclose(file);
	return page;
}

/* The first JSON block behind the heading "### @name". */
static json_object *read_example(const char *name)
{
	char *page = read_page(), heading[64], *begin, *end;
	json_object *example;

	snprintf(heading, sizeof(heading), "\n### %s\n", name);
	begin = strstr(page, heading);
	if (!begin)
		fail_msg("WIRE.md has no part '%s'", name);
	begin = strstr(begin, "```json\n");
	assert_non_null(begin);
	begin += strlen("```json\n");
	end = strstr(begin, "```");
	assert_non_null(end);
	*end = '\0';
	example = json_tokener_parse(begin);
	if (!example)
		fail_msg("the example of '%s' is not JSON", name);
	free(page);
	return example;
}

/* Every field of @some is in @all, and so below. */
static void expect_fields(json_object *some, json_object *all, const char *where, const char *missing_in)
{
	struct json_object_iterator at, end;
	json_object *other;

	if (!json_object_is_type(some, json_type_object) || !json_object_is_type(all, json_type_object))
		return;
	end = json_object_iter_end(some);
	for (at = json_object_iter_begin(some); !json_object_iter_equal(&at, &end);
	     json_object_iter_next(&at)) {
		const char *name = json_object_iter_peek_name(&at);

		if (!json_object_object_get_ex(all, name, &other))
			fail_msg("%s: '%s' is missing in %s", where, name, missing_in);
		expect_fields(json_object_iter_peek_value(&at), other, name, missing_in);
	}
}

static void compare(json_object *sent, json_object *example, const char *where)
{
	expect_fields(sent, example, where, "WIRE.md");
	expect_fields(example, sent, where, "what is sent");
}

static void compare_publication(const struct publication *publication, const char *name)
{
	json_object *sent = message_render(publication), *example = read_example(name);

	compare(sent, example, name);
	json_object_put(sent);
	json_object_put(example);
}

static void every_topic_is_documented(void **state)
{
	(void)state;
	for (int topic = 0; topic < TOPIC_MAX; topic++) {
		struct publication publication = make((enum topic)topic);
		const char *name = topic == TOPIC_RESULT ? "result of a pair" : topic_name((enum topic)topic);

		compare_publication(&publication, name);
	}
}

static void kissinger_is_documented(void **state)
{
	struct publication publication = make(TOPIC_RESULT);

	(void)state;
	publication.result.kind = RESULT_KISSINGER;
	compare_publication(&publication, "result of a run");
}

static void running_is_documented(void **state)
{
	struct publication publication = make(TOPIC_RESULT);

	(void)state;
	publication.result.kind = RESULT_RUNNING;
	compare_publication(&publication, "result of a state");
}

static void measurement_has_value_age_quality(void **state)
{
	struct publication publication = make(TOPIC_SAMPLE);
	json_object *message, *measured;

	(void)state;
	publication.sample.temperature_k =
		(struct measurement){.value = 643.25, .t_lab_s = 100.25, .quality = QUALITY_GOOD};
	message = message_render(&publication);
	assert_true(json_object_object_get_ex(message, "temperature_k", &measured));
	assert_string_equal(message_text(measured),
			    "{\"value\":643.25,\"age_s\":0.25,\"quality\":\"good\",\"cause\":\"none\"}");
	assert_true(json_object_object_get_ex(message, "oil_bar", &measured));
	assert_non_null(strstr(message_text(measured), "\"value\":null,\"age_s\":null"));
	json_object_put(message);
}

/* Off, on, not there, and what nobody can say. */
static void lock_and_contactor_are_words(void **state)
{
	static const struct {
		struct switch_body body;
		const char *contactor, *lock;
	} cases[] = {
		{{.t_lab_s = 100.25, .is = SWITCH_OFF},
		 "{\"value\":\"open\",\"age_s\":0.25}",
		 "{\"value\":\"free\",\"age_s\":0.25}"},
		{{.t_lab_s = 100.5, .is = SWITCH_ON},
		 "{\"value\":\"closed\",\"age_s\":0}",
		 "{\"value\":\"locked\",\"age_s\":0}"},
		{{.t_lab_s = 60.5, .is = SWITCH_NOT_KNOWN},
		 "{\"value\":null,\"age_s\":40}",
		 "{\"value\":null,\"age_s\":40}"},
		{{.t_lab_s = -INFINITY, .is = SWITCH_NONE},
		 "{\"value\":\"none\",\"age_s\":null}",
		 "{\"value\":\"none\",\"age_s\":null}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct publication publication = make(TOPIC_SAMPLE);
		json_object *message, *value;

		publication.sample.press_lock = publication.sample.press_contactor =
			publication.sample.coupler_contactor = cases[i].body;
		message = message_render(&publication);
		assert_true(json_object_object_get_ex(message, "press_lock", &value));
		assert_string_equal(message_text(value), cases[i].lock);
		assert_true(json_object_object_get_ex(message, "press_contactor", &value));
		assert_string_equal(message_text(value), cases[i].contactor);
		assert_true(json_object_object_get_ex(message, "coupler_contactor", &value));
		assert_string_equal(message_text(value), cases[i].contactor);
		json_object_put(message);
	}
}

static void not_finite_is_null(void **state)
{
	struct publication publication = make(TOPIC_RESULT);
	json_object *message;

	(void)state;
	publication.result.tf_k = NAN;
	publication.result.tp_k = INFINITY;
	publication.result.glass_k[0] = NAN;
	message = message_render(&publication);
	assert_non_null(strstr(message_text(message), "\"tf_k\":null"));
	assert_non_null(strstr(message_text(message), "\"tp_k\":null"));
	assert_non_null(strstr(message_text(message), "\"glass_k\":[null,0]"));
	assert_null(strstr(message_text(message), "NaN"));
	json_object_put(message);
}

static void alarms_are_names(void **state)
{
	struct publication publication = make(TOPIC_STATE);
	json_object *message;

	(void)state;
	publication.state.alarms_active = UINT64_C(1) << ALARM_RUNAWAY;
	message = message_render(&publication);
	assert_non_null(strstr(message_text(message), alarm_info(ALARM_RUNAWAY)->name));
	json_object_put(message);
}

static void unknown_topic_is_nothing(void **state)
{
	struct publication publication = make(TOPIC_STATE);

	(void)state;
	publication.topic = TOPIC_MAX;
	assert_null(message_render(&publication));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_topic_is_documented),
		cmocka_unit_test(kissinger_is_documented),
		cmocka_unit_test(running_is_documented),
		cmocka_unit_test(measurement_has_value_age_quality),
		cmocka_unit_test(lock_and_contactor_are_words),
		cmocka_unit_test(not_finite_is_null),
		cmocka_unit_test(alarms_are_names),
		cmocka_unit_test(unknown_topic_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
