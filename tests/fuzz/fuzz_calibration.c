/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes through the calibration reader: no crash, and what it takes is a table that goes there and back.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/calibration.h"
#include "drivers/calibration.h"
#include "drivers/correction.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_press(const struct press_calibration *press)
{
	double top_gpa = press->loading_gpa[press->loading_count - 1];

	if (calibration_check(press) < 0)
		abort();
	for (int i = 0; i <= 10; i++) {
		double gpa = press->loading_gpa[0] + (top_gpa - press->loading_gpa[0]) * i / 10;

		if (fabs(calibration_loading_gpa(press, calibration_loading_bar(press, gpa)) - gpa) >
		    1e-6 * fmax(1, gpa))
			abort();
	}
}

static void check_table(const struct correction *table)
{
	if (correction_check(table) < 0)
		abort();
	for (uint32_t i = 0; i < table->count; i++)
		if (fabs(correction_undo(table, correction_apply(table, table->reading[i])) -
			 table->reading[i]) > 1e-6 * fmax(1, table->reading[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diagnostics diagnostics;
	struct calibration calibration;
	int r;

	diagnostics_init(&diagnostics, "fuzz");
	r = calibration_read_text((const char *)data, size, &diagnostics, &calibration);
	if ((r == 0) != (diagnostics.errors == 0))
		abort();
	if (r != 0)
		return 0;
	if (calibration_end_s(&calibration.head) <= calibration_begin_s(&calibration.head))
		abort();
	if (calibration.kind == CALIBRATION_OF_PRESS)
		check_press(&calibration.press);
	else
		check_table(&calibration.table);
	return 0;
}
