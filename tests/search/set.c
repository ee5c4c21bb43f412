/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS (1u << 16)

static void *must(void *memory)
{
	if (!memory) {
		fprintf(stderr, "search: no memory for more states\n");
		abort();
	}
	return memory;
}

void search_set_init(struct search_set *ret_set, size_t key_bytes)
{
	*ret_set = (struct search_set){
		.key_bytes = key_bytes, .room = FIRST_SLOTS / 2, .slot_count = FIRST_SLOTS};
	ret_set->keys = must(malloc(ret_set->room * key_bytes));
	ret_set->slots = must(calloc(ret_set->slot_count, sizeof(uint32_t)));
}

void search_set_free(struct search_set *set)
{
	free(set->keys);
	free(set->slots);
	memset(set, 0, sizeof(*set));
}

const void *search_set_key(const struct search_set *set, uint32_t number)
{
	return set->keys + (size_t)number * set->key_bytes;
}

static uint64_t hash(const uint8_t *key, size_t bytes)
{
	uint64_t value = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < bytes; i++)
		value = (value ^ key[i]) * UINT64_C(0x100000001b3);
	return value ^ value >> 29;
}

static uint32_t *find_slot(const struct search_set *set, const void *key)
{
	uint32_t mask = set->slot_count - 1, at = (uint32_t)hash(key, set->key_bytes) & mask;

	while (set->slots[at] && memcmp(search_set_key(set, set->slots[at] - 1), key, set->key_bytes) != 0)
		at = (at + 1) & mask;
	return &set->slots[at];
}

static void grow(struct search_set *set)
{
	free(set->slots);
	set->room *= 2;
	set->slot_count *= 2;
	set->keys = must(realloc(set->keys, set->room * set->key_bytes));
	set->slots = must(calloc(set->slot_count, sizeof(uint32_t)));
	for (uint32_t i = 0; i < set->count; i++)
		*find_slot(set, search_set_key(set, i)) = i + 1;
}

bool search_set_add(struct search_set *set, const void *key, uint32_t *ret_number)
{
	uint32_t *slot = find_slot(set, key);

	if (*slot) {
		*ret_number = *slot - 1;
		return false;
	}
	if (set->count == set->room) {
		grow(set);
		slot = find_slot(set, key);
	}
	memcpy(set->keys + (size_t)set->count * set->key_bytes, key, set->key_bytes);
	*ret_number = set->count++;
	*slot = set->count;
	return true;
}
