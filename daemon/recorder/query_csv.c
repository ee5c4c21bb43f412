/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/query_csv.h"

#include <math.h>
#include <string.h>

#include "daemon/recorder/pins.h"

/* What people wrote; a line's end in it would end the comment. */
static void write_text(FILE *out, json_object *object, const char *key)
{
	json_object *value = NULL;
	const char *text;

	json_object_object_get_ex(object, key, &value);
	text = value ? json_object_get_string(value) : "";
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? '?' : *text, out);
}

static void write_pin(FILE *out, json_object *pin)
{
	static const struct {
		const char *before, *key;
	} parts[] = {{"# calibration, ", "place"},
		     {": ", "id"},
		     {" ", "version"},
		     {", of ", "date"},
		     {", by ", "by"},
		     {", valid until ", "valid_until"},
		     {", used since ", "since"},
		     {", sha256 ", "sha256"}};
	json_object *expired = NULL;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fputs(parts[i].before, out);
		write_text(out, pin, parts[i].key);
	}
	json_object_object_get_ex(pin, "expired", &expired);
	fputs(json_object_get_boolean(expired) ? ", EXPIRED WHEN USED\n" : "\n", out);
}

static void write_pins(const struct asked *asked, const char *run)
{
	json_object *list = pins_render(asked->store, run);

	for (size_t i = 0; i < json_object_array_length(list); i++)
		write_pin(asked->out, json_object_array_get_idx(list, i));
	if (json_object_array_length(list) == 0)
		fputs("# calibration: none in the record of this run\n", asked->out);
	json_object_put(list);
}

void query_csv_head_samples(const struct asked *asked)
{
	fprintf(asked->out, "# samples of run %.26s\n", asked->query->run);
	fputs("# units: t_wall UTC; t_lab_s, run_s s; *_k K; *_gpa GPa; oil_bar bar; output_pct %; "
	      "flow_ml_per_min ml/min. Empty: no good value\n"
	      "# press_lock: free, locked; press_contactor, coupler_contactor (of the heater): open, closed; "
	      "none: the site has none; empty: not known, or not read in time\n",
	      asked->out);
	write_pins(asked, asked->query->run);
}

static void write_value(FILE *out, const char *name, double value)
{
	if (isfinite(value))
		fprintf(out, " %s=%.10g", name, value);
}

void query_csv_head_trace(const struct asked *asked, const struct trace *trace)
{
	const struct chip_calibration *chip = &trace->header.chip;
	char run[ULID_TEXT];

	snprintf(run, sizeof(run), "%.26s", trace->header.section);
	fprintf(asked->out, "# %s scan of section %s, ordered at %.10g K/s\n",
		trace->header.reference ? "reference" : "first", trace->header.section,
		trace->header.ordered_rate_k_per_s);
	fputs("# units: T_K K, programme temperature; heat_flow_mW mW, endothermic up; t_s s. Lag and offset "
	      "are "
	      "not taken off (densctl analyse pair --lag-s):",
	      asked->out);
	write_value(asked->out, "lag_s", chip->lag_s);
	write_value(asked->out, "lag_sd_s", chip->lag_sd_s);
	write_value(asked->out, "cell_s", chip->cell_s);
	write_value(asked->out, "offset_k", chip->offset_k);
	write_value(asked->out, "offset_sd_k", chip->offset_sd_k);
	fputc('\n', asked->out);
	write_pins(asked, run);
}
