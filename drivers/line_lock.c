/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/line_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* FNV-1a: the key may be longer than a file name and has slashes. */
static uint64_t hash_key(const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * UINT64_C(1099511628211);
	return hash;
}

static int open_existing(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* For everybody to read, whatever the umask: densd, root and an operator lock the same file. */
static int make_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -errno;
	fchmod(fd, 0644);
	return fd;
}

/*
 * Without O_CREAT where it is there already: in a sticky folder the kernel refuses that for the file of
 * another user (fs.protected_regular), root not excepted.
 */
static int open_lock(const char *folder, const char *key, bool *ret_made)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/densd-line-%016llx.lock", folder,
			     (unsigned long long)hash_key(key)) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open_existing(path);
	*ret_made = fd == -ENOENT;
	if (fd == -ENOENT)
		fd = make_lock(path);
	return fd == -EEXIST ? open_existing(path) : fd;
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
	bool made = false;
	int fd;

	fd = open_lock(folder ? folder : folders[0], key, &made);
	/* One that is there and cannot be opened is somebody's: no other file stands in for it. */
	if (fd < 0 && made && !folder)
		fd = open_lock(folders[1], key, &made);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}
