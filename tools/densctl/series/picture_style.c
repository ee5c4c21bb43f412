/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/series/picture_series.h"

/* The eight of Okabe and Ito (Color Universal Design, 2008), without the yellow that white paper swallows. */
static const char *const colours[] = {"#000000", "#d55e00", "#0072b2", "#009e73",
				      "#cc79a7", "#e69f00", "#56b4e9"};
static const int points[] = {6, 7, 5, 9, 13, 11, 15};

#define COUNT (sizeof(colours) / sizeof(colours[0]))

const char *picture_pressure_colour(size_t index)
{
	return colours[index % COUNT];
}

int picture_pressure_point(size_t index)
{
	return points[index % COUNT];
}

/* Lightness rises all the way, so the order survives grey printing: four supports of viridis, short of
 * yellow. */
const char *picture_scale_colour(double share, char text[8])
{
	static const double supports[][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {122, 205, 80}};
	double at = fmin(fmax(share, 0), 1) * 3;
	int i = at < 3 ? (int)at : 2;
	unsigned rgb[3];

	for (int k = 0; k < 3; k++)
		rgb[k] = (unsigned)lround(supports[i][k] + (at - i) * (supports[i + 1][k] - supports[i][k])) &
			 255U;
	snprintf(text, 8, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
	return text;
}

bool picture_shows(const struct series_result *result, double pressure_gpa)
{
	size_t most = 0, own = 0;

	for (size_t i = 0; i < result->pressure_count; i++) {
		const struct series_pressure *pressure = &result->pressures[i];

		most = pressure->count > most ? pressure->count : most;
		if (fabs(pressure->pressure_gpa - pressure_gpa) < 0.05 &&
		    (pressure->pressure_gpa <= SERIES_ATM_GPA) == (pressure_gpa <= SERIES_ATM_GPA))
			own = pressure->count;
	}
	return own > 1 || most < 2;
}
