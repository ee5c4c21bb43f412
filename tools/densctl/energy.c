/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/energy.h"

#include <math.h>
#include <string.h>

#include "tools/densctl/json.h"

enum { RATES_TEXT = 96 };

static double interval_end(json_object *result, size_t end)
{
	json_object *interval = json_field(result, "ea_ci95_kj_per_mol");

	if (!json_object_is_type(interval, json_type_array) || json_object_array_length(interval) != 2)
		return NAN;
	return json_object_get_double(json_object_array_get_idx(interval, end));
}

/* "3 rates" or, while more are to come, "3 of 6 planned rates: the apparent Ea of this narrow range". */
static const char *rates_text(json_object *result, char text[RATES_TEXT])
{
	double rates = json_number(result, "n_rates"), planned = json_number(result, "n_rates_planned");

	if (json_flag(result, "provisional"))
		snprintf(text, RATES_TEXT, "%.0f of %.0f planned rates: the apparent Ea of that narrow range",
			 rates, planned);
	else if (planned > rates)
		snprintf(text, RATES_TEXT, "%.0f of %.0f planned rates", rates, planned);
	else
		snprintf(text, RATES_TEXT, "%.0f rates", rates);
	return text;
}

const char *energy_text(json_object *result, char text[ENERGY_TEXT])
{
	const char *class = json_text(result, "class", "-");
	char rates[RATES_TEXT];
	size_t used;

	if (json_flag(result, "refused"))
		snprintf(text, ENERGY_TEXT, "%s: %s",
			 json_flag(result, "provisional") ? "Ea not known yet" : "no Ea",
			 json_text(result, "why", ""));
	else
		snprintf(text, ENERGY_TEXT,
			 "%sEa %.1f +- %.1f kJ/mol (95 %%: %.1f to %.1f) = %.1f R Tg, %s%s, from %.0f scans "
			 "at %s",
			 json_flag(result, "provisional") ? "provisional " : "",
			 json_number(result, "ea_kj_per_mol"), json_number(result, "ea_se_kj_per_mol"),
			 interval_end(result, 0), interval_end(result, 1), json_number(result, "ea_over_rtg"),
			 class, json_flag(result, "provisional") ? " so far" : "", json_number(result, "n"),
			 rates_text(result, rates));
	used = strlen(text);
	if (!json_flag(result, "refused") && json_flag(result, "weighted"))
		snprintf(text + used, ENERGY_TEXT - used, "; unweighted %.1f +- %.1f",
			 json_number(result, "ea_ols_kj_per_mol"),
			 json_number(result, "ea_ols_se_kj_per_mol"));
	return text;
}

/* "7 GPa, 643 K: Tf 595.7 K (5 sections, spread 0.4 K); " */
const char *energy_state_text(json_object *result, char text[ENERGY_TEXT])
{
	char pressure[NUMBER_TEXT], tf[NUMBER_TEXT], sections[64], energy[ENERGY_TEXT];
	double spread_k = json_number(result, "tf_spread_k"), count = json_number(result, "n_sections");

	snprintf(pressure, sizeof(pressure), "%g GPa", json_number(result, "pressure_gpa"));
	snprintf(sections, sizeof(sections),
		 isfinite(spread_k) ? "%.0f section%s, spread %.1f K" : "%.0f section%s", count,
		 count == 1 ? "" : "s", spread_k);
	snprintf(text, ENERGY_TEXT, "state %s, %g K: Tf %s K (%s); %s",
		 json_flag(result, "reference") ? "1 atm" : pressure, json_number(result, "temperature_k"),
		 number_text(json_number(result, "tf_k"), 1, tf), sections, energy_text(result, energy));
	return text;
}
