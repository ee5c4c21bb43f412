/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text line of a playback: what was sent then is answered with what came then. */
#include <stdio.h>
#include <string.h>

#include "drivers/capture_text.h"
#include "tools/densctl/field/playback.h"
#include "tools/densctl/field/playback_clock.h"

#define MS_PER_S 1000.0

static bool is_sent(const struct playback_event *event, const char *text)
{
	size_t length = strlen(text);

	return event->kind == PLAYBACK_SENT && strncmp(event->text, text, length) == 0 &&
	       strncmp(event->text + length, " > ", 3) == 0;
}

/* The same text sent in this cycle, or near it: what came behind it is the answer. */
static struct playback_event *find_sent(struct playback *playback, const char *text)
{
	for (size_t i = playback->first; i < playback->last; i++)
		if (!playback->events[i].used && is_sent(&playback->events[i], text))
			return &playback->events[i];
	for (size_t i = playback->last; i < playback->count; i++)
		if (is_sent(&playback->events[i], text))
			return &playback->events[i];
	for (size_t i = playback->first; i-- > 0;)
		if (is_sent(&playback->events[i], text))
			return &playback->events[i];
	return NULL;
}

static struct playback *of_serial(struct text_line *line)
{
	return (struct playback *)((char *)line - offsetof(struct playback, serial));
}

static int play_send(struct text_line *line, const char *text)
{
	struct playback *playback = of_serial(line);
	struct playback_event *event = find_sent(playback, text);
	int cause;
	unsigned connects;

	playback->came = playback->count;
	if (!event && !strchr(text, '?')) { /* an order that the recorded driver had given before */
		playback->assumed++;
		return CAUSE_NONE;
	}
	if (!event || sscanf(event->text + strlen(text), " > %d %u", &cause, &connects) != 2) {
		playback->missing++;
		return CAUSE_TIMEOUT;
	}
	event->used = true;
	playback->came = (size_t)(event - playback->events) + 1;
	line->connects = connects;
	return cause;
}

static int play_send_bytes(struct text_line *line, const char *bytes, size_t length)
{
	char text[CAPTURE_SENT];

	capture_text_sent(bytes, length, text);
	return play_send(line, text);
}

/* What came next in this cycle; a long answer goes on over cycles, without a question of its own. */
static const struct playback_event *find_came(struct playback *playback)
{
	while (playback->came >= playback->first && playback->came < playback->last &&
	       playback->events[playback->came].kind != PLAYBACK_CAME &&
	       playback->events[playback->came].kind != PLAYBACK_SENT)
		playback->came++;
	return &playback->events[playback->came];
}

static int play_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			size_t *ret_count)
{
	struct playback *playback = of_serial(line);
	const struct playback_event *event = find_came(playback);
	size_t count = 0;
	double took_s;
	int cause, used;
	unsigned byte;

	if (playback->came >= playback->count || event->kind != PLAYBACK_CAME ||
	    sscanf(event->text, "%lf %d %n", &took_s, &cause, &used) != 2) {
		playback->missing++;
		playback_clock_spend(wait_ms / MS_PER_S);
		return CAUSE_TIMEOUT;
	}
	playback->came++;
	playback_clock_spend(took_s);
	for (const char *at = event->text + used; count < size && sscanf(at, "%2x", &byte) == 1; at += 2)
		ret_bytes[count++] = (uint8_t)byte;
	*ret_count = count;
	return cause;
}

static void play_quarantine(struct text_line *line, double wait_ms)
{
	(void)line;
	(void)wait_ms;
}

static void play_text_free(struct text_line *line)
{
	(void)line;
}

static const struct text_ops play_text_ops = {
	.send = play_send,
	.send_bytes = play_send_bytes,
	.receive = play_receive,
	.quarantine = play_quarantine,
	.free = play_text_free,
};

void playback_text_init(struct playback *playback)
{
	playback->serial.ops = &play_text_ops;
	playback->serial.connects = 1;
}
