/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/calibration.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "config/site.h"

#define DAY_S 86400

static const char *const place_names[CALIBRATION_PLACE_MAX] = {"press", "thermocouple", "thermocouple2",
							       "flow", "chip"};
static const char *const kind_names[] = {"press", "thermocouple", "flow", "chip"};

const char *calibration_place_name(enum calibration_place place)
{
	return place < CALIBRATION_PLACE_MAX ? place_names[place] : "?";
}

enum calibration_kind calibration_kind_of(enum calibration_place place)
{
	static const enum calibration_kind kinds[CALIBRATION_PLACE_MAX] = {
		CALIBRATION_OF_PRESS, CALIBRATION_OF_THERMOCOUPLE, CALIBRATION_OF_THERMOCOUPLE,
		CALIBRATION_OF_FLOW, CALIBRATION_OF_CHIP};

	return kinds[place % CALIBRATION_PLACE_MAX];
}

const char *calibration_kind_name(enum calibration_kind kind)
{
	return kind_names[kind % 4];
}

int64_t calibration_begin_s(const struct calibration_head *head)
{
	struct tm date = {0};
	const char *end = strptime(head->date, "%Y-%m-%d", &date);

	return end && !*end ? (int64_t)timegm(&date) : -1;
}

int64_t calibration_end_s(const struct calibration_head *head)
{
	int64_t begin_s = calibration_begin_s(head);

	return begin_s < 0 ? -1 : begin_s + (int64_t)(head->valid_days * DAY_S);
}

/* "nobody", "Nobody yet", as `densctl calibration make` and the examples have it. */
static bool is_nobody(const char *by)
{
	const char *const word = "nobody";
	size_t length = strlen(word);

	by += strspn(by, " \t");
	return !*by || (strncasecmp(by, word, length) == 0 && !isalnum((unsigned char)by[length]));
}

int calibration_judge(const struct calibration_head *head, enum calibration_place place, int64_t wall_s,
		      char *ret_why, size_t size)
{
	time_t end = (time_t)calibration_end_s(head);
	struct tm parts;
	char text[16] = "?";

	if (!head->id[0])
		return 0;
	if (is_nobody(head->by)) {
		snprintf(ret_why, size,
			 "the %s calibration '%s' %s says 'by: %s': no run stands on it before who measured "
			 "it has put a name there",
			 calibration_place_name(place), head->id, head->version, head->by);
		return -EINVAL;
	}
	if (wall_s < calibration_begin_s(head)) {
		snprintf(ret_why, size,
			 "the %s calibration '%s' %s is of %s, which is still to come: look at its date and "
			 "at this machine's clock",
			 calibration_place_name(place), head->id, head->version, head->date);
		return -EINVAL;
	}
	if (wall_s < end)
		return 0;
	if (gmtime_r(&end, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d", &parts);
	snprintf(ret_why, size,
		 "the %s calibration '%s' %s was good until %s: no new run without a newer one in the site "
		 "file; runs that began go on",
		 calibration_place_name(place), head->id, head->version, text);
	return -EINVAL;
}

void calibration_of_site(const struct site *site, enum calibration_place place,
			 struct calibration *ret_calibration)
{
	const struct bus_config *bus = &site->buses[0];
	const struct correction *const tables[CALIBRATION_PLACE_MAX] = {
		[CALIBRATION_THERMOCOUPLE] = &bus->thermocouple,
		[CALIBRATION_THERMOCOUPLE2] = &bus->thermocouple2,
		[CALIBRATION_FLOW] = &bus->flow};

	*ret_calibration = (struct calibration){.head = site->calibrations[place],
						.kind = (uint8_t)calibration_kind_of(place)};
	if (place == CALIBRATION_PRESS)
		ret_calibration->press = bus->calibration;
	else if (tables[place])
		ret_calibration->table = *tables[place];
	else
		ret_calibration->chip = site->chip;
}
