/* SPDX-License-Identifier: GPL-3.0-or-later */
/* P(t) and T(t): as characters, or as SVG through gnuplot. */
#ifndef DENSCTL_PLOT_H
#define DENSCTL_PLOT_H

#include <stdio.h>

#include "tools/densctl/dryrun.h"

/* Text inside a gnuplot single-quoted string: the quote is doubled, line ends become spaces. */
void plot_print_quoted(FILE *stream, const char *text);
void plot_text(const struct dryrun_point *points, size_t count, FILE *stream);
/* 0, or -errno (-ENOSYS: gnuplot is not there or refused). */
int plot_svg(const struct dryrun_point *points, size_t count, const char *title, const char *path);

/* gnuplot, told to draw to @path on @terminal ("svg", "png"); closed with pclose. 0, or -errno: @path cannot
 * be written. */
int plot_open(const char *path, const char *terminal, FILE **ret_gnuplot);

#endif
