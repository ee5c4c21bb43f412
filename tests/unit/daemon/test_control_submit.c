/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A submit is believed in nothing: lengths, counts, texts, limits and the plan itself are checked by control.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/control/submit.h"
#include "tests/unit/daemon/control_fixture.h"

static struct site site;
static struct plan plan, plans[PLAN_QUEUE_MAX];
static char why[MACHINE_WHY];

static int set_up(void **state)
{
	(void)state;
	memset(&site, 0, sizeof(site));
	strcpy(site.sha256, "abc");
	site.ambient_k = 298;
	limits_default(&site.limits);
	fixture_default_plan(&plan);
	strcpy(plan.site_sha256, "abc");
	return 0;
}

static int make_submit(uint32_t count, uint32_t text_length, size_t cut)
{
	struct submit_header header = {count, text_length};
	int fd = memfd_create("submit", MFD_CLOEXEC);

	assert_int_equal(write(fd, &header, sizeof(header)), sizeof(header));
	for (uint32_t i = 0; i < count && i < 40; i++)
		assert_int_equal(write(fd, &plan, sizeof(plan)), sizeof(plan));
	for (uint32_t i = 0; i < text_length; i++)
		assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - (off_t)cut), 0);
	return fd;
}

static void the_right_length_and_no_other(void **state)
{
	static const struct {
		uint32_t count, said, text;
		size_t cut;
		int result;
	} cases[] = {{1, 1, 10, 0, 0},        {32, 32, 0, 0, 0},       {1, 2, 10, 0, -EINVAL},
		     {0, 0, 10, 0, -EINVAL},  {33, 33, 0, 0, -EINVAL}, {1, 1, 10, 1, -EINVAL},
		     {2, 2, 0, 2000, -EINVAL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct link_command command = {.kind = COMMAND_SUBMIT, .plan_count = cases[i].said};
		int fd = make_submit(cases[i].count, cases[i].text, cases[i].cut);

		assert_int_equal(submit_read_plans(fd, &command, plans, why), cases[i].result);
		close(fd);
	}
	assert_int_equal(submit_read_plans(-1, &(struct link_command){.plan_count = 1}, plans, why), -EINVAL);
}

static void a_good_plan_passes_and_each_lie_is_found(void **state)
{
	struct plan good = plan;

	(void)state;
	assert_int_equal(submit_check_plan(&site, &good, why), 0);
	good.limits.machine_pressure_gpa = 8;
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
	assert_non_null(strstr(why, "machine_pressure_gpa"));
	good = plan;
	good.limits.release_temperature_k = 300;
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
	good = plan;
	good.recovery = RECOVERY_CONTINUE;
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
	assert_non_null(strstr(why, "recovery"));
	site.recovery = RECOVERY_CONTINUE;
	assert_int_equal(submit_check_plan(&site, &good, why), 0);
	good = plan;
	assert_int_equal(submit_check_plan(&site, &good, why), 0); /* hold tightens */
	good = plan;
	good.temperature_k = 5000;
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
	good = plan;
	memset(good.name, 'x', sizeof(good.name));
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
	good = plan;
	strcpy(good.site_sha256, "other");
	assert_int_equal(submit_check_plan(&site, &good, why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_right_length_and_no_other, set_up),
		cmocka_unit_test_setup(a_good_plan_passes_and_each_lie_is_found, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
