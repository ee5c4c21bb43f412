/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes through the protocol reader: no crash, and a plan only when there is no error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/protocol_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void prepare_site(struct site *site)
{
	memset(site, 0, sizeof(*site));
	site->ambient_k = PLAN_AMBIENT_K;
	site->clock_scale = 1;
	limits_default(&site->limits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan plans[PROTOCOL_PLANS_MAX];
	static struct diagnostics diagnostics;
	static struct site site;
	struct plan_fault fault;
	size_t count = 0;
	int r;

	if (size > PROTOCOL_TEXT_MAX + 4096)
		return 0;
	prepare_site(&site);
	diagnostics_init(&diagnostics, "fuzz");
	r = protocol_read((const char *)data, size, &site, &diagnostics, plans, &count);
	if ((r == 0) != (diagnostics.errors == 0) || (r != 0 && count != 0) || count > PROTOCOL_PLANS_MAX)
		abort();
	for (size_t i = 0; i < count; i++)
		if (plan_check(&plans[i], site.ambient_k, &fault, 1) != 0)
			abort();
	return 0;
}
