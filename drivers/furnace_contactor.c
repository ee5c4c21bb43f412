/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_contactor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DIFFERS_TWICE 2u
#define BUDGET_NS (CLOCK_NS_PER_S / 2)
#define RETRY_S 2.0 /* what was refused is tried again: somebody may have set it right */
#define WIDEN_S_PER_SCALE 0.25
#define MS_PER_S 1000.0
#define FRESH_TICK_NS CLOCK_NS_PER_S
#define FALLBACK_ZERO 0.0
#define SAME_SCALE 1e-3

static const char *const needed[] = {"fallback_count", "watchdog_ms", "watchdog_reset",
				     "watchdog_type",  "fallback",    "write_lock"};

static const char *const texts[CONTACTOR_STATE_MAX] = {
	[CONTACTOR_NONE] = "there is none",
	[CONTACTOR_UNARMED] = "not armed: the coupler falls back by itself, the contactor is open",
	[CONTACTOR_ARMED] = "armed: the coupler opens it when nobody writes",
	[CONTACTOR_OPENED] = "open: the coupler fell back, did not obey or was silent; it is armed anew once "
			     "the heater has been off",
	[CONTACTOR_STRANGER] = "refused: what answers is not the coupler of the profile; nothing is written. "
			       "Check host, unit and profile",
	[CONTACTOR_FREEZES] = "refused: the coupler's fall-back is not 0 (outputs to zero), so that a dead "
			      "densd would not open the contactor; nothing is written. Set it at the coupler",
	[CONTACTOR_LOCKED] = "refused: the coupler takes no writes from here. Another master holds its write "
			     "lock: end it",
	[CONTACTOR_DIFFERS] =
		"refused: watchdog, write lock or output read back otherwise than written. Look "
		"at the coupler",
};

const char *furnace_contactor_text(uint8_t state)
{
	return state < CONTACTOR_STATE_MAX ? texts[state] : "unknown";
}

uint8_t furnace_contactor_next(uint8_t state, const struct furnace_contactor_look *look)
{
	if (state == CONTACTOR_NONE)
		return CONTACTOR_NONE;
	/* Nothing is written, so nothing is learnt: what was open stays so until the heater is off. */
	if (look->mode == MODE_OBSERVE)
		return state;
	if (state == CONTACTOR_UNARMED && look->mode == MODE_CONTROL)
		return CONTACTOR_OPENED;
	if (state == CONTACTOR_ARMED && (look->fell_back || look->disobeys || look->unset || look->silent))
		return CONTACTOR_OPENED;
	if (state == CONTACTOR_OPENED && look->off_cycles >= CONTACTOR_OFF_CYCLES)
		return CONTACTOR_UNARMED;
	return state;
}

static bool copy_steps(const struct profile_value *steps, uint32_t count, struct profile_value *ret_steps,
		       uint32_t *ret_count)
{
	if (count > CONTACTOR_STEPS_MAX)
		return false;
	memcpy(ret_steps, steps, count * sizeof(*steps));
	*ret_count = count;
	return true;
}

int furnace_contactor_pack(const struct profile *profile, struct bus_contactor *ret_contactor,
			   const char **ret_lacks)
{
	struct bus_contactor c = *ret_contactor;

	*ret_lacks = "it is no coupler on modbus";
	if (profile->kind != DEVICE_KIND_MAX || strcmp(profile->protocol, "modbus") != 0)
		return -EINVAL;
	for (size_t i = 0; i < COUNT(needed); i++) {
		*ret_lacks = needed[i];
		if (!profile_find(profile, needed[i]))
			return -EINVAL;
	}
	*ret_lacks = "too many registers or steps";
	if (profile->register_count > CONTACTOR_REGISTERS_MAX || profile->auto_count == 0 ||
	    !copy_steps(profile->identity, profile->identity_count, c.identity, &c.identity_count) ||
	    !copy_steps(profile->start_steps, profile->start_count, c.start, &c.start_count) ||
	    !copy_steps(profile->auto_steps, profile->auto_count, c.reset, &c.reset_count))
		return -EINVAL;
	memcpy(c.registers, profile->registers, profile->register_count * sizeof(*c.registers));
	c.register_count = profile->register_count;
	snprintf(c.profile, sizeof(c.profile), "%s", profile->name);
	c.worst_latency_ms = profile->worst_latency_ms;
	c.response_timeout_ms = profile->response_timeout_ms;
	c.single_write = profile->single_write;
	c.fitted = true;
	*ret_contactor = c;
	return 0;
}

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

void furnace_contactor_init(struct furnace_contactor *ret_contactor, const struct driver_setup *setup)
{
	const struct bus_contactor *config = &setup->config->contactor;
	double scale = setup->config->scale;

	*ret_contactor = (struct furnace_contactor){.config = config};
	if (!config->fitted || !setup->contactor)
		return;
	unpack(config, &ret_contactor->device);
	session_init_device(&ret_contactor->session, &ret_contactor->device, setup->contactor, scale);
	ret_contactor->watchdog_s =
		scale > 1 ? fmax(config->watchdog_s, WIDEN_S_PER_SCALE * scale) : config->watchdog_s;
	ret_contactor->scale = scale;
	ret_contactor->state = CONTACTOR_UNARMED;
	ret_contactor->heard_lab_s = ret_contactor->tried_lab_s = -INFINITY;
}

/* The furnace's temperature waits behind a slow coupler: what has no time left in this cycle is not asked. */
static bool is_late(const struct furnace_contactor *contactor)
{
	return clock_mono_ns() >= contactor->until_ns;
}

static int read_number(struct furnace_contactor *contactor, const char *name, double *ret_value)
{
	const struct profile_register *reg = profile_find(&contactor->device.profile, name);
	uint16_t words[2] = {0};
	int r = is_late(contactor) ? CAUSE_TIMEOUT
				   : modbus_port_read_value(&contactor->session.port, reg, words);

	if (r == 0)
		*ret_value = codec_decode_raw(reg, words);
	return r;
}

static int write_number(struct furnace_contactor *contactor, const char *name, double value)
{
	if (is_late(contactor))
		return CAUSE_TIMEOUT;
	return modbus_port_write_value(&contactor->session.port,
				       profile_find(&contactor->device.profile, name), value);
}

static int read_output(struct furnace_contactor *contactor)
{
	const struct profile_register coil = {
		.address = contactor->config->coil, .space = SPACE_COIL, .scale = 1, .bit = -1};
	uint16_t bit[2] = {0};
	int r = is_late(contactor) ? CAUSE_TIMEOUT
				   : modbus_port_read_value(&contactor->session.port, &coil, bit);

	if (r == 0)
		contactor->closed = bit[0] != 0;
	return r;
}

static int write_output(struct furnace_contactor *contactor, bool closed)
{
	/* To open it there is always time. */
	int r = closed && is_late(contactor)
			? CAUSE_TIMEOUT
			: modbus_port_write_coil(&contactor->session.port, contactor->config->coil, closed);

	contactor->have_order = r == 0;
	contactor->ordered = closed;
	return r;
}

static int write_steps(struct furnace_contactor *contactor, const struct profile_value *steps, uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++)
		r = write_number(contactor, steps[i].reg, steps[i].value);
	return r;
}

/* 0 and in @ret_state FREEZES or DIFFERS where the coupler is not set as it must be, else ARMED. */
static int check_settings(struct furnace_contactor *contactor, uint8_t *ret_state)
{
	double fallback, value, watchdog_ms;
	bool same = true;
	int r = read_number(contactor, "fallback", &fallback);

	if (r == 0)
		r = read_number(contactor, "watchdog_ms", &watchdog_ms);
	for (uint32_t i = 0; i < contactor->config->start_count && r == 0; i++) {
		r = read_number(contactor, contactor->config->start[i].reg, &value);
		same = same && r == 0 && value == contactor->config->start[i].value;
	}
	if (r != 0)
		return r;
	same = same && watchdog_ms == round(contactor->config->watchdog_s * MS_PER_S);
	*ret_state = fallback != FALLBACK_ZERO ? CONTACTOR_FREEZES
		     : same                    ? CONTACTOR_ARMED
					       : CONTACTOR_DIFFERS;
	return 0;
}

/* The output is told to be open before the reset, which may bring back what was last written. */
static int set_up(struct furnace_contactor *contactor)
{
	int r = write_output(contactor, false);

	if (r == 0)
		r = write_steps(contactor, contactor->config->start, contactor->config->start_count);
	if (r == 0)
		r = write_number(contactor, "watchdog_ms", round(contactor->config->watchdog_s * MS_PER_S));
	if (r == 0)
		r = write_steps(contactor, contactor->config->reset, contactor->config->reset_count);
	return r == 0 ? write_output(contactor, false) : r;
}

static int take_count(struct furnace_contactor *contactor)
{
	double fallbacks;
	int r = read_number(contactor, "fallback_count", &fallbacks);

	if (r == 0)
		contactor->fallbacks = (uint16_t)fallbacks;
	return r;
}

/* Returns the state it has come to; a line that fails leaves it as it was. */
static uint8_t arm(struct furnace_contactor *contactor)
{
	uint8_t state;
	int r = check_settings(contactor, &state);

	if (r != 0)
		return contactor->state;
	if (state == CONTACTOR_FREEZES)
		return state;
	r = set_up(contactor);
	if (r == CAUSE_EXCEPTION)
		return CONTACTOR_LOCKED;
	if (r != 0 || check_settings(contactor, &state) != 0 || read_output(contactor) != 0 ||
	    take_count(contactor) != 0)
		return contactor->state;
	contactor->connects = contactor->session.connects;
	contactor->differs = contactor->off_cycles = 0;
	return state == CONTACTOR_ARMED && contactor->closed ? CONTACTOR_DIFFERS : state;
}

/* Reads what the output does, and after a new connection whether everything is still set. */
static int look_at(struct furnace_contactor *contactor, struct furnace_contactor_look *look)
{
	uint8_t settings = CONTACTOR_ARMED;
	double fallbacks = 0;
	int r = read_output(contactor);

	if (r == 0)
		r = read_number(contactor, "fallback_count", &fallbacks);
	if (r == 0 && contactor->connects != contactor->session.connects)
		r = check_settings(contactor, &settings);
	if (r != 0)
		return r;
	contactor->connects = contactor->session.connects;
	contactor->differs =
		contactor->have_order && contactor->closed != contactor->ordered ? contactor->differs + 1 : 0;
	look->fell_back = fallbacks != contactor->fallbacks;
	look->disobeys = contactor->differs >= DIFFERS_TWICE;
	look->unset = settings != CONTACTOR_ARMED;
	return 0;
}

/* A refused write is another master's lock: what the output does is no longer densd's. */
static int serve_armed(struct furnace_contactor *contactor, uint8_t mode, bool may_close, bool may_write)
{
	struct furnace_contactor_look look = {.mode = mode};
	bool close = mode == MODE_CONTROL && may_close && contactor->state == CONTACTOR_ARMED;
	int written = may_write ? write_output(contactor, close) : 0, r = written;

	if (r == 0 || r == CAUSE_EXCEPTION)
		r = look_at(contactor, &look);
	if (r != 0)
		return r;
	look.unset = look.unset || written == CAUSE_EXCEPTION;
	contactor->off_cycles = mode == MODE_OFF && contactor->state == CONTACTOR_OPENED && may_write
					? contactor->off_cycles + 1
					: 0;
	look.off_cycles = contactor->off_cycles;
	contactor->state = furnace_contactor_next(contactor->state, &look);
	if (contactor->state == CONTACTOR_OPENED && close && may_write)
		return write_output(contactor, false);
	return 0;
}

/* As with every instrument: a clock scale above 1 is for densim alone. */
static bool is_to_scale(const struct furnace_contactor *contactor)
{
	const struct session *session = &contactor->session;

	if (session->simulated)
		return fabs(session->sim_scale - contactor->scale) < SAME_SCALE * contactor->scale;
	return session->probed && contactor->scale <= 1;
}

static bool is_served(const struct furnace_contactor *contactor)
{
	return contactor->state == CONTACTOR_ARMED || contactor->state == CONTACTOR_OPENED;
}

static int serve(struct furnace_contactor *contactor, const struct driver_cycle *cycle, uint8_t mode,
		 bool may_close)
{
	/* A demand from long ago holds no contactor closed. */
	bool fresh = clock_mono_ns() - cycle->tick_mono_ns <= FRESH_TICK_NS;
	bool may_write = mode != MODE_OBSERVE && fresh && is_to_scale(contactor) &&
			 session_may_obey(&contactor->session, mode);

	if (mode != MODE_OBSERVE && is_served(contactor))
		return serve_armed(contactor, mode, may_close, may_write);
	/* What changed while nobody wrote is found by reading the settings again. */
	if (mode == MODE_OBSERVE)
		contactor->connects = contactor->session.connects - 1;
	/* Never armed under a controller that may stand at full output. */
	if (may_write && mode == MODE_OFF && cycle->t_lab_s - contactor->tried_lab_s >= RETRY_S) {
		contactor->tried_lab_s = cycle->t_lab_s;
		contactor->state = arm(contactor);
		return contactor->session.port.fault;
	}
	return read_output(contactor);
}

static void judge_silence(struct furnace_contactor *contactor, double t_lab_s, uint8_t mode)
{
	struct furnace_contactor_look look = {
		.mode = mode, .silent = t_lab_s - contactor->heard_lab_s > contactor->watchdog_s};

	contactor->state = furnace_contactor_next(contactor->state, &look);
	if (look.silent)
		contactor->closed = false;
}

void furnace_contactor_cycle(struct furnace_contactor *contactor, const struct driver_cycle *cycle,
			     uint8_t mode, bool may_close, struct furnace_report *report)
{
	struct report common = {0};
	int r;

	report->contactor = contactor->state;
	if (contactor->state == CONTACTOR_NONE)
		return;
	contactor->until_ns = clock_mono_ns() + BUDGET_NS;
	r = session_begin(&contactor->session, cycle);
	if (r == CAUSE_IDENTITY)
		contactor->state = is_served(contactor) ? CONTACTOR_OPENED : CONTACTOR_STRANGER;
	else if (contactor->state == CONTACTOR_STRANGER)
		contactor->state = CONTACTOR_UNARMED;
	contactor->state =
		furnace_contactor_next(contactor->state, &(struct furnace_contactor_look){.mode = mode});
	if (r == 0)
		r = serve(contactor, cycle, mode, may_close);
	if (r == 0)
		contactor->heard_lab_s = cycle->t_lab_s;
	else
		judge_silence(contactor, cycle->t_lab_s, mode);
	session_end(&contactor->session, r == 0, &common);
	report->contactor = contactor->state;
	report->contactor_closed = contactor->closed;
}
