/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input alphabet: what may come in at any moment, whatever came before. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocol/interlock_rows.h"
#include "tests/search/press.h"

static const double t_values_k[T_MAX] = {298, 298, 308, 318, 328, 348, 298, 298};
static const char *const t_names[T_MAX] = {"cold", "cold, 3 s old", "warm",  "mid",
					   "set",  "over",          "stale", "bad"};
static const double p_values_gpa[P_MAX] = {0, 0, 0.25, 0.5, 0.75, 0.5};
static const char *const p_names[P_MAX] = {"ambient", "low oil, no bit", "low", "set", "over", "stale"};

/* timers as if their condition had lasted for long */
#define LONG_S 100000.0

static void wait_long(struct machine *m, enum interlock_timer timer)
{
	m->private_state.timer[timer] = LONG_S;
}

static void output(struct inputs *in, double pct)
{
	in->furnace_output_pct.value = pct;
}

static void remember_read(const struct inputs *in, struct machine *m, double above_k)
{
	m->private_state.memory[MEMORY_READ_LAB_S] = in->temperature_k.t_lab_s - 1;
	m->private_state.memory[MEMORY_READ_K] = in->temperature_k.value + above_k;
}

static void runaway(struct inputs *in, struct machine *m)
{
	output(in, 50);
	wait_long(m, TIMER_RUNAWAY);
}

static void welded(struct inputs *in, struct machine *m)
{
	output(in, 0);
	m->private_state.memory[MEMORY_RISE_K_PER_S] = 1;
	wait_long(m, TIMER_WELDED);
}

static void not_heating(struct inputs *in, struct machine *m)
{
	output(in, 100);
	m->private_state.memory[MEMORY_HEATED_FROM_K] = in->temperature_k.value;
	wait_long(m, TIMER_NOT_HEATING);
}

static void lag(struct inputs *in, struct machine *m)
{
	output(in, 100);
	wait_long(m, TIMER_LAG);
}

static void loss_rate(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.memory[MEMORY_FALL_GPA_PER_S] = -1;
}

static void loss_low(struct inputs *in, struct machine *m)
{
	(void)in;
	wait_long(m, TIMER_LOSS);
}

static void sensor_break(struct inputs *in, struct machine *m)
{
	(void)m;
	in->furnace_sensor_break = true;
}

static void bad_reads(struct inputs *in, struct machine *m)
{
	(void)in;
	remember_read(in, m, 0);
	m->private_state.bad_reads = 7;
}

static void jump(struct inputs *in, struct machine *m)
{
	remember_read(in, m, 10000);
}

static void slip(struct inputs *in, struct machine *m)
{
	output(in, 50);
	for (int i = MEMORY_RING_K; i <= MEMORY_RING_LAST; i++)
		m->private_state.memory[i] = in->temperature_k.value + 100;
}

static void pair(struct inputs *in, struct machine *m)
{
	in->temperature2_k = in->temperature_k;
	in->temperature2_k.value += 30;
	wait_long(m, TIMER_PAIR);
}

static void pair_agrees(struct inputs *in, struct machine *m)
{
	(void)m;
	in->temperature2_k = in->temperature_k;
}

static void pair_hot(struct inputs *in, struct machine *m)
{
	pair_agrees(in, m);
	in->temperature2_k.value = 310;
}

static void pair_stale(struct inputs *in, struct machine *m)
{
	pair_agrees(in, m);
	in->temperature2_k.t_lab_s -= 30;
}

static void frozen(struct inputs *in, struct machine *m)
{
	output(in, 50);
	remember_read(in, m, 0);
	wait_long(m, TIMER_FROZEN);
}

static void t_stale_long(struct inputs *in, struct machine *m)
{
	in->temperature_k.t_lab_s -= 30;
	m->private_state.good_k_lab_s -= 30;
}

static void p_stale_long(struct inputs *in, struct machine *m)
{
	in->pressure_gpa.t_lab_s -= 30;
	in->oil_bar.t_lab_s -= 30;
	m->private_state.good_gpa_lab_s -= 30;
}

#define FLAG(field)                                                    \
	static void flag_##field(struct inputs *in, struct machine *m) \
	{                                                              \
		(void)m;                                               \
		in->field = !in->field;                                \
	}
FLAG(furnace_readback_differs)
FLAG(press_readback_differs)
FLAG(furnace_second_master)
FLAG(press_second_master)
FLAG(units_differ)
FLAG(order_unproven)
FLAG(devices_armed)
FLAG(store_ok)
FLAG(furnace_identity_ok)
FLAG(press_identity_ok)

static void furnace_other(struct inputs *in, struct machine *m)
{
	in->furnace_identity_ok = false;
	wait_long(m, TIMER_IDENTITY);
}

static void press_other(struct inputs *in, struct machine *m)
{
	in->press_identity_ok = false;
	wait_long(m, TIMER_IDENTITY);
}

static void furnace_gone(struct inputs *in, struct machine *m)
{
	in->furnace_lost = true;
	wait_long(m, TIMER_FURNACE_LOST);
}

static void press_gone(struct inputs *in, struct machine *m)
{
	in->press_lost = true;
	wait_long(m, TIMER_PRESS_LOST);
}

static void furnace_manual(struct inputs *in, struct machine *m)
{
	in->furnace_manual = true;
	wait_long(m, TIMER_MANUAL);
}

static void press_local(struct inputs *in, struct machine *m)
{
	in->press_local = true;
	wait_long(m, TIMER_MANUAL);
}

static void stuck(struct inputs *in, struct machine *m)
{
	m->private_state.memory[MEMORY_STUCK_GPA] = in->pressure_gpa.value;
	wait_long(m, TIMER_STUCK);
}

static void stroke(struct inputs *in, struct machine *m)
{
	(void)m;
	in->stroke_pct.value = 1;
}

static void holdback(struct inputs *in, struct machine *m)
{
	(void)in;
	m->holdback_s = m->holdback_sum_s = LONG_S;
}

static void holdback_sum(struct inputs *in, struct machine *m)
{
	(void)in;
	m->holdback_sum_s = LONG_S;
}

static void held_hot(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.hold_hot_since_lab_s = PRESS_NOW_S - 10000;
}

static void hazard_gone(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.clear_since_lab_s = PRESS_NOW_S - 10000;
}

static void warm_room(struct inputs *in, struct machine *m)
{
	(void)m;
	in->ambient_k.value = 306;
}

/* For the verbs: the last tick found something. */
static void hazard_stands(struct inputs *in, struct machine *m)
{
	(void)in;
	m->private_state.fired = 1;
}

static void panel_locked(struct inputs *in, struct machine *m)
{
	(void)m;
	in->press_locked = true;
}

#define IN(phase) (UINT32_C(1) << (phase))
#define SEGMENTS \
	(IN(PHASE_COMPRESS) | IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS))
#define RUNNING (SEGMENTS | IN(PHASE_HOLD) | IN(PHASE_ABORTING))
#define GUARDED (RUNNING | IN(PHASE_TRIPPED) | IN(PHASE_RECOVERY_WAIT) | IN(PHASE_HANDED_OVER))
#define PREFLIGHT IN(PHASE_PREFLIGHT)

const struct press_trouble press_troubles[] = {
	{"runaway for long", runaway, .phases = GUARDED},
	{"relay welded", welded, .trips = true, .phases = GUARDED},
	{"does not heat", not_heating, .phases = RUNNING},
	{"lags", lag, .phases = RUNNING},
	{"pressure falls fast", loss_rate, .trips = true, .pressure = true, .phases = GUARDED},
	{"pressure below setpoint for long", loss_low, .pressure = true, .phases = GUARDED},
	{"sensor break", sensor_break, .heater_off = true},
	{"bad reads", bad_reads, .phases = GUARDED},
	{"jump", jump, .heater_off = true, .phases = GUARDED},
	{"slip", slip, .phases = RUNNING},
	{"thermocouples apart", pair, .heater_off = true},
	{"second sensor agrees", pair_agrees},
	{"second sensor hot", pair_hot},
	{"second sensor stale", pair_stale},
	{"frozen", frozen, .heater_off = true, .phases = RUNNING},
	{"T stale for long", t_stale_long, .heater_off = true},
	{"P stale for long", p_stale_long, .heater_off = true, .pressure = true},
	{"furnace read-back", flag_furnace_readback_differs, .phases = GUARDED},
	{"press read-back", flag_press_readback_differs, .heater_off = true, .pressure = true,
	 .phases = GUARDED},
	{"second master, furnace", flag_furnace_second_master, .phases = GUARDED},
	{"second master, press", flag_press_second_master, .phases = GUARDED},
	{"units changed", flag_units_differ, .heater_off = true, .phases = GUARDED | PREFLIGHT},
	{"word order unproven", flag_order_unproven, .phases = PREFLIGHT},
	{"watchdog not armed", flag_devices_armed, .phases = PREFLIGHT},
	{"store fails", flag_store_ok},
	{"furnace not identified", flag_furnace_identity_ok, .heater_off = true},
	{"press not identified", flag_press_identity_ok},
	{"another furnace for long", furnace_other, .heater_off = true},
	{"another press for long", press_other, .heater_off = true, .pressure = true},
	{"furnace line gone", furnace_gone, .heater_off = true, .phases = GUARDED},
	{"press line gone", press_gone, .heater_off = true, .pressure = true, .phases = GUARDED},
	{"furnace in manual", furnace_manual, .phases = GUARDED},
	{"press in local", press_local, .phases = GUARDED | PREFLIGHT},
	{"pump stuck", stuck, .pressure = true, .phases = RUNNING},
	{"stroke end", stroke, .pressure = true, .phases = RUNNING},
	{"holdback too long", holdback, .phases = SEGMENTS},
	{"holdback sum too long", holdback_sum, .phases = SEGMENTS},
	{"held hot too long", held_hot, .phases = IN(PHASE_HOLD)},
	{"hazard gone for a minute", hazard_gone, .phases = IN(PHASE_ABORTING)},
	{"warm room", warm_room, .phases = PREFLIGHT},
	{"panel shows LOCK", panel_locked, .phases = IN(PHASE_HANDED_OVER)},
	{"a hazard stands", hazard_stands, .phases = IN(PHASE_MAX)},
};
const size_t press_trouble_count = sizeof(press_troubles) / sizeof(press_troubles[0]);

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
