/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/pace.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "drivers/block.h"
#include "drivers/text_number.h"

/* Behind the header and its blanks, or NULL. ":SENS:PRES1" answers for ":SENS:PRES" as well. */
static const char *find_payload(const char *line, const char *header)
{
	while (*header) {
		if (isdigit((unsigned char)*line) && !isdigit((unsigned char)*header))
			line++;
		if (toupper((unsigned char)*line) != toupper((unsigned char)*header))
			return NULL;
		line++;
		header++;
	}
	if (isdigit((unsigned char)*line))
		line++;
	return *line == ' ' ? line + strspn(line, " ") : NULL;
}

int pace_parse_number(const char *line, const char *header, double *ret_value)
{
	const char *at = find_payload(line, header);

	return at ? text_number_parse(at, ret_value) : -EBADMSG;
}

int pace_parse_flag(const char *line, const char *header, bool *ret_on)
{
	double value;

	if (pace_parse_number(line, header, &value) < 0 || (value != 0 && value != 1))
		return -EBADMSG;
	*ret_on = value == 1;
	return 0;
}

int pace_parse_word(const char *line, const char *header, char ret_word[PACE_WORD])
{
	const char *at = find_payload(line, header);
	size_t length = at ? strcspn(at, " ") : 0;

	if (length == 0 || length >= PACE_WORD)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		ret_word[i] = (char)toupper((unsigned char)at[i]);
	ret_word[length] = '\0';
	return 0;
}

int pace_parse_error(const char *line, int *ret_code)
{
	const char *at = find_payload(line, ":SYST:ERR");

	return at ? block_parse_error(at, ret_code) : -EBADMSG;
}
