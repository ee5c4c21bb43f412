/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_line.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_silence.h"
#include "drivers/modbus_context.h"
#include "drivers/modbus_request.h"

#define BUSY_RETRIES 3
enum { EXCEPTION_BUSY_FIRST = 5, EXCEPTION_BUSY_LAST = 6 };

static struct modbus_context *context_of(struct modbus_line *line)
{
	return (struct modbus_context *)line;
}

static int64_t after_ms(double ms)
{
	return clock_mono_ns() + (int64_t)(ms * 1e6);
}

static double latest_ms(const struct modbus_context *context)
{
	return LINE_LATEST_MS / fmax(context->config->scale, 1);
}

/* The failed question's answer may still come, until three seconds after it was asked. */
static void miss_answer(struct modbus_context *context)
{
	modbus_doubt_miss(&context->doubts[context->failed_unit], context->failed_shape,
			  context->failed_ns + (int64_t)(latest_ms(context) * 1e6), clock_mono_ns());
}

/* How many bytes there were. */
static size_t drain(const struct modbus_context *context)
{
	int fd = modbus_get_socket(context->modbus);
	uint8_t drained[256];
	size_t count = 0;

	for (int i = 0; i < 64; i++) {
		int waiting = 0;
		ssize_t n;

		if (ioctl(fd, FIONREAD, &waiting) < 0 || waiting <= 0)
			break;
		n = read(fd, drained, sizeof(drained));
		if (n <= 0)
			break;
		count += (size_t)n;
	}
	modbus_flush(context->modbus);
	return count;
}

static void begin_quarantine(struct modbus_context *context, double ms)
{
	context->quarantined = true;
	context->quarantine_ms = ms;
	context->quiet_until_ns = after_ms(ms);
	context->quarantine_end_ns = after_ms(fmax(ms, latest_ms(context)));
}

/*
 * Waiting and then flushing cures a late answer; flushing alone does not. A line that spoke meanwhile begins
 * again: and what was broken may not have been the answer, so that this is missing. But not for ever, and not
 * for less than a frame, or a hiss would keep the line from being asked.
 */
static bool end_quarantine(struct modbus_context *context)
{
	bool spoke = context->connected && drain(context) > LINE_NOISE_MOST;

	if (spoke)
		miss_answer(context);
	context->quarantined = spoke && clock_mono_ns() < context->quarantine_end_ns;
	if (!context->quarantined)
		return true;
	context->quiet_until_ns = after_ms(context->quarantine_ms);
	if (context->quiet_until_ns > context->quarantine_end_ns)
		context->quiet_until_ns = context->quarantine_end_ns;
	return false;
}

static int make_ready(struct modbus_context *context, const struct modbus_peer *peer)
{
	if (context->quiet_until_ns != 0) {
		if (clock_mono_ns() < context->quiet_until_ns)
			return context->quarantined ? CAUSE_QUARANTINE : CAUSE_LINK;
		context->quiet_until_ns = 0;
		if (context->quarantined && !end_quarantine(context))
			return CAUSE_QUARANTINE;
	}
	return context->connected ? 0 : modbus_context_connect(context, peer);
}

/* After anything but an answer or an exception nobody knows what is still on its way. */
static int fail(struct modbus_context *context, const struct modbus_peer *peer, int cause)
{
	context->line.desyncs++;
	if (modbus_context_is_tcp(context) || cause == CAUSE_LINK) {
		modbus_context_close(context);
		if (cause == CAUSE_LINK)
			modbus_context_rest(context);
		return cause;
	}
	drain(context);
	begin_quarantine(context, peer->worst_latency_ms);
	return cause;
}

/* Nothing came, or another's answer: its own may still come. A broken one has come. */
static int fail_question(struct modbus_context *context, const struct modbus_peer *peer, uint16_t shape,
			 int64_t asked_ns, int cause)
{
	context->failed_unit = peer->unit;
	context->failed_shape = shape;
	context->failed_ns = asked_ns;
	if (cause != CAUSE_CRC)
		miss_answer(context);
	return fail(context, peer, cause);
}

static bool is_busy(int exception)
{
	return exception >= EXCEPTION_BUSY_FIRST && exception <= EXCEPTION_BUSY_LAST;
}

/* The unit answers in the order it was asked: what was missing has come, or never will. */
static void take_answer(struct modbus_context *context, uint8_t unit, const struct modbus_request *request)
{
	struct modbus_read read = modbus_request_find_read(request);

	modbus_doubt_end(&context->doubts[unit]);
	if (read.function != 0)
		modbus_doubt_remember(&context->doubts[unit], &read);
}

static bool is_any_missing(const struct modbus_context *context, const struct modbus_peer *peer)
{
	return !modbus_context_is_tcp(context) &&
	       modbus_doubt_is_any_missing(&context->doubts[peer->unit], clock_mono_ns());
}

/* A coil or register write that is answered "busy" has not been done, so that asking again is no repeat. */
static int exchange(struct modbus_context *context, const struct modbus_peer *peer,
		    const struct modbus_request *request)
{
	for (int attempt = 0;; attempt++) {
		int64_t asked_ns;
		int r;

		if (!modbus_context_is_tcp(context) &&
		    !line_silence_take(modbus_get_socket(context->modbus), context->config, context->heard_ns,
				       LINE_NOISE_MOST, 0))
			return fail(context, peer, CAUSE_MISMATCH);
		asked_ns = clock_mono_ns();
		errno = 0;
		r = modbus_request_perform(context->modbus, request);
		context->heard_ns = clock_mono_ns();
		if (r >= 0) {
			take_answer(context, peer->unit, request);
			context->line.exception = 0;
			return 0;
		}
		r = modbus_request_find_cause(errno);
		/* A refusal bears no length: it may be the missing answer's. */
		if (r == CAUSE_EXCEPTION && is_any_missing(context, peer))
			r = CAUSE_MISMATCH;
		if (r != CAUSE_EXCEPTION)
			return fail_question(context, peer, modbus_request_find_shape(request), asked_ns, r);
		context->line.exception = (uint8_t)(errno - MODBUS_ENOBASE);
		if (!is_busy(context->line.exception) || attempt >= BUSY_RETRIES - 1 ||
		    !modbus_context_can_wait(context))
			return r;
		line_busy_wait(context->config->scale, attempt);
	}
}

/*
 * Before a question whose answer a missing one could be taken for: a read that the unit has answered before,
 * and whose answer cannot. Its values are nobody's. Without such a one the unit is left alone.
 */
static int settle(struct modbus_context *context, const struct modbus_peer *peer)
{
	const struct modbus_read *read =
		modbus_doubt_find_read(&context->doubts[peer->unit], clock_mono_ns());
	uint16_t words[MODBUS_MAX_READ_REGISTERS];
	struct modbus_request request = {.ret_words = words};

	if (!read)
		return CAUSE_QUARANTINE;
	request.address = read->address;
	request.count = read->count;
	for (request.kind = REQUEST_READ_HOLDING;
	     modbus_request_find_read(&request).function != read->function;)
		request.kind++;
	return exchange(context, peer, &request);
}

static int transact(struct modbus_line *line, const struct modbus_peer *peer,
		    const struct modbus_request *request)
{
	struct modbus_context *context = context_of(line);
	int r;

	line->exception = 0;
	if (!modbus_context_can_wait(context) && clock_mono_ns() >= line->until_ns)
		return CAUSE_TIMEOUT;
	r = make_ready(context, peer);
	if (r != 0)
		return r;
	modbus_set_slave(context->modbus, peer->unit);
	modbus_context_set_timeout_ms(context, modbus_context_find_wait_ms(context, peer));
	if (!modbus_context_is_tcp(context) &&
	    modbus_doubt_is_missing(&context->doubts[peer->unit], modbus_request_find_shape(request),
				    clock_mono_ns()))
		r = settle(context, peer);
	return r == 0 ? exchange(context, peer, request) : r;
}

static int read_registers(struct modbus_line *line, const struct modbus_peer *peer, bool input,
			  uint16_t address, uint16_t count, uint16_t *ret_words)
{
	return transact(line, peer,
			&(struct modbus_request){.kind = input ? REQUEST_READ_INPUT : REQUEST_READ_HOLDING,
						 .address = address,
						 .count = count,
						 .ret_words = ret_words});
}

static int write_registers(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			   uint16_t count, const uint16_t *words)
{
	return transact(line, peer,
			&(struct modbus_request){.kind = peer->single_write && count == 1 ? REQUEST_WRITE_ONE
											  : REQUEST_WRITE,
						 .address = address,
						 .count = count,
						 .words = words});
}

static int write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
		      uint16_t write_count, const uint16_t *words, uint16_t read_address, uint16_t read_count,
		      uint16_t *ret_words)
{
	return transact(line, peer,
			&(struct modbus_request){.kind = REQUEST_WRITE_READ,
						 .address = write_address,
						 .count = write_count,
						 .words = words,
						 .read_address = read_address,
						 .read_count = read_count,
						 .ret_words = ret_words});
}

static int write_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	return transact(line, peer,
			&(struct modbus_request){.kind = REQUEST_COIL, .address = address, .on = on});
}

static int read_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		    uint16_t *ret_bit)
{
	return transact(line, peer,
			&(struct modbus_request){.kind = discrete ? REQUEST_READ_DISCRETE : REQUEST_READ_COIL,
						 .address = address,
						 .count = 1,
						 .ret_words = ret_bit});
}

static void free_line(struct modbus_line *line)
{
	struct modbus_context *context = context_of(line);

	if (!context)
		return;
	modbus_context_close(context);
	if (context->modbus)
		modbus_free(context->modbus);
	free(context);
}

static const struct modbus_ops line_ops = {
	.read_registers = read_registers,
	.write_registers = write_registers,
	.write_read = write_read,
	.write_coil = write_coil,
	.read_bit = read_bit,
	.free = free_line,
};

static modbus_t *make_modbus(const struct bus_config *config)
{
	char service[8];

	if (config->kind == BUS_MODBUS_RTU)
		return modbus_new_rtu(config->path, (int)config->baud, config->parity, 8, config->stop_bits);
	if (config->kind != BUS_MODBUS_TCP)
		return NULL;
	snprintf(service, sizeof(service), "%u", config->port);
	return modbus_new_tcp_pi(config->path, service);
}

int modbus_line_new(const struct bus_config *config, struct modbus_line **ret_line)
{
	struct modbus_context *context = calloc(1, sizeof(*context));

	if (!context)
		return -ENOMEM;
	context->line.ops = &line_ops;
	context->config = config;
	context->lock = context->dialled = -1;
	context->modbus = make_modbus(config);
	if (!context->modbus) {
		free(context);
		return -EINVAL;
	}
	modbus_set_byte_timeout(context->modbus, 0, 0);
	modbus_set_error_recovery(context->modbus, MODBUS_ERROR_RECOVERY_NONE);
	*ret_line = &context->line;
	return 0;
}
