/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A breadth-first search over everything that a state machine can reach, whatever comes in. It knows nothing
 * of the machine: a model turns keys into states, applies inputs and judges. The first violation found has
 * the shortest trail.
 */
#ifndef DENSD_TESTS_SEARCH_H
#define DENSD_TESTS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEARCH_TEXT 240

struct search_fault {
	const char *property; /* NULL: nothing is wrong */
	char text[SEARCH_TEXT];
};

struct search_model {
	const char *name;
	size_t key_bytes; /* a state is its key: everything that matters for what comes after, and nothing
			     else */
	uint32_t input_count;
	void *context;
	void (*begin)(void *context, void *ret_key);
	void (*load)(void *context, const void *key);
	/* From the loaded state. False when this input cannot come here; a property that breaks is told in
	 * *ret_fault. */
	bool (*apply)(void *context, uint32_t input, void *ret_key, struct search_fault *ret_fault);
	/* From the loaded state: does a well-meaning laboratory bring it to an end? */
	void (*end)(void *context, struct search_fault *ret_fault);
	void (*tell_input)(void *context, uint32_t input, char ret_text[SEARCH_TEXT]);
	void (*tell_state)(void *context, const void *key, char ret_text[SEARCH_TEXT]);
};

struct search_result {
	uint64_t states, transitions;
	uint32_t depth;
	double seconds;
	bool complete; /* false: stopped at a violation or at the limit of states */
	struct search_fault fault;
};

/* A set of keys, numbered in the order they came. */
struct search_set {
	size_t key_bytes;
	uint32_t count, room;
	uint8_t *keys;
	uint32_t *slots; /* number + 1, 0: empty */
	uint32_t slot_count;
};
void search_set_init(struct search_set *ret_set, size_t key_bytes);
void search_set_free(struct search_set *set);
/* True when @key is new. */
bool search_set_add(struct search_set *set, const void *key, uint32_t *ret_number);
const void *search_set_key(const struct search_set *set, uint32_t number);

/* States at most: an unbounded space ends as incomplete and not as a full memory. */
void search_run(const struct search_model *model, uint64_t states_most, struct search_result *ret_result);
void search_break(struct search_fault *fault, const char *property, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
