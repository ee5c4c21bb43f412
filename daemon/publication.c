/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/publication.h"

#include <string.h>

static const char *const topic_names[TOPIC_MAX] = {
	[TOPIC_SAMPLE] = "sample", [TOPIC_STATE] = "state",   [TOPIC_ALARM] = "alarm",
	[TOPIC_SCAN] = "scan",     [TOPIC_RESULT] = "result", [TOPIC_HEARTBEAT] = "heartbeat",
};

static const char *const result_kind_names[RESULT_KIND_MAX] = {
	[RESULT_PAIR] = "pair", [RESULT_KISSINGER] = "kissinger", [RESULT_RUNNING] = "running"};

const char *result_kind_name(enum result_kind kind)
{
	return (unsigned)kind < RESULT_KIND_MAX ? result_kind_names[kind] : "invalid";
}

const char *topic_name(enum topic topic)
{
	return (unsigned)topic < TOPIC_MAX ? topic_names[topic] : "invalid";
}

int topic_from_name(const char *name)
{
	for (int i = 0; i < TOPIC_MAX; i++)
		if (strcmp(name, topic_names[i]) == 0)
			return i;
	return -1;
}

const char *switch_lock_name(enum switch_is is)
{
	static const char *const names[SWITCH_IS_MAX] = {NULL, "none", "free", "locked"};

	return (unsigned)is < SWITCH_IS_MAX ? names[is] : NULL;
}

const char *switch_contactor_name(enum switch_is is)
{
	static const char *const names[SWITCH_IS_MAX] = {NULL, "none", "open", "closed"};

	return (unsigned)is < SWITCH_IS_MAX ? names[is] : NULL;
}
