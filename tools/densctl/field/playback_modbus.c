/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two Modbus lines of a playback. A question is answered as it was in this cycle; else as in the nearest
 * cycle that holds it; else from the profile; else with silence.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/capture.h"
#include "drivers/codec.h"
#include "tools/densctl/field/playback.h"
#include "tools/densctl/field/playback_clock.h"

#define PROBE_ADDRESS 0x7FF0
#define PROBE_WORDS 10
#define EXCEPTION_ADDRESS 2
#define MS_PER_S 1000.0

struct recorded {
	unsigned unit, address, count, read_address, read_count;
	char op[16];
	int cause;
	unsigned exception, connects, desyncs;
	double took_s;
	const char *words; /* behind the outcome */
};

static bool parse_modbus(const char *text, struct recorded *ret_recorded)
{
	struct recorded r = {0};
	const char *outcome = strstr(text, " > ");
	int used = 0;

	if (!outcome || sscanf(text, "%u %15s %u %u %u %u", &r.unit, r.op, &r.address, &r.count,
			       &r.read_address, &r.read_count) != 6)
		return false;
	if (sscanf(outcome, " > %lf %d %u %u %u%n", &r.took_s, &r.cause, &r.exception, &r.connects,
		   &r.desyncs, &used) != 5)
		return false;
	r.words = outcome + used;
	*ret_recorded = r;
	return true;
}

static bool read_words(const char *text, unsigned count, uint16_t *ret_words)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned word;
		int used;

		if (sscanf(text, "%x%n", &word, &used) != 1)
			return false;
		ret_words[i] = (uint16_t)word;
		text += used;
	}
	return true;
}

/* A value that a list of a profile expects in the register at @address, as words. */
static bool encode_expected(const struct profile_register *reg, const struct profile_value *expected,
			    const struct recorded *asked, bool bit, uint16_t *ret_words)
{
	return reg && reg->address == asked->read_address &&
	       bit == (reg->space == SPACE_COIL || reg->space == SPACE_DISCRETE) &&
	       codec_words((enum register_type)reg->type) == asked->read_count &&
	       codec_encode_own_unit(reg, expected->value * (reg->scale ? reg->scale : 1), ret_words) == 0;
}

/* What the recording does not hold: an identity or unit that the profile expects. */
static bool assume_device(const struct bus_config *config, const struct modbus_peer *peer,
			  const struct recorded *asked, bool bit, uint16_t *ret_words)
{
	for (uint32_t d = 0; d < config->device_count; d++) {
		const struct profile *profile = &config->devices[d].profile;
		const struct profile_value *lists[] = {profile->identity, profile->units};
		const uint32_t counts[] = {profile->identity_count, profile->unit_count};

		for (int l = 0; l < 2 && config->devices[d].unit == peer->unit; l++)
			for (uint32_t i = 0; i < counts[l]; i++)
				if (encode_expected(profile_find(profile, lists[l][i].reg), &lists[l][i],
						    asked, bit, ret_words))
					return true;
	}
	return false;
}

static void encode_probe(double scale, uint16_t *ret_words)
{
	const struct profile_register reg = {.type = REG_F32_HIGH_FIRST, .scale = 1};
	static const uint16_t head[] = {'D' << 8 | 'E', 'N' << 8 | 'S', 'I' << 8 | 'M', 1};

	memset(ret_words, 0, PROBE_WORDS * sizeof(*ret_words));
	memcpy(ret_words, head, sizeof(head));
	codec_encode_own_unit(&reg, scale, ret_words + sizeof(head) / sizeof(head[0]));
}

/* A coupler as this contactor's driver leaves it, with the output open. */
static bool assume_coupler(const struct bus_config *config, const struct recorded *asked, bool bit,
			   uint16_t *ret_words)
{
	const struct bus_contactor *contactor = &config->contactor;
	const struct profile_value own[] = {
		{.reg = "watchdog_ms", .value = round(contactor->watchdog_s * MS_PER_S)},
		{.reg = "fallback"}};
	const struct profile_value *lists[] = {contactor->start, own, contactor->identity};
	const uint32_t counts[] = {contactor->start_count, sizeof(own) / sizeof(own[0]),
				   contactor->identity_count};

	if (asked->read_address == PROBE_ADDRESS && asked->read_count == PROBE_WORDS && config->scale > 1) {
		encode_probe(config->scale, ret_words); /* a faster clock is densim's alone */
		return true;
	}
	if (bit && asked->read_address == contactor->coil) {
		*ret_words = 0;
		return true;
	}
	for (int l = 0; l < 3; l++)
		for (uint32_t i = 0; i < counts[l]; i++)
			for (uint32_t k = 0; k < contactor->register_count; k++)
				if (strcmp(contactor->registers[k].name, lists[l][i].reg) == 0 &&
				    encode_expected(&contactor->registers[k], &lists[l][i], asked, bit,
						    ret_words))
					return true;
	return false;
}

static int assume(struct playback_line *line, const struct modbus_peer *peer, enum capture_op op,
		  const struct recorded *asked, uint16_t *ret_words)
{
	struct playback *playback = line->playback;
	bool bit = op == CAPTURE_READ_COIL || op == CAPTURE_READ_DISCRETE;
	bool coupler = line->kind == PLAYBACK_CONTACTOR;

	if (!ret_words || /* a write that the recorded driver had made before */
	    (coupler ? assume_coupler(&playback->config, asked, bit, ret_words)
		     : assume_device(&playback->config, peer, asked, bit, ret_words))) {
		playback->assumed++;
		return CAUSE_NONE;
	}
	if (asked->read_address == PROBE_ADDRESS) {
		playback->assumed++;
		line->modbus.exception = EXCEPTION_ADDRESS;
		return CAUSE_EXCEPTION;
	}
	playback->missing++;
	playback_clock_spend(peer->response_timeout_ms / MS_PER_S);
	return CAUSE_TIMEOUT;
}

static bool is_asked(const struct playback_line *line, size_t at, const struct modbus_peer *peer,
		     enum capture_op op, const struct recorded *asked, struct recorded *ret_recorded)
{
	const struct playback_event *event = &line->playback->events[at];

	return event->kind == line->kind && parse_modbus(event->text, ret_recorded) &&
	       ret_recorded->unit == peer->unit && strcmp(ret_recorded->op, capture_op_names[op]) == 0 &&
	       ret_recorded->address == asked->address && ret_recorded->count == asked->count &&
	       ret_recorded->read_address == asked->read_address &&
	       ret_recorded->read_count == asked->read_count;
}

/* The same question in this cycle and not yet given; that is what was. */
static bool find_here(struct playback_line *line, const struct modbus_peer *peer, enum capture_op op,
		      const struct recorded *asked, struct recorded *ret_recorded)
{
	struct playback *playback = line->playback;

	for (size_t i = playback->first; i < playback->last; i++)
		if (!playback->events[i].used && is_asked(line, i, peer, op, asked, ret_recorded)) {
			playback->events[i].used = true;
			line->modbus.exception = (uint8_t)ret_recorded->exception;
			line->modbus.connects = ret_recorded->connects;
			line->modbus.desyncs = ret_recorded->desyncs;
			playback_clock_spend(ret_recorded->took_s);
			return true;
		}
	return false;
}

/* What is asked once a second came in another cycle: the last answer before this one, else the first behind
 * it. */
static bool find_near(const struct playback_line *line, const struct modbus_peer *peer, enum capture_op op,
		      const struct recorded *asked, struct recorded *ret_recorded)
{
	const struct playback *playback = line->playback;

	for (size_t i = playback->first; i-- > 0;)
		if (is_asked(line, i, peer, op, asked, ret_recorded) && ret_recorded->cause == CAUSE_NONE)
			return true;
	for (size_t i = playback->last; i < playback->count; i++)
		if (is_asked(line, i, peer, op, asked, ret_recorded) && ret_recorded->cause == CAUSE_NONE)
			return true;
	return false;
}

static int answer(struct modbus_line *modbus, const struct modbus_peer *peer, enum capture_op op,
		  const struct recorded *asked, uint16_t *ret_words)
{
	struct playback_line *line = (struct playback_line *)modbus;
	struct recorded r;

	modbus->exception = 0;
	if (line->playback->arming && line->kind == PLAYBACK_CONTACTOR &&
	    (!ret_words ||
	     assume_coupler(&line->playback->config, asked, op == CAPTURE_READ_COIL, ret_words))) {
		line->playback->assumed++;
		return CAUSE_NONE;
	}
	if (!find_here(line, peer, op, asked, &r) && !(ret_words && find_near(line, peer, op, asked, &r)))
		return assume(line, peer, op, asked, ret_words);
	if (r.cause == CAUSE_NONE && ret_words && !read_words(r.words, r.read_count, ret_words))
		return CAUSE_MISMATCH;
	return r.cause;
}

static int play_read(struct modbus_line *line, const struct modbus_peer *peer, bool input, uint16_t address,
		     uint16_t count, uint16_t *ret_words)
{
	return answer(line, peer, input ? CAPTURE_READ_INPUT : CAPTURE_READ,
		      &(struct recorded){.read_address = address, .read_count = count}, ret_words);
}

static int play_write(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
		      uint16_t count, const uint16_t *words)
{
	(void)words;
	return answer(line, peer, CAPTURE_WRITE, &(struct recorded){.address = address, .count = count},
		      NULL);
}

static int play_write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
			   uint16_t write_count, const uint16_t *words, uint16_t read_address,
			   uint16_t read_count, uint16_t *ret_words)
{
	(void)words;
	return answer(line, peer, CAPTURE_WRITE_READ,
		      &(struct recorded){.address = write_address,
					 .count = write_count,
					 .read_address = read_address,
					 .read_count = read_count},
		      ret_words);
}

static int play_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	(void)on;
	return answer(line, peer, CAPTURE_COIL, &(struct recorded){.address = address, .count = 1}, NULL);
}

static int play_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		    uint16_t *ret_bit)
{
	return answer(line, peer, discrete ? CAPTURE_READ_DISCRETE : CAPTURE_READ_COIL,
		      &(struct recorded){.read_address = address, .read_count = 1}, ret_bit);
}

static void play_free(struct modbus_line *line)
{
	(void)line; /* part of the playback */
}

static const struct modbus_ops play_ops = {
	.read_registers = play_read,
	.write_registers = play_write,
	.write_read = play_write_read,
	.write_coil = play_coil,
	.read_bit = play_bit,
	.free = play_free,
};

void playback_modbus_init(struct playback *playback)
{
	playback->modbus = (struct playback_line){
		.modbus = {.ops = &play_ops, .connects = 1}, .playback = playback, .kind = PLAYBACK_MODBUS};
	playback->contactor = (struct playback_line){.modbus = {.ops = &play_ops, .connects = 1},
						     .playback = playback,
						     .kind = PLAYBACK_CONTACTOR};
}

static void join(struct playback_line *line)
{
	const struct playback *playback = line->playback;
	struct recorded recorded;
	size_t i = 0;

	while (i < playback->count && playback->events[i].kind != line->kind)
		i++;
	if (i < playback->count && parse_modbus(playback->events[i].text, &recorded)) {
		line->modbus.connects = recorded.connects;
		line->modbus.desyncs = recorded.desyncs;
	}
}

void playback_modbus_join(struct playback *playback)
{
	join(&playback->modbus);
	join(&playback->contactor);
}

void playback_modbus_arm(struct playback *playback, bool arming)
{
	playback->arming = arming;
}
