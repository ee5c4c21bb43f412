/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pair in up to 96 stretches of equal width, as sums up to each edge: lines and curvatures of any run of
 * blocks in constant time. Private to this folder.
 */
#ifndef DENSD_CALORIMETRY_BLOCKS_H
#define DENSD_CALORIMETRY_BLOCKS_H

#include "daemon/calorimetry/match.h"

enum { BLOCKS_MAX = 96, BLOCK_POINTS = 4 };

/* Moments up to each edge; u = T less @middle_k. */
struct blocks {
	size_t count;
	double low_k, width_k, middle_k;
	struct moments first[BLOCKS_MAX + 1], reference[BLOCKS_MAX + 1];
};

/* @grid: at least BLOCK_POINTS points. */
void blocks_fill(const struct grid *grid, struct blocks *ret_blocks);
double blocks_edge_k(const struct blocks *blocks, size_t edge);
/* The middle of a block. */
double blocks_centre_u(const struct blocks *blocks, size_t block);
/* Blocks [from, to) of @edges, which is blocks->first or blocks->reference. */
struct moments blocks_between(const struct moments *edges, size_t from, size_t to);
/* Of first - reference; only n, u.. and y, yu, yu2 of it. */
struct moments blocks_difference(const struct blocks *blocks, size_t from, size_t to);
/* Line through blocks [from, to), in u; slope 0 through a single point. */
struct line blocks_line(const struct moments *edges, size_t from, size_t to);
/* NAN for a block without points. */
double blocks_mean(const struct moments *edges, size_t block);

#endif
