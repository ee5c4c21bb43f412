/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an Alicat flow controller answers a poll with. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/alicat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alicat_status status;
	char line[512];

	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (alicat_parse(line, 'A', &status) == 0)
		assert(line[0] == 'A' && isfinite(status.mass_flow) && isfinite(status.setpoint) &&
		       memchr(status.gas, '\0', sizeof(status.gas)));
	return 0;
}
