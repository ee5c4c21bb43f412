/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A campaign as one page that needs nothing else: pictures as inline SVG, tables, and where it all came from.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/densctl/command.h"
#include "tools/densctl/json.h"
#include "tools/densctl/series/pictures.h"

static const char style[] =
	"body{font:16px/1.5 Helvetica,Arial,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
	"1rem;color:#1c2329}"
	"h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}"
	"figure{margin:2rem 0}svg{width:100%;height:auto}figcaption{color:#4a545c}"
	"table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}"
	"td,th{padding:.2rem .6rem;border-bottom:1px solid #d8dde1;text-align:right;vertical-align:top}"
	"td.t,th.t{text-align:left}code{font-size:.8rem;word-break:break-all}.wide{overflow-x:auto}"
	".note{background:#eef1f4;padding:.6rem 1rem}";

static void escape(FILE *stream, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", stream);
			break;
		case '<':
			fputs("&lt;", stream);
			break;
		case '>':
			fputs("&gt;", stream);
			break;
		case '"':
			fputs("&quot;", stream);
			break;
		default:
			fputc(*text, stream);
		}
}

static void text_cell(FILE *stream, const char *text)
{
	fputs("<td class=t>", stream);
	escape(stream, text);
	fputs("</td>", stream);
}

static void number_cell(FILE *stream, double value, int decimals)
{
	char text[NUMBER_TEXT];

	fprintf(stream, "<td>%s</td>", number_text(value, decimals, text));
}

static void head(FILE *stream, const char *columns)
{
	fputs("<div class=wide><table><tr>", stream);
	for (const char *at = columns; *at;) {
		size_t length = strcspn(at, "|");

		fprintf(stream, "<th>%.*s</th>", (int)length, at);
		at += length + (at[length] == '|');
	}
	fputs("</tr>\n", stream);
}

static void tail(FILE *stream)
{
	fputs("</table></div>\n", stream);
}

/* ---- tables ---- */

static void write_state(const struct campaign *campaign, const struct series_state *state, FILE *stream)
{
	const struct kissinger_result *energy = &state->energy;
	char pressure[32];

	fputs("<tr>", stream);
	text_cell(stream, campaign_pressure_text(state->pressure_gpa, pressure));
	number_cell(stream, state->temperature_k, 0);
	number_cell(stream, state->temperature_k / series_tg_k(campaign->result, state->pressure_gpa), 3);
	text_cell(stream, series_region_name(state->region));
	fprintf(stream, "<td>%u (+%u)</td>", state->n, state->n_refused);
	number_cell(stream, state->tf_k, 2);
	number_cell(stream, state->tf_sd_k, 2);
	number_cell(stream, state->tf_spread_k, 2);
	number_cell(stream, energy->ea_kj_per_mol, 1);
	number_cell(stream, energy->ea_se_kj_per_mol, 1);
	number_cell(stream, energy->ea_ci95_kj_per_mol[0], 1);
	number_cell(stream, energy->ea_ci95_kj_per_mol[1], 1);
	number_cell(stream, energy->ea_over_rtg, 1);
	number_cell(stream, energy->ols_kj_per_mol, 1);
	text_cell(stream, energy->refusal ? energy->why : kissinger_class_name(energy->class));
	number_cell(stream, campaign_sections_to_come(campaign, state), 0);
	fputs("</tr>\n", stream);
}

static void write_states(const struct campaign *campaign, FILE *stream)
{
	fputs("<h2>States</h2>\n", stream);
	head(stream,
	     "P|T_dens / K|T_dens/Tg(P)|region|sections (+ refused)|Tf / K|&plusmn;|spread / K|Ea / (kJ/mol)|"
	     "&plusmn;|95 % from|to|R Tg|unweighted|class|still to scan");
	for (size_t i = 0; i < campaign->result->state_count; i++)
		write_state(campaign, &campaign->result->states[i], stream);
	tail(stream);
	fputs("<p>&plusmn; of Tf: standard error of the mean over the sections, errors common to all scans "
	      "included; spread: standard deviation between sections. Ea with its standard error and 95 % "
	      "interval (with errors of lag and scale): by the errors of its peaks where all are known; "
	      "unweighted: ordinary least squares beside it. A state with sections still to scan is "
	      "provisional.</p>\n",
	      stream);
}

static void write_value(const char *name, const struct series_value *value, int decimals, const char *unit,
			FILE *stream)
{
	fputs("<tr>", stream);
	text_cell(stream, name);
	number_cell(stream, value->value, decimals);
	number_cell(stream, value->sd, decimals);
	text_cell(stream, isnan(value->value) ? value->why : unit);
	fputs("</tr>\n", stream);
}

static void write_pressure(const struct series_pressure *pressure, FILE *stream)
{
	char name[128], text[32];

	campaign_pressure_text(pressure->pressure_gpa, text);
	snprintf(name, sizeof(name), "Tg(%s), midpoint of its bracket", text);
	write_value(name, &pressure->tg_k, 1, "K", stream);
	snprintf(name, sizeof(name), "T_dens where Ea passes 35 R Tg, %s", text);
	write_value(name, &pressure->crossover_k, 1, "K", stream);
	if (pressure->pressure_gpa <= SERIES_ATM_GPA)
		return;
	snprintf(name, sizeof(name), "its shift against 1 atm, %s", text);
	write_value(name, &pressure->crossover_shift_k, 1, "K", stream);
	snprintf(name, sizeof(name), "onset of region III against 1 atm, %s", text);
	write_value(name, &pressure->onset_shift_k, 2, "K", stream);
}

static void write_conclusions(const struct series_result *result, FILE *stream)
{
	fputs("<h2>What follows</h2>\n", stream);
	head(stream, "quantity|value|&plusmn;|unit, or why there is none");
	for (size_t i = 0; i < result->pressure_count; i++)
		write_pressure(&result->pressures[i], stream);
	write_value("dTg/dP in situ: Tg(P) against Tg(1 atm)", &result->in_situ_k_per_gpa, 2, "K/GPa",
		    stream);
	write_value("dTg/dP ex situ: onset of the recovered glass", &result->ex_situ_k_per_gpa, 2, "K/GPa",
		    stream);
	write_value("dTg/dP, older work", &result->older_k_per_gpa, 2, "K/GPa, not measured here", stream);
	write_value("rms between the Ea of two pressures against T_dens/Tg(P)", &result->collapse_rtg, 2,
		    "R Tg", stream);
	write_value("the same against T_dens", &result->unscaled_rtg, 2, "R Tg", stream);
	tail(stream);
}

static void write_ratios(const struct series_result *result, FILE *stream)
{
	char pressure[32];

	if (result->ratio_count == 0)
		return;
	fputs("<h2>Tf against the 1 atm reference</h2>\n", stream);
	head(stream, "P|T_dens / K|Tf/Tf(1 atm)|&plusmn;|Tf - Tf(1 atm) / K|&plusmn;");
	for (size_t i = 0; i < result->ratio_count; i++) {
		const struct series_ratio *ratio = &result->ratios[i];

		fputs("<tr>", stream);
		text_cell(stream, campaign_pressure_text(ratio->pressure_gpa, pressure));
		number_cell(stream, ratio->temperature_k, 0);
		number_cell(stream, ratio->ratio, 4);
		number_cell(stream, ratio->ratio_sd, 4);
		number_cell(stream, ratio->delta_k, 2);
		number_cell(stream, ratio->delta_sd_k, 2);
		fputs("</tr>\n", stream);
	}
	tail(stream);
}

static void write_window(FILE *stream, const double window_k[2])
{
	if (isnan(window_k[0]))
		fputs("<td>-</td>", stream);
	else
		fprintf(stream, "<td>%.0f to %.0f</td>", window_k[0], window_k[1]);
}

static void write_scan(const struct campaign_row *row, FILE *stream)
{
	const struct series_scan *scan = &row->scan;
	char pressure[32];

	fputs("<tr>", stream);
	text_cell(stream, row->name);
	text_cell(stream, campaign_pressure_text(scan->pressure_gpa, pressure));
	number_cell(stream, scan->temperature_k, 0);
	number_cell(stream, scan->rate_k_per_s, 1);
	number_cell(stream, scan->tf_k, 2);
	number_cell(stream, scan->tf_sd_k, 2);
	number_cell(stream, row->delta_tf_k, 2);
	number_cell(stream, row->delta_tf_sd_k, 2);
	number_cell(stream, scan->tp_k, 2);
	number_cell(stream, row->tp_sd_k, 2);
	number_cell(stream, scan->onset_k, 2);
	number_cell(stream, row->onset_sd_k, 2);
	write_window(stream, row->glass_k);
	write_window(stream, row->liquid_k);
	fputs("<td class=t>", stream);
	if (scan->refused) {
		fprintf(stream, "refused (%s): ", row->code);
		escape(stream, row->why);
	}
	fputs("</td></tr>\n", stream);
}

static void write_scans(const struct campaign *campaign, FILE *stream)
{
	fputs("<h2>Scans and the windows used</h2>\n", stream);
	head(stream, "section|P|T_dens / K|rate / (K/s)|Tf / K|&plusmn;|Tf - Tf_ref / K|&plusmn;|Tp / "
		     "K|&plusmn;|onset / K|&plusmn;|glass / K|"
		     "liquid / K|refused");
	for (size_t i = 0; i < campaign->count; i++)
		write_scan(&campaign->rows[i], stream);
	tail(stream);
}

static void write_run(json_object *run, FILE *stream)
{
	fputs("<tr>", stream);
	text_cell(stream, json_text(run, "run", ""));
	text_cell(stream, json_text(run, "name", ""));
	text_cell(stream, json_text(run, "queued", ""));
	text_cell(stream, json_text(run, "densification", ""));
	text_cell(stream, json_text(run, "calorimetry", ""));
	number_cell(stream, json_number(run, "hold_s"), 0);
	number_cell(stream, json_number(run, "clock_scale"), 0);
	fprintf(stream, "<td class=t><code>%.16s</code></td>", json_text(run, "protocol_sha256", ""));
	fprintf(stream, "<td class=t><code>%.16s</code></td></tr>\n", json_text(run, "site_sha256", ""));
}

static void write_provenance(const struct campaign *campaign, FILE *stream)
{
	size_t runs = campaign->runs ? json_object_array_length(campaign->runs) : 0;

	fputs("<h2>Where it came from</h2>\n<p>Scans from ", stream);
	escape(stream, campaign->origin);
	fprintf(stream, "; analysed and written by densctl %s.", DENSD_VERSION);
	if (campaign->version[0]) {
		fputs(" The store was served by densd ", stream);
		escape(stream, campaign->version);
		fputc('.', stream);
	}
	fputs("</p>\n", stream);
	if (runs == 0)
		return;
	head(stream, "run|name|queued|densification|calorimetry|held / s|clock scale|protocol, SHA-256|site, "
		     "SHA-256");
	for (size_t i = 0; i < runs; i++)
		write_run(json_object_array_get_idx(campaign->runs, i), stream);
	tail(stream);
	fputs("<p>Of each SHA-256 the first 16 digits; <code>densctl runs --json</code> has them "
	      "whole.</p>\n",
	      stream);
}

/* ---- pictures ---- */

/* 1: drawn; 0: nothing to draw; DENSCTL_INVALID (> 1): it could not be drawn. */
static int write_picture(const struct campaign *campaign, const struct picture *picture, FILE *stream)
{
	char *svg = NULL, *begin;
	int r;

	if (!picture->has(campaign))
		return 0;
	r = picture_render_svg(picture->write, campaign, &svg);
	begin = r == 0 ? strstr(svg, "<svg") : NULL;
	if (!begin) {
		fprintf(stderr, "densctl series: the picture '%s' was not drawn: gnuplot: %s\n",
			picture->name, strerror(r < 0 ? -r : EIO));
		free(svg);
		return DENSCTL_INVALID;
	}
	fprintf(stream, "<figure id=\"%s\">\n%s<figcaption>", picture->name, begin);
	escape(stream, picture->title);
	fputs("</figcaption></figure>\n", stream);
	free(svg);
	return 1;
}

/* Instruments that are simulated say so: a scaled clock runs with them alone. */
static bool is_simulated(const struct campaign *campaign)
{
	size_t runs = campaign->runs ? json_object_array_length(campaign->runs) : 0;

	for (size_t i = 0; i < runs; i++)
		if (json_number(json_object_array_get_idx(campaign->runs, i), "clock_scale") > 1)
			return true;
	return false;
}

static void write_begin(const struct campaign *campaign, FILE *stream)
{
	char day[32];
	time_t now = time(NULL);
	struct tm utc;

	strftime(day, sizeof(day), "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
	fputs("<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
	      "content=\"width=device-width\"><title>",
	      stream);
	escape(stream, campaign->title);
	fprintf(stream, "</title><style>%s</style></head><body>\n<h1>", style);
	escape(stream, campaign->title);
	fprintf(stream, "</h1>\n<p>%zu scans of %zu states; written %s.</p>\n", campaign->count,
		campaign->result->state_count, day);
	if (is_simulated(campaign))
		fputs("<p class=note>These runs were made with simulated instruments and a model glass. "
		      "They show that the chain from press to number works; they are no evidence for the "
		      "physics.</p>\n",
		      stream);
}

int campaign_write_html(const struct campaign *campaign, FILE *stream)
{
	write_begin(campaign, stream);
	for (int i = 0; i < PICTURES; i++)
		if (write_picture(campaign, &pictures[i], stream) > 1)
			return DENSCTL_INVALID;
	write_states(campaign, stream);
	write_conclusions(campaign->result, stream);
	write_ratios(campaign->result, stream);
	write_scans(campaign, stream);
	write_provenance(campaign, stream);
	fputs("</body></html>\n", stream);
	return DENSCTL_OK;
}
