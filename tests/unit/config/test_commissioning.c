/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of commissioning: written and read back, judged against a site, refused when it is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/commissioning.h"
#include "tests/unit/config/cases.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char base[] = "densd: commissioning/1\n"
			   "site: lab\n"
			   "devices:\n"
			   "  - device: furnace\n"
			   "    profile: oven\n"
			   "    profile_sha256: \"" SHA_A "\"\n"
			   "    date: \"2026-11-27T02:33:49Z\"\n"
			   "    by: somebody\n"
			   "    steps:\n"
			   "      - {step: identity, result: passed, found: \"2 of 2\"}\n"
			   "      - {step: manual, result: skipped, found: \"the panel is locked\"}\n";

static const struct bad_case cases[] = {
	{NULL, "", 1, 1, "empty"},
	{"commissioning/1", "commissioning/2", 1, 8, "allowed is commissioning/1"},
	{"site: lab\n", "", 1, 1, "lacks 'site'"},
	{"2026-11-27T02:33:49Z", "yesterday", 7, 11, "is no date"},
	{"result: passed", "result: fine", 10, 34, "passed"},
	{"    by: somebody\n", "", 4, 5, "lacks 'by'"},
	{"    by: somebody", "    signed: somebody", 8, 5, "signed"},
	{"    steps:\n", "    steps: none\n    more:\n", 9, 12, "steps"},
};

static void write_text(const char *path, const char *text, size_t length)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

static char *temporary(char *path)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	return path;
}

static struct diagnostics diagnostics;
static char bad_path[] = "/tmp/densd-record-XXXXXX";

/* 1: refused, and nothing of it was taken. */
static int refuse_text(const char *text, size_t length)
{
	static struct commissioning record;

	write_text(bad_path, text, length);
	record.count = 77;
	return commissioning_read(bad_path, &diagnostics, &record) == 1 && record.count == 77;
}

static void malformed_records_are_refused_at_their_place(void **state)
{
	(void)state;
	temporary(bad_path);
	assert_int_equal(CASES_COUNT_FAILED(base, cases, refuse_text, &diagnostics), 0);
	unlink(bad_path);
}

static void what_is_written_is_read_back(void **state)
{
	static struct commissioning written, read;
	static struct commissioning_entry entry = {.device = "press",
						   .profile = "plc",
						   .profile_sha256 = SHA_B,
						   .date = "2026-01-02T03:04:05Z",
						   .by = "A. Technician"};
	char path[] = "/tmp/densd-record-XXXXXX";

	(void)state;
	temporary(path);
	snprintf(written.site, sizeof(written.site), "lab");
	for (unsigned i = 0; i < COMMISSIONING_STEPS_MAX; i++) {
		struct commissioning_step *step = &entry.steps[entry.step_count++];

		snprintf(step->name, sizeof(step->name), "step %u", i);
		step->result = (uint8_t)(i % 3);
		snprintf(step->found, sizeof(step->found), "it's: {%u} # \"quoted\" \\ \x01 bar", i);
		commissioning_clean(step->found);
	}
	assert_true(commissioning_put(&written, &entry));
	entry.by[0] = 'B';
	assert_true(commissioning_put(&written, &entry)); /* the same device: replaced */
	assert_int_equal(written.count, 1);
	assert_int_equal(commissioning_write(path, &written), 0);
	assert_int_equal(commissioning_read(path, &diagnostics, &read), 0);
	assert_memory_equal(&written, &read, sizeof(read));
	assert_string_equal(read.entries[0].by, "B. Technician");
	assert_string_equal(read.entries[0].steps[3].found, "it's: {3} # ?quoted? ? ? bar");
	unlink(path);
	assert_int_equal(commissioning_read(path, &diagnostics, &read), -ENOENT);
	assert_int_equal(commissioning_write("/nowhere/at/all", &written), -ENOENT);
}

static void a_record_has_room_for_every_device_of_a_site(void **state)
{
	static struct commissioning record;
	static struct commissioning_entry entry;

	(void)state;
	for (unsigned i = 0; i < COMMISSIONING_DEVICES_MAX; i++) {
		snprintf(entry.device, sizeof(entry.device), "device %u", i);
		assert_true(commissioning_put(&record, &entry));
	}
	snprintf(entry.device, sizeof(entry.device), "one too many");
	assert_false(commissioning_put(&record, &entry));
	assert_int_equal(record.count, COMMISSIONING_DEVICES_MAX);
}

static struct site *make_site(void)
{
	struct site *site = calloc(1, sizeof(*site));

	assert_non_null(site);
	snprintf(site->name, sizeof(site->name), "lab");
	site->commissioning.required = true;
	site->commissioning.valid_days = 100;
	site->bus_count = 1;
	site->buses[0].device_count = 2;
	snprintf(site->buses[0].devices[0].name, 32, "furnace");
	snprintf(site->buses[0].devices[1].name, 32, "press");
	memcpy(site->buses[0].devices[0].profile.sha256, SHA_A, 65);
	memcpy(site->buses[0].devices[1].profile.sha256, SHA_B, 65);
	return site;
}

static struct commissioning *make_record(void)
{
	static const struct commissioning_entry entries[] = {{.device = "furnace",
							      .profile_sha256 = SHA_A,
							      .date = "1970-01-02T00:00:00Z",
							      .step_count = 1,
							      .steps = {{.result = COMMISSIONING_PASSED}}},
							     {.device = "press",
							      .profile_sha256 = SHA_B,
							      .date = "1970-01-11T00:00:00Z",
							      .step_count = 1,
							      .steps = {{.result = COMMISSIONING_SKIPPED}}}};
	struct commissioning *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	snprintf(record->site, sizeof(record->site), "lab");
	for (int i = 0; i < 2; i++)
		assert_true(commissioning_put(record, &entries[i]));
	return record;
}

static void the_oldest_entry_says_until_when(void **state)
{
	struct site *site = make_site();
	struct commissioning *record = make_record();

	(void)state;
	commissioning_judge(record, site);
	assert_string_equal(site->commissioning.fault, "");
	assert_int_equal(site->commissioning.until_wall_s, 101 * 86400); /* a day after 1970 began, and 100 */
	assert_string_equal(site->commissioning.device, "furnace");
	free(record);
	free(site);
}

/* A furnace on a coupler's contactor is proven by a fall-back of the coupler, and by nothing less. */
static void a_contactor_must_have_been_tripped(void **state)
{
	static const char *const complaint =
		"device 'furnace' was commissioned without the contactor on its coupler, "
		"which must be tripped: densctl commission furnace";
	struct site *site = make_site();
	struct commissioning *record = make_record();
	struct commissioning_step *step = &record->entries[0].steps[1];

	(void)state;
	site->buses[0].contactor.fitted = true;
	site->buses[0].devices[1].profile.kind = DEVICE_PRESS;
	commissioning_judge(record, site);
	assert_string_equal(site->commissioning.fault, complaint);
	snprintf(step->name, sizeof(step->name), "contactor");
	step->result = COMMISSIONING_SKIPPED;
	record->entries[0].step_count = 2;
	site->commissioning.fault[0] = '\0';
	commissioning_judge(record, site);
	assert_string_equal(site->commissioning.fault, complaint);
	step->result = COMMISSIONING_PASSED;
	site->commissioning.fault[0] = '\0';
	commissioning_judge(record, site);
	assert_string_equal(site->commissioning.fault, "");
	free(record);
	free(site);
}

static void a_record_that_does_not_fit_names_the_device(void **state)
{
	static const struct {
		unsigned what;
		const char *expected;
	} faults[] = {
		{0, "the record of commissioning is of the site 'elsewhere', not of 'lab'"},
		{1, "device 'press' has never been commissioned: densctl commission press"},
		{2, "device 'furnace' was commissioned with another profile, or an older text of it: densctl "
		    "commission furnace"},
		{3, "device 'press' failed a step of its commissioning: densctl commission press"},
		{4, "device 'press' failed a step of its commissioning: densctl commission press"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct site *site = make_site();
		struct commissioning *record = make_record();

		switch (faults[i].what) {
		case 0:
			snprintf(record->site, sizeof(record->site), "elsewhere");
			break;
		case 1:
			record->count = 1;
			break;
		case 2:
			record->entries[0].profile_sha256[63] = 'b';
			break;
		case 3:
			record->entries[1].steps[0].result = COMMISSIONING_FAILED;
			break;
		case 4:
			record->entries[1].step_count = 0;
			break;
		}
		commissioning_judge(record, site);
		assert_string_equal(site->commissioning.fault, faults[i].expected);
		free(record);
		free(site);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_records_are_refused_at_their_place),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_record_has_room_for_every_device_of_a_site),
		cmocka_unit_test(the_oldest_entry_says_until_when),
		cmocka_unit_test(a_contactor_must_have_been_tripped),
		cmocka_unit_test(a_record_that_does_not_fit_names_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
