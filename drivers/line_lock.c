/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/line_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* FNV-1a: the key may be longer than a file name and has slashes. */
static uint64_t hash_key(const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * UINT64_C(1099511628211);
	return hash;
}

static int open_lock(const char *folder, const char *key)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/densd-line-%016llx.lock", folder,
			     (unsigned long long)hash_key(key)) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	return fd < 0 ? -errno : fd;
}

void line_lock_key(const struct bus_config *config, char ret_key[LINE_LOCK_KEY])
{
	if (profile_bus_is_tcp(config->kind))
		snprintf(ret_key, LINE_LOCK_KEY, "%s:%u", config->path, config->port);
	else
		snprintf(ret_key, LINE_LOCK_KEY, "%s", config->path);
}

int line_lock_take(const char *key, const char *folder)
{
	const char *const folders[] = {"/run/lock", "/tmp"};
	int fd;

	fd = open_lock(folder ? folder : folders[0], key);
	if (fd < 0 && !folder)
		fd = open_lock(folders[1], key);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}
