/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/crystal.h"

#include <math.h>

#define LINE_FROM 0.06 /* of the range: past the start-up transient */
#define LINE_TO 0.20
#define RISEN_SIGMAS 8.0 /* of a block's mean, over the line: the transition was passed */
#define FALL_SHARE 0.1   /* of what it rose to: this far below the line is no liquid */
#define FLANK_SHARE 0.02 /* of the fall, from block to block: before, it has not begun */
enum { BLOCKS_LEAST = 20, MARGIN = 1 };

/* How far above the line of the coldest blocks. */
static double height(const struct blocks *blocks, const struct moments *edges, const struct line *line,
		     size_t b)
{
	return blocks_mean(edges, b) - line_at(*line, blocks_centre_u(blocks, b));
}

/* The first block of the flank that leads down to @bottom. */
static size_t flank_of(const struct blocks *blocks, const struct moments *edges, const struct line *line,
		       size_t bottom, double fall)
{
	size_t b = bottom;

	while (b > 0 &&
	       height(blocks, edges, line, b - 1) - height(blocks, edges, line, b) > FLANK_SHARE * fall)
		b--;
	return b > MARGIN ? b - MARGIN : 0;
}

static size_t find(const struct blocks *blocks, const struct moments *edges, double noise_block)
{
	size_t from = (size_t)(LINE_FROM * (double)blocks->count),
	       to = (size_t)(LINE_TO * (double)blocks->count);
	struct line line = blocks_line(edges, from, to);
	double highest = 0;

	for (size_t b = to; b < blocks->count; b++) {
		double h = height(blocks, edges, &line, b);

		if (highest > RISEN_SIGMAS * noise_block && h < -FALL_SHARE * highest)
			return flank_of(blocks, edges, &line, b, highest - h);
		highest = h > highest ? h : highest;
	}
	return blocks->count;
}

size_t crystal_find(const struct blocks *blocks, double noise)
{
	double noise_block = noise * sqrt((double)blocks->count / blocks->reference[blocks->count].n);
	size_t first, reference;

	if (blocks->count < BLOCKS_LEAST)
		return blocks->count;
	first = find(blocks, blocks->first, noise_block);
	reference = find(blocks, blocks->reference, noise_block);
	return first < reference ? first : reference;
}
