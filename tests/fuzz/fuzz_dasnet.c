/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ISCO pump controller sends: frames, and the texts inside them. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "drivers/dasnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dasnet_answer answer;
	struct dasnet_status status;
	char word[16], text[DASNET_TEXT], frame[DASNET_FRAME], digits[8];
	double value;
	size_t used;
	int length;

	if (dasnet_parse((const char *)data, size, &used, &answer) == DASNET_COMPLETE) {
		assert(used <= size && memchr(answer.text, '\0', DASNET_TEXT));
		dasnet_parse_value(answer.text, "PRESSA", &value);
	}
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	dasnet_parse_value(text, "PRESSA", &value);
	dasnet_parse_status(text, &status);
	if (dasnet_parse_word(text, "UNITSA", word) == 0)
		assert(memchr(word, '\0', sizeof(word)));
	length = dasnet_encode(1, '0', text, frame);
	if (length > 0) {
		/* CR, what is summed, two digits, CR */
		snprintf(digits, sizeof(digits), "%02X", dasnet_checksum(frame + 1, (size_t)length - 4));
		assert(frame[0] == '\r' && frame[length - 1] == '\r' &&
		       memcmp(frame + length - 3, digits, 2) == 0);
	}
	return 0;
}
