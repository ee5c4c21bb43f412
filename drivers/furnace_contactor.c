/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_contactor.h"

#include <errno.h>
#include <math.h>

#include "daemon/base/clock.h"

#define DIFFERS_TWICE 2u
#define SLOW_TWICE 2u
#define BUDGET_NS (CLOCK_NS_PER_S / 2)
#define SLOW_NS (BUDGET_NS / 2)
#define QUIET_S 1.0
#define QUIET_SILENT_S 5.0 /* once it has fallen back: a tenth of the worker's time */
#define QUIET_LEAST_S 0.02
#define RETRY_S 2.0 /* what was refused is tried again: somebody may have set it right */
#define WIDEN_S_PER_SCALE 0.25
#define FRESH_TICK_NS CLOCK_NS_PER_S
#define SAME_SCALE 1e-3

const struct memory_field memory_of_furnace_contactor[] = {
	MEMORY_PART(struct furnace_contactor, link, memory_of_contactor_link),
	MEMORY_BELOW(struct furnace_contactor, state, CONTACTOR_STATE_MAX),
	MEMORY(struct furnace_contactor, connects),
	MEMORY(struct furnace_contactor, arming),
	MEMORY(struct furnace_contactor, differs),
	MEMORY(struct furnace_contactor, off_cycles),
	MEMORY(struct furnace_contactor, heard_lab_s),
	MEMORY(struct furnace_contactor, tried_lab_s),
	MEMORY(struct furnace_contactor, slow),
	MEMORY(struct furnace_contactor, quiet_until_ns),
	MEMORY_END,
};

void furnace_contactor_init(struct furnace_contactor *ret_contactor, const struct driver_setup *setup)
{
	const struct bus_contactor *config = &setup->config->contactor;
	double scale = setup->config->scale;

	*ret_contactor = (struct furnace_contactor){.scale = scale};
	if (!config->fitted || !setup->contactor)
		return;
	contactor_link_init(&ret_contactor->link, config, setup->contactor, scale);
	ret_contactor->watchdog_s =
		scale > 1 ? fmax(config->watchdog_s, WIDEN_S_PER_SCALE * scale) : config->watchdog_s;
	ret_contactor->state = CONTACTOR_UNARMED;
	ret_contactor->heard_lab_s = ret_contactor->tried_lab_s = -INFINITY;
}

/* Reads what the output does. */
static int look_at(struct furnace_contactor *contactor, struct contactor_look *look)
{
	struct contactor_link *link = &contactor->link;
	uint16_t fallbacks = 0;
	int r = contactor_link_read(link);

	if (r == 0)
		r = contactor_link_count(link, &fallbacks);
	if (r != 0)
		return r;
	contactor->differs = link->have_order && link->closed != link->ordered ? contactor->differs + 1 : 0;
	look->fell_back = fallbacks != link->fallbacks;
	look->disobeys = contactor->differs >= DIFFERS_TWICE;
	return 0;
}

/* After a new connection, or after cycles in which nothing was written, whether everything is still set. */
static int verify(struct furnace_contactor *contactor, struct contactor_look *look)
{
	bool same;
	int r;

	if (contactor->connects == contactor->link.session.connects)
		return 0;
	r = contactor_link_verify(&contactor->link, &same);
	if (r != 0)
		return r;
	contactor->connects = contactor->link.session.connects;
	contactor_link_restart(&contactor->link);
	look->unset = !same;
	return 0;
}

static void take_look(struct furnace_contactor *contactor, uint8_t mode, bool may_write,
		      struct contactor_look *look)
{
	bool counts = mode == MODE_OFF && contactor->state == CONTACTOR_OPENED && may_write;

	contactor->off_cycles = counts ? contactor->off_cycles + 1 : 0;
	look->mode = mode;
	look->off_cycles = contactor->off_cycles;
	contactor->state = contactor_rules_next(contactor->state, look);
}

/*
 * What is to be open is told so before anything is asked; closed is written to what is known to be armed. A
 * refused write is another master's lock: what the output does is no longer densd's.
 */
static int serve_armed(struct furnace_contactor *contactor, uint8_t mode, bool may_close, bool may_write)
{
	struct contactor_look look = {0};
	bool close = mode == MODE_CONTROL && may_close && contactor->state == CONTACTOR_ARMED;
	int written = may_write && !close ? contactor_link_write(&contactor->link, false) : 0;
	int r = written == CAUSE_EXCEPTION ? 0 : written;

	if (r == 0)
		r = verify(contactor, &look);
	if (r == 0 && may_write && close && !look.unset) {
		written = contactor_link_write(&contactor->link, true);
		r = written == CAUSE_EXCEPTION ? 0 : written;
	}
	if (r == 0)
		r = look_at(contactor, &look);
	if (r != 0)
		return r;
	look.unset = look.unset || written == CAUSE_EXCEPTION;
	take_look(contactor, mode, may_write, &look);
	if (contactor->state == CONTACTOR_OPENED && close && may_write)
		return contactor_link_write(&contactor->link, false);
	return 0;
}

/* As with every instrument: a clock scale above 1 is for densim alone. */
static bool is_to_scale(const struct furnace_contactor *contactor)
{
	const struct session *session = &contactor->link.session;

	if (session->simulated)
		return fabs(session->sim_scale - contactor->scale) < SAME_SCALE * contactor->scale;
	return session->probed && contactor->scale <= 1;
}

static bool is_served(const struct furnace_contactor *contactor)
{
	return contactor->state == CONTACTOR_ARMED || contactor->state == CONTACTOR_OPENED;
}

/*
 * The furnace is not known: mains do not wait for the coupler's watchdog. What changes while nobody writes is
 * found by reading the settings again.
 */
static int let_go(struct furnace_contactor *contactor)
{
	struct contactor_link *link = &contactor->link;
	int r = 0;

	contactor->connects = link->session.connects - 1;
	link->may_be_closed = link->may_be_closed || (contactor->inherited && link->closed);
	if (link->may_be_closed && is_to_scale(contactor) && session_may_obey(&link->session, MODE_OFF))
		r = contactor_link_write(link, false);
	return r == 0 || r == CAUSE_EXCEPTION ? contactor_link_read(link) : r;
}

/* Never under a controller that may stand at full output. */
static int arm(struct furnace_contactor *contactor, double t_lab_s)
{
	uint8_t state;
	int r;

	if (!contactor->arming && t_lab_s - contactor->tried_lab_s < RETRY_S)
		return contactor_link_read(&contactor->link);
	contactor->arming = true;
	contactor->tried_lab_s = t_lab_s;
	r = contactor_link_arm(&contactor->link, &state);
	if (r == -EAGAIN)
		return 0;
	contactor->arming = false;
	if (r != 0)
		return r;
	contactor->state = state;
	contactor->connects = contactor->link.session.connects;
	contactor->differs = contactor->off_cycles = 0;
	return 0;
}

static int serve(struct furnace_contactor *contactor, const struct driver_cycle *cycle, uint8_t mode,
		 bool may_close)
{
	/* A demand from long ago holds no contactor closed. */
	bool fresh = clock_mono_ns() - cycle->tick_mono_ns <= FRESH_TICK_NS;
	bool may_write = mode != MODE_OBSERVE && fresh && is_to_scale(contactor) &&
			 session_may_obey(&contactor->link.session, mode);

	if (!is_served(contactor) && mode == MODE_OFF && may_write)
		return arm(contactor, cycle->t_lab_s);
	if (contactor->arming || mode == MODE_OBSERVE)
		contactor_link_restart(&contactor->link);
	contactor->arming = false;
	if (mode == MODE_OBSERVE)
		return let_go(contactor);
	return is_served(contactor) ? serve_armed(contactor, mode, may_close, may_write)
				    : contactor_link_read(&contactor->link);
}

static void judge_silence(struct furnace_contactor *contactor, double t_lab_s, uint8_t mode)
{
	struct contactor_look look = {.mode = mode,
				      .silent = t_lab_s - contactor->heard_lab_s > contactor->watchdog_s};

	contactor->state = contactor_rules_next(contactor->state, &look);
	if (look.silent)
		contactor->link.closed = false;
}

/* One late answer is asked again at once; a coupler that takes all its time holds up the temperature. */
static void judge_time(struct furnace_contactor *contactor, int64_t began_ns, bool failed)
{
	int64_t now_ns = clock_mono_ns();
	double quiet_s = contactor->state == CONTACTOR_ARMED ? QUIET_S : QUIET_SILENT_S;

	contactor->slow = failed && now_ns - began_ns > SLOW_NS ? contactor->slow + 1 : 0;
	if (contactor->slow >= SLOW_TWICE)
		contactor->quiet_until_ns =
			now_ns + (int64_t)(fmax(quiet_s / fmax(contactor->scale, 1), QUIET_LEAST_S) *
					   (double)CLOCK_NS_PER_S);
}

static int ask(struct furnace_contactor *contactor, const struct driver_cycle *cycle, uint8_t mode,
	       bool may_close)
{
	struct session *session = &contactor->link.session;
	struct report common = {0};
	int64_t began_ns = clock_mono_ns();
	int r;

	if (began_ns < contactor->quiet_until_ns)
		return CAUSE_TIMEOUT;
	contactor_link_begin(&contactor->link, BUDGET_NS);
	r = session_begin(session, cycle);
	if (r == CAUSE_IDENTITY)
		contactor->state = is_served(contactor) ? CONTACTOR_OPENED : CONTACTOR_STRANGER;
	else if (contactor->state == CONTACTOR_STRANGER)
		contactor->state = CONTACTOR_UNARMED;
	contactor->state = contactor_rules_next(contactor->state, &(struct contactor_look){.mode = mode});
	if (r == 0)
		r = serve(contactor, cycle, mode, may_close);
	/* What was not asked for want of time has not failed. */
	session_end(session, r == 0 || r == -EAGAIN, &common);
	judge_time(contactor, began_ns, r > 0);
	return r;
}

void furnace_contactor_cycle(struct furnace_contactor *contactor, const struct driver_cycle *cycle,
			     uint8_t mode, bool may_close, struct furnace_report *report)
{
	int r;

	report->contactor = contactor->state;
	if (contactor->state == CONTACTOR_NONE)
		return;
	r = ask(contactor, cycle, mode, may_close);
	if (r == 0)
		contactor->heard_lab_s = cycle->t_lab_s;
	else
		judge_silence(contactor, cycle->t_lab_s, mode);
	report->contactor = contactor->state;
	report->contactor_closed = contactor->link.closed;
	report->contactor_heard = r == 0;
	report->contactor_ns = contactor->link.read_ns;
}
