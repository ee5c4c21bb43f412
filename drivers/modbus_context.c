/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_context.h"

#include <errno.h>
#include <math.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_lock.h"
#include "drivers/socket_dial.h"

#define RECONNECT_MS 1000.0
#define LEAST_WAIT_MS 20.0
#define DIAL_LOOK_MS 20 /* on a wire of one room a connection takes no more */
#define DIAL_MOST_MS 3000.0

bool modbus_context_is_tcp(const struct modbus_context *context)
{
	return context->config->kind == BUS_MODBUS_TCP;
}

void modbus_context_close(struct modbus_context *context)
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

void modbus_context_rest(struct modbus_context *context)
{
	context->quiet_until_ns = clock_mono_ns() + (int64_t)(reconnect_ms(context) * 1e6);
}

static int take_lock(struct modbus_context *context)
{
	char key[LINE_LOCK_KEY];

	line_lock_key(context->config, key);
	context->lock = line_lock_take(key, NULL);
	return context->lock < 0 ? context->lock : 0;
}

void modbus_context_set_timeout_ms(struct modbus_context *context, double ms)
{
	modbus_set_response_timeout(context->modbus, (uint32_t)(ms / 1000),
				    (uint32_t)(fmod(ms, 1000) * 1000));
}

bool modbus_context_can_wait(const struct modbus_context *context)
{
	return context->line.until_ns == 0;
}

double modbus_context_find_wait_ms(const struct modbus_context *context, const struct modbus_peer *peer)
{
	double left_ms = (double)(context->line.until_ns - clock_mono_ns()) / 1e6;

	return modbus_context_can_wait(context) ? peer->response_timeout_ms
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
		r = socket_dial_look(context->dialled,
				     (int)fmin(DIAL_LOOK_MS, modbus_context_find_wait_ms(context, peer)));
	if (r == -EINPROGRESS && clock_mono_ns() - context->dialled_ns < (int64_t)(DIAL_MOST_MS * 1e6))
		return CAUSE_LINK;
	if (r == 0 && modbus_set_socket(context->modbus, context->dialled) == 0) {
		context->dialled = -1;
		context->connected = true;
		context->line.connects++;
		return 0;
	}
	modbus_context_close(context);
	modbus_context_rest(context);
	return CAUSE_LINK;
}

int modbus_context_connect(struct modbus_context *context, const struct modbus_peer *peer)
{
	bool tcp = modbus_context_is_tcp(context);
	int r;

	/* A name server that does not answer would stop the bus for longer than any of its timeouts. */
	if (tcp && !socket_dial_is_numeric(context->config->path))
		return CAUSE_LINK;
	if (!modbus_context_can_wait(context) && tcp)
		return dial(context, peer);
	r = take_lock(context);

	if (r == 0) {
		modbus_context_set_timeout_ms(context, peer->response_timeout_ms);
		if (modbus_connect(context->modbus) == 0)
			context->connected = true;
	}
	if (!context->connected) {
		modbus_context_close(context);
		modbus_context_rest(context);
		return CAUSE_LINK;
	}
	if (!tcp) {
		/* Another program's open() fails from here on; what it left in the buffers is not ours. */
		ioctl(modbus_get_socket(context->modbus), TIOCEXCL);
		modbus_flush(context->modbus);
	}
	context->line.connects++;
	return 0;
}
