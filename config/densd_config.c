/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * densd-config SITE [PROFILE_FOLDER]: reads a site file and writes struct site to descriptor 3, so that the
 * control process parses no YAML. Exit 0; 1 the file has errors (on standard error); 2 usage, file or pipe.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/site.h"

#define OUTPUT_FD 3

static int write_all(const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = write(OUTPUT_FD, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -errno;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct diagnostics diagnostics;
	static struct site site;
	int r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: densd-config SITE [PROFILE_FOLDER] 3>OUTPUT\n");
		return 2;
	}
	r = site_read(argv[1], argc == 3 ? argv[2] : NULL, &diagnostics, &site);
	if (r < 0) {
		fprintf(stderr, "%s: cannot be read: %s\n", argv[1], strerror(-r));
		return 2;
	}
	diagnostics_print(&diagnostics, stderr);
	if (r > 0)
		return 1;
	r = write_all(&site, sizeof(site));
	if (r < 0) {
		fprintf(stderr, "densd-config: descriptor 3: %s\n", strerror(-r));
		return 2;
	}
	return 0;
}
