/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/series/pictures.h"

#include <stdio.h>
#include <string.h>

#include "tools/densctl/command.h"
#include "tools/densctl/series/picture_series.h"

const struct picture pictures[PICTURES] = {
	{"curves-liquid",
	 "Heating curves of the glasses that were in equilibrium during densification (region III)",
	 picture_write_curves_liquid, picture_has_curves_liquid,
	 "a state of region III with the curves of its scans"},
	{"curves-glass",
	 "Heating curves of the other glasses: densified below Tg(P) (regions I and II), or Tg(P) not known",
	 picture_write_curves_glass, picture_has_curves_glass,
	 "a state outside region III with the curves of its scans"},
	{"tf", "Fictive temperature against the temperature of densification or annealing", picture_write_tf,
	 picture_has_tf, "two states with a Tf"},
	{"kissinger", "Kissinger plot of all states", picture_write_kissinger_all, picture_has_energy,
	 "two states with an Ea"},
	{"ea", "Activation energy against the temperature of densification or annealing", picture_write_ea,
	 picture_has_energy, "two states with an Ea"},
	{"master", "Activation energy against T_dens/Tg(P)", picture_write_master, picture_has_master,
	 "Ea at two pressures over one range of T_dens/Tg(P)"},
	{"ratio", "Fictive temperature relative to the 1 atm reference", picture_write_ratio,
	 picture_has_ratio, "two T_dens that were measured at 1 atm too"},
	{"pressure-tf", "Fictive temperature against the pressure of densification",
	 picture_write_pressure_tf, picture_has_pressures,
	 "one T_dens at three pressures or more, each with a Tf"},
	{"pressure-ea", "Activation energy against the pressure of densification", picture_write_pressure_ea,
	 picture_has_pressures, "one T_dens at three pressures or more, each with a Tf"},
};

const struct picture *picture_find(const char *name)
{
	for (int i = 0; i < PICTURES; i++)
		if (strcmp(pictures[i].name, name) == 0)
			return &pictures[i];
	return NULL;
}

int pictures_check(const char *command, const char *name)
{
	char list[256];
	size_t used = 0;

	if (!name || picture_find(name))
		return DENSCTL_OK;
	for (int i = 0; i < PICTURES; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", pictures[i].name);
	return usage_error(command, "'%s' is not a picture; allowed:%s", name, list);
}

int pictures_draw(const struct campaign *campaign, const char *command, const char *name,
		  const struct analyse_arguments *arguments)
{
	const struct picture *picture = picture_find(name ? name : PICTURE_DEFAULT);

	if (!arguments->svg && !arguments->png)
		return DENSCTL_OK;
	if (!picture->has(campaign)) {
		fprintf(stderr, "densctl %s: the picture '%s' (%s) has nothing to show: it takes %s\n",
			command, picture->name, picture->title, picture->needs);
		return DENSCTL_ANALYSIS;
	}
	return picture_draw(arguments, "series", picture->write, campaign);
}
