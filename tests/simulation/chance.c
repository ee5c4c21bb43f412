/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/chance.h"

#include <math.h>

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

void chance_init(struct chance *ret_chance, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		ret_chance->state[i] = z ^ z >> 31;
	}
}

uint64_t chance_bits(struct chance *chance)
{
	uint64_t *s = chance->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

double chance_unit(struct chance *chance)
{
	return (double)(chance_bits(chance) >> 11) * 0x1p-53;
}

double chance_between(struct chance *chance, double low, double high)
{
	return low + (high - low) * chance_unit(chance);
}

uint32_t chance_pick(struct chance *chance, uint32_t count)
{
	return (uint32_t)(chance_unit(chance) * count);
}

bool chance_is(struct chance *chance, double probability)
{
	return chance_unit(chance) < probability;
}

double chance_wait(struct chance *chance, double mean)
{
	return -mean * log(1 - chance_unit(chance));
}
