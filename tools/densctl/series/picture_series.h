/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each picture of a campaign is drawn, and whether there is something to draw. */
#ifndef DENSCTL_PICTURE_SERIES_H
#define DENSCTL_PICTURE_SERIES_H

#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/series/campaign.h"

/* subject: struct campaign */
picture_writer picture_write_curves_liquid, picture_write_curves_glass, picture_write_tf,
	picture_write_kissinger_all, picture_write_ea, picture_write_master, picture_write_ratio,
	picture_write_pressure_tf, picture_write_pressure_ea;

bool picture_has_curves_liquid(const struct campaign *campaign);
bool picture_has_curves_glass(const struct campaign *campaign);
bool picture_has_tf(const struct campaign *campaign);
bool picture_has_energy(const struct campaign *campaign);
bool picture_has_master(const struct campaign *campaign);
bool picture_has_ratio(const struct campaign *campaign);
bool picture_has_pressures(const struct campaign *campaign);

/*
 * Whether a picture over temperature shows this pressure: one with a single temperature is a point of the
 * pictures over pressure. Where no pressure has more, all are shown.
 */
bool picture_shows(const struct series_result *result, double pressure_gpa);
/* The colour of pressure @index, 0 being 1 atm: told apart by every kind of colour vision. */
const char *picture_pressure_colour(size_t index);
int picture_pressure_point(size_t index); /* gnuplot's pt */
/* A colour from dark to light for @share of 0 to 1 (a temperature among others). @text of 8 bytes, returned.
 */
const char *picture_scale_colour(double share, char text[8]);

#endif
