/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/site_choice.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMANDS_DEFAULT "ipc:///run/densd/commands"

static bool is_installed(void)
{
	char self[SITE_PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	return n > 0 && strncmp(self, DENSD_BINDIR "/", strlen(DENSD_BINDIR "/")) == 0;
}

const char *site_named(const struct options *options)
{
	const char *path = options->value[OPTION_SITE];

	return path ? path : getenv("DENSD_SITE");
}

static const char *config_folder(void)
{
	const char *folder = getenv("DENSD_CONFIG");

	return folder ? folder : (is_installed() ? DENSD_CONFIG_INSTALLED : DENSD_CONFIG_SOURCE);
}

void site_profile_folder(char ret_folder[SITE_PATH])
{
	snprintf(ret_folder, SITE_PATH, "%s/devices", config_folder());
}

static void site_path(const struct options *options, char ret_path[SITE_PATH])
{
	const char *named = site_named(options);

	if (named)
		snprintf(ret_path, SITE_PATH, "%s", named);
	else
		snprintf(ret_path, SITE_PATH, "%s/sites/densim.yaml", config_folder());
}

static int choose(const struct options *options, bool warn, struct site *ret_site)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	char path[SITE_PATH];
	int r;

	if (!diagnostics)
		return DENSCTL_INVALID;
	site_path(options, path);
	diagnostics_init(diagnostics, path);
	r = site_read(path, NULL, diagnostics, ret_site);
	if (r < 0)
		fprintf(stderr,
			"densctl %s: the site file %s cannot be read: %s; name one with --site or "
			"$DENSD_SITE\n",
			options->command, path, strerror(-r));
	else if (r > 0 || (warn && diagnostics->count))
		diagnostics_print(diagnostics, stderr);
	free(diagnostics);
	return r == 0 ? DENSCTL_OK : DENSCTL_INVALID;
}

int site_choose(const struct options *options, struct site *ret_site)
{
	return choose(options, true, ret_site);
}

static int check_endpoint(const struct options *options, const char *option, const char *endpoint)
{
	if (strlen(endpoint) >= ENDPOINT_TEXT)
		return usage_error(options->command, "--%s is too long", option);
	if (strncmp(endpoint, "ipc://", 6) != 0 || !endpoint[6])
		return usage_error(options->command, "--%s is '%s'; ipc:///path is wanted", option, endpoint);
	return DENSCTL_OK;
}

static int endpoint_of_site(const struct options *options, bool telemetry, char ret_endpoint[ENDPOINT_TEXT])
{
	struct site *site = calloc(1, sizeof(*site));
	int r = site ? choose(options, false, site) : DENSCTL_INVALID;

	if (r == DENSCTL_OK)
		snprintf(ret_endpoint, ENDPOINT_TEXT, "%s", telemetry ? site->telemetry : site->commands);
	free(site);
	return r;
}

int endpoint_commands(const struct options *options, char ret_endpoint[ENDPOINT_TEXT])
{
	const char *given = options->value[OPTION_SOCKET];

	if (!given && !options->value[OPTION_SITE])
		given = getenv("DENSD_SOCKET");
	if (!given && site_named(options))
		return endpoint_of_site(options, false, ret_endpoint);
	if (!given)
		given = COMMANDS_DEFAULT;
	snprintf(ret_endpoint, ENDPOINT_TEXT, "%s", given);
	return check_endpoint(options, "socket", given);
}

int endpoint_telemetry(const struct options *options, char ret_endpoint[ENDPOINT_TEXT])
{
	const char *given = options->value[OPTION_TELEMETRY], *last;
	char commands[ENDPOINT_TEXT];
	int r;

	if (!given && !options->value[OPTION_SOCKET] && !options->value[OPTION_SITE])
		given = getenv("DENSD_TELEMETRY");
	if (given) {
		snprintf(ret_endpoint, ENDPOINT_TEXT, "%s", given);
		return check_endpoint(options, "telemetry", given);
	}
	if (!options->value[OPTION_SOCKET] && !(getenv("DENSD_SOCKET") && !options->value[OPTION_SITE]) &&
	    site_named(options))
		return endpoint_of_site(options, true, ret_endpoint);
	r = endpoint_commands(options, commands);
	if (r)
		return r;
	last = strrchr(commands, '/');
	if (!last || strcmp(last, "/commands") != 0)
		return usage_error(
			options->command,
			"the telemetry endpoint beside '%s' is not known: name it with --telemetry",
			commands);
	snprintf(ret_endpoint, ENDPOINT_TEXT, "%.*s/telemetry", (int)(last - commands), commands);
	return DENSCTL_OK;
}
