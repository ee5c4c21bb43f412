/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl series: stored runs as a campaign, in one of several forms. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/ulid.h"
#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/json.h"
#include "tools/densctl/output.h"
#include "tools/densctl/series/from_store.h"
#include "tools/densctl/series/pictures.h"

static bool is_file(const char *argument)
{
	size_t length = strlen(argument);

	return length > 5 && strcmp(argument + length - 5, ".json") == 0;
}

static size_t count_files(const struct options *options)
{
	size_t files = 0;

	for (int i = 0; i < options->count; i++)
		files += is_file(options->arguments[i]);
	return files;
}

static int read_number(const struct options *options, enum option option, const char *name, double *ret_value)
{
	const char *text = options->value[option];
	char *end;
	double value;

	if (!text)
		return DENSCTL_OK;
	value = strtod(text, &end);
	if (*end || end == text || !isfinite(value) || value <= 0)
		return usage_error(options->command, "--%s is '%s'; a number above 0 is wanted", name, text);
	*ret_value = value;
	return DENSCTL_OK;
}

static int check(const struct options *options, struct campaign *campaign)
{
	int forms = option_given(options, OPTION_JSON) + option_given(options, OPTION_CSV) +
		    option_given(options, OPTION_HTML);
	size_t files = count_files(options);
	int r;

	for (int i = 0; i < options->count; i++)
		if (!is_file(options->arguments[i]) && !ulid_is_valid(options->arguments[i]))
			return usage_error(
				options->command,
				"'%s' is neither a run id (densctl runs) nor a file.json of --save",
				options->arguments[i]);
	if (files && (files != (size_t)options->count || option_given(options, OPTION_NAME) ||
		      option_given(options, OPTION_SAVE)))
		return usage_error(options->command,
				   "files of --save go alone: without run ids, --name and --save");
	if (forms > 1)
		return usage_error(options->command, "--json, --csv and --html exclude each other");
	r = pictures_check(options->command, options->value[OPTION_PICTURE]);
	if (r == DENSCTL_OK)
		r = read_number(options, OPTION_TG, "tg", &campaign->options.tg_k);
	if (r == DENSCTL_OK)
		r = read_number(options, OPTION_OLDER, "older", &campaign->options.older_k_per_gpa);
	return r;
}

static bool wants_curves(const struct options *options)
{
	return option_given(options, OPTION_HTML) || option_given(options, OPTION_SVG) ||
	       option_given(options, OPTION_PNG) || option_given(options, OPTION_SAVE);
}

static int save(const struct options *options, json_object *document)
{
	const char *path = options->value[OPTION_SAVE];

	if (!path)
		return DENSCTL_OK;
	if (json_object_to_file_ext(path, document, JSON_C_TO_STRING_PLAIN) == 0)
		return DENSCTL_OK;
	fprintf(stderr, "densctl %s: %s cannot be written: %s\n", options->command, path, strerror(errno));
	return DENSCTL_INVALID;
}

static int take(const struct options *options, json_object *document, struct campaign *campaign)
{
	int r = store_fill(document, campaign);

	if (r < 0)
		fprintf(stderr, "densctl %s: %s\n", options->command, strerror(-r));
	return r < 0 ? DENSCTL_INVALID : DENSCTL_OK;
}

static int fill_from_daemon(const struct options *options, struct campaign *campaign)
{
	json_object *document = NULL;
	int r = store_collect(options, wants_curves(options), &document);

	campaign->origin = "the store of densd";
	if (r == DENSCTL_OK)
		r = save(options, document);
	if (r == DENSCTL_OK)
		r = take(options, document, campaign);
	json_object_put(document);
	return r;
}

static int fill_from_files(const struct options *options, struct campaign *campaign)
{
	int r = DENSCTL_OK;

	campaign->origin = "the store of densd, saved";
	for (int i = 0; i < options->count && r == DENSCTL_OK; i++) {
		json_object *document = NULL;

		r = store_read_file(options, options->arguments[i], &document);
		if (r == DENSCTL_OK)
			r = take(options, document, campaign);
		json_object_put(document);
	}
	return r;
}

static int write_form(const struct options *options, const struct campaign *campaign, FILE *stream)
{
	json_object *object;

	if (option_given(options, OPTION_HTML))
		return campaign_write_html(campaign, stream);
	if (option_given(options, OPTION_CSV)) {
		campaign_write_csv(campaign, stream);
	} else if (option_given(options, OPTION_JSON)) {
		object = campaign_json(campaign);
		json_print(object, stream);
		json_object_put(object);
	} else {
		campaign_write_text(campaign, stream);
	}
	return DENSCTL_OK;
}

static int present(const struct options *options, const struct campaign *campaign)
{
	struct analyse_arguments drawing = {.svg = options->value[OPTION_SVG],
					    .png = options->value[OPTION_PNG]};
	FILE *file = output_open(options);
	int r, closed;

	if (!file)
		return DENSCTL_INVALID;
	r = write_form(options, campaign, file);
	closed = output_close(options, file);
	if (r == DENSCTL_OK)
		r = closed;
	return r == DENSCTL_OK ? pictures_draw(campaign, "series", options->value[OPTION_PICTURE], &drawing)
			       : r;
}

static int conclude(const struct options *options, struct campaign *campaign)
{
	struct input_failure failure = {REFUSAL_TOO_FEW_POINTS,
					"no run here has an analysed scan (densctl runs)"};
	int r = campaign->count ? campaign_analyse(campaign) : REFUSAL_TOO_FEW_POINTS;

	if (r == 0)
		return present(options, campaign);
	if (r < 0)
		failure = (struct input_failure){REFUSAL_NONE, "too many scans, or out of memory"};
	else if (campaign->result) {
		failure.refusal = (enum refusal)r;
		snprintf(failure.why, sizeof(failure.why), "%s", campaign->result->why);
	}
	return analyse_refuse_series(option_given(options, OPTION_JSON), &failure);
}

int series_run(const struct options *options)
{
	struct campaign *campaign = campaign_new();
	int r = campaign ? check(options, campaign) : DENSCTL_INVALID;

	if (r == DENSCTL_OK)
		r = count_files(options) ? fill_from_files(options, campaign)
					 : fill_from_daemon(options, campaign);
	if (r == DENSCTL_OK) {
		snprintf(campaign->title, sizeof(campaign->title), "%s",
			 options->value[OPTION_NAME] ? options->value[OPTION_NAME] : "Campaign");
		r = conclude(options, campaign);
	}
	campaign_free(campaign);
	return r;
}
