/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/text_stream.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_lock.h"
#include "drivers/line_silence.h"

#define REOPEN_MS 1000.0
#define SEND_MS 200
#define ENDS_MAX 64u /* line ends before a question */
/* No line of text that trickles is longer, 50 characters at 300 ms: its end would be a number of its own. */
#define LATEST_END_MS 15000.0
#define LEAST_WAIT_MS 20.0

static int64_t after_ms(double ms)
{
	return clock_mono_ns() + (int64_t)(ms * 1e6);
}

static void close_line(struct text_stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	if (stream->lock >= 0)
		close(stream->lock);
	stream->fd = stream->lock = -1;
	stream->heard_ns = 0;
}

static void begin_quarantine(struct text_stream *stream, double wait_ms)
{
	stream->quarantined = true;
	stream->quarantine_ms = wait_ms;
	stream->quiet_until_ns = after_ms(wait_ms);
	stream->quarantine_end_ns = after_ms(fmax(wait_ms, LATEST_END_MS / fmax(stream->config->scale, 1)));
}

static int open_line(struct text_stream *stream)
{
	char key[LINE_LOCK_KEY];
	int r;

	line_lock_key(stream->config, key);
	r = stream->lock = line_lock_take(key, NULL);
	if (r >= 0)
		r = stream->fd = stream->open(stream->config);
	if (r < 0) {
		close_line(stream);
		stream->quiet_until_ns =
			after_ms(fmax(REOPEN_MS / fmax(stream->config->scale, 1), LEAST_WAIT_MS));
		return CAUSE_LINK;
	}
	stream->line.connects++;
	if (!stream->lost || stream->reconnects)
		return 0;
	/* An instrument goes on speaking while its adapter is away. */
	stream->lost = false;
	begin_quarantine(stream, LINE_LATEST_MS / fmax(stream->config->scale, 1));
	return CAUSE_QUARANTINE;
}

static int lose_line(struct text_stream *stream)
{
	close_line(stream);
	stream->lost = true;
	return CAUSE_LINK;
}

/* How many bytes there were. */
static size_t drain(const struct text_stream *stream)
{
	uint8_t drained[512];
	size_t count = 0;
	ssize_t n;

	for (int i = 0; i < 1024 && (n = read(stream->fd, drained, sizeof(drained))) > 0; i++)
		count += (size_t)n;
	tcflush(stream->fd, TCIOFLUSH); /* no terminal: refused, and of no consequence */
	return count;
}

/*
 * A quarantine ends in silence: a line that spoke during it begins it again. But not for ever, or a hiss
 * would keep the line from being asked: what is asked then is the identity.
 */
static bool end_quarantine(struct text_stream *stream)
{
	if (stream->fd >= 0 && drain(stream) > 0 && clock_mono_ns() < stream->quarantine_end_ns) {
		stream->quiet_until_ns = after_ms(stream->quarantine_ms);
		if (stream->quiet_until_ns > stream->quarantine_end_ns)
			stream->quiet_until_ns = stream->quarantine_end_ns;
		return false;
	}
	stream->quarantined = false;
	return true;
}

static int make_ready(struct text_stream *stream)
{
	if (stream->quiet_until_ns != 0) {
		if (clock_mono_ns() < stream->quiet_until_ns)
			return stream->quarantined ? CAUSE_QUARANTINE : CAUSE_LINK;
		stream->quiet_until_ns = 0;
		if (stream->quarantined && !end_quarantine(stream))
			return CAUSE_QUARANTINE;
	}
	return stream->fd >= 0 ? 0 : open_line(stream);
}

static int write_all(struct text_stream *stream, const char *bytes, size_t length)
{
	int64_t end_ns = after_ms(SEND_MS);

	while (length > 0) {
		struct pollfd wait = {.fd = stream->fd, .events = POLLOUT};
		ssize_t n = write(stream->fd, bytes, length);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return lose_line(stream);
		} else if (clock_mono_ns() > end_ns) {
			return CAUSE_TIMEOUT;
		} else if (poll(&wait, 1, SEND_MS) < 0 && errno != EINTR) {
			return lose_line(stream);
		}
	}
	return 0;
}

/* Takes what nobody asked for: the rest of a line's end and a hiss are nothing. 0 or CAUSE_MISMATCH. */
static int hear_silence(struct text_stream *stream)
{
	/* On a connection nothing hisses. */
	size_t noise_most = stream->reconnects ? 0 : LINE_NOISE_MOST;

	return line_silence_take(stream->fd, stream->config, stream->heard_ns, noise_most, ENDS_MAX)
		       ? 0
		       : CAUSE_MISMATCH;
}

static int send_bytes(struct text_line *line, const char *bytes, size_t length)
{
	struct text_stream *stream = (struct text_stream *)line;
	int r = make_ready(stream);

	if (r == 0)
		r = hear_silence(stream);
	return r != 0 ? r : write_all(stream, bytes, length);
}

static int send_text(struct text_line *line, const char *text)
{
	char buffer[256];
	size_t length = strlen(text);

	if (length + 1 > sizeof(buffer))
		return CAUSE_RANGE;
	memcpy(buffer, text, length);
	buffer[length] = '\n';
	return send_bytes(line, buffer, length + 1);
}

static int receive_bytes(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			 size_t *ret_count)
{
	struct text_stream *stream = (struct text_stream *)line;
	struct pollfd wait = {.fd = stream->fd, .events = POLLIN};
	struct timespec limit = {.tv_sec = (time_t)(wait_ms / 1000),
				 .tv_nsec = (long)(fmod(wait_ms, 1000) * 1e6)};
	ssize_t n;

	if (stream->fd < 0)
		return CAUSE_LINK;
	if (ppoll(&wait, 1, &limit, NULL) <= 0) {
		*ret_count = 0;
		return 0;
	}
	n = read(stream->fd, ret_bytes, size);
	if (n > 0) {
		if (!stream->reconnects)
			stream->heard_ns = clock_mono_ns(); /* a connection has no characters of its own */
		*ret_count = (size_t)n;
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		*ret_count = 0;
		return 0;
	}
	return lose_line(stream);
}

static void quarantine_line(struct text_line *line, double wait_ms)
{
	struct text_stream *stream = (struct text_stream *)line;

	/* What a closed connection still carries reaches nobody. */
	if (stream->reconnects)
		close_line(stream);
	if (stream->fd >= 0)
		drain(stream);
	begin_quarantine(stream, wait_ms);
}

static void free_line(struct text_line *line)
{
	if (!line)
		return;
	close_line((struct text_stream *)line);
	free(line);
}

static const struct text_ops stream_ops = {
	.send = send_text,
	.send_bytes = send_bytes,
	.receive = receive_bytes,
	.quarantine = quarantine_line,
	.free = free_line,
};

int text_stream_new(const struct bus_config *config, int (*open)(const struct bus_config *config),
		    bool reconnects, struct text_line **ret_line)
{
	struct text_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	*stream = (struct text_stream){.line = {.ops = &stream_ops},
				       .config = config,
				       .open = open,
				       .reconnects = reconnects,
				       .fd = -1,
				       .lock = -1};
	*ret_line = &stream->line;
	return 0;
}
