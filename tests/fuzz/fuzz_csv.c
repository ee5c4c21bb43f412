/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of tables and of STARe exports take any bytes; every refusal says why, every table is complete.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tools/densctl/analyse/csv.h"
#include "tools/densctl/analyse/stare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all_columns(const struct csv *csv)
{
	size_t wanted[CSV_COLUMNS_MAX];
	struct csv_numbers numbers;
	struct csv_error error;
	int r;

	for (size_t i = 0; i < csv->columns; i++)
		wanted[i] = i;
	r = csv_read_numbers(csv, wanted, csv->columns, &numbers, &error);
	if (r > 0 && (!error.why[0] || error.line == 0))
		abort();
	if (r)
		return;
	if (numbers.rows > csv->size || numbers.columns != csv->columns)
		abort();
	for (size_t i = 1; i < numbers.rows; i++)
		if (numbers.lines[i] <= numbers.lines[i - 1])
			abort();
	csv_numbers_free(&numbers);
}

static void read_stare(const char *bytes, size_t size, unsigned segment)
{
	struct csv_numbers numbers;
	struct csv_error error = {0};
	int r = stare_read(bytes, size, segment, &numbers, &error);

	if (r > 0 && !error.why[0])
		abort();
	if (r)
		return;
	if (!stare_detect(bytes, size) || numbers.rows > size)
		abort();
	csv_numbers_free(&numbers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv_error error;
	struct csv csv;

	if (csv_read_header((const char *)data, size, &csv, &error) == 0)
		read_all_columns(&csv);
	else if (!error.why[0])
		abort();
	for (unsigned segment = 0; segment < 3; segment++)
		read_stare((const char *)data, size, segment);
	return 0;
}
