/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/search/search.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_MOST 128
#define TELL_EVERY_S 2.0
#define NOBODY UINT32_MAX

struct origin { /* how a state was first reached */
	uint32_t from, input;
};

struct search {
	const struct search_model *model;
	struct search_result *result;
	struct search_set set;
	struct origin *origins;
	uint64_t room;
	uint32_t layer_ends; /* number of the first state of the next depth */
	double began_s, told_s;
};

void search_break(struct search_fault *fault, const char *property, const char *format, ...)
{
	va_list arguments;

	if (fault->property)
		return;
	fault->property = property;
	va_start(arguments, format);
	vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell_progress(struct search *search, uint32_t at)
{
	double now = now_s();

	if (at % 256 != 0 || now - search->told_s < TELL_EVERY_S)
		return;
	search->told_s = now;
	fprintf(stderr, "search %s: %u states found, %u done, depth %u, %.1f million transitions, %.0f s\n",
		search->model->name, search->set.count, at, search->result->depth,
		(double)search->result->transitions / 1e6, now - search->began_s);
}

static void remember(struct search *search, uint32_t number, uint32_t from, uint32_t input)
{
	if (number >= search->room) {
		search->room = search->room ? search->room * 2 : 65536;
		search->origins = realloc(search->origins, search->room * sizeof(*search->origins));
		if (!search->origins)
			abort();
	}
	search->origins[number] = (struct origin){from, input};
}

static void print_step(const struct search *search, int step, uint32_t input, const void *key)
{
	const struct search_model *model = search->model;
	char event[SEARCH_TEXT] = "begin", state[SEARCH_TEXT];

	if (input != NOBODY)
		model->tell_input(model->context, input, event);
	model->tell_state(model->context, key, state);
	printf("  %3d  %-46s %s\n", step, event, state);
}

/* The shortest way from the start to state @at, then the input that broke the property. */
static void print_trail(const struct search *search, uint32_t at, uint32_t input, const void *broken_key)
{
	uint32_t path[1024];
	int length = 0;

	for (uint32_t i = at; i != NOBODY && length < 1024; i = search->origins[i].from)
		path[length++] = i;
	for (int i = length - 1; i >= 0; i--)
		print_step(search, length - 1 - i, search->origins[path[i]].input,
			   search_set_key(&search->set, path[i]));
	if (broken_key)
		print_step(search, length, input, broken_key);
}

static void violated(struct search *search, uint32_t at, uint32_t input, const void *key)
{
	const struct search_fault *fault = &search->result->fault;

	printf("VIOLATED %s (model %s): %s\n", fault->property, search->model->name, fault->text);
	print_trail(search, at, input, key);
}

/* False when a property broke. */
static bool expand(struct search *search, uint32_t at)
{
	const struct search_model *model = search->model;
	struct search_fault *fault = &search->result->fault;
	_Alignas(8) uint8_t here[KEY_MOST] = {0}, next[KEY_MOST];
	uint32_t number;

	memcpy(here, search_set_key(&search->set, at), model->key_bytes);
	model->load(model->context, here);
	for (uint32_t input = 0; input < model->input_count; input++) {
		memset(next, 0, sizeof(next));
		if (!model->apply(model->context, input, next, fault))
			continue;
		search->result->transitions++;
		if (fault->property) {
			violated(search, at, input, next);
			return false;
		}
		if (search_set_add(&search->set, next, &number))
			remember(search, number, at, input);
	}
	model->end(model->context, fault);
	if (fault->property)
		violated(search, at, NOBODY, NULL);
	return !fault->property;
}

static void walk(struct search *search, uint64_t states_most)
{
	for (uint32_t at = 0; at < search->set.count; at++) {
		if (at == search->layer_ends) {
			search->result->depth++;
			search->layer_ends = search->set.count;
		}
		tell_progress(search, at);
		if (search->set.count > states_most || !expand(search, at))
			return;
	}
	search->result->complete = true;
}

void search_run(const struct search_model *model, uint64_t states_most, struct search_result *ret_result)
{
	struct search search = {.model = model, .result = ret_result, .layer_ends = 1};
	_Alignas(8) uint8_t first[KEY_MOST] = {0};
	uint32_t number;

	memset(ret_result, 0, sizeof(*ret_result));
	search.began_s = search.told_s = now_s();
	search_set_init(&search.set, model->key_bytes);
	model->begin(model->context, first);
	search_set_add(&search.set, first, &number);
	remember(&search, number, NOBODY, NOBODY);
	walk(&search, states_most);
	ret_result->states = search.set.count;
	ret_result->seconds = now_s() - search.began_s;
	search_set_free(&search.set);
	free(search.origins);
}
