/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/profile_reader.h"

enum { PATH_BYTES = 512 };

static int find_file(const char *name, char ret_path[PATH_BYTES])
{
	const char *config = getenv("DENSD_CONFIG");
	char beside[PATH_BYTES];
	const char *const folders[] = {beside, PROFILES_INSTALLED, PROFILES_SOURCE};

	snprintf(beside, sizeof(beside), "%s/devices", config ? config : ".");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int n = snprintf(ret_path, PATH_BYTES, "%s/%s.yaml", folders[i], name);

		if (n > 0 && n < PATH_BYTES && access(ret_path, R_OK) == 0)
			return 0;
	}
	fprintf(stderr,
		"densim: there is no profile '%s' in %s, %s or %s: name one of their files without .yaml, "
		"or a path\n",
		name, beside, PROFILES_INSTALLED, PROFILES_SOURCE);
	return -1;
}

int devices_read(const char *name, struct profile *ret_profile)
{
	static struct diagnostics diagnostics;
	char path[PATH_BYTES];
	int r = 0;

	if (strchr(name, '/') || strstr(name, ".yaml"))
		snprintf(path, sizeof(path), "%s", name);
	else
		r = find_file(name, path);
	if (r < 0)
		return r;
	r = profile_read(path, &diagnostics, ret_profile);
	if (r < 0)
		fprintf(stderr, "densim: %s: %s\n", path, strerror(-r));
	else
		diagnostics_print(&diagnostics, stderr);
	return r == 0 ? 0 : -1;
}

int devices_make_folder(char *ret_path, size_t size)
{
	const char *parent = getenv("TMPDIR");
	int n = snprintf(ret_path, size, "%s/densim-XXXXXX", parent ? parent : "/tmp");

	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	return mkdtemp(ret_path) ? 0 : -errno;
}
