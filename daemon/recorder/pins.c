/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/pins.h"

#include "config/calibration_json.h"
#include "daemon/message.h"
#include "daemon/recorder/bind.h"

#define SECOND_US INT64_C(1000000)

static int keep_content(struct store *store, const struct calibration *calibration)
{
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"INSERT OR IGNORE INTO calibrations(sha256, json) VALUES(?, ?)");
	json_object *object = json_object_new_object();
	int r;

	calibration_json_add(object, calibration);
	bind_text(s, 1, calibration->head.sha256);
	bind_text(s, 2, message_text(object));
	r = store_run(s);
	json_object_put(object);
	return r;
}

static bool is_pinned(struct store *store, const char *run, enum calibration_place place, const char *sha256)
{
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"SELECT 1 FROM pins WHERE run = ? AND place = ? AND sha256 = ?");
	bool found;

	bind_text(s, 1, run);
	bind_integer(s, 2, place);
	bind_text(s, 3, sha256);
	found = store_step(s) == 1;
	sqlite3_reset(s);
	return found;
}

static int keep_one(struct store *store, const char *run, enum calibration_place place, int64_t t_wall_us)
{
	struct calibration calibration;
	sqlite3_stmt *s;
	int r;

	calibration_of_site(store->site, place, &calibration);
	if (!calibration.head.id[0] || is_pinned(store, run, place, calibration.head.sha256))
		return 0;
	r = keep_content(store, &calibration);
	if (r < 0)
		return r;
	s = store_prepare(store, store->journal,
			  "INSERT INTO pins(run, place, sha256, since_us, expired) VALUES(?, ?, ?, ?, ?)");
	bind_text(s, 1, run);
	bind_integer(s, 2, place);
	bind_text(s, 3, calibration.head.sha256);
	bind_integer(s, 4, t_wall_us);
	bind_integer(s, 5, t_wall_us / SECOND_US >= calibration_end_s(&calibration.head));
	return store_run(s);
}

int pins_keep(struct store *store, const struct control_snapshot *snapshot, int64_t t_wall_us)
{
	static const enum calibration_place press_places[] = {CALIBRATION_PRESS, CALIBRATION_THERMOCOUPLE,
							      CALIBRATION_THERMOCOUPLE2},
					    scan_places[] = {CALIBRATION_FLOW, CALIBRATION_CHIP};
	uint8_t phase = snapshot->machine.phase;
	bool pressing = snapshot->run[0] && phase != PHASE_IDLE && phase != PHASE_DONE,
	     scanning = snapshot->scan_run[0] && snapshot->scan.phase != SCAN_IDLE;
	int r = 0;

	if (!store->site)
		return 0;
	for (size_t i = 0; r == 0 && pressing && i < sizeof(press_places) / sizeof(press_places[0]); i++)
		r = keep_one(store, snapshot->run, press_places[i], t_wall_us);
	for (size_t i = 0; r == 0 && scanning && i < sizeof(scan_places) / sizeof(scan_places[0]); i++)
		r = keep_one(store, snapshot->scan_run, scan_places[i], t_wall_us);
	return r;
}

/* json-c's own loop is an expression of GNU C that clang refuses. */
static void add_all(json_object *object, json_object *content)
{
	struct json_object_iterator at = json_object_iter_begin(content), end = json_object_iter_end(content);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		json_object_object_add(object, json_object_iter_peek_name(&at),
				       json_object_get(json_object_iter_peek_value(&at)));
}

json_object *pins_render(struct store *store, const char *run)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT p.place, p.since_us, p.expired, c.json FROM pins p JOIN calibrations c ON "
		"c.sha256 = p.sha256 WHERE p.run = ? ORDER BY p.place, p.since_us");
	json_object *list = json_object_new_array();

	bind_text(s, 1, run);
	while (s && store_step(s) == 1) {
		json_object *content = json_tokener_parse(column_text(s, 3)),
			    *object = json_object_new_object();

		message_add_text(object, "place",
				 calibration_place_name((enum calibration_place)sqlite3_column_int(s, 0)));
		message_add_wall(object, "since", sqlite3_column_int64(s, 1));
		message_add_flag(object, "expired", sqlite3_column_int(s, 2) != 0);
		if (json_object_is_type(content, json_type_object))
			add_all(object, content);
		json_object_put(content);
		json_object_array_add(list, object);
	}
	sqlite3_reset(s);
	return list;
}
