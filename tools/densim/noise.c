/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/noise.h"

#include <math.h>

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

uint64_t noise_key(uint64_t seed, enum noise_stream stream)
{
	return mix(mix(seed) + (uint64_t)stream);
}

uint64_t noise_bits_of(uint64_t key, uint64_t index)
{
	return mix(key + index);
}

uint64_t noise_bits(uint64_t seed, enum noise_stream stream, uint64_t index)
{
	return noise_bits_of(noise_key(seed, stream), index);
}

/* Box and Muller; the half keeps the logarithm away from zero. */
double noise_normal(uint64_t seed, enum noise_stream stream, uint64_t index)
{
	uint64_t bits = noise_bits(seed, stream, index);
	double a = ((double)(bits >> 32) + 0.5) / 4294967296.0;
	double b = (double)(bits & 0xFFFFFFFFu) / 4294967296.0;
	return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}
