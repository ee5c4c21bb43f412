/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures through gnuplot, which gets everything on its standard input: no shell, no temporary file. */
#ifndef DENSCTL_ANALYSE_PICTURE_H
#define DENSCTL_ANALYSE_PICTURE_H

#include <stdio.h>

#include "daemon/calorimetry/eos.h"
#include "daemon/calorimetry/fsdp.h"
#include "tools/densctl/analyse/arguments.h"
#include "tools/densctl/analyse/input.h"

/* Writes data blocks and plot commands, the same for every format. */
typedef void picture_writer(FILE *script, const void *subject);

struct picture_pair {
	const struct pair_result *result;
	struct pair_curves curves;
	const char *quantity; /* label of the ordinate */
};

struct picture_kissinger {
	const struct kissinger_result *result;
	const struct input_table *table;
};

/* An I(q) curve, double[count] each, with its fit; result NULL: there is none. */
struct picture_curve {
	const double *q_per_angstrom, *intensity;
	size_t count;
	const struct fsdp_result *result;
};

struct picture_fsdp {
	struct picture_curve curve, reference;
	double cube_ratio, cube_ratio_sd; /* of curve to reference */
};

struct picture_eos {
	const struct eos_point *points;
	size_t count;
	const struct eos_result *result;
};

picture_writer picture_write_pair;      /* struct picture_pair */
picture_writer picture_write_kissinger; /* struct picture_kissinger */
picture_writer picture_write_fsdp;      /* struct picture_fsdp */
picture_writer picture_write_eos;       /* struct picture_eos */
/*
 * Draws what @arguments ask for (--svg, --png). DENSCTL_OK, or DENSCTL_INVALID with the reason on standard
 * error: gnuplot is missing, or the file cannot be written.
 */
int picture_draw(const struct analyse_arguments *arguments, const char *name, picture_writer *write,
		 const void *subject);
/* The picture as SVG text, to be freed by the caller. 0; -ENOENT (no gnuplot), -EIO, -ENOMEM. */
int picture_render_svg(picture_writer *write, const void *subject, char **ret_svg);

#endif
