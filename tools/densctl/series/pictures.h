/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of a campaign, by name. */
#ifndef DENSCTL_PICTURES_H
#define DENSCTL_PICTURES_H

#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/series/campaign.h"

enum { PICTURES = 9 };
#define PICTURE_DEFAULT "ea"

struct picture {
	const char *name, *title;                     /* title: its caption in a page */
	picture_writer *write;                        /* of a struct campaign */
	bool (*has)(const struct campaign *campaign); /* there is something to draw */
	const char *needs;                            /* what it takes for that */
};

extern const struct picture pictures[PICTURES];

/* NULL: no such name. */
const struct picture *picture_find(const char *name);
/* @name NULL is the default. DENSCTL_OK, or DENSCTL_USAGE with the names that are allowed. */
int pictures_check(const char *command, const char *name);
/* Into the files of @arguments; @command says it where it cannot. DENSCTL_OK, DENSCTL_ANALYSIS when there is
 * nothing to draw, DENSCTL_INVALID.
 */
int pictures_draw(const struct campaign *campaign, const char *command, const char *name,
		  const struct analyse_arguments *arguments);

#endif
