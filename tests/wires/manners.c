/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/wires/manners.h"

#include <math.h>
#include <string.h>

#define STRAY_MOST 8u
#define FLIPS_MOST 16u
#define RAREST 3e-4
#define OFTENEST 0.05
#define ALONE 0.05

#define MANNERS_ROW(name, lines, what) {#name, lines, what},
const struct manner_info manner_table[MANNER_KINDS] = {MANNERS(MANNERS_ROW)};
#undef MANNERS_ROW

void manners_init(struct manners *ret_manners, char line, struct chance *chance, int only)
{
	*ret_manners = (struct manners){.line = line};
	for (int kind = 0; kind < MANNER_KINDS; kind++) {
		bool drawn = chance_is(chance, 0.5);
		double share = RAREST * pow(OFTENEST / RAREST, chance_unit(chance));

		if (!strchr(manner_table[kind].lines, line))
			continue;
		if (only < MANNER_KINDS ? kind == only : drawn)
			ret_manners->share[kind] = only < MANNER_KINDS ? ALONE : share;
	}
}

static bool befalls_line(int kind)
{
	return kind == MANNER_MASTER || kind == MANNER_GONE;
}

int manners_draw(struct manners *manners, struct chance *chance)
{
	double left = chance_unit(chance);

	for (int kind = 0; kind < MANNER_KINDS; kind++) {
		if (befalls_line(kind))
			continue;
		left -= manners->share[kind];
		if (left < 0) {
			manners->met[kind]++;
			return kind;
		}
	}
	return MANNER_KINDS;
}

bool manners_happens(struct manners *manners, enum manner kind, struct chance *chance)
{
	bool happens = manners->share[kind] > 0 && chance_is(chance, manners->share[kind]);

	manners->met[kind] += happens;
	return happens;
}

void manners_flip(struct chance *chance, struct manner_frame *frame)
{
	uint32_t bits = (uint32_t)frame->length * 8, flips = 1 + chance_pick(chance, FLIPS_MOST);
	uint32_t at = chance_pick(chance, bits);
	bool burst = chance_is(chance, 0.5);

	frame->bytes[at / 8] ^= (uint8_t)(1u << at % 8);
	for (uint32_t i = 1; i < flips; i++) {
		uint32_t next = burst ? at + i : chance_pick(chance, bits);

		if (next < bits && (!burst || chance_is(chance, 0.5)))
			frame->bytes[next / 8] ^= (uint8_t)(1u << next % 8);
	}
}

void manners_stray(struct chance *chance, struct manner_frame *frame, bool before)
{
	size_t count = 1 + chance_pick(chance, STRAY_MOST);

	if (frame->length + count > MANNER_FRAME_MAX)
		return;
	if (before)
		memmove(frame->bytes + count, frame->bytes, frame->length);
	for (size_t i = 0; i < count; i++)
		frame->bytes[before ? i : frame->length + i] = (uint8_t)chance_pick(chance, 256);
	frame->length += count;
}
