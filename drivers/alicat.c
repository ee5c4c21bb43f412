/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/alicat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 5 };

static int take_number(const char **at, double *ret_value)
{
	char *end;
	double value;

	*at += strspn(*at, " ");
	if (strspn(*at, "+-.0123456789") == 0)
		return -EBADMSG;
	value = strtod(*at, &end);
	if (end == *at || !isfinite(value) || (*end != ' ' && *end != '\0'))
		return -EBADMSG;
	*at = end;
	*ret_value = value;
	return 0;
}

/* The next word and its length; 0 at the end. */
static size_t take_word(const char **at, const char **ret_word)
{
	size_t length;

	*at += strspn(*at, " ");
	*ret_word = *at;
	length = strcspn(*at, " ");
	*at += length;
	return length;
}

int alicat_parse(const char *line, char unit, struct alicat_status *ret_status)
{
	struct alicat_status status = {0};
	double numbers[NUMBERS], total;
	const char *at = line + 1, *word, *before;
	size_t length;

	if (line[0] != unit || line[1] != ' ')
		return -EBADMSG;
	for (int i = 0; i < NUMBERS; i++)
		if (take_number(&at, &numbers[i]) < 0)
			return -EBADMSG;
	before = at;
	if (take_number(&at, &total) < 0) /* no totaliser: the gas is next */
		at = before;
	length = take_word(&at, &word);
	if (length == 0 || length >= ALICAT_GAS)
		return -EBADMSG;
	memcpy(status.gas, word, length);
	while ((length = take_word(&at, &word)) > 0)
		status.hold |= length == 3 && strncmp(word, "HLD", 3) == 0;
	status.pressure = numbers[0];
	status.temperature = numbers[1];
	status.volume_flow = numbers[2];
	status.mass_flow = numbers[3];
	status.setpoint = numbers[4];
	*ret_status = status;
	return 0;
}
