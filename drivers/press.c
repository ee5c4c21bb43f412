/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The press PLC of press-map.md, its registers where the profile has them. One FC 23 a cycle writes the whole
 * write block (heartbeat included) and reads the whole read block; OBSERVE only reads. The heater contactor
 * is a coil of its own.
 *
 * Invariants: nothing is written before identity and three good cycles; MODE stays as adopted and the
 * contactor open until the PLC's watchdog is armed, read back; the oil setpoint goes down only on a granted,
 * fresh, cold permit; LOCK needs none of this and goes out as soon as writing is allowed at all.
 */
#include <errno.h>
#include <math.h>

#include "daemon/base/clock.h"
#include "drivers/press_follow.h"
#include "drivers/press_map.h"
#include "drivers/session.h"

#define HEARTBEAT_AGE_NS CLOCK_NS_PER_S
#define SAME_BAR 0.01
#define NOISE_BAR 1e-6
#define DIFFERS_TWICE 2u
#define RESET_AFTER_CYCLES 10u
#define COIL_REPEAT_S 1.0
#define LOOK_PERIOD_S 0.7 /* no divisor of a whole second: another master's rhythm would hide in it */

struct press {
	struct session session;
	struct press_layout layout;
	struct press_follow follow;
	struct press_block block; /* as last read */
	bool have_block;
	double written_bar, before_write_bar; /* NAN: not compared */
	uint16_t heartbeat, written_mode;
	bool wrote;
	double looked_lab_s;
	bool overwritten; /* the last look found a setpoint that is neither ours nor the one before */
	uint32_t setpoint_differs, foreign, mode_differs, contactor_differs, latched_cycles;
	uint8_t last_mode;
	int8_t coil; /* last written: 0, 1; -1 unknown */
	double coil_lab_s;
	uint32_t connects, writes;
	struct press_report report;
};

static void forget_device(struct press *press)
{
	press->have_block = press->follow.following = press->wrote = false;
	press->written_bar = press->before_write_bar = NAN;
	press->setpoint_differs = press->foreign = press->mode_differs = press->contactor_differs = 0;
	press->overwritten = false;
	press->looked_lab_s = -INFINITY;
	press->coil = -1;
	press->coil_lab_s = -INFINITY;
	press->latched_cycles = 0;
	press->last_mode = MODE_OBSERVE;
}

static int press_init(void *state, const struct driver_setup *setup)
{
	struct press *press = state;

	char why[PRESS_WHY];
	int r = press_map_plan(&setup->config->devices[setup->device].profile, &press->layout, why);

	if (r < 0)
		return r;
	session_init(&press->session, setup);
	press_follow_init(&press->follow, setup->config);
	forget_device(press);
	return calibration_check(&setup->config->calibration);
}

/* Out of LOCK the only setpoint that moves nothing is the pressure that is there. */
static void adopt(struct press *press)
{
	bool regulates = press->block.mode == PRESS_MODE_REGULATE && !(press->block.status & PRESS_LOCKED);

	press_follow_adopt(&press->follow, regulates ? press->block.setpoint_bar : press->block.oil_bar);
}

static void follow(struct press *press, const struct press_demand *demand, double t_lab_s)
{
	/* While the PLC locks, whoever told it to, the way out of LOCK begins at the pressure that is there.
	 */
	if (!press->follow.following || press->block.status & PRESS_LOCKED)
		adopt(press);
	press_follow_step(&press->follow, demand, t_lab_s, press->block.oil_bar);
}

static bool is_armed(const struct press *press)
{
	return press->have_block && press->block.status & PRESS_WATCHDOG_ARMED && press->block.watchdog_s > 0;
}

/* A device without a watchdog is accepted in the site file's words, by control; there is nothing to wait for.
 */
static bool may_act(const struct press *press, const struct press_demand *demand)
{
	if (!press->session.device->profile.watchdog)
		return true;
	return is_armed(press) &&
	       (demand->watchdog_s <= 0 || press->block.watchdog_s == (uint16_t)lround(demand->watchdog_s));
}

static uint16_t choose_mode(struct press *press, const struct press_demand *demand, double t_lab_s)
{
	if (demand->mode == MODE_OFF) {
		press->follow.following = false;
		return PRESS_MODE_LOCK;
	}
	if (!may_act(press, demand) || !isfinite(demand->setpoint_gpa) || isnan(press->follow.sample_gpa)) {
		press->follow.following = false;
		return press->block.mode;
	}
	follow(press, demand, t_lab_s);
	return PRESS_MODE_REGULATE;
}

static struct press_order make_order(struct press *press, const struct driver_cycle *cycle,
				     const struct press_demand *demand)
{
	struct press_order order = {.watchdog_s = press->block.watchdog_s};

	order.mode = choose_mode(press, demand, cycle->t_lab_s);
	order.setpoint_bar =
		press->follow.following ? press->follow.follower.oil_bar : press->block.setpoint_bar;
	order.ramp_bar_per_s = press_follow_limit_bar_per_s(&press->follow, press->block.oil_bar);
	if (demand->watchdog_s > 0)
		order.watchdog_s = (uint16_t)lround(fmin(demand->watchdog_s, 65535));
	if (demand->heartbeat && clock_mono_ns() - cycle->tick_mono_ns < HEARTBEAT_AGE_NS)
		press->heartbeat++;
	order.heartbeat = press->heartbeat;
	return order;
}

/* At rest the oil reads 0 in any order; the setpoint and the stroke beside it are in the same one. */
static void take_words(struct press *press, const uint16_t words[PRESS_WORDS_MAX],
		       struct press_block *ret_block)
{
	session_prove_order(
		&press->session,
		press_map_proves_order(&press->layout, words, PRESS_FOLLOW_LOW_BAR, PRESS_FOLLOW_HIGH_BAR));
	press_map_decode(&press->layout, words, ret_block);
}

/* Not every PLC knows function 23: then the block is written and read in two transfers. */
static int transfer(struct press *press, const uint16_t *sent, uint16_t *ret_words)
{
	const struct press_layout *layout = &press->layout;
	struct modbus_port *port = &press->session.port;
	int r;

	if (!layout->profile->separate_transfers)
		return modbus_port_write_read(port, layout->write_address, layout->write_words, sent,
					      layout->read_address, layout->read_words, ret_words);
	r = modbus_port_write(port, layout->write_address, layout->write_words, sent);
	return r != 0 ? r : modbus_port_read(port, layout->read_address, layout->read_words, ret_words);
}

static int exchange(struct press *press, const struct driver_cycle *cycle, const struct press_demand *demand,
		    struct press_block *ret_block)
{
	uint16_t sent[PRESS_WORDS_MAX], words[PRESS_WORDS_MAX];
	struct press_order order = make_order(press, cycle, demand);
	int r;

	if (press_map_encode(&press->layout, &order, sent) < 0) {
		press->session.port.fault = CAUSE_RANGE;
		return CAUSE_RANGE;
	}
	if (isnan(press->written_bar) || fabs(order.setpoint_bar - press->written_bar) > NOISE_BAR)
		press->writes++;
	press->before_write_bar = press->block.setpoint_bar;
	press->written_bar = order.setpoint_bar;
	press->written_mode = order.mode;
	press->wrote = true;
	r = transfer(press, sent, words);
	if (r == 0)
		take_words(press, words, ret_block);
	else
		press->wrote =
			false; /* what the device holds now is not known: nobody else is blamed for it */
	return r;
}

static int observe(struct press *press, struct press_block *ret_block)
{
	uint16_t words[PRESS_WORDS_MAX];
	int r = modbus_port_read(&press->session.port, press->layout.read_address, press->layout.read_words,
				 words);

	press->wrote = press->follow.following = false;
	press->written_bar = press->before_write_bar = NAN;
	if (r == 0)
		take_words(press, words, ret_block);
	return r;
}

static void count(uint32_t *counter, bool differs)
{
	*counter = differs ? *counter + 1 : 0;
}

/* Still the old value: the write was not done. A third value: somebody else writes. */
static void judge(struct press *press)
{
	const struct press_block *block = &press->block;
	bool local = block->status & PRESS_LOCAL;
	bool differs = press->wrote && !local && fabs(block->setpoint_bar - press->written_bar) > SAME_BAR;
	bool unchanged = differs && fabs(block->setpoint_bar - press->before_write_bar) <= SAME_BAR &&
			 press->foreign == 0;

	count(&press->setpoint_differs, unchanged);
	count(&press->foreign, differs && !unchanged);
	count(&press->mode_differs, press->wrote && !local && block->mode != press->written_mode);
	count(&press->contactor_differs, press->coil == 0 && block->status & PRESS_CONTACTOR_CLOSED);
	if (block->status & (PRESS_WATCHDOG_TRIPPED | PRESS_POWER_FAILED))
		press->latched_cycles++;
	else
		press->latched_cycles = 0;
}

static void take_block(struct press *press, uint32_t seq, double prior_gpa)
{
	const struct press_calibration *calibration = &press->follow.config->calibration;
	const struct press_block *block = &press->block;
	struct press_report *report = &press->report;

	press_follow_measure(&press->follow, block->oil_bar, block->status & PRESS_DEPRESSURISED, prior_gpa);
	report->oil_bar = session_make_reading(
		&press->session, seq, press_follow_is_plausible(block->oil_bar) ? block->oil_bar : NAN);
	report->oil_setpoint_bar = session_make_reading(&press->session, seq, block->setpoint_bar);
	if (press->layout.field[PRESS_STROKE])
		report->stroke_pct = session_make_reading(&press->session, seq, block->stroke_pct);
	report->pressure_gpa = report->setpoint_gpa = report->oil_bar;
	report->pressure_gpa.value = press->follow.sample_gpa;
	/* The sample pressure that the setpoint read back stands for: continuous at a reversal. */
	if (!(block->status & PRESS_LOCKED))
		report->setpoint_gpa.value = press_follow_setpoint_gpa(&press->follow, block->setpoint_bar);
	else
		report->setpoint_gpa.value = press->follow.sample_gpa;
	report->oil_gpa_per_bar = calibration_slope_gpa_per_bar(calibration, block->oil_bar);
	report->locked = block->status & PRESS_LOCKED;
	report->local = block->status & PRESS_LOCAL;
	report->depressurised = block->status & PRESS_DEPRESSURISED;
	report->contactor_closed = block->status & PRESS_CONTACTOR_CLOSED;
	report->switches_ns = report->oil_bar.t_reply_ns;
	report->watchdog_armed = is_armed(press);
	report->watchdog_tripped = block->status & PRESS_WATCHDOG_TRIPPED;
	report->power_failed = block->status & PRESS_POWER_FAILED;
}

/*
 * FC 23 writes before it reads, so that what another master wrote in between would never be seen: every 0.7
 * lab seconds the block is read first. What stands there is ours, or somebody else's.
 */
static int look_before(struct press *press, double t_lab_s)
{
	uint16_t words[PRESS_WORDS_MAX];
	struct press_block block;
	int r;

	if (!press->wrote || t_lab_s - press->looked_lab_s < LOOK_PERIOD_S)
		return 0;
	press->looked_lab_s = t_lab_s;
	r = modbus_port_read(&press->session.port, press->layout.read_address, press->layout.read_words,
			     words);
	if (r != 0)
		return r;
	press_map_decode(&press->layout, words, &block);
	press->overwritten = fabs(block.setpoint_bar - press->block.setpoint_bar) > SAME_BAR &&
			     fabs(block.setpoint_bar - press->written_bar) > SAME_BAR &&
			     !(block.status & PRESS_LOCAL);
	return 0;
}

/* A latched trip is cleared only after control has had time to see it, or when it newly asks for pressure. */
static int reset_latch(struct press *press, const struct press_demand *demand)
{
	const uint16_t one = 1;
	bool asked = demand->mode == MODE_CONTROL && press->last_mode != MODE_CONTROL;
	bool known = demand->mode == MODE_OFF && press->latched_cycles >= RESET_AFTER_CYCLES;

	if (press->latched_cycles == 0 || !(press->block.status & PRESS_LOCKED) || !(asked || known))
		return 0;
	press->latched_cycles = 0;
	return modbus_port_write(&press->session.port, press->layout.reset->address, 1, &one);
}

static int switch_contactor(struct press *press, const struct press_demand *demand, double t_lab_s)
{
	bool on = demand->heater_enable && may_act(press, demand);
	bool closed = press->block.status & PRESS_CONTACTOR_CLOSED;
	int r;

	if (press->coil == (on ? 1 : 0) && (closed == on || t_lab_s - press->coil_lab_s < COIL_REPEAT_S))
		return 0;
	if (press->coil < 0 && closed == on && !on) {
		press->coil = 0;
		return 0;
	}
	r = modbus_port_write_coil(&press->session.port, press->layout.heater->address, on);
	press->coil = on ? 1 : 0;
	press->coil_lab_s = t_lab_s;
	return r;
}

/* What adds energy, or takes a trip away, asks for more than identity: after a doubtful answer LOCK is obeyed
 * at once, while the coil that LOCK closes in a 1 atm run, and the latch, wait until the line is good again.
 */
static int release_heater(struct press *press, const struct press_demand *demand, double t_lab_s)
{
	int r;

	if (!session_may_write(&press->session))
		return 0;
	r = reset_latch(press, demand);
	return r == 0 && demand->heater_enable ? switch_contactor(press, demand, t_lab_s) : r;
}

/* Writing needs a block to start from: the first good cycle only reads. */
static int serve(struct press *press, const struct driver_cycle *cycle, const struct press_demand *demand)
{
	bool write = demand->mode != MODE_OBSERVE && press->have_block &&
		     session_may_obey(&press->session, demand->mode);
	struct press_block block;
	int r = 0;

	if (write && !demand->heater_enable)
		r = switch_contactor(press, demand, cycle->t_lab_s);
	if (write && r == 0)
		r = look_before(press, cycle->t_lab_s);
	if (r == 0)
		r = write ? exchange(press, cycle, demand, &block) : observe(press, &block);
	if (r != 0)
		return r;
	if (!block.identity_ok) {
		session_distrust(&press->session);
		return CAUSE_IDENTITY;
	}
	press->block = block;
	press->have_block = true;
	judge(press);
	take_block(press, cycle->seq, demand->prior_gpa);
	if (!write)
		return 0;
	r = release_heater(press, demand, cycle->t_lab_s);
	press->last_mode = demand->mode;
	return r;
}

static void press_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
			struct report *report, int *ret_trace_fd)
{
	struct press *press = state;
	struct session *session = &press->session;
	int r = session_begin(session, cycle);

	(void)ret_trace_fd;
	if (press->connects != session->connects) {
		press->connects = session->connects;
		forget_device(press);
	}
	if (r == 0)
		r = serve(press, cycle, &demand->press);
	press_follow_tick(&press->follow, cycle->t_lab_s);
	session_end(session, r == 0, report);
	press->report.identity_ok = session->identity_ok;
	press->report.readback_differs = press->setpoint_differs >= DIFFERS_TWICE ||
					 press->mode_differs >= DIFFERS_TWICE ||
					 press->contactor_differs >= DIFFERS_TWICE;
	press->report.second_master = press->foreign >= DIFFERS_TWICE || press->overwritten;
	press->report.release_refused = press->follow.refused && demand->press.mode == MODE_CONTROL;
	press->report.writes = press->writes;
	report->press = press->report;
}

static const struct memory_field memory_of_block[] = {
	MEMORY(struct press_block, oil_bar),     MEMORY(struct press_block, setpoint_bar),
	MEMORY(struct press_block, stroke_pct),  MEMORY(struct press_block, status),
	MEMORY(struct press_block, mode),        MEMORY(struct press_block, watchdog_s),
	MEMORY(struct press_block, identity_ok), MEMORY_END,
};

static const struct memory_field memory_of_press[] = {
	MEMORY_PART(struct press, session, memory_of_session),
	MEMORY_PART(struct press, follow, memory_of_press_follow),
	MEMORY_PART(struct press, block, memory_of_block),
	MEMORY(struct press, have_block),
	MEMORY(struct press, written_bar),
	MEMORY(struct press, before_write_bar),
	MEMORY(struct press, heartbeat),
	MEMORY(struct press, written_mode),
	MEMORY(struct press, wrote),
	MEMORY(struct press, looked_lab_s),
	MEMORY(struct press, overwritten),
	MEMORY(struct press, setpoint_differs),
	MEMORY(struct press, foreign),
	MEMORY(struct press, mode_differs),
	MEMORY(struct press, contactor_differs),
	MEMORY(struct press, latched_cycles),
	MEMORY(struct press, last_mode),
	MEMORY(struct press, coil),
	MEMORY(struct press, coil_lab_s),
	MEMORY(struct press, connects),
	MEMORY(struct press, writes),
	MEMORY_PART(struct press, report, memory_of_press_report),
	MEMORY_END,
};

const struct driver_ops press_driver = {
	.name = "press",
	.kind = DEVICE_PRESS,
	.protocol = "modbus",
	.state_size = sizeof(struct press),
	.memory = memory_of_press,
	.init = press_init,
	.cycle = press_cycle,
};
