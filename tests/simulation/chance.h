/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers of the simulation: one stream, one seed, the same on every machine (xoshiro256**, Blackman
 * and Vigna 2018, public domain algorithm; seeded by splitmix64). */
#ifndef DENSD_TESTS_SIMULATION_CHANCE_H
#define DENSD_TESTS_SIMULATION_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state[4];
};
void chance_init(struct chance *ret_chance, uint64_t seed);
uint64_t chance_bits(struct chance *chance);
/* 0 <= value < 1 */
double chance_unit(struct chance *chance);
/* low <= value < high */
double chance_between(struct chance *chance, double low, double high);
/* 0 to count - 1; count > 0 */
uint32_t chance_pick(struct chance *chance, uint32_t count);
bool chance_is(struct chance *chance, double probability);
/* Exponential waiting time of that mean. */
double chance_wait(struct chance *chance, double mean);

#endif
