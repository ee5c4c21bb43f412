/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Druck PACE answers. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/pace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[512], word[PACE_WORD];
	double value;
	bool on;
	int code;

	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (pace_parse_number(line, ":SENS:PRES", &value) == 0)
		assert(isfinite(value));
	pace_parse_flag(line, ":OUTP:STAT", &on);
	if (pace_parse_word(line, ":UNIT:PRES", word) == 0)
		assert(word[0] != '\0' && memchr(word, '\0', sizeof(word)));
	pace_parse_error(line, &code);
	return 0;
}
