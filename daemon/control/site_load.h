/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The site as control gets it: YAML is untrusted bytes and libyaml is not linked here, so a child,
 * densd-config, reads the file and writes the raw struct site to its descriptor 3.
 */
#ifndef DENSD_DAEMON_CONTROL_SITE_LOAD_H
#define DENSD_DAEMON_CONTROL_SITE_LOAD_H

#include "config/site.h"

/*
 * 0; -ENOENT: no densd-config in @search; -EINVAL: the file has errors (the child has printed them) or the
 * struct does not fit this program. @ret_site untouched on failure.
 */
int site_load(const char *search, const char *path, struct site *ret_site);

#endif
