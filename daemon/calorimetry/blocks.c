/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/blocks.h"

#include <math.h>

double blocks_edge_k(const struct blocks *blocks, size_t edge)
{
	return blocks->low_k + (double)edge * blocks->width_k;
}

double blocks_centre_u(const struct blocks *blocks, size_t block)
{
	return blocks_edge_k(blocks, block) + 0.5 * blocks->width_k - blocks->middle_k;
}

void blocks_fill(const struct grid *grid, struct blocks *ret_blocks)
{
	double low_k = grid->temperature_k[0], high_k = grid->temperature_k[grid->count - 1];
	size_t count = grid->count / BLOCK_POINTS, i = 0;

	count = count < BLOCKS_MAX ? count : BLOCKS_MAX;
	ret_blocks->count = count;
	ret_blocks->low_k = low_k;
	ret_blocks->width_k = (high_k - low_k) / (double)count;
	ret_blocks->middle_k = 0.5 * (low_k + high_k);
	ret_blocks->first[0] = ret_blocks->reference[0] = (struct moments){0};
	for (size_t b = 1; b <= count; b++) {
		double end_k = blocks_edge_k(ret_blocks, b);
		struct moments f = ret_blocks->first[b - 1], r = ret_blocks->reference[b - 1];

		for (; i < grid->count && (grid->temperature_k[i] < end_k || b == count); i++) {
			double u = grid->temperature_k[i] - ret_blocks->middle_k;

			moments_add(&r, u, grid->reference[i]);
			f.y += grid->first[i];
			f.yu += grid->first[i] * u;
			f.yu2 += grid->first[i] * u * u;
		}
		/* the same rows */
		f.n = r.n, f.u = r.u, f.u2 = r.u2, f.u3 = r.u3, f.u4 = r.u4;
		ret_blocks->first[b] = f;
		ret_blocks->reference[b] = r;
	}
}

struct moments blocks_between(const struct moments *edges, size_t from, size_t to)
{
	return moments_minus(&edges[to], &edges[from]);
}

struct moments blocks_difference(const struct blocks *blocks, size_t from, size_t to)
{
	struct moments d = blocks_between(blocks->first, from, to),
		       r = blocks_between(blocks->reference, from, to);

	d.y -= r.y;
	d.yu -= r.yu;
	d.yu2 -= r.yu2;
	return d;
}

struct line blocks_line(const struct moments *edges, size_t from, size_t to)
{
	struct moments m = blocks_between(edges, from, to);
	double c = m.u / m.n, y = m.y / m.n, suu = m.u2 - m.n * c * c;

	return (struct line){c, y, suu > 0 ? (m.yu - m.n * c * y) / suu : 0};
}

double blocks_mean(const struct moments *edges, size_t block)
{
	struct moments m = blocks_between(edges, block, block + 1);

	return m.n > 0 ? m.y / m.n : NAN;
}
