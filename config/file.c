/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int file_read(const char *path, size_t most, char **ret_text, size_t *ret_length)
{
	FILE *file = fopen(path, "rbe");
	char *text;
	size_t length;
	int error = 0;

	if (!file)
		return -errno;
	text = malloc(most + 1);
	if (!text) {
		fclose(file);
		return -ENOMEM;
	}
	errno = 0;
	length = fread(text, 1, most + 1, file);
	if (ferror(file))
		error = errno ? -errno : -EIO;
	else if (length > most)
		error = -EFBIG;
	fclose(file);
	if (error) {
		free(text);
		return error;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}
