/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command decoder: what is right becomes a struct, what is wrong gets a sentence, and nothing else
 * happens. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/gateway/command.h"
#include "daemon/gateway/roles.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static int decode(const char *text, struct command_request *ret_request, char ret_why[MACHINE_WHY])
{
	return command_decode(text, strlen(text), ret_request, ret_why);
}

static void verbs_become_commands(void **state)
{
	struct command_request request;
	char why[MACHINE_WHY];

	(void)state;
	assert_int_equal(decode("{\"id\":\"7\",\"command\":\"hold\",\"run\":\"" RUN
				"\",\"state_seq\":12,\"client\":\"pc\"}",
				&request, why),
			 0);
	assert_false(request.is_query);
	assert_int_equal(request.command.kind, COMMAND_VERB);
	assert_int_equal(request.command.verb, VERB_HOLD);
	assert_int_equal(request.command.state_seq, 12);
	assert_string_equal(request.command.run, RUN);
	assert_string_equal(request.command.request_id, "7");
	assert_string_equal(request.client, "pc");
	command_free(&request);
}

static void submit_keeps_the_text(void **state)
{
	struct command_request request;
	char why[MACHINE_WHY];

	(void)state;
	assert_int_equal(
		decode("{\"id\":\"7\",\"command\":\"submit\",\"text\":\"a: b\\n\",\"file\":\"x.yaml\"}",
		       &request, why),
		0);
	assert_int_equal(request.text_length, 5);
	assert_string_equal(request.text, "a: b\n");
	assert_string_equal(request.file, "x.yaml");
	command_free(&request);
}

static void questions_become_queries(void **state)
{
	struct command_request request;
	char why[MACHINE_WHY];

	(void)state;
	assert_int_equal(decode("{\"id\":\"7\",\"command\":\"trace\",\"section\":\"" RUN
				"/r500/s1\",\"reference\":true,"
				"\"format\":\"csv\"}",
				&request, why),
			 0);
	assert_true(request.is_query);
	assert_int_equal(request.query.kind, QUERY_TRACE);
	assert_int_equal(request.query.from, 1);
	assert_int_equal(request.query.format, 1);
	assert_string_equal(request.query.section, RUN "/r500/s1");
	assert_int_equal(
		decode("{\"id\":\"7\",\"command\":\"replay\",\"topic\":\"state\",\"from\":3}", &request, why),
		0);
	assert_int_equal(request.query.topic, TOPIC_STATE);
	assert_int_equal(request.query.to, INT64_MAX);
}

/* text, a word of the sentence */
static const struct {
	const char *text, *word;
} malformed[] = {
	{"", "bytes"},
	{"{", "ends too early"},
	{"nonsense", "not JSON"},
	{"[]", "not an object"},
	{"3 ", "not an object"},
	{"null ", "not an object"},
	{"{\"id\":\"1\"}", "\"command\" is missing"},
	{"{\"id\":\"1\",\"command\":7}", "\"command\" is missing"},
	{"{\"id\":\"1\",\"command\":\"fly\"}", "allowed"},
	{"{\"command\":\"hold\"}", "needs \"id\""},
	{"{\"id\":\"\",\"command\":\"hold\"}", "0 bytes"},
	{"{\"id\":7,\"command\":\"hold\"}", "\"id\" is not a text"},
	{"{\"id\":null,\"command\":\"hold\"}", "\"id\" is not a text"},
	{"{\"id\":\"1\\u0000\",\"command\":\"hold\"}", "control character"},
	{"{\"id\":\"1\\n\",\"command\":\"hold\"}", "control character"},
	{"{\"id\":\"1234567890123456789012345678901234567890123456789012345678901234\",\"command\":\"hold\"}",
	 "64 bytes"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"force\":true}", "\"force\" is not a field"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"text\":\"x\"}", "\"text\" is not a field"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"run\":\"abc\"}", "not a run id"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"run\":3}", "\"run\" is not a text"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"state_seq\":-1}", "out of range"},
	{"{\"id\":\"1\",\"command\":\"hold\",\"state_seq\":1.5}", "not a whole number"},
	{"{\"id\":\"1\",\"command\":\"handover\"}", "needs \"reason\""},
	{"{\"id\":\"1\",\"command\":\"submit\"}", "needs \"text\""},
	{"{\"id\":\"1\",\"command\":\"submit\",\"text\":{}}", "\"text\" is not a text"},
	{"{\"id\":\"1\",\"command\":\"confirm-section\",\"section\":\"r5/s1\"}", "not a section"},
	{"{\"id\":\"1\",\"command\":\"confirm-section\",\"section\":\"" RUN "/r5/s\"}", "not a section"},
	{"{\"id\":\"1\",\"command\":\"confirm-section\",\"section\":\"" RUN "/../s1\"}", "not a section"},
	{"{\"id\":\"1\",\"command\":\"runs\",\"limit\":0}", "out of range"},
	{"{\"id\":\"1\",\"command\":\"runs\",\"limit\":1001}", "out of range"},
	{"{\"id\":\"1\",\"command\":\"replay\"}", "needs \"topic\""},
	{"{\"id\":\"1\",\"command\":\"replay\",\"topic\":\"heartbeat\"}", "not stored"},
	{"{\"id\":\"1\",\"command\":\"samples\"}", "needs \"run\""},
	{"{\"id\":\"1\",\"command\":\"samples\",\"run\":\"" RUN "\",\"format\":\"xml\"}", "json csv"},
	{"{\"id\":\"1\",\"command\":\"trace\",\"section\":\"" RUN "/r5/s1\",\"reference\":1}",
	 "true or false"},
	{"{\"id\":\"1\",\"command\":\"hold\"} x", "byte"},
	{"{\"id\":\"1\",\"command\":\"hold\"}{\"id\":\"2\",\"command\":\"abort\"}", "byte"},
	{"{\"id\":\"1\",\"command\":\"hold\",}", "not JSON"},
	{"{'id':'1','command':'hold'}", "not JSON"},
	{"{\"id\":\"\xff\",\"command\":\"hold\"}", "not JSON"},
	{"{\"id\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}},\"command\":\"hold\"}", "not JSON"},
};

static void malformed_gets_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		struct command_request request;
		char why[MACHINE_WHY];

		if (decode(malformed[i].text, &request, why) != -EINVAL)
			fail_msg("taken: %s", malformed[i].text);
		if (!strstr(why, malformed[i].word))
			fail_msg("%s: '%s' lacks '%s'", malformed[i].text, why, malformed[i].word);
		command_free(&request);
	}
}

static void size_is_limited(void **state)
{
	char *text = malloc(COMMAND_BYTES_MAX + 1), why[MACHINE_WHY];
	struct command_request request;

	(void)state;
	assert_non_null(text);
	memset(text, '[', COMMAND_BYTES_MAX + 1);
	assert_int_equal(command_decode(text, COMMAND_BYTES_MAX + 1, &request, why), -EINVAL);
	assert_non_null(strstr(why, "65536"));
	assert_int_equal(command_decode(text, COMMAND_BYTES_MAX, &request, why), -EINVAL);
	free(text);
}

static void refused_keeps_its_id(void **state)
{
	struct command_request request;
	char why[MACHINE_WHY];

	(void)state;
	assert_int_equal(decode("{\"command\":\"fly\",\"id\":\"me\"}", &request, why), -EINVAL);
	assert_string_equal(request.id, "me");
}

static void address_gives_uid_and_gid(void **state)
{
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(roles_parse_address("localhost:1000:100:4711", 23, &uid, &gid), 0);
	assert_int_equal(uid, 1000);
	assert_int_equal(gid, 100);
	assert_int_equal(roles_parse_address("10.0.0.1", 8, &uid, &gid), -EINVAL);
	assert_int_equal(roles_parse_address("a:-1:0:0", 8, &uid, &gid), -EINVAL);
	assert_int_equal(roles_parse_address("", 0, &uid, &gid), -EINVAL);
}

static void roles_deny_by_default(void **state)
{
	struct site site = {0};
	gid_t groups[] = {100, 77};

	(void)state;
	assert_int_equal(roles_find(&site, 500, 77, 0, groups, 1), ROLE_SUPERVISOR);
	assert_int_equal(roles_find(&site, 500, 77, 500, groups, 1), ROLE_SUPERVISOR);
	assert_int_equal(roles_find(&site, 500, 77, 1000, groups, 2), ROLE_OPERATOR);
	assert_int_equal(roles_find(&site, 500, 77, 1000, groups, 1), ROLE_NONE);
	assert_int_equal(roles_find(&site, 500, -1, 1000, groups, 2), ROLE_NONE);
	site.role_count = 1;
	site.roles[0] = (struct site_role){.uid = -1, .gid = -1, .role = ROLE_SUPERVISOR};
	assert_int_equal(roles_find(&site, 500, 77, 1000, groups, 2), ROLE_NONE);
	site.roles[0] = (struct site_role){.uid = 1000, .gid = -1, .role = ROLE_OBSERVER};
	assert_int_equal(roles_find(&site, 500, 77, 1000, groups, 2), ROLE_OBSERVER);
	assert_int_equal(roles_find(&site, 500, 77, 0, groups, 1), ROLE_NONE);
}

static void user_id_is_read_back(void **state)
{
	char user[ROLES_USER];
	uid_t uid = 0;

	(void)state;
	roles_format_user(ROLE_OPERATOR, 1000, user);
	assert_int_equal(roles_parse_user(user, &uid), ROLE_OPERATOR);
	assert_int_equal(uid, 1000);
	assert_int_equal(roles_parse_user(NULL, &uid), ROLE_NONE);
	assert_int_equal(roles_parse_user("", &uid), ROLE_NONE);
	assert_int_equal(roles_parse_user("king/0", &uid), ROLE_NONE);
	assert_int_equal(roles_parse_user("operator/", &uid), ROLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_become_commands),     cmocka_unit_test(submit_keeps_the_text),
		cmocka_unit_test(questions_become_queries),  cmocka_unit_test(malformed_gets_a_sentence),
		cmocka_unit_test(size_is_limited),           cmocka_unit_test(refused_keeps_its_id),
		cmocka_unit_test(address_gives_uid_and_gid), cmocka_unit_test(roles_deny_by_default),
		cmocka_unit_test(user_id_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
