/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_doubt.h"

#include <string.h>

#define ANY_SHAPE 0
enum { READ_COILS = 1, READ_DISCRETE = 2 };

uint16_t modbus_doubt_shape(uint8_t function, uint16_t bytes)
{
	return (uint16_t)(function << 8 | (bytes & 0xFF));
}

uint16_t modbus_doubt_read_shape(const struct modbus_read *read)
{
	bool bits = read->function == READ_COILS || read->function == READ_DISCRETE;

	return modbus_doubt_shape(read->function, (uint16_t)(bits ? (read->count + 7) / 8 : 2 * read->count));
}

void modbus_doubt_miss(struct modbus_doubt *doubt, uint16_t shape, int64_t until_ns, int64_t now_ns)
{
	uint32_t at = MODBUS_DOUBT_MISSING;

	for (uint32_t i = 0; i < MODBUS_DOUBT_MISSING; i++)
		if (doubt->missing[i].until_ns > now_ns && doubt->missing[i].shape == shape)
			at = i;
	for (uint32_t i = 0; i < MODBUS_DOUBT_MISSING && at == MODBUS_DOUBT_MISSING; i++)
		if (doubt->missing[i].until_ns <= now_ns)
			at = i;
	/* More than there is room for: nothing is told from anything. */
	if (at == MODBUS_DOUBT_MISSING) {
		at = MODBUS_DOUBT_MISSING - 1;
		shape = ANY_SHAPE;
	}
	doubt->missing[at].shape = shape;
	doubt->missing[at].until_ns = until_ns;
}

bool modbus_doubt_is_missing(const struct modbus_doubt *doubt, uint16_t shape, int64_t now_ns)
{
	for (uint32_t i = 0; i < MODBUS_DOUBT_MISSING; i++)
		if (doubt->missing[i].until_ns > now_ns &&
		    (doubt->missing[i].shape == shape || doubt->missing[i].shape == ANY_SHAPE))
			return true;
	return false;
}

bool modbus_doubt_is_any_missing(const struct modbus_doubt *doubt, int64_t now_ns)
{
	for (uint32_t i = 0; i < MODBUS_DOUBT_MISSING; i++)
		if (doubt->missing[i].until_ns > now_ns)
			return true;
	return false;
}

void modbus_doubt_end(struct modbus_doubt *doubt)
{
	memset(doubt->missing, 0, sizeof(doubt->missing));
}

void modbus_doubt_remember(struct modbus_doubt *doubt, const struct modbus_read *read)
{
	uint16_t shape = modbus_doubt_read_shape(read);

	for (uint32_t i = 0; i < MODBUS_DOUBT_READS; i++)
		if (doubt->reads[i].function != 0 && modbus_doubt_read_shape(&doubt->reads[i]) == shape)
			return;
	doubt->reads[doubt->next_read++ % MODBUS_DOUBT_READS] = *read;
}

const struct modbus_read *modbus_doubt_find_read(const struct modbus_doubt *doubt, int64_t now_ns)
{
	for (uint32_t i = 0; i < MODBUS_DOUBT_READS; i++)
		if (doubt->reads[i].function != 0 &&
		    !modbus_doubt_is_missing(doubt, modbus_doubt_read_shape(&doubt->reads[i]), now_ns))
			return &doubt->reads[i];
	return NULL;
}
