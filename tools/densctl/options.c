/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct option_info {
	const char *name, *value, *what;
};
#define OPTION_INFO(id, name, value, what) [OPTION_##id] = {name, value, what},
static const struct option_info option_table[OPTION_MAX] = {OPTIONS(OPTION_INFO)};
#undef OPTION_INFO

int usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "densctl%s%s: ", command ? " " : "", command ? command : "");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\ndensctl: try 'densctl %s%s--help'\n", command ? command : "", command ? " " : "");
	return DENSCTL_USAGE;
}

static bool option_allowed(const struct subcommand *subcommand, enum option option)
{
	return option == OPTION_HELP || (subcommand->allowed >> option & 1);
}

/* "--json, --socket ENDPOINT" */
static void allowed_options(const struct subcommand *subcommand, char *ret_text, size_t size)
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (enum option i = 0; i < OPTION_MAX; i++) {
		const struct option_info *info = &option_table[i];

		if (!option_allowed(subcommand, i) || used >= size)
			continue;
		used += (size_t)snprintf(ret_text + used, size - used, "%s--%s%s%s", used ? ", " : "",
					 info->name, info->value ? " " : "", info->value ? info->value : "");
	}
}

static int unknown_option(const struct subcommand *subcommand, const char *text)
{
	char allowed[512];

	allowed_options(subcommand, allowed, sizeof(allowed));
	return usage_error(subcommand->name, "'%s' is not an option here; allowed: %s", text, allowed);
}

/* The option named by "--name" or "--name=value", or OPTION_MAX. */
static enum option option_find(const struct subcommand *subcommand, const char *text, const char **ret_inline)
{
	size_t length = strcspn(text + 2, "=");

	*ret_inline = text[2 + length] == '=' ? text + 3 + length : NULL;
	for (enum option i = 0; i < OPTION_MAX; i++)
		if (option_allowed(subcommand, i) && strlen(option_table[i].name) == length &&
		    strncmp(option_table[i].name, text + 2, length) == 0)
			return i;
	return OPTION_MAX;
}

/* Takes argv[*index] (and its value); moves *index past what it used. */
static int option_take(const struct subcommand *subcommand, int argc, char **argv, int *index,
		       struct options *options)
{
	const char *text = argv[*index], *given;
	enum option option = strcmp(text, "-h") == 0 ? OPTION_HELP : OPTION_MAX;

	if (option == OPTION_HELP)
		given = NULL;
	else if (text[1] != '-' || (option = option_find(subcommand, text, &given)) == OPTION_MAX)
		return unknown_option(subcommand, text);
	if (!option_table[option].value && given)
		return usage_error(subcommand->name, "--%s takes no value, but has '%s'",
				   option_table[option].name, given);
	if (options->value[option])
		return usage_error(subcommand->name, "--%s is given twice", option_table[option].name);
	if (option_table[option].value && !given) {
		if (*index + 1 >= argc)
			return usage_error(subcommand->name, "--%s needs a value: %s",
					   option_table[option].name, option_table[option].value);
		given = argv[++*index];
	}
	if (given && !given[0])
		return usage_error(subcommand->name, "--%s has an empty value; %s is wanted",
				   option_table[option].name, option_table[option].value);
	options->value[option] = given ? given : "";
	return DENSCTL_OK;
}

static int check_count(const struct subcommand *subcommand, const struct options *options)
{
	if (options->value[OPTION_HELP] ||
	    (options->count >= subcommand->least && options->count <= subcommand->most))
		return DENSCTL_OK;
	if (subcommand->most == 0)
		return usage_error(subcommand->name, "takes no arguments, but has '%s'",
				   options->arguments[0]);
	return usage_error(subcommand->name, "%s: wanted is 'densctl %s %s'",
			   options->count < subcommand->least ? "an argument is missing"
							      : "too many arguments",
			   subcommand->name, subcommand->arguments);
}

int options_parse(const struct subcommand *subcommand, int argc, char **argv, struct options *ret_options)
{
	bool only_arguments = false;

	*ret_options = (struct options){.command = subcommand->name};
	for (int i = 1; i < argc; i++) {
		if (!only_arguments && strcmp(argv[i], "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments && argv[i][0] == '-' && argv[i][1]) {
			int r = option_take(subcommand, argc, argv, &i, ret_options);

			if (r)
				return r;
		} else if (ret_options->count == ARGUMENTS_MAX) {
			return usage_error(subcommand->name, "more than %d arguments", ARGUMENTS_MAX);
		} else {
			ret_options->arguments[ret_options->count++] = argv[i];
		}
	}
	return check_count(subcommand, ret_options);
}

bool option_given(const struct options *options, enum option option)
{
	return options->value[option] != NULL;
}

int option_integer(const struct options *options, enum option option, int64_t minimum, int64_t maximum,
		   int64_t fallback, int64_t *ret_value)
{
	const char *text = options->value[option];
	char *end;
	long long value;

	if (!text) {
		*ret_value = fallback;
		return DENSCTL_OK;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < minimum || value > maximum)
		return usage_error(options->command,
				   "--%s is '%s'; a whole number from %lld to %lld is wanted",
				   option_table[option].name, text, (long long)minimum, (long long)maximum);
	*ret_value = value;
	return DENSCTL_OK;
}

static const char *option_what(const struct subcommand *subcommand, enum option option)
{
	for (const struct option_note *note = subcommand->notes; note && note->option != OPTION_MAX; note++)
		if (note->option == option)
			return note->what;
	if (option == OPTION_SITE && option_allowed(subcommand, OPTION_SOCKET))
		return "site file whose sockets are asked (default: $DENSD_SITE)";
	return option_table[option].what;
}

void subcommand_help(const struct subcommand *subcommand, FILE *stream)
{
	fprintf(stream, "densctl %s%s%s\n%s\n\n%s\n\nOptions:\n", subcommand->name,
		subcommand->arguments[0] ? " " : "", subcommand->arguments, subcommand->summary,
		subcommand->help);
	for (enum option i = 0; i < OPTION_MAX; i++) {
		const struct option_info *info = &option_table[i];

		if (option_allowed(subcommand, i))
			fprintf(stream, "  --%-10s %-9s %s\n", info->name, info->value ? info->value : "",
				option_what(subcommand, i));
	}
}
