/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An in-memory Modbus line: words, coils and a hook after each write; every write is counted. */
#ifndef DENSD_TESTS_FAKE_MODBUS_H
#define DENSD_TESTS_FAKE_MODBUS_H

#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"

enum fake_loss {
	LOSS_QUESTION, /* never arrives */
	LOSS_ANSWER,   /* done, and nobody hears of it */
	LOSS_EFFECT,   /* acknowledged and not done */
	LOSS_REFUSED,
	LOSS_MAX
};

struct fake_modbus {
	struct modbus_line line; /* first */
	uint16_t words[65536];
	bool coil;
	bool coils[65536];
	uint32_t reads, writes, write_reads, coil_writes;
	uint16_t written[64]; /* addresses, in order */
	int fail;             /* a cause that every transaction returns, 0: none */
	int fail_write;       /* likewise of writes alone */
	bool deaf_coils;      /* acknowledges coils and does nothing */
	bool deaf;            /* acknowledges writes and does nothing */
	bool simulated;       /* answers the block at 0x7FF0 */
	bool behind;          /* answers each one-word question with the answer to the one before */
	uint16_t kept_word;
	uint32_t lose_in; /* the write after so many more, counted from 1, is lost; 0: none */
	enum fake_loss loss;
	void (*after_write)(struct fake_modbus *fake);
	uint32_t answer_us; /* what each answer takes */
};

static inline int fake_fail(struct fake_modbus *fake)
{
	if (fake->fail != 0)
		fake->line.desyncs++;
	return fake->fail;
}

static inline int fake_read(struct modbus_line *line, const struct modbus_peer *peer, bool input,
			    uint16_t address, uint16_t count, uint16_t *ret_words)
{
	struct fake_modbus *fake = (struct fake_modbus *)line;

	(void)peer;
	(void)input;
	fake->reads++;
	usleep(fake->answer_us);
	if (fake->fail != 0)
		return fake_fail(fake);
	if (line->connects == 0)
		line->connects = 1;
	if (address == 0x7FF0 && !fake->simulated) {
		line->exception = 2;
		return CAUSE_EXCEPTION;
	}
	memcpy(ret_words, fake->words + address, count * sizeof(*ret_words));
	if (fake->behind && count == 1) {
		ret_words[0] = fake->kept_word;
		fake->kept_word = fake->words[address];
	}
	return 0;
}

static inline int fake_write(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			     uint16_t count, const uint16_t *words)
{
	struct fake_modbus *fake = (struct fake_modbus *)line;

	(void)peer;
	fake->written[fake->writes++ % 64] = address;
	usleep(fake->answer_us);
	if (fake->fail != 0)
		return fake_fail(fake);
	if (fake->lose_in > 0 && --fake->lose_in == 0) {
		if (fake->loss == LOSS_ANSWER)
			memcpy(fake->words + address, words, count * sizeof(*words));
		fake->line.desyncs += fake->loss <= LOSS_ANSWER;
		return fake->loss <= LOSS_ANSWER    ? CAUSE_TIMEOUT
		       : fake->loss == LOSS_REFUSED ? CAUSE_EXCEPTION
						    : 0;
	}
	if (fake->fail_write != 0)
		return fake->fail_write;
	if (fake->deaf)
		return 0;
	memcpy(fake->words + address, words, count * sizeof(*words));
	if (fake->after_write)
		fake->after_write(fake);
	return 0;
}

static inline int fake_write_read(struct modbus_line *line, const struct modbus_peer *peer,
				  uint16_t write_address, uint16_t write_count, const uint16_t *words,
				  uint16_t read_address, uint16_t read_count, uint16_t *ret_words)
{
	struct fake_modbus *fake = (struct fake_modbus *)line;
	int r = fake_write(line, peer, write_address, write_count, words);

	fake->writes--;
	fake->write_reads++;
	if (r == 0)
		memcpy(ret_words, fake->words + read_address, read_count * sizeof(*ret_words));
	return r;
}

static inline int fake_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			    bool on)
{
	struct fake_modbus *fake = (struct fake_modbus *)line;

	(void)peer;
	fake->coil_writes++;
	usleep(fake->answer_us);
	if (fake->fail != 0)
		return fake_fail(fake);
	if (fake->fail_write != 0)
		return fake->fail_write;
	if (fake->deaf || fake->deaf_coils)
		return 0;
	fake->coil = on;
	fake->coils[address] = on;
	if (fake->after_write)
		fake->after_write(fake);
	return 0;
}

static inline int fake_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete,
			   uint16_t address, uint16_t *ret_bit)
{
	struct fake_modbus *fake = (struct fake_modbus *)line;

	(void)peer;
	(void)discrete;
	fake->reads++;
	usleep(fake->answer_us);
	if (fake->fail != 0)
		return fake_fail(fake);
	*ret_bit = fake->coils[address];
	return 0;
}

static const struct modbus_ops fake_ops = {.read_registers = fake_read,
					   .write_registers = fake_write,
					   .write_read = fake_write_read,
					   .write_coil = fake_coil,
					   .read_bit = fake_bit};

#endif
