/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command decoder takes any bytes; what it accepts keeps its promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/gateway/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command_request request;
	char why[MACHINE_WHY];
	int r = command_decode((const char *)data, size, &request, why);

	if (r == 0 && (why[0] || !request.id[0] || !memchr(request.command.text, 0, MACHINE_WHY)))
		abort();
	if (r < 0 && !why[0])
		abort();
	command_free(&request);
	return 0;
}
