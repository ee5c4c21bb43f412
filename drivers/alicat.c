/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/alicat.h"

#include <errno.h>
#include <string.h>

#include "drivers/text_number.h"

enum { NUMBERS = 5 };

static int take_number(const char **at, double *ret_value)
{
	const char *end = *at + strspn(*at, " ");
	double value;

	if (text_number_take(&end, &value) < 0 || (*end != ' ' && *end != '\0'))
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
	const char *at = line + 1, *word;
	size_t length;

	if (line[0] != unit || line[1] != ' ')
		return -EBADMSG;
	for (int i = 0; i < NUMBERS; i++)
		if (take_number(&at, &numbers[i]) < 0)
			return -EBADMSG;
	take_number(&at, &total); /* without a totaliser the gas is next */
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
