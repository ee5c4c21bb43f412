/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration for people and as JSON; the fields are those of a run's record (daemon/WIRE.md, run). */
#include "config/calibration_json.h"
#include "daemon/base/clock.h"
#include "tools/densctl/calibration/calibration.h"
#include "tools/densctl/json.h"

#define SECOND_US INT64_C(1000000)

/* The place only gives the sentence its name. */
int calibration_judge_now(const struct calibration *calibration, char ret_why[CALIBRATION_WHY])
{
	static const enum calibration_place places[] = {CALIBRATION_PRESS, CALIBRATION_THERMOCOUPLE,
							CALIBRATION_FLOW, CALIBRATION_CHIP};

	return calibration_judge(&calibration->head, places[calibration->kind % 4],
				 clock_wall_us() / SECOND_US, ret_why, CALIBRATION_WHY);
}

static void print_table(const char *what, const char *units, const double *reading, const double *truth,
			const double *sd, uint32_t count)
{
	printf("\n%s\n  %10s  %10s  %10s\n", what, "read", "true", "+-");
	for (uint32_t i = 0; i < count; i++)
		printf("  %10.4g  %10.6g  %10.3g\n", reading[i], truth[i], sd[i]);
	printf("  %s; straight between the points, nothing beyond them\n", units);
}

void calibration_show(const struct calibration *calibration)
{
	const struct calibration_head *head = &calibration->head;
	const struct press_calibration *press = &calibration->press;
	const struct chip_calibration *chip = &calibration->chip;
	char until[CLOCK_WALL_TEXT], why[CALIBRATION_WHY];

	printf("%s, version %s, of a %s\n", head->id, head->version,
	       calibration_kind_name((enum calibration_kind)calibration->kind));
	printf("  %s by %s: %s\n", head->date, head->by, head->method);
	printf("  good until %.10s: %s\n", clock_wall_text(calibration_end_s(head) * SECOND_US, until),
	       calibration_judge_now(calibration, why) < 0 ? why : "a run is accepted with it today");
	if (head->simulated)
		puts("  the virtual laboratory's own: no run of real instruments stands on it");
	printf("  SHA-256 %s\n", head->sha256);
	if (calibration->kind == CALIBRATION_OF_PRESS) {
		print_table("loading", "bar, GPa", press->loading_bar, press->loading_gpa,
			    press->loading_sd_gpa, press->loading_count);
		print_table("unloading", "bar, GPa", press->unloading_bar, press->unloading_gpa,
			    press->unloading_sd_gpa, press->unloading_count);
	} else if (calibration->kind == CALIBRATION_OF_CHIP) {
		printf("\n  lag %g +- %g s, cell %g s, temperature scale %+g +- %g K\n", chip->lag_s,
		       chip->lag_sd_s, chip->cell_s, chip->offset_k, chip->offset_sd_k);
	} else {
		print_table("points", calibration->kind == CALIBRATION_OF_FLOW ? "ml/min" : "K",
			    calibration->table.reading, calibration->table.truth, calibration->table.sd,
			    calibration->table.count);
	}
}

json_object *calibration_json(const struct calibration *calibration, const char *path)
{
	const struct calibration_head *head = &calibration->head;
	json_object *object = json_object_new_object();
	char why[CALIBRATION_WHY] = "";
	bool good = calibration_judge_now(calibration, why) == 0;

	json_add_text(object, "file", path);
	json_object_object_add(object, "good", json_object_new_boolean(good));
	json_add_text(object, "why", why);
	json_object_object_add(object, "simulated", json_object_new_boolean(head->simulated));
	json_add_text(object, "kind", calibration_kind_name((enum calibration_kind)calibration->kind));
	calibration_json_add(object, calibration);
	return object;
}
