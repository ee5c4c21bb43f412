/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/faults.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct fault_info fault_table[FAULT_COUNT] = {
#define FAULTS_ROW(id, name, value, low, high, what) [FAULT_##id] = {name, value, low, high, what},
	FAULTS(FAULTS_ROW)
#undef FAULTS_ROW
};

static const struct fault_word {
	enum fault fault;
	const char *word;
	double value;
} words[] = {
	{FAULT_BUS_LOST, "press", FAULT_BUS_PRESS},
	{FAULT_BUS_LOST, "rtu", FAULT_BUS_RTU},
	{FAULT_BUS_LOST, "chip", FAULT_BUS_CHIP},
	{FAULT_BUS_LOST, "all", 7},
	{FAULT_SECOND_MASTER, "furnace", 1},
	{FAULT_SECOND_MASTER, "press", 2},
	{FAULT_SECOND_MASTER, "both", 3},
	{FAULT_STRANGER, "furnace", 1},
	{FAULT_STRANGER, "press", 2},
	{FAULT_STRANGER, "both", 3},
	{FAULT_WORDS_SWAPPED, "furnace", 1},
	{FAULT_WORDS_SWAPPED, "press", 2},
	{FAULT_WORDS_SWAPPED, "both", 3},
	{FAULT_ADAPTER_GONE, "rtu", FAULT_BUS_RTU},
	{FAULT_ADAPTER_GONE, "chip", FAULT_BUS_CHIP},
	{FAULT_ADAPTER_GONE, "both", 6},
};

void faults_init(struct faults *ret_faults)
{
	*ret_faults = (struct faults){0};
}

int faults_find(const char *name)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (strcmp(fault_table[i].name, name) == 0)
			return i;
	return -ENOENT;
}

static int read_value(enum fault fault, const char *text, double *ret_value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].fault == fault && strcmp(words[i].word, text) == 0) {
			*ret_value = words[i].value;
			return 0;
		}
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value))
		return -EINVAL;
	if (value < fault_table[fault].minimum || value > fault_table[fault].maximum)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static int read_wire(const char *text, uint8_t *ret_wires)
{
	double value;
	int r = read_value(FAULT_BUS_LOST, text, &value);
	if (r < 0)
		return r;
	*ret_wires = (uint8_t)value;
	return 0;
}

int faults_set(struct faults *faults, const char *name, const char *value, const char *wire)
{
	int fault = faults_find(name);
	if (fault < 0)
		return fault;
	double number = fault_table[fault].default_value;
	uint8_t wires = 7;
	if (value && read_value((enum fault)fault, value, &number) < 0)
		return -EINVAL;
	if (wire && read_wire(wire, &wires) < 0)
		return -EINVAL;
	faults->on[fault] = true;
	faults->value[fault] = number;
	faults->wires[fault] = wires;
	return 0;
}

int faults_clear(struct faults *faults, const char *name)
{
	if (strcmp(name, "all") == 0) {
		faults_init(faults);
		return 0;
	}
	int fault = faults_find(name);
	if (fault < 0)
		return fault;
	faults->on[fault] = false;
	return 0;
}

bool faults_silent(const struct faults *faults, enum fault_bus bus)
{
	if (faults->on[FAULT_POWER_FAIL])
		return true;
	return faults->on[FAULT_BUS_LOST] && ((unsigned)faults->value[FAULT_BUS_LOST] & bus);
}

bool faults_at(const struct faults *faults, enum fault fault, unsigned place)
{
	return faults->on[fault] && ((unsigned)faults->value[fault] & place);
}
