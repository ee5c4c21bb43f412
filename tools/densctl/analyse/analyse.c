/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse: numbers from files, without a daemon. Which analysis, and how a refusal is said. */
#include "tools/densctl/analyse/analyse.h"

#include <stdio.h>
#include <string.h>

#include "tools/densctl/analyse/help.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

enum { KINDS_TEXT = 128 };

/* One analysis; the rows follow enum analyse_kind. */
struct analysis {
	const char *summary;
	const char *help;
	int (*run)(const struct analyse_arguments *arguments);
};

static const struct analysis analyses[ANALYSE_KINDS] = {
	[ANALYSE_PAIR] = {"fictive temperature Tf of a glass from its first heating scan and the second\n"
			  "             (reference) scan of the same piece after cooling at a known rate",
			  help_pair, analyse_pair_run},
	[ANALYSE_KISSINGER] = {"activation energy Ea from the shift of the peak temperature with the "
			       "heating rate",
			       help_kissinger, analyse_kissinger_run},
	[ANALYSE_FSDP] = {"position, width and area of the first sharp diffraction peak of an I(q) curve",
			  help_fsdp, analyse_fsdp_run},
	[ANALYSE_EOS] = {"bulk modulus from compression against pressure", help_eos, analyse_eos_run},
	[ANALYSE_MASS] = {"mass of the sample on the chip from the step of its heat flow", help_mass,
			  analyse_mass_run},
	[ANALYSE_LAG] = {"thermal lag of a chip from the melting onset of indium against the heating rate",
			 help_lag, analyse_lag_run},
	[ANALYSE_SERIES] = {"Tf and Ea of several glasses from the files of all their scans: Tg(P), dTg/dP, "
			    "master\n             curve",
			    help_series, analyse_series_run},
};

static void print_refusal(const char *code, const char *why)
{
	json_object *message = json_object_new_object(), *refused = json_object_new_object();

	json_add_text(refused, "code", code);
	json_add_text(refused, "why", why);
	json_object_object_add(message, "refused", refused);
	json_print(message, stdout);
	json_object_put(message);
}

static int refuse(const char *command, bool json, const struct input_failure *failure)
{
	bool unreadable = failure->refusal == REFUSAL_NONE;
	const char *code = unreadable ? "unreadable" : refusal_name(failure->refusal);

	fprintf(stderr, "densctl %s: ", command);
	if (!unreadable)
		fprintf(stderr, "refused (%s): ", code);
	fprintf(stderr, "%s\n", failure->why);
	if (json)
		print_refusal(code, failure->why);
	return unreadable ? DENSCTL_INVALID : DENSCTL_ANALYSIS;
}

int analyse_refuse(const char *name, bool json, const struct input_failure *failure)
{
	char command[64];

	snprintf(command, sizeof(command), "analyse %s", name);
	return refuse(command, json, failure);
}

int analyse_refuse_series(bool json, const struct input_failure *failure)
{
	return refuse("series", json, failure);
}

int analyse_refuse_result(const char *name, const struct analyse_arguments *arguments, int r, const char *why)
{
	struct input_failure failure = {.refusal = r > 0 ? (enum refusal)r : REFUSAL_NONE};

	if (r > 0)
		snprintf(failure.why, sizeof(failure.why), "%s: %s", arguments->files[0], why);
	else
		snprintf(failure.why, sizeof(failure.why), "%s: %s", arguments->files[0], strerror(-r));
	return analyse_refuse(name, arguments->json, &failure);
}

json_object *analyse_json_span(const double span[2])
{
	json_object *list = json_object_new_array();

	json_object_array_add(list, json_real(span[0]));
	json_object_array_add(list, json_real(span[1]));
	return list;
}

void analyse_json_ignored(json_object *warnings, const char *path, const char *ignored)
{
	char text[2 * INPUT_TEXT];

	if (!ignored[0])
		return;
	snprintf(text, sizeof(text), "%s: columns not looked at: %s", path, ignored);
	json_object_array_add(warnings, json_object_new_string(text));
}

static int analyse_kind(enum analyse_kind kind, int argc, char **argv)
{
	struct analyse_arguments arguments;
	int r = analyse_arguments_parse(kind, argc, argv, &arguments);

	if (r)
		return r;
	if (arguments.help) {
		fputs(analyses[kind].help, stdout);
		return DENSCTL_OK;
	}
	return analyses[kind].run(&arguments);
}

static void print_help(void)
{
	for (int i = 0; i < ANALYSE_KINDS; i++)
		printf("%s densctl analyse %s %s [options]\n", i ? "      " : "usage:", analyse_kind_name(i),
		       analyse_kind_files(i));
	puts("");
	for (int i = 0; i < ANALYSE_KINDS; i++)
		printf("  %-10s %s\n", analyse_kind_name(i), analyses[i].summary);
	puts("\ndensctl analyse NAME --help gives definitions, files and codes.");
}

/* "pair, kissinger, ..." */
static const char *list_kinds(char text[KINDS_TEXT])
{
	size_t used = 0;

	for (int i = 0; i < ANALYSE_KINDS; i++)
		used += (size_t)snprintf(text + used, KINDS_TEXT - used, "%s%s", i ? ", " : "",
					 analyse_kind_name(i));
	return text;
}

int analyse_main(int argc, char **argv)
{
	char kinds[KINDS_TEXT];

	if (argc < 2)
		return usage_error("analyse", "say which analysis: %s", list_kinds(kinds));
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return DENSCTL_OK;
	}
	for (int i = 0; i < ANALYSE_KINDS; i++)
		if (strcmp(argv[1], analyse_kind_name(i)) == 0)
			return analyse_kind(i, argc - 1, argv + 1);
	return usage_error("analyse", "'%s' is not an analysis; allowed: %s", argv[1], list_kinds(kinds));
}
