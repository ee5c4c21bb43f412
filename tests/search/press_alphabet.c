/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input alphabet: what may come in at any moment, whatever came before. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/search/press.h"

static const double t_values_k[T_MAX] = {298, 298, 308, 318, 328, 348, 298, 298};
static const char *const t_names[T_MAX] = {"cold", "cold, 3 s old", "warm",  "mid",
					   "set",  "over",          "stale", "bad"};
static const double p_values_gpa[P_MAX] = {0, 0, 0.25, 0.5, 0.75, 0.5};
static const char *const p_names[P_MAX] = {"ambient", "low oil, no bit", "low", "set", "over", "stale"};

static const struct press_trouble *find_trouble(const char *name)
{
	for (size_t i = 0; i < press_trouble_count; i++)
		if (strcmp(press_troubles[i].name, name) == 0)
			return &press_troubles[i];
	assert(!"no such trouble");
	return NULL;
}

static void add(struct press_alphabet *alphabet, struct press_input input)
{
	assert(alphabet->count < PRESS_INPUTS_MOST);
	alphabet->inputs[alphabet->count++] = input;
}

static void add_tick(struct press_alphabet *alphabet, int t, int p, bool late,
		     const struct press_trouble *trouble)
{
	add(alphabet,
	    (struct press_input){
		    .kind = PRESS_TICK, .t = (uint8_t)t, .p = (uint8_t)p, .late = late, .trouble = trouble});
}

static void add_ticks(struct press_alphabet *alphabet, bool deep)
{
	static const uint8_t ends_t[] = {T_COLD, T_SET}, ends_p[] = {P_AMBIENT, P_SET};

	for (int t = 0; t < T_MAX; t++)
		for (int p = 0; p < P_MAX; p++)
			if ((t != T_AGED && t != T_BAD) || p == P_AMBIENT || p == P_SET)
				add_tick(alphabet, t, p, false, NULL);
	for (int i = 0; i < 4; i++)
		add_tick(alphabet, ends_t[i / 2], ends_p[i % 2], true, NULL);
	for (size_t i = 0; i < press_trouble_count; i++)
		for (int j = 0; j < 4; j++)
			if (deep || j == 0 || j == 3)
				add_tick(alphabet, ends_t[j / 2], ends_p[j % 2], false, &press_troubles[i]);
	for (int t = 0; t < 2; t++)
		add_tick(alphabet, ends_t[t], P_LOW, false, find_trouble("pressure below setpoint for long"));
}

static void add_verb(struct press_alphabet *alphabet, enum verb verb, uint8_t t, uint8_t p,
		     const char *trouble)
{
	add(alphabet, (struct press_input){.kind = PRESS_VERB,
					   .verb = (uint8_t)verb,
					   .role = ROLE_SUPERVISOR,
					   .t = t,
					   .p = p,
					   .trouble = trouble ? find_trouble(trouble) : NULL});
}

static void add_verbs(struct press_alphabet *alphabet)
{
	static const uint8_t some_t[] = {T_COLD, T_SET, T_STALE},
			     some_p[] = {P_AMBIENT, P_LOW, P_SET, P_STALE};
	static const char *const refusals[] = {"units changed", "store fails", "press in local",
					       "watchdog not armed", "a hazard stands"};
	static const char *const trouble[] = {NULL, "furnace not identified", "press not identified"};

	for (int verb = 0; verb < VERB_MAX; verb++) {
		bool moves =
			verb == VERB_HOLD || verb == VERB_COOL || verb == VERB_ABORT || verb == VERB_RESUME;

		add_verb(alphabet, (enum verb)verb, T_SET, P_SET, NULL);
		add_verb(alphabet, (enum verb)verb, T_COLD, P_AMBIENT, NULL);
		for (int i = 0; moves && i < 3; i++)
			add_verb(alphabet, (enum verb)verb, i ? T_SET : T_STALE, i ? P_SET : P_STALE,
				 trouble[i]);
		add(alphabet, (struct press_input){.kind = PRESS_VERB,
						   .verb = (uint8_t)verb,
						   .role = ROLE_OBSERVER,
						   .t = T_SET,
						   .p = P_SET});
	}
	for (int i = 0; i < 12; i++)
		add_verb(alphabet, VERB_RESUME, some_t[i / 4], some_p[i % 4], NULL);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		add_verb(alphabet, VERB_RESUME, T_SET, P_SET, refusals[i]);
	add(alphabet, (struct press_input){.kind = PRESS_VERB,
					   .verb = VERB_RESUME,
					   .role = ROLE_OPERATOR,
					   .t = T_SET,
					   .p = P_SET,
					   .offer_over = true});
	for (int i = 0; i < 12; i++)
		add(alphabet,
		    (struct press_input){.kind = PRESS_DURABLE, .t = some_t[i / 4], .p = some_p[i % 4]});
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		add(alphabet, (struct press_input){.kind = PRESS_DURABLE,
						   .t = T_SET,
						   .p = P_SET,
						   .trouble = find_trouble(refusals[i])});
}

static void add_restarts(struct press_alphabet *alphabet, bool journal_lost)
{
	static const uint8_t t[] = {T_COLD, T_SET, T_STALE}, p[] = {P_AMBIENT, P_LOW, P_SET, P_STALE};

	for (int i = 0; i < 12; i++) {
		struct press_input input = {.kind = PRESS_RESTART, .t = t[i / 4], .p = p[i % 4]};

		add(alphabet, input);
		input.low_device = true;
		if (input.p == P_SET)
			add(alphabet, input);
		input.low_device = false;
		input.kept = true;
		add(alphabet, input);
		input.kept = false;
		input.journal_lost = true;
		if (journal_lost)
			add(alphabet, input);
	}
	add(alphabet, (struct press_input){.kind = PRESS_RESTART,
					   .t = T_SET,
					   .p = P_SET,
					   .trouble = find_trouble("press not identified")});
	add(alphabet, (struct press_input){.kind = PRESS_RESTART,
					   .t = T_SET,
					   .p = P_SET,
					   .trouble = find_trouble("furnace not identified")});
}

void press_alphabet_make(const struct press_world *world, bool deep, struct press_alphabet *ret_alphabet)
{
	ret_alphabet->count = 0;
	add_ticks(ret_alphabet, deep);
	add_verbs(ret_alphabet);
	add_restarts(ret_alphabet, world->journal_lost);
	add(ret_alphabet, (struct press_input){.kind = PRESS_START, .t = T_COLD, .p = P_AMBIENT});
	add(ret_alphabet,
	    (struct press_input){
		    .kind = PRESS_START, .t = T_COLD, .p = P_AMBIENT, .trouble = find_trouble("warm room")});
}

static struct measurement measure(double value, double t_lab_s)
{
	return (struct measurement){.value = value, .t_lab_s = t_lab_s, .quality = QUALITY_GOOD};
}

static struct measurement measure_t(uint8_t t, double now)
{
	struct measurement ret = measure(t_values_k[t], now);

	if (t == T_AGED)
		ret.t_lab_s -= 3;
	if (t == T_STALE)
		ret.t_lab_s -= 15;
	if (t == T_BAD) {
		ret.quality = QUALITY_BAD;
		ret.cause = CAUSE_RANGE;
	}
	return ret;
}

void press_inputs_make(const struct press_input *input, double now, bool reference, struct inputs *ret_inputs)
{
	double gpa = reference ? 0 : p_values_gpa[input->p], then = input->p == P_STALE ? now - 15 : now;

	memset(ret_inputs, 0, sizeof(*ret_inputs));
	ret_inputs->temperature_k = measure_t(input->t, now);
	ret_inputs->ambient_k = measure(298, now);
	ret_inputs->furnace_setpoint_k = measure(328, now);
	ret_inputs->furnace_output_pct = measure(10, now);
	ret_inputs->pressure_gpa = measure(gpa, then);
	ret_inputs->pressure_setpoint_gpa = measure(input->low_device ? gpa / 2 : gpa, then);
	ret_inputs->oil_bar = measure(gpa * 300, then);
	ret_inputs->oil_setpoint_bar = ret_inputs->oil_bar;
	ret_inputs->oil_gpa_per_bar = 1 / 300.0;
	ret_inputs->stroke_pct = measure(60, then);
	ret_inputs->flow_ml_per_min = measure(80, now);
	ret_inputs->press_depressurised = gpa <= 0 && input->p != P_NO_BIT;
	ret_inputs->furnace_identity_ok = ret_inputs->press_identity_ok = true;
	ret_inputs->devices_armed = ret_inputs->store_ok = true;
}

void press_input_tell(const struct press_input *input, char ret_text[SEARCH_TEXT])
{
	static const char *const kinds[] = {"tick", "", "durable", "restart", "start"};
	bool verb = input->kind == PRESS_VERB;

	snprintf(ret_text, SEARCH_TEXT, "%s%s%s%s  T %s, P %s%s%s%s%s", kinds[input->kind],
		 verb ? verb_name((enum verb)input->verb) : "", input->late ? " 60 s late" : "",
		 verb && input->role < ROLE_OPERATOR ? " by an observer" : "", t_names[input->t],
		 p_names[input->p], input->kept ? ", as journaled" : "",
		 input->journal_lost ? ", journal lost" : "", input->trouble ? ", " : "",
		 input->trouble ? input->trouble->name : "");
}
