/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_line.h"

#include <errno.h>
#include <math.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_lock.h"
#include "drivers/line_silence.h"
#include "drivers/modbus_doubt.h"
#include "drivers/socket_dial.h"

#define RECONNECT_MS 1000.0
#define LEAST_WAIT_MS 20.0
#define BUSY_RETRIES 3
#define DIAL_LOOK_MS 20 /* on a wire of one room a connection takes no more */
#define DIAL_MOST_MS 3000.0
#define UNITS 256
enum { EXCEPTION_BUSY_FIRST = 5, EXCEPTION_BUSY_LAST = 6 };

struct modbus_context {
	struct modbus_line line; /* first: the drivers hold a pointer to it */
	const struct bus_config *config;
	modbus_t *modbus;
	int lock;
	bool connected;
	int dialled; /* a connection on its way, for an owner that cannot wait; -1: none */
	int64_t dialled_ns;
	int64_t quiet_until_ns; /* quarantine, or the wait before the next connect */
	bool quarantined;
	double quarantine_ms;
	int64_t quarantine_end_ns; /* whatever the line says */
	uint8_t failed_unit; /* whose question the quarantine is for, what answers it, and when it was asked
			      */
	uint16_t failed_shape;
	int64_t failed_ns;
	int64_t heard_ns;                  /* when the last answer was complete; 0: none on this connection */
	struct modbus_doubt doubts[UNITS]; /* RTU: whose answers are missing */
};

/* What one transaction is, so that connecting, waiting and judging are written once. */
struct request {
	enum { READ_HOLDING, READ_INPUT, READ_COIL, READ_DISCRETE, WRITE, WRITE_ONE, WRITE_READ, COIL } kind;
	uint16_t address, count, read_address, read_count;
	const uint16_t *words;
	uint16_t *ret_words;
	bool on;
};

static struct modbus_context *context_of(struct modbus_line *line)
{
	return (struct modbus_context *)line;
}

static bool is_tcp(const struct modbus_context *context)
{
	return context->config->kind == BUS_MODBUS_TCP;
}

static int64_t after_ms(double ms)
{
	return clock_mono_ns() + (int64_t)(ms * 1e6);
}

static void close_line(struct modbus_context *context)
{
	if (context->connected)
		modbus_close(context->modbus);
	if (context->dialled >= 0)
		close(context->dialled);
	context->dialled = -1;
	context->connected = false;
	context->heard_ns = 0;
	if (context->lock >= 0)
		close(context->lock);
	context->lock = -1;
}

static double reconnect_ms(const struct modbus_context *context)
{
	return fmax(RECONNECT_MS / fmax(context->config->scale, 1), LEAST_WAIT_MS);
}

static int take_lock(struct modbus_context *context)
{
	char key[LINE_LOCK_KEY];

	line_lock_key(context->config, key);
	context->lock = line_lock_take(key, NULL);
	return context->lock < 0 ? context->lock : 0;
}

static void set_timeout(struct modbus_context *context, double ms)
{
	modbus_set_response_timeout(context->modbus, (uint32_t)(ms / 1000),
				    (uint32_t)(fmod(ms, 1000) * 1000));
}

static bool can_wait(const struct modbus_context *context)
{
	return context->line.until_ns == 0;
}

/* What is left for one answer. */
static double find_wait_ms(const struct modbus_context *context, const struct modbus_peer *peer)
{
	double left_ms = (double)(context->line.until_ns - clock_mono_ns()) / 1e6;

	return can_wait(context) ? peer->response_timeout_ms
				 : fmin(peer->response_timeout_ms, fmax(left_ms, 1));
}

/* One look at a connection that is on its way; 0 when it is there, CAUSE_LINK when it is not. */
static int dial(struct modbus_context *context, const struct modbus_peer *peer)
{
	int r = context->dialled >= 0 ? -EINPROGRESS : take_lock(context);

	if (r == 0) {
		context->dialled_ns = clock_mono_ns();
		r = socket_dial_begin(context->config->path, context->config->port, &context->dialled);
	}
	if (r == -EINPROGRESS)
		r = socket_dial_look(context->dialled, (int)fmin(DIAL_LOOK_MS, find_wait_ms(context, peer)));
	if (r == -EINPROGRESS && clock_mono_ns() - context->dialled_ns < (int64_t)(DIAL_MOST_MS * 1e6))
		return CAUSE_LINK;
	if (r == 0 && modbus_set_socket(context->modbus, context->dialled) == 0) {
		context->dialled = -1;
		context->connected = true;
		context->line.connects++;
		return 0;
	}
	close_line(context);
	context->quiet_until_ns = after_ms(reconnect_ms(context));
	return CAUSE_LINK;
}

static int connect_line(struct modbus_context *context, const struct modbus_peer *peer)
{
	int r;

	if (!can_wait(context) && is_tcp(context))
		return dial(context, peer);
	r = take_lock(context);

	if (r == 0) {
		set_timeout(context, peer->response_timeout_ms);
		if (modbus_connect(context->modbus) == 0)
			context->connected = true;
	}
	if (!context->connected) {
		close_line(context);
		context->quiet_until_ns = after_ms(reconnect_ms(context));
		return CAUSE_LINK;
	}
	if (!is_tcp(context)) {
		/* Another program's open() fails from here on; what it left in the buffers is not ours. */
		ioctl(modbus_get_socket(context->modbus), TIOCEXCL);
		modbus_flush(context->modbus);
	}
	context->line.connects++;
	return 0;
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
	return context->connected ? 0 : connect_line(context, peer);
}

static struct modbus_read read_of(const struct request *request)
{
	static const uint8_t functions[] = {[READ_COIL] = MODBUS_FC_READ_COILS,
					    [READ_DISCRETE] = MODBUS_FC_READ_DISCRETE_INPUTS,
					    [READ_HOLDING] = MODBUS_FC_READ_HOLDING_REGISTERS,
					    [READ_INPUT] = MODBUS_FC_READ_INPUT_REGISTERS,
					    [COIL] = 0};

	return (struct modbus_read){
		.function = functions[request->kind], .address = request->address, .count = request->count};
}

/* The answers to writes of one function are alike: what they repeat is not looked at. */
static uint16_t shape_of(const struct request *request)
{
	struct modbus_read read = read_of(request);

	switch (request->kind) {
	case WRITE:
		return modbus_doubt_shape(MODBUS_FC_WRITE_MULTIPLE_REGISTERS, 0);
	case WRITE_ONE:
		return modbus_doubt_shape(MODBUS_FC_WRITE_SINGLE_REGISTER, 0);
	case WRITE_READ:
		return modbus_doubt_shape(MODBUS_FC_WRITE_AND_READ_REGISTERS,
					  (uint16_t)(2 * request->read_count));
	case COIL:
		return modbus_doubt_shape(MODBUS_FC_WRITE_SINGLE_COIL, 0);
	case READ_HOLDING:
	case READ_INPUT:
	case READ_COIL:
	case READ_DISCRETE:
		break;
	}
	return modbus_doubt_read_shape(&read);
}

static int read_one_bit(modbus_t *modbus, const struct request *request)
{
	uint8_t bit = 0;
	int r = request->kind == READ_COIL ? modbus_read_bits(modbus, request->address, 1, &bit)
					   : modbus_read_input_bits(modbus, request->address, 1, &bit);

	if (r >= 0)
		*request->ret_words = bit != 0;
	return r;
}

static int perform(struct modbus_context *context, const struct request *request)
{
	modbus_t *modbus = context->modbus;

	switch (request->kind) {
	case READ_HOLDING:
		return modbus_read_registers(modbus, request->address, request->count, request->ret_words);
	case READ_INPUT:
		return modbus_read_input_registers(modbus, request->address, request->count,
						   request->ret_words);
	case READ_COIL:
	case READ_DISCRETE:
		return read_one_bit(modbus, request);
	case WRITE:
		return modbus_write_registers(modbus, request->address, request->count, request->words);
	case WRITE_ONE:
		return modbus_write_register(modbus, request->address, request->words[0]);
	case WRITE_READ:
		return modbus_write_and_read_registers(modbus, request->address, request->count,
						       request->words, request->read_address,
						       request->read_count, request->ret_words);
	case COIL:
		return modbus_write_bit(modbus, request->address, request->on);
	}
	return -1;
}

static int cause_of(int error)
{
	if (error >= EMBXILFUN && error <= EMBXGTAR)
		return CAUSE_EXCEPTION;
	switch (error) {
	case ETIMEDOUT:
		return CAUSE_TIMEOUT;
	case EMBBADCRC:
		return CAUSE_CRC;
	case EMBBADDATA:
	case EMBBADEXC:
	case EMBBADSLAVE:
	case EMBMDATA:
	case EMBUNKEXC:
		return CAUSE_MISMATCH;
	default:
		return CAUSE_LINK;
	}
}

/* After anything but an answer or an exception nobody knows what is still on its way. */
static int fail(struct modbus_context *context, const struct modbus_peer *peer, int cause)
{
	context->line.desyncs++;
	if (is_tcp(context) || cause == CAUSE_LINK) {
		close_line(context);
		if (cause == CAUSE_LINK)
			context->quiet_until_ns = after_ms(reconnect_ms(context));
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
static void take_answer(struct modbus_context *context, uint8_t unit, const struct request *request)
{
	struct modbus_read read = read_of(request);

	modbus_doubt_end(&context->doubts[unit]);
	if (read.function != 0)
		modbus_doubt_remember(&context->doubts[unit], &read);
}

static bool is_any_missing(const struct modbus_context *context, const struct modbus_peer *peer)
{
	return !is_tcp(context) && modbus_doubt_is_any_missing(&context->doubts[peer->unit], clock_mono_ns());
}

/* A coil or register write that is answered "busy" has not been done, so that asking again is no repeat. */
static int exchange(struct modbus_context *context, const struct modbus_peer *peer,
		    const struct request *request)
{
	for (int attempt = 0;; attempt++) {
		int64_t asked_ns;
		int r;

		if (!is_tcp(context) &&
		    !line_silence_take(modbus_get_socket(context->modbus), context->config, context->heard_ns,
				       LINE_NOISE_MOST, 0))
			return fail(context, peer, CAUSE_MISMATCH);
		asked_ns = clock_mono_ns();
		errno = 0;
		r = perform(context, request);
		context->heard_ns = clock_mono_ns();
		if (r >= 0) {
			take_answer(context, peer->unit, request);
			context->line.exception = 0;
			return 0;
		}
		r = cause_of(errno);
		/* A refusal bears no length: it may be the missing answer's. */
		if (r == CAUSE_EXCEPTION && is_any_missing(context, peer))
			r = CAUSE_MISMATCH;
		if (r != CAUSE_EXCEPTION)
			return fail_question(context, peer, shape_of(request), asked_ns, r);
		context->line.exception = (uint8_t)(errno - MODBUS_ENOBASE);
		if (!is_busy(context->line.exception) || attempt >= BUSY_RETRIES - 1 || !can_wait(context))
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
	struct request request = {.ret_words = words};

	if (!read)
		return CAUSE_QUARANTINE;
	request.address = read->address;
	request.count = read->count;
	for (request.kind = READ_HOLDING; read_of(&request).function != read->function;)
		request.kind++;
	return exchange(context, peer, &request);
}

static int transact(struct modbus_line *line, const struct modbus_peer *peer, const struct request *request)
{
	struct modbus_context *context = context_of(line);
	int r;

	line->exception = 0;
	if (!can_wait(context) && clock_mono_ns() >= line->until_ns)
		return CAUSE_TIMEOUT;
	r = make_ready(context, peer);
	if (r != 0)
		return r;
	modbus_set_slave(context->modbus, peer->unit);
	set_timeout(context, find_wait_ms(context, peer));
	if (!is_tcp(context) &&
	    modbus_doubt_is_missing(&context->doubts[peer->unit], shape_of(request), clock_mono_ns()))
		r = settle(context, peer);
	return r == 0 ? exchange(context, peer, request) : r;
}

static int read_registers(struct modbus_line *line, const struct modbus_peer *peer, bool input,
			  uint16_t address, uint16_t count, uint16_t *ret_words)
{
	return transact(line, peer,
			&(struct request){.kind = input ? READ_INPUT : READ_HOLDING,
					  .address = address,
					  .count = count,
					  .ret_words = ret_words});
}

static int write_registers(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			   uint16_t count, const uint16_t *words)
{
	return transact(line, peer,
			&(struct request){.kind = peer->single_write && count == 1 ? WRITE_ONE : WRITE,
					  .address = address,
					  .count = count,
					  .words = words});
}

static int write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
		      uint16_t write_count, const uint16_t *words, uint16_t read_address, uint16_t read_count,
		      uint16_t *ret_words)
{
	return transact(line, peer,
			&(struct request){.kind = WRITE_READ,
					  .address = write_address,
					  .count = write_count,
					  .words = words,
					  .read_address = read_address,
					  .read_count = read_count,
					  .ret_words = ret_words});
}

static int write_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	return transact(line, peer, &(struct request){.kind = COIL, .address = address, .on = on});
}

static int read_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		    uint16_t *ret_bit)
{
	return transact(line, peer,
			&(struct request){.kind = discrete ? READ_DISCRETE : READ_COIL,
					  .address = address,
					  .count = 1,
					  .ret_words = ret_bit});
}

static void free_line(struct modbus_line *line)
{
	struct modbus_context *context = context_of(line);

	if (!context)
		return;
	close_line(context);
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
