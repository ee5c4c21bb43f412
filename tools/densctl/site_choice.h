/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which site file and which sockets a command means. */
#ifndef DENSCTL_SITE_CHOICE_H
#define DENSCTL_SITE_CHOICE_H

#include "config/site.h"
#include "tools/densctl/command.h"

#define ENDPOINT_TEXT (SITE_PATH + 16)

/*
 * The site: --site, $DENSD_SITE, $DENSD_CONFIG/sites/densim.yaml, else the shipped densim site (of the
 * installation when this program is the installed one, of the source tree otherwise). Reads it; its errors
 * go to standard error. DENSCTL_OK or DENSCTL_INVALID.
 */
int site_choose(const struct options *options, struct site *ret_site);
/* The folder of the shipped device profiles: devices/ in the same places. */
void site_profile_folder(char ret_folder[SITE_PATH]);
/* The site file that --site or $DENSD_SITE names, or NULL. */
const char *site_named(const struct options *options);
/*
 * The endpoints: --socket / --telemetry, the environment, a site named with --site or $DENSD_SITE, else
 * ipc:///run/densd/. A telemetry endpoint that nobody names is the command endpoint with "commands"
 * replaced by "telemetry". DENSCTL_OK, DENSCTL_USAGE or DENSCTL_INVALID.
 */
int endpoint_commands(const struct options *options, char ret_endpoint[ENDPOINT_TEXT]);
int endpoint_telemetry(const struct options *options, char ret_endpoint[ENDPOINT_TEXT]);

#endif
