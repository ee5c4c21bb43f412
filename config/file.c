/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 16384u

/* Room for what comes next, at most @most and one more; the room there is, 0 when there is no memory. */
static size_t grow(char **text, size_t room, size_t most)
{
	size_t wanted = room == 0 ? FIRST_ROOM : 2 * room;
	char *larger;

	wanted = wanted < most + 1 ? wanted : most + 1;
	larger = realloc(*text, wanted);
	if (!larger)
		return 0;
	*text = larger;
	return wanted;
}

int file_read(const char *path, size_t most, char **ret_text, size_t *ret_length)
{
	FILE *file = fopen(path, "rbe");
	char *text = NULL;
	size_t length = 0, room = 0;
	int error = 0;

	if (!file)
		return -errno;
	while (length == room && length <= most && error == 0) {
		room = grow(&text, room, most);
		errno = 0;
		length += room > length ? fread(text + length, 1, room - length, file) : 0;
		if (room == 0)
			error = -ENOMEM;
		else if (ferror(file))
			error = errno ? -errno : -EIO;
	}
	if (error == 0 && length > most)
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
