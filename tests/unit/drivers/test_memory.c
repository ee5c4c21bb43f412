/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver knows, as text and back: every kind of field, and what a file from outside may hold instead.
 */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/memory.h"

#define ROOM 4

struct inner {
	double reals[3];
	int8_t sign;
};
struct outer {
	bool flag;
	uint8_t code;
	uint16_t small;
	uint32_t count;
	int64_t t_ns;
	double real;
	char text[8];
	uint8_t *bytes;
	size_t used;
	struct inner inner;
};
static const struct memory_field of_inner[] = {
	MEMORY_REALS(struct inner, reals),
	MEMORY(struct inner, sign),
	MEMORY_END,
};
static const struct memory_field of_outer[] = {
	MEMORY(struct outer, flag),
	MEMORY_BELOW(struct outer, code, 5),
	MEMORY(struct outer, small),
	MEMORY(struct outer, count),
	MEMORY(struct outer, t_ns),
	MEMORY(struct outer, real),
	MEMORY(struct outer, text),
	MEMORY_BUFFER(struct outer, bytes, used, ROOM),
	MEMORY_PART(struct outer, inner, of_inner),
	MEMORY_END,
};

static char *write_text(const struct outer *outer)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	memory_write(stream, of_outer, outer);
	fclose(stream);
	return text;
}

static void all_kinds_there_and_back(void **state)
{
	uint8_t sent[ROOM] = {0, 0xFF, 7}, got[ROOM] = {0};
	struct outer from = {true, 4,          65535, UINT32_MAX, INT64_MIN,
			     0.1,  "a b=\\\n", sent,  3,          {{NAN, -INFINITY, -0.0}, -128}};
	struct outer to = {.bytes = got};
	struct memory_outcome outcome;
	char *text = write_text(&from);

	(void)state;
	assert_int_equal(memory_read(text, of_outer, &to, &outcome), 0);
	assert_int_equal(outcome.taken, 10);
	assert_int_equal(outcome.missing + outcome.unknown, 0);
	assert_true(to.flag && to.code == 4 && to.small == 65535 && to.count == UINT32_MAX &&
		    to.t_ns == INT64_MIN);
	assert_true(to.real == 0.1 && strcmp(to.text, from.text) == 0 && to.used == 3 &&
		    memcmp(got, sent, 3) == 0);
	assert_true(isnan(to.inner.reals[0]) && to.inner.reals[1] == -INFINITY && signbit(to.inner.reals[2]));
	assert_int_equal(to.inner.sign, -128);
	assert_null(strchr(text, '\n'));
	free(text);
}

/* Another version's: what is known is taken, the rest stands as it was. */
static void other_names_are_counted(void **state)
{
	struct outer outer = {.count = 9, .small = 3};
	struct memory_outcome outcome;

	(void)state;
	assert_int_equal(memory_read(" small=8 inner.sign=-2 newer=1 sign=5", of_outer, &outer, &outcome), 0);
	assert_int_equal(outcome.taken, 2);
	assert_int_equal(outcome.unknown, 2);
	assert_int_equal(outcome.missing, 8);
	assert_true(outer.small == 8 && outer.count == 9 && outer.inner.sign == -2);
}

static void no_value_is_taken_that_a_field_cannot_have(void **state)
{
	static const char *const texts[] = {
		" flag=2",
		" flag=",
		" flag=-1",
		" code=5",
		" small=65536",
		" small=1x",
		" count=4294967296",
		" t_ns=9223372036854775808",
		" t_ns=x",
		" real=",
		" real=1,2",
		" text=12345678",
		" text=\\4",
		" bytes=0102030405",
		" bytes=0",
		" bytes=zz",
		" inner.reals=1,2",
		" inner.reals=1,2,3,4",
		" inner.sign=128",
		" inner.sign=-129",
		" code=99999999999999999999",
	};
	uint8_t bytes[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct outer outer = {.bytes = bytes};
		struct memory_outcome outcome = {.taken = 77};

		if (memory_read(texts[i], of_outer, &outer, &outcome) != -EINVAL)
			fail_msg("taken:%s", texts[i]);
		assert_int_equal(outcome.taken, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_there_and_back),
		cmocka_unit_test(other_names_are_counted),
		cmocka_unit_test(no_value_is_taken_that_a_field_cannot_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
