/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines to and from the chip controller: one question, one answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/chip_parts.h"

enum { FLAG_HEATER_OPEN = 1, FLAG_OUT_OF_BAND = 2 };

int chip_talk_fail(struct chip *chip, int cause)
{
	chip->errors++;
	chip->fault = (uint8_t)cause;
	if (cause != CAUSE_LINK && cause != CAUSE_QUARANTINE)
		chip->line->ops->quarantine(chip->line, chip->response_ms);
	return cause;
}

int chip_talk_tell(struct chip *chip, const char *text)
{
	int r;

	chip->transactions++;
	chip->t_request_ns = clock_mono_ns();
	r = chip->line->ops->send(chip->line, text);
	return r != 0 ? chip_talk_fail(chip, r) : 0;
}

/* One line without its LF. */
static int hear(struct chip *chip, char ret_text[LINE_MAX_BYTES])
{
	int64_t end_ns = clock_mono_ns() + (int64_t)(chip->response_ms * 1e6);
	size_t have = 0;

	for (;;) {
		double left_ms = (double)(end_ns - clock_mono_ns()) / 1e6;
		size_t count = 0;
		int r;

		if (left_ms <= 0)
			return chip_talk_fail(chip, CAUSE_TIMEOUT);
		r = chip->line->ops->receive(chip->line, (uint8_t *)ret_text + have,
					     LINE_MAX_BYTES - 1 - have, left_ms, &count);
		if (r != 0)
			return chip_talk_fail(chip, r);
		have += count;
		if (have > 0 && ret_text[have - 1] == '\n')
			break;
		/* More than one line, or one too long: not the answer to one question. */
		if (memchr(ret_text, '\n', have) || have >= LINE_MAX_BYTES - 1)
			return chip_talk_fail(chip, CAUSE_MISMATCH);
	}
	ret_text[have - 1] = '\0';
	if (strlen(ret_text) != have - 1 || strchr(ret_text, '\n'))
		return chip_talk_fail(chip, CAUSE_MISMATCH);
	chip->t_reply_ns = clock_mono_ns();
	return 0;
}

int chip_talk_ask(struct chip *chip, const char *question, char ret_text[LINE_MAX_BYTES])
{
	int r = chip_talk_tell(chip, question);

	return r != 0 ? r : hear(chip, ret_text);
}

/* "densd,densim-fdsc,<scale N>,<version>" from the simulator; anything with four fields is a controller. */
int chip_talk_identify(struct chip *chip)
{
	char text[LINE_MAX_BYTES];
	const char *model, *serial;
	int r = chip_talk_ask(chip, "*IDN?", text);

	if (r != 0)
		return r;
	model = strchr(text, ',');
	serial = model ? strchr(model + 1, ',') : NULL;
	if (!serial || !strchr(serial + 1, ','))
		return chip_talk_fail(chip, CAUSE_IDENTITY);
	chip->identity_ok = true;
	snprintf(chip->identity, sizeof(chip->identity), "%.*s", DEVICE_IDENTITY - 1, text);
	chip->simulated = strstr(text, "densim") != NULL;
	chip->sim_scale = chip->simulated ? strtod(serial + 1, NULL) : 0;
	return 0;
}

static struct reading make_reading(const struct chip *chip, uint32_t seq, double value)
{
	return (struct reading){.value = value,
				.t_request_ns = chip->t_request_ns,
				.t_reply_ns = chip->t_reply_ns,
				.seq = seq,
				.quality = QUALITY_GOOD};
}

int chip_talk_poll(struct chip *chip, uint32_t seq)
{
	struct chip_report *report = &chip->report;
	char text[LINE_MAX_BYTES];
	int r = chip_talk_ask(chip, "CHIP:STAT?", text);

	if (r != 0)
		return r;
	if (block_parse_status(text, &chip->status) < 0)
		return chip_talk_fail(chip, CAUSE_MISMATCH);
	report->temperature_k = make_reading(chip, seq, chip->status.temperature_k);
	report->resistance_ohm = make_reading(chip, seq, chip->status.resistance_ohm);
	report->power_mw = make_reading(chip, seq, chip->status.power_mw);
	report->state = chip->status.state;
	report->scan_counter = chip->status.scan_counter;
	report->trace_available =
		chip->status.trace_counter != 0 && chip->status.trace_counter == chip->status.scan_counter;
	report->out_of_band = chip->status.flags & (FLAG_HEATER_OPEN | FLAG_OUT_OF_BAND);
	if (chip->good < GOOD_CYCLES)
		chip->good++;
	return 0;
}
