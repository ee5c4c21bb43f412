/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/site_judge.h"

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

int submit_read_plans(int fd, const struct link_command *command, struct plan *ret_plans,
		      char ret_why[MACHINE_WHY])
{
	struct submit_header header;
	struct stat status;
	size_t plans;

	if (fd < 0 || fstat(fd, &status) < 0 ||
	    pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
		snprintf(ret_why, MACHINE_WHY, "the submit came without its plans");
		return -EINVAL;
	}
	if (header.count == 0 || header.count > PLAN_QUEUE_MAX || header.count != command->plan_count) {
		snprintf(ret_why, MACHINE_WHY, "%u runs in one submit; 1 to %d are allowed", header.count,
			 PLAN_QUEUE_MAX);
		return -EINVAL;
	}
	plans = header.count * sizeof(struct plan);
	if ((uint64_t)status.st_size != sizeof(header) + plans + header.text_length ||
	    pread(fd, ret_plans, plans, sizeof(header)) != (ssize_t)plans) {
		snprintf(ret_why, MACHINE_WHY, "the submit has the wrong length");
		return -EINVAL;
	}
	return 0;
}

int submit_check_plan(const struct site *site, const struct plan *plan, char ret_why[MACHINE_WHY])
{
	struct plan_fault fault;

	if (!is_text(plan->name, PLAN_TEXT) || !is_text(plan->material, PLAN_TEXT) ||
	    !is_text(plan->composition, PLAN_TEXT) ||
	    !is_text(plan->protocol_sha256, sizeof(plan->protocol_sha256)) ||
	    !is_text(plan->site_sha256, sizeof(plan->site_sha256)) ||
	    !is_text(plan->calibrations_sha256, sizeof(plan->calibrations_sha256))) {
		snprintf(ret_why, MACHINE_WHY, "the plan is not well formed");
		return -EINVAL;
	}
	if (strcmp(plan->site_sha256, site->sha256) != 0) {
		snprintf(ret_why, MACHINE_WHY, "the plan was made for another site file: submit it again");
		return -EINVAL;
	}
	if (strcmp(plan->calibrations_sha256, site->calibrations_sha256) != 0) {
		snprintf(ret_why, MACHINE_WHY, "the plan was made with other calibrations: submit it again");
		return -EINVAL;
	}
	if (plan->recovery > site->recovery) {
		snprintf(ret_why, MACHINE_WHY,
			 "recovery: continue is looser than the site's hold: a protocol may only tighten it");
		return -EINVAL;
	}
	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		if (limits_is_safer(&site->limits, &limits_table[i],
				    limits_get(&plan->limits, &limits_table[i])))
			continue;
		snprintf(ret_why, MACHINE_WHY,
			 "limit %s is looser than the site's: a protocol may only tighten it",
			 limits_table[i].name);
		return -EINVAL;
	}
	if (plan_check(plan, site->ambient_k, &fault, 1) > 0) {
		snprintf(ret_why, MACHINE_WHY, "%.47s: %.140s", fault.field, fault.text);
		return -EINVAL;
	}
	return site_judge_plan(site, plan, ret_why, MACHINE_WHY);
}
