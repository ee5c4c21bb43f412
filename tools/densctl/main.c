/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * densctl: the command line of densd. `validate`, `plan` and `analyse` work without a daemon; everything else
 * asks densd over its command socket. densctl decides nothing: it shows what densd answers.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/densctl/command.h"

static void help_commands(FILE *stream)
{
	for (size_t i = 0; i < subcommand_count; i++) {
		if (subcommands[i].run == submit_run)
			fprintf(stream, "  %-11s  %s\n\nAsking densd:\n", "analyse",
				"Tf, Ea, the diffraction peak and more, from your own files");
		fprintf(stream, "  %-11s  %s\n", subcommands[i].name, subcommands[i].summary);
	}
}

/* clang-format off: it reads here as it prints */
static void help(FILE *stream)
{
	fputs("densctl: the command line of densd, the daemon that drives a densification night\n\n"
	      "usage: densctl COMMAND [OPTION...] [ARGUMENT...]      densctl COMMAND --help explains one\n\n"
	      "Without a daemon:\n",
	      stream);
	help_commands(stream);
	fputs("\nA night: densctl validate FILE; densctl plan FILE; densctl submit FILE; densctl confirm "
	      "capsule;\n"
	      "densctl watch. To stop a run: densctl hold (and resume), or densctl abort (one way, the calm "
	      "end).\n\n"
	      "Exit codes: 0 done; 1 refused by densd, or the run waited for did not complete; 2 usage;\n"
	      "3 an analysis refused its input; 4 a file has errors; 5 no daemon, or no answer in time.\n"
	      "Environment: DENSD_SOCKET, DENSD_TELEMETRY (endpoints), DENSD_SITE (site file),\n"
	      "DENSD_CONFIG (folder with sites/, devices/ and protocols/).\n",
	      stream);
}
/* clang-format on */

static int unknown_command(const char *name)
{
	char list[512];
	size_t used = 0;

	for (size_t i = 0; i < subcommand_count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s ", subcommands[i].name);
	return usage_error(NULL, "'%s' is not a command; commands: %sanalyse", name, list);
}

/* --help and --version, "help COMMAND" too. -1: it is none of them. */
static int general(int argc, char **argv)
{
	const struct subcommand *subcommand = argc > 2 ? subcommand_find(argv[2]) : NULL;

	if (strcmp(argv[1], "--version") == 0)
		return printf("densctl %s\n", DENSD_VERSION) < 0;
	if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "help") != 0)
		return -1;
	if (argc > 2 && strcmp(argv[2], "analyse") == 0)
		return analyse_main(
			argc > 3 ? 3 : 2,
			(char *[]){argv[2], argc > 3 ? argv[3] : (char *)"--help", (char *)"--help", NULL});
	if (argc > 2 && !subcommand)
		return unknown_command(argv[2]);
	if (subcommand)
		subcommand_help(subcommand, stdout);
	else
		help(stdout);
	return DENSCTL_OK;
}

int main(int argc, char **argv)
{
	const struct subcommand *subcommand;
	struct options options;
	int r;

	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return usage_error(NULL, "a command is missing");
	r = general(argc, argv);
	if (r >= 0)
		return r;
	if (strcmp(argv[1], "analyse") == 0)
		return analyse_main(argc - 1, argv + 1);
	subcommand = subcommand_find(argv[1]);
	if (!subcommand)
		return unknown_command(argv[1]);
	r = options_parse(subcommand, argc - 1, argv + 1, &options);
	if (r)
		return r;
	if (option_given(&options, OPTION_HELP)) {
		subcommand_help(subcommand, stdout);
		return DENSCTL_OK;
	}
	return subcommand->run(&options);
}
