/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ISCO pump controller sends: frames, and the texts inside them. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/dasnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dasnet_answer answer;
	struct dasnet_status status;
	char word[16], text[DASNET_TEXT], frame[DASNET_FRAME];
	double value;
	size_t used;

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
	/* What we frame is a frame: only the head differs from an answer's. */
	if (dasnet_encode(1, '0', text, frame) > 0)
		assert(dasnet_checksum(frame + 1, strlen(frame + 1) - 3) < 256);
	return 0;
}
