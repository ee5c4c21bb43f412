/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/contactor_link.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"

#define MS_PER_S 1000.0
#define NS_PER_MS 1e6
#define FALLBACK_ZERO 0.0

enum stage {
	STAGE_FALLBACK,
	STAGE_OPEN,
	STAGE_SETTINGS,
	STAGE_RESET,
	STAGE_COUNT,
	STAGE_OPEN_AGAIN,
	STAGE_VERIFY,
	STAGE_OUTPUT,
	STAGE_MAX
};

static void unpack(const struct bus_contactor *config, struct bus_device *ret_device)
{
	struct profile *profile = &ret_device->profile;

	*ret_device = (struct bus_device){.name = "contactor", .unit = config->unit};
	profile->kind = DEVICE_KIND_MAX;
	profile->worst_latency_ms = config->worst_latency_ms;
	profile->response_timeout_ms = config->response_timeout_ms;
	profile->single_write = config->single_write;
	profile->register_count = config->register_count;
	profile->identity_count = config->identity_count;
	memcpy(profile->registers, config->registers, sizeof(config->registers));
	memcpy(profile->identity, config->identity, sizeof(config->identity));
}

const struct memory_field memory_of_contactor_link[] = {
	MEMORY_PART(struct contactor_link, session, memory_of_session),
	MEMORY(struct contactor_link, closed),
	MEMORY(struct contactor_link, read_ns),
	MEMORY(struct contactor_link, ordered),
	MEMORY(struct contactor_link, have_order),
	MEMORY(struct contactor_link, may_be_closed),
	MEMORY(struct contactor_link, fallbacks),
	MEMORY(struct contactor_link, stage),
	MEMORY(struct contactor_link, at),
	MEMORY(struct contactor_link, same),
	MEMORY(struct contactor_link, connects),
	MEMORY_END,
};

void contactor_link_init(struct contactor_link *ret_link, const struct bus_contactor *config,
			 struct modbus_line *line, double scale)
{
	*ret_link = (struct contactor_link){.config = config};
	unpack(config, &ret_link->device);
	session_init_device(&ret_link->session, &ret_link->device, line, scale);
}

void contactor_link_begin(struct contactor_link *link, int64_t budget_ns)
{
	link->session.port.line->until_ns = clock_mono_ns() + budget_ns;
}

/* An answer may take twice the worst latency; a question that is cut short costs the connection. */
static bool is_late(const struct contactor_link *link)
{
	const struct modbus_port *port = &link->session.port;
	int64_t left_ns = port->line->until_ns - clock_mono_ns();

	return (double)left_ns < 2 * port->peer.worst_latency_ms * NS_PER_MS;
}

static int read_number(struct contactor_link *link, const char *name, double *ret_value)
{
	const struct profile_register *reg = profile_find(&link->device.profile, name);
	uint16_t words[2] = {0};
	int r = is_late(link) ? -EAGAIN : modbus_port_read_value(&link->session.port, reg, words);

	if (r == 0)
		*ret_value = codec_decode_raw(reg, words);
	/* A read that is refused is no lock of another master's. */
	return r == CAUSE_EXCEPTION ? CAUSE_RANGE : r;
}

static int write_number(struct contactor_link *link, const char *name, double value)
{
	if (is_late(link))
		return -EAGAIN;
	return modbus_port_write_value(&link->session.port, profile_find(&link->device.profile, name), value);
}

int contactor_link_read(struct contactor_link *link)
{
	const struct profile_register coil = {
		.address = link->config->coil, .space = SPACE_COIL, .scale = 1, .bit = -1};
	uint16_t bit[2] = {0};
	int r = is_late(link) ? -EAGAIN : modbus_port_read_value(&link->session.port, &coil, bit);

	if (r != 0)
		return r;
	link->closed = bit[0] != 0;
	link->read_ns = link->session.port.t_reply_ns;
	if (!link->closed && link->have_order && !link->ordered)
		link->may_be_closed = false;
	return 0;
}

/* To open it, whatever time is left will do: what counts is that the order goes out. */
int contactor_link_write(struct contactor_link *link, bool closed)
{
	int r;

	if (closed && is_late(link))
		return -EAGAIN;
	link->may_be_closed |= closed;
	r = modbus_port_write_coil(&link->session.port, link->config->coil, closed);
	link->have_order = r == 0;
	link->ordered = closed;
	return r;
}

int contactor_link_count(struct contactor_link *link, uint16_t *ret_fallbacks)
{
	double fallbacks;
	int r = read_number(link, "fallback_count", &fallbacks);

	if (r == 0)
		*ret_fallbacks = (uint16_t)fallbacks;
	return r;
}

/* The settings: what the profile begins with, then the site's watchdog. False: there is no more. */
static bool find_setting(const struct contactor_link *link, uint32_t i, struct profile_value *ret_setting)
{
	const struct bus_contactor *config = link->config;

	if (i > config->start_count)
		return false;
	*ret_setting = i < config->start_count
			       ? config->start[i]
			       : (struct profile_value){.reg = "watchdog_ms",
							.value = round(config->watchdog_s * MS_PER_S)};
	return true;
}

static int look_at_setting(struct contactor_link *link, const struct profile_value *setting, bool *ret_same)
{
	double value;
	int r = read_number(link, setting->reg, &value);

	if (r == 0)
		*ret_same = value == setting->value;
	return r;
}

void contactor_link_restart(struct contactor_link *link)
{
	link->stage = STAGE_FALLBACK;
	link->at = 0;
	link->same = true;
	link->connects = link->session.connects;
}

int contactor_link_verify(struct contactor_link *link, bool *ret_same)
{
	struct profile_value setting;
	double fallback;
	int r;

	if (link->connects != link->session.connects)
		contactor_link_restart(link);
	for (; find_setting(link, link->at, &setting); link->at++) {
		bool same;

		r = look_at_setting(link, &setting, &same);
		if (r != 0)
			return r;
		link->same = link->same && same;
	}
	r = read_number(link, "fallback", &fallback);
	if (r == 0)
		*ret_same = link->same && fallback == FALLBACK_ZERO;
	return r;
}

/* What already holds is not written: a coupler may take its watchdog's time only while that does not run. */
static int set(struct contactor_link *link)
{
	struct profile_value setting;

	for (; find_setting(link, link->at, &setting); link->at++) {
		bool same;
		int r = look_at_setting(link, &setting, &same);

		if (r == 0 && !same)
			r = write_number(link, setting.reg, setting.value);
		if (r != 0)
			return r;
	}
	return 0;
}

static int reset(struct contactor_link *link)
{
	for (; link->at < link->config->reset_count; link->at++) {
		const struct profile_value *word = &link->config->reset[link->at];
		int r = write_number(link, word->reg, word->value);

		if (r != 0)
			return r;
	}
	return 0;
}

/*
 * The output is told to be open before the reset, which may bring back what was last written; the count is
 * taken behind it, so that no fall-back after that is missed.
 */
static int do_stage(struct contactor_link *link, uint8_t *state)
{
	double fallback;
	bool same;
	int r = 0;

	switch ((enum stage)link->stage) {
	case STAGE_FALLBACK:
		r = read_number(link, "fallback", &fallback);
		if (r == 0 && fallback != FALLBACK_ZERO)
			*state = CONTACTOR_FREEZES;
		return r;
	case STAGE_OPEN:
	case STAGE_OPEN_AGAIN:
		return contactor_link_write(link, false);
	case STAGE_SETTINGS:
		return set(link);
	case STAGE_RESET:
		return reset(link);
	case STAGE_COUNT:
		return contactor_link_count(link, &link->fallbacks);
	case STAGE_VERIFY:
		r = contactor_link_verify(link, &same);
		if (r == 0 && !same)
			*state = CONTACTOR_DIFFERS;
		return r;
	case STAGE_OUTPUT:
		r = contactor_link_read(link);
		if (r == 0 && link->closed)
			*state = CONTACTOR_DIFFERS;
		return r;
	case STAGE_MAX:
		break;
	}
	return 0;
}

int contactor_link_arm(struct contactor_link *link, uint8_t *ret_state)
{
	uint8_t state = CONTACTOR_ARMED;
	int r = 0;

	if (link->connects != link->session.connects)
		contactor_link_restart(link);
	while (link->stage < STAGE_MAX && state == CONTACTOR_ARMED) {
		r = do_stage(link, &state);
		if (r == CAUSE_EXCEPTION)
			state = CONTACTOR_LOCKED;
		else if (r != 0)
			break;
		link->stage++;
		link->at = 0;
	}
	if (r == -EAGAIN)
		return r;
	contactor_link_restart(link);
	if (r != 0 && r != CAUSE_EXCEPTION)
		return r;
	*ret_state = state;
	return 0;
}
