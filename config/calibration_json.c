/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/calibration_json.h"

#include <math.h>

#include "config/json_real.h"
#include "daemon/base/clock.h"

#define SECOND_US INT64_C(1000000)

/* The count may have come over a link: it is not believed. */
static json_object *table_json(const double *reading, const double *truth, const double *sd, uint32_t count)
{
	json_object *rows = json_object_new_array();

	for (uint32_t i = 0; i < count && i < CALIBRATION_POINTS_MAX; i++) {
		json_object *row = json_object_new_array();

		json_object_array_add(row, json_real(reading[i]));
		json_object_array_add(row, json_real(truth[i]));
		json_object_array_add(row, json_real(sd[i]));
		json_object_array_add(rows, row);
	}
	return rows;
}

static void add_head(json_object *object, const struct calibration_head *head)
{
	char until[CLOCK_WALL_TEXT];
	const struct {
		const char *key, *text;
	} texts[] = {{"id", head->id},
		     {"version", head->version},
		     {"date", head->date},
		     {"by", head->by},
		     {"method", head->method},
		     {"valid_until", clock_wall_text(calibration_end_s(head) * SECOND_US, until)},
		     {"sha256", head->sha256}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_object_add(object, texts[i].key, json_object_new_string(texts[i].text));
}

static void add_tables(json_object *object, const struct press_calibration *press,
		       const struct correction *table)
{
	json_object_object_add(object, "loading",
			       table_json(press->loading_bar, press->loading_gpa, press->loading_sd_gpa,
					  press->loading_count));
	json_object_object_add(object, "unloading",
			       table_json(press->unloading_bar, press->unloading_gpa, press->unloading_sd_gpa,
					  press->unloading_count));
	json_object_object_add(object, "points",
			       table_json(table->reading, table->truth, table->sd, table->count));
}

static void add_chip(json_object *object, const struct chip_calibration *chip, bool is_chip)
{
	const struct {
		const char *key;
		double value;
	} numbers[] = {{"lag_s", chip->lag_s},
		       {"lag_sd_s", chip->lag_sd_s},
		       {"cell_s", chip->cell_s},
		       {"offset_k", chip->offset_k},
		       {"offset_sd_k", chip->offset_sd_k}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_object_add(object, numbers[i].key, json_real(is_chip ? numbers[i].value : NAN));
}

void calibration_json_add(json_object *object, const struct calibration *calibration)
{
	add_head(object, &calibration->head);
	add_tables(object, &calibration->press, &calibration->table);
	add_chip(object, &calibration->chip, calibration->kind == CALIBRATION_OF_CHIP);
}
