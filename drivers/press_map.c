/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/press_map.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool required;
} fields[PRESS_FIELD_MAX] = {
	[PRESS_HEARTBEAT] = {"heartbeat", true},
	[PRESS_MODE] = {"mode", true},
	[PRESS_SETPOINT] = {"oil_setpoint", true},
	[PRESS_RAMP] = {"oil_ramp_limit", true},
	[PRESS_WATCHDOG] = {"watchdog", true},
	[PRESS_OIL] = {"oil_pressure", true},
	[PRESS_SETPOINT_ACTIVE] = {"oil_setpoint_active", true},
	[PRESS_STROKE] = {"stroke", false},
	[PRESS_MODE_ACTIVE] = {"mode_active", true},
	[PRESS_WATCHDOG_ACTIVE] = {"watchdog_active", true},
};
/* In the order of enum press_status. */
static const struct {
	const char *name;
	bool required;
} flags[PRESS_FLAGS] = {
	{"locked", true},           {"regulating", false},      {"local", true},
	{"depressurised", true},    {"contactor_closed", true}, {"watchdog_armed", true},
	{"watchdog_tripped", true}, {"power_failed", true},     {"pump_running", false},
	{"over_pressure", false},
};

static unsigned words_of(const struct profile_register *reg)
{
	return codec_words((enum register_type)reg->type);
}

static int refuse(char ret_why[PRESS_WHY], const char *name, const char *why)
{
	snprintf(ret_why, PRESS_WHY, "'%s' %s", name, why);
	return -EINVAL;
}

static int find_registers(struct press_layout *layout, char ret_why[PRESS_WHY])
{
	for (int i = 0; i < PRESS_FIELD_MAX; i++) {
		layout->field[i] = profile_find(layout->profile, fields[i].name);
		if (!layout->field[i] && fields[i].required)
			return refuse(ret_why, fields[i].name,
				      "is missing: drivers/press-map.md says what it is");
		if (layout->field[i] && layout->field[i]->space != SPACE_HOLDING)
			return refuse(ret_why, fields[i].name, "must be a holding register");
	}
	for (int i = 0; i < PRESS_FLAGS; i++) {
		layout->flag[i] = profile_find(layout->profile, flags[i].name);
		if (!layout->flag[i] && flags[i].required)
			return refuse(ret_why, flags[i].name,
				      "is missing: drivers/press-map.md says what it is");
		if (layout->flag[i] &&
		    (layout->flag[i]->space != SPACE_HOLDING || words_of(layout->flag[i]) != 1))
			return refuse(ret_why, flags[i].name, "must be a bit of a holding register");
	}
	for (uint32_t i = 0; i < layout->profile->identity_count && i < PROFILE_STEPS_MAX; i++)
		layout->identity[i] = profile_find(layout->profile, layout->profile->identity[i].reg);
	layout->reset = profile_find(layout->profile, "reset");
	layout->heater = profile_find(layout->profile, "heater_enable");
	if (!layout->reset || !layout->heater)
		return refuse(ret_why, layout->reset ? "heater_enable" : "reset", "is missing");
	return 0;
}

_Static_assert(PRESS_WRITTEN * 2 <= PRESS_WORDS_MAX, "room for the written registers, two words each");

/* No gaps in a block write: what lies between would be written as well. */
static int plan_write(struct press_layout *layout, char ret_why[PRESS_WHY])
{
	bool joined[PRESS_WRITTEN] = {false};
	uint32_t end = layout->write_address = layout->field[0]->address;
	unsigned count = 0;

	for (int i = 1; i < PRESS_WRITTEN; i++)
		if (layout->field[i]->address < layout->write_address)
			layout->write_address = layout->field[i]->address;
	end = layout->write_address;
	for (int pass = 0; pass < PRESS_WRITTEN; pass++)
		for (int i = 0; i < PRESS_WRITTEN; i++)
			if (!joined[i] && layout->field[i]->address == end) {
				joined[i] = true;
				end += words_of(layout->field[i]);
				count++;
			}
	layout->write_words = (uint16_t)(end - layout->write_address);
	if (count < PRESS_WRITTEN)
		return refuse(ret_why, "heartbeat",
			      "and the other written registers must lie side by side, without a gap");
	return 0;
}

static void widen(const struct profile_register *reg, uint32_t *low, uint32_t *end)
{
	if (!reg)
		return;
	*low = reg->address < *low ? reg->address : *low;
	*end = reg->address + words_of(reg) > *end ? reg->address + words_of(reg) : *end;
}

static bool is_declared(const struct profile *profile, uint32_t address)
{
	for (uint32_t i = 0; i < profile->register_count && i < PROFILE_REGISTERS_MAX; i++) {
		const struct profile_register *reg = &profile->registers[i];

		if (reg->space == SPACE_HOLDING && address >= reg->address &&
		    address < reg->address + words_of(reg))
			return true;
	}
	return false;
}

/* What the profile does not declare is never read. */
static int plan_read(struct press_layout *layout, char ret_why[PRESS_WHY])
{
	uint32_t low = UINT32_MAX, end = 0;

	for (int i = PRESS_WRITTEN; i < PRESS_FIELD_MAX; i++)
		widen(layout->field[i], &low, &end);
	for (int i = 0; i < PRESS_FLAGS; i++)
		widen(layout->flag[i], &low, &end);
	for (uint32_t i = 0; i < layout->profile->identity_count && i < PROFILE_STEPS_MAX; i++)
		widen(layout->identity[i], &low, &end);
	for (uint32_t address = low; address < end; address++)
		if (end - low > PRESS_WORDS_MAX || !is_declared(layout->profile, address))
			return refuse(ret_why, "oil_pressure",
				      "and the other read registers must lie in one block of declared ones, "
				      "at most 32");
	layout->read_address = (uint16_t)low;
	layout->read_words = (uint16_t)(end - low);
	return 0;
}

/* What names no bit counts as a whole. */
static void place_flags(struct press_layout *layout)
{
	for (int i = 0; i < PRESS_FLAGS; i++) {
		const struct profile_register *reg = layout->flag[i];

		if (!reg)
			continue;
		layout->flag_word[i] = (uint16_t)(reg->address - layout->read_address);
		layout->flag_mask[i] = reg->type == REG_U16 && reg->bit >= 0 && reg->bit < 16
					       ? (uint16_t)(1 << reg->bit)
					       : UINT16_MAX;
	}
}

static int find_mode(const struct profile_value *steps, uint32_t count, double *ret_value)
{
	for (uint32_t i = 0; i < count && i < PROFILE_STEPS_MAX; i++)
		if (strcmp(steps[i].reg, "mode") == 0) {
			*ret_value = steps[i].value;
			return 0;
		}
	return -ENOENT;
}

int press_map_plan(const struct profile *profile, struct press_layout *ret_layout, char ret_why[PRESS_WHY])
{
	struct press_layout layout = {.profile = profile};
	int r = find_registers(&layout, ret_why);

	if (r == 0)
		r = plan_write(&layout, ret_why);
	if (r == 0)
		r = plan_read(&layout, ret_why);
	if (r < 0)
		return r;
	place_flags(&layout);
	if (find_mode(profile->off_steps, profile->off_count, &layout.lock) < 0 ||
	    find_mode(profile->auto_steps, profile->auto_count, &layout.regulate) < 0 ||
	    layout.lock == layout.regulate)
		return refuse(ret_why, "mode",
			      "needs two values: 'off' writes the one that locks, 'automatic' the one that "
			      "regulates");
	*ret_layout = layout;
	return 0;
}

int press_map_encode(const struct press_layout *layout, const struct press_order *order,
		     uint16_t ret_words[PRESS_WORDS_MAX])
{
	const double values[PRESS_WRITTEN] = {
		[PRESS_HEARTBEAT] = order->heartbeat,
		[PRESS_MODE] = order->mode == PRESS_MODE_REGULATE ? layout->regulate : layout->lock,
		[PRESS_SETPOINT] = order->setpoint_bar,
		[PRESS_RAMP] = order->ramp_bar_per_s,
		[PRESS_WATCHDOG] = order->watchdog_s,
	};

	for (int i = 0; i < PRESS_WRITTEN; i++) {
		const struct profile_register *reg = layout->field[i];
		int r = codec_encode_own_unit(reg, values[i],
					      ret_words + (reg->address - layout->write_address));

		if (r < 0)
			return r;
	}
	return 0;
}

static const uint16_t *at(const struct press_layout *layout, const struct profile_register *reg,
			  const uint16_t *words)
{
	return words + (reg->address - layout->read_address);
}

static double value_of(const struct press_layout *layout, enum press_field field, const uint16_t *words)
{
	const struct profile_register *reg = layout->field[field];

	return reg ? codec_decode(reg, at(layout, reg, words)) : NAN;
}

static uint16_t decode_mode(const struct press_layout *layout, const uint16_t *words)
{
	double raw = value_of(layout, PRESS_MODE_ACTIVE, words);

	if (raw == layout->regulate)
		return PRESS_MODE_REGULATE;
	return raw == layout->lock ? PRESS_MODE_LOCK : PRESS_MODE_UNKNOWN;
}

static bool is_right_press(const struct press_layout *layout, const uint16_t *words)
{
	for (uint32_t i = 0; i < layout->profile->identity_count && i < PROFILE_STEPS_MAX; i++) {
		const struct profile_value *expected = &layout->profile->identity[i];
		const struct profile_register *reg = layout->identity[i];

		if (!reg || !codec_matches(expected, reg, at(layout, reg, words)))
			return false;
	}
	return true;
}

void press_map_decode(const struct press_layout *layout, const uint16_t words[PRESS_WORDS_MAX],
		      struct press_block *ret_block)
{
	double watchdog_s = value_of(layout, PRESS_WATCHDOG_ACTIVE, words);

	*ret_block = (struct press_block){
		.oil_bar = value_of(layout, PRESS_OIL, words),
		.setpoint_bar = value_of(layout, PRESS_SETPOINT_ACTIVE, words),
		.stroke_pct = value_of(layout, PRESS_STROKE, words),
		.mode = decode_mode(layout, words),
		.watchdog_s = watchdog_s > 0 && watchdog_s <= 65535 ? (uint16_t)lround(watchdog_s) : 0,
		.identity_ok = is_right_press(layout, words),
	};
	for (int i = 0; i < PRESS_FLAGS; i++)
		if (words[layout->flag_word[i]] & layout->flag_mask[i])
			ret_block->status |= (uint16_t)(1 << i);
}

bool press_map_proves_order(const struct press_layout *layout, const uint16_t words[PRESS_WORDS_MAX],
			    double low, double high)
{
	for (int i = PRESS_OIL; i <= PRESS_STROKE; i++) {
		const struct profile_register *reg = layout->field[i];

		if (reg &&
		    codec_proves_order((enum register_type)reg->type, at(layout, reg, words), low, high))
			return true;
	}
	return false;
}
