/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changes something: submit, the verbs, confirm, cancel. densd decides; this sends and shows the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/base/ulid.h"
#include "protocol/machine.h"
#include "tools/densctl/client.h"
#include "tools/densctl/json.h"
#include "tools/densctl/offline.h"
#include "tools/densctl/site_choice.h"
#include "tools/densctl/watch.h"

#define FILE_NAME 96 /* bytes that densd takes */

/* Sends @request, prints the resulting state in one line (or the reply as JSON). */
static int act(const struct options *options, json_object *request)
{
	json_object *reply = NULL;
	int r = client_ask(options, request, &reply);

	if (r == DENSCTL_OK && option_given(options, OPTION_JSON)) {
		json_print(reply, stdout);
	} else if (r == DENSCTL_OK) {
		const char *why = json_text(reply, "why", ""), *ask = json_text(reply, "state.ask", ""),
			   *phase = json_text(reply, "state.phase", "-");

		/* "done" is also the phase of a run that has ended. */
		if (strcmp(phase, "done") == 0)
			printf("done: %s\n", why[0] ? why : "no run is on the press any more");
		else
			printf("done: %s%s%s\n", phase, why[0] ? "; " : "", why);
		if (ask[0])
			printf("asked of you: %s\n", ask);
	}
	json_object_put(reply);
	return r;
}

/* "<run>/r<rate>/s<n>": only its shape; densd knows whether it is one of its own. */
static bool is_section(const char *text)
{
	char run[ULID_TEXT], end;
	double rate;
	int section;

	if (strlen(text) < ULID_TEXT || text[ULID_TEXT - 1] != '/')
		return false;
	memcpy(run, text, ULID_TEXT - 1);
	run[ULID_TEXT - 1] = '\0';
	return ulid_is_valid(run) && sscanf(text + ULID_TEXT, "r%lf/s%d%c", &rate, &section, &end) == 2;
}

/* --run, when given, must be an id. */
static int check_run(const struct options *options)
{
	const char *run = options->value[OPTION_RUN];

	if (run && !ulid_is_valid(run))
		return usage_error(
			options->command,
			"--run is '%s'; a run id of 26 letters and digits is wanted (densctl runs)", run);
	return DENSCTL_OK;
}

static json_object *verb_request(const struct options *options, const char *verb)
{
	json_object *request = json_request(verb);

	json_add_text(request, "run", options->value[OPTION_RUN]);
	return request;
}

int verb_run(const struct options *options)
{
	int r = check_run(options);

	return r ? r : act(options, verb_request(options, options->command));
}

/* What whoever takes over at the panel has to know, before it is done. */
static int show_known(const struct options *options)
{
	json_object *reply = NULL;
	char gpa[NUMBER_TEXT], k[NUMBER_TEXT];
	int r = client_ask(options, json_request("status"), &reply);

	if (r == DENSCTL_OK && !option_given(options, OPTION_JSON))
		printf("known: %s, last good %s K, %s GPa%s%s\n", json_text(reply, "state.phase", "-"),
		       number_text(json_number(reply, "state.last_good_k"), 1, k),
		       number_text(json_number(reply, "state.last_good_gpa"), 3, gpa),
		       json_text(reply, "state.cause", "")[0] ? "; " : "",
		       json_text(reply, "state.cause", ""));
	json_object_put(reply);
	return r;
}

int handover_run(const struct options *options)
{
	json_object *request;
	int r = check_run(options);

	if (r)
		return r;
	if (strspn(options->arguments[0], " \t") == strlen(options->arguments[0]))
		return usage_error(options->command,
				   "the reason is empty; say in words why the press goes to its panel");
	if (strlen(options->arguments[0]) >= MACHINE_WHY)
		return usage_error(options->command, "the reason is longer than %d bytes", MACHINE_WHY - 1);
	r = show_known(options);
	if (r)
		return r;
	request = verb_request(options, "handover");
	json_add_text(request, "reason", options->arguments[0]);
	return act(options, request);
}

static int confirm_section(const struct options *options)
{
	json_object *request;

	if (options->count == 2 && !is_section(options->arguments[1]))
		return usage_error(
			options->command,
			"'%s' is not a section; <run>/r<rate>/s<n> is wanted, as `densctl status` prints it",
			options->arguments[1]);
	request = verb_request(options, "confirm-section");
	json_add_text(request, "section", options->count == 2 ? options->arguments[1] : NULL);
	return act(options, request);
}

int confirm_run(const struct options *options)
{
	int r = check_run(options);

	if (r)
		return r;
	if (strcmp(options->arguments[0], "section") == 0)
		return confirm_section(options);
	if (strcmp(options->arguments[0], "capsule") != 0)
		return usage_error(options->command, "'%s' cannot be confirmed; allowed: capsule, section",
				   options->arguments[0]);
	if (options->count == 2)
		return usage_error(options->command,
				   "a capsule has no name; '%s' is too many (--run names the run)",
				   options->arguments[1]);
	return act(options, verb_request(options, "confirm-capsule"));
}

int cancel_run(const struct options *options)
{
	json_object *request = json_request("cancel");

	if (ulid_is_valid(options->arguments[0])) {
		json_add_text(request, "run", options->arguments[0]);
	} else if (is_section(options->arguments[0])) {
		json_add_text(request, "section", options->arguments[0]);
	} else {
		json_object_put(request);
		return usage_error(
			options->command,
			"'%s' is neither a run id (densctl queue) nor a section <run>/r<rate>/s<n>",
			options->arguments[0]);
	}
	return act(options, request);
}

/* What densd calls the text in its diagnostics: the file's name without its folder. */
static void add_file_name(json_object *request, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[FILE_NAME];

	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : path);
	json_add_text(request, "file", name);
}

static int submit_text(const struct options *options, const struct offline *offline)
{
	json_object *request = json_request("submit"), *reply = NULL, *runs;
	int r;

	json_object_object_add(request, "text",
			       json_object_new_string_len(offline->text, (int)offline->text_length));
	add_file_name(request, options->arguments[0]);
	r = client_ask(options, request, &reply);
	runs = json_field(reply, "runs");
	if (r == DENSCTL_OK && !json_object_is_type(runs, json_type_array))
		r = DENSCTL_REFUSED;
	if (r == DENSCTL_OK && option_given(options, OPTION_JSON))
		json_print(reply, stdout);
	for (size_t i = 0;
	     r == DENSCTL_OK && !option_given(options, OPTION_JSON) && i < json_object_array_length(runs);
	     i++)
		printf("queued: %s\n", json_object_get_string(json_object_array_get_idx(runs, i)));
	fflush(stdout);
	if (r == DENSCTL_OK && option_given(options, OPTION_WAIT))
		r = watch_until_done(options, runs);
	json_object_put(reply);
	return r;
}

/* As densd would have answered it. */
static void refuse_json(const struct offline *offline)
{
	json_object *reply = json_object_new_object();
	char why[80];

	snprintf(why, sizeof(why), "the protocol has %zu errors", offline->diagnostics.errors);
	json_object_object_add(reply, "ok", json_object_new_boolean(false));
	json_add_text(reply, "code", "invalid");
	json_add_text(reply, "why", why);
	json_object_object_add(reply, "diagnostics", offline_diagnostics_json(&offline->diagnostics));
	json_print(reply, stdout);
	json_object_put(reply);
}

/* With a site named here the text is checked here too; otherwise densd alone knows its limits. */
static int submit_check(const struct options *options, struct offline *offline)
{
	int r;

	if (!site_named(options))
		return offline_load(options->command, options->arguments[0], offline);
	r = site_choose(options, &offline->site);
	if (r == DENSCTL_OK)
		r = offline_read_text(options->command, options->arguments[0], offline);
	if (offline->diagnostics.count)
		diagnostics_print(&offline->diagnostics, stderr);
	if (offline->diagnostics.errors && option_given(options, OPTION_JSON))
		refuse_json(offline);
	return r;
}

int submit_run(const struct options *options)
{
	struct offline *offline = calloc(1, sizeof(*offline));
	int r = offline ? submit_check(options, offline) : DENSCTL_INVALID;

	if (r == DENSCTL_OK)
		r = submit_text(options, offline);
	free(offline);
	return r;
}
