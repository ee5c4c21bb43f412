/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/output.h"

#include <errno.h>
#include <string.h>

FILE *output_open(const struct options *options)
{
	const char *path = options->value[OPTION_OUT];
	FILE *file = path ? fopen(path, "we") : stdout;

	if (!file)
		fprintf(stderr, "densctl %s: %s cannot be written: %s\n", options->command, path,
			strerror(errno));
	return file;
}

int output_close(const struct options *options, FILE *file)
{
	bool failed = ferror(file) != 0;

	if (file == stdout)
		failed = fflush(file) != 0 || failed;
	else
		failed = fclose(file) != 0 || failed;
	if (failed)
		fprintf(stderr, "densctl %s: the output could not be written whole\n", options->command);
	return failed ? DENSCTL_INVALID : DENSCTL_OK;
}
