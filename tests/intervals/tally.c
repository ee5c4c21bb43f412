/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/intervals/tally.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct tally_row *row_of(struct tally *tally, const char *name)
{
	for (size_t i = 0; i < tally->count; i++)
		if (strcmp(tally->rows[i].name, name) == 0)
			return &tally->rows[i];
	assert(tally->count < TALLY_ROWS);
	snprintf(tally->rows[tally->count].name, TALLY_NAME, "%s", name);
	return &tally->rows[tally->count++];
}

/* The sums with the laboratory that is drawn. */
static struct tally_row closed(const struct tally_row *row)
{
	struct tally_row with = *row;
	double inside = (double)row->its_inside, valued = (double)row->its_valued;

	with.inside2 += inside * inside;
	with.inside_valued += inside * valued;
	with.valued2 += valued * valued;
	with.its_inside = with.its_valued = 0;
	return with;
}

void tally_add(struct tally *tally, const char *name, double truth, double value, double sd,
	       const double interval[2])
{
	struct tally_row *row = row_of(tally, name);

	row->drawn++;
	if (!isfinite(value) || !isfinite(sd)) {
		row->missing++;
		return;
	}
	if (row->laboratory != tally->laboratory)
		*row = closed(row);
	row->laboratory = tally->laboratory;
	row->its_valued++;
	row->its_inside += truth >= interval[0] && truth <= interval[1];
	row->inside += truth >= interval[0] && truth <= interval[1];
	row->off += value - truth;
	row->off2 += (value - truth) * (value - truth);
	row->sd += sd;
	row->sd2 += sd * sd;
}

void tally_add_normal(struct tally *tally, const char *name, double truth, double value, double sd)
{
	const double interval[2] = {value - 1.96 * sd, value + 1.96 * sd};

	tally_add(tally, name, truth, value, sd, interval);
}

static double valued(const struct tally_row *row)
{
	return (double)(row->drawn - row->missing);
}

static double share(const struct tally_row *row)
{
	return (double)row->inside / valued(row);
}

/* Of the share, from the scatter of the laboratories. */
static double share_sd(const struct tally_row *row)
{
	struct tally_row all = closed(row);
	double p = share(row), squares = all.inside2 - 2 * p * all.inside_valued + p * p * all.valued2;

	return sqrt(fmax(0, squares)) / valued(row);
}

void tally_print(const struct tally *tally, bool json)
{
	if (!json)
		printf("%-28s %7s %7s %9s %5s %9s %9s %9s\n", "quantity", "drawn", "none", "inside/%", "+-",
		       "bias", "rms off", "rms sd");
	for (size_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];
		struct tally_row all = closed(row);
		double n = valued(row), bias = row->off / n, off = sqrt(row->off2 / n),
		       sd = sqrt(row->sd2 / n);

		if (json)
			printf("{\"quantity\": \"%s\", \"drawn\": %lu, \"missing\": %lu, \"inside\": %lu, "
			       "\"off\": %.9g, \"off2\": %.9g, \"sd2\": %.9g, \"inside2\": %.9g, "
			       "\"inside_valued\": %.9g, \"valued2\": %.9g}\n",
			       row->name, row->drawn, row->missing, row->inside, row->off, row->off2,
			       row->sd2, all.inside2, all.inside_valued, all.valued2);
		else
			printf("%-28s %7lu %7lu %9.1f %5.1f %9.3f %9.3f %9.3f\n", row->name, row->drawn,
			       row->missing, 100 * share(row), 196 * share_sd(row), bias, off, sd);
	}
}

/* 3 standard deviations of a binomial of share @goal, by as much more as the laboratories scatter more. */
static double slack(const struct tally_row *row, double goal)
{
	double n = valued(row), p = share(row), binomial = sqrt(p * (1 - p) / n);
	double wider = binomial > 0 ? fmax(1, share_sd(row) / binomial) : 1;

	return 3 * wider * sqrt(goal * (1 - goal) / n);
}

/* The goals are for these, also "Tf, 100 K/s"; of what stands beside them no interval may be too narrow. */
static bool has_goal(const struct tally_row *row)
{
	static const char *const names[] = {"Tf", "Tf - Tf_ref", "Tp", "onset", "Ea"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (strncmp(row->name, names[i], length) == 0 &&
		    (row->name[length] == '\0' || row->name[length] == ','))
			return true;
	}
	return false;
}

bool tally_check(const struct tally *tally, double low, double high, double missing_max)
{
	bool good = tally->count > 0;

	for (size_t i = 0; i < tally->count; i++) {
		const struct tally_row *row = &tally->rows[i];
		double n = valued(row), slack_low = slack(row, low), slack_high = slack(row, high);
		bool right = share(row) >= low - slack_low &&
			     (!has_goal(row) || share(row) <= high + slack_high) &&
			     (double)row->missing <= missing_max * (double)row->drawn;

		if (!right)
			printf("%s: %.1f %% of %.0f intervals hold the truth, %lu of %lu have no value; "
			       "wanted: %.0f to "
			       "%.0f %%, less than %.0f %% without\n",
			       row->name, 100 * share(row), n, row->missing, row->drawn, 100 * low,
			       100 * high, 100 * missing_max);
		good &= right;
	}
	return good;
}
