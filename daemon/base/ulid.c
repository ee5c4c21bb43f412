/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/ulid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/base/clock.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void ulid_format(int64_t wall_us, const uint8_t random[10], char ret_text[ULID_TEXT])
{
	uint64_t ms = (uint64_t)(wall_us / 1000);

	for (int i = 9; i >= 0; i--, ms >>= 5)
		ret_text[i] = alphabet[ms & 31];
	for (int half = 0; half < 2; half++) {
		uint64_t bits = 0;

		for (int i = 0; i < 5; i++)
			bits = bits << 8 | random[half * 5 + i];
		for (int i = 7; i >= 0; i--, bits >>= 5)
			ret_text[10 + half * 8 + i] = alphabet[bits & 31];
	}
	ret_text[ULID_TEXT - 1] = '\0';
}

int ulid_make(char ret_text[ULID_TEXT])
{
	uint8_t random[10];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	ulid_format(clock_wall_us(), random, ret_text);
	return 0;
}

bool ulid_is_valid(const char *text)
{
	return strlen(text) == ULID_TEXT - 1 && strspn(text, alphabet) == ULID_TEXT - 1 && text[0] <= '7';
}
