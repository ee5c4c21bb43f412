/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the site reader share: site.c (the file), site_buses.c, site_calibrations.c. */
#ifndef DENSD_CONFIG_SITE_READER_H
#define DENSD_CONFIG_SITE_READER_H

#include "config/site.h"
#include "config/yaml.h"

struct site_draft {
	struct site site;
	char version[24];
};
struct site_reader {
	struct diagnostics *diagnostics;
	char folder[SITE_PATH]; /* of the site file: what relative paths are relative to */
	char profile_folder[SITE_PATH];
	struct site_draft *draft;
};

/* Makes a relative path relative to the site file's folder. False: it does not fit @size bytes. */
bool site_anchor_path(const struct site_reader *reader, char *path, size_t size);
void site_read_buses(const struct site_reader *reader, const struct yaml_node *list, struct site *site);
/* @site has its limits and buses already. */
void site_read_calibrations(const struct site_reader *reader, const struct yaml_node *map, struct site *site);

#endif
