/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/dryrun.h"

#include <math.h>
#include <string.h>

#include "drivers/furnace_ramp.h"

#define TICK_S 0.1
#define FURNACE_LAG_S 2.0
#define FURNACE_LOSS_S 900.0 /* heater off: back to ambient with this time constant */
#define PRESS_LAG_S 1.0
#define OIL_GPA_PER_BAR 0.01
#define HOLDING_PCT 15.0 /* output that holds a temperature */
#define RELAY_LAG_S 1.0
#define RELAY_K_PER_S_PCT 0.02

/* The instruments: what they hold, and what was last written to them. */
struct bench {
	double t_s, k, gpa;
	double written_k, written_gpa, furnace_written_s, press_written_s;
	double furnace_period_s, press_period_s, furnace_step_k;
	double heat_pct;             /* of a furnace in manual: its output, with a lag */
	const struct profile *ramps; /* a furnace that ramps by itself; NULL: its setpoint is streamed */
	struct furnace_ramp ramp;
	struct actions actions;
};

static void bench_init(struct bench *bench, const struct site *site)
{
	*bench = (struct bench){
		.k = site->ambient_k, .gpa = PLAN_ATM_GPA, .written_k = NAN, .written_gpa = NAN};
	bench->furnace_written_s = bench->press_written_s = -INFINITY;
	for (uint32_t i = 0; i < site->bus_count; i++)
		for (uint32_t j = 0; j < site->buses[i].device_count; j++) {
			const struct profile *profile = &site->buses[i].devices[j].profile;

			if (profile->kind == DEVICE_FURNACE) {
				bench->furnace_period_s = profile->setpoint_period_s;
				bench->furnace_step_k = profile->setpoint_step;
				bench->ramps = profile->ramp == RAMP_DEVICE ? profile : NULL;
				furnace_ramp_reset(&bench->ramp, profile);
			} else if (profile->kind == DEVICE_PRESS) {
				bench->press_period_s = profile->setpoint_period_s;
			}
		}
}

/* A write happens when the value differs, and either the least period is over or the step is large. */
static uint32_t write_due(double value, double *written, double t_s, double *written_s, double period_s,
			  double step)
{
	double change = fabs(value - *written);

	if (change == 0 || (t_s - *written_s < period_s && !(step > 0 && change >= step)))
		return 0;
	*written = value;
	*written_s = t_s;
	return 1;
}

/* Setpoint writes of this tick. A controller that ramps by itself does as it is told. */
static uint32_t write_setpoint(struct bench *bench)
{
	const struct actions *actions = &bench->actions;
	struct furnace_ramp_look look = {.t_lab_s = bench->t_s,
					 .setpoint_k = actions->setpoint_k,
					 .target_k = actions->target_k,
					 .ramp_k_per_s = actions->ramp_k_per_s,
					 .working_k = actions->setpoint_k};
	uint32_t writes = 0;

	if (!bench->ramps)
		return write_due(actions->setpoint_k, &bench->written_k, bench->t_s,
				 &bench->furnace_written_s, bench->furnace_period_s, bench->furnace_step_k);
	furnace_ramp_see(&bench->ramp, &look);
	for (int i = 0; i < FURNACE_RAMP_ORDERS_MAX; i++) {
		struct furnace_ramp_order order = furnace_ramp_next(&bench->ramp, &look);

		writes += order.kind == RAMP_ORDER_ADOPT || order.kind == RAMP_ORDER_TARGET;
		furnace_ramp_done(&bench->ramp, &order, &look);
	}
	return writes;
}

/* An autotune's relay: the furnace warms with its output, a little late. */
static void bench_relay(struct bench *bench)
{
	bench->heat_pct += (bench->actions.output_pct - bench->heat_pct) * TICK_S / RELAY_LAG_S;
	bench->k += (bench->heat_pct - HOLDING_PCT) * RELAY_K_PER_S_PCT * TICK_S;
}

static void bench_move(struct bench *bench, double ambient_k, struct dryrun *dryrun)
{
	const struct actions *actions = &bench->actions;

	bench->t_s += TICK_S;
	if (!actions->relay)
		bench->heat_pct = HOLDING_PCT;
	if (actions->heat == HEAT_CONTROL && actions->relay) {
		bench_relay(bench);
	} else if (actions->heat == HEAT_CONTROL) {
		dryrun->furnace_writes += write_setpoint(bench);
		bench->k += (actions->setpoint_k - bench->k) * TICK_S / FURNACE_LAG_S;
	} else {
		bench->k += (ambient_k - bench->k) * TICK_S / FURNACE_LOSS_S;
	}
	if (actions->press == PRESS_REGULATE) {
		dryrun->press_writes += write_due(actions->setpoint_gpa, &bench->written_gpa, bench->t_s,
						  &bench->press_written_s, bench->press_period_s, 0);
		bench->gpa += (actions->setpoint_gpa - bench->gpa) * TICK_S / PRESS_LAG_S;
	}
}

static struct measurement good(double value, double t_s)
{
	return (struct measurement){.value = value, .t_lab_s = t_s, .quality = QUALITY_GOOD};
}

/* What the instruments answer. The wobble of 5 mK is a real thermocouple's: none is bit-identical for long.
 */
static void bench_read(const struct bench *bench, double ambient_k, struct inputs *ret_inputs)
{
	const struct actions *actions = &bench->actions;
	double t = bench->t_s, oil = bench->gpa / OIL_GPA_PER_BAR;
	bool heating = actions->heat == HEAT_CONTROL && actions->setpoint_k > ambient_k + 5;

	*ret_inputs = (struct inputs){
		.temperature_k = good(bench->k + 0.005 * sin(t), t),
		.ambient_k = good(ambient_k, t),
		.furnace_setpoint_k =
			good(actions->heat == HEAT_CONTROL ? actions->setpoint_k : ambient_k, t),
		.furnace_output_pct = good(heating ? HOLDING_PCT : 0, t),
		.pressure_gpa = good(bench->gpa, t),
		.pressure_setpoint_gpa = good(actions->setpoint_gpa, t),
		.oil_bar = good(oil, t),
		.oil_setpoint_bar = good(actions->setpoint_gpa / OIL_GPA_PER_BAR, t),
		.oil_gpa_per_bar = OIL_GPA_PER_BAR,
		.stroke_pct = good(80, t),
		.flow_ml_per_min = good(80, t),
		.furnace_identity_ok = true,
		.press_identity_ok = true,
		.press_locked = actions->press != PRESS_REGULATE,
		.press_depressurised = oil <= 5,
		.press_contactor_closed = actions->contactor,
		.devices_armed = true,
		.store_ok = true,
	};
}

/* One event, and at once the answer of a disk that is never late. */
static void feed(const struct plan *plan, struct machine *machine, struct bench *bench,
		 const struct event *event)
{
	struct event durable = {.kind = EVENT_DURABLE, .t_lab_s = event->t_lab_s, .inputs = event->inputs};
	struct machine next;

	machine_step(plan, machine, event, &next, &bench->actions);
	*machine = next;
	for (int i = 0; i < 4 && bench->actions.intent.number && bench->actions.intent.before; i++) {
		durable.intent = bench->actions.intent.number;
		machine_step(plan, machine, &durable, &next, &bench->actions);
		*machine = next;
	}
}

static void record_phase(struct dryrun *dryrun, const struct machine *machine, const struct bench *bench)
{
	struct dryrun_phase *last = dryrun->phase_count ? &dryrun->phases[dryrun->phase_count - 1] : NULL;

	if (last) {
		last->duration_s = bench->t_s - last->start_s;
		last->to_gpa = bench->gpa;
		last->to_k = bench->k;
	}
	if ((last && last->phase == machine->phase) || dryrun->phase_count == DRYRUN_PHASES_MAX)
		return;
	dryrun->phases[dryrun->phase_count++] = (struct dryrun_phase){.phase = machine->phase,
								      .start_s = bench->t_s,
								      .from_gpa = bench->gpa,
								      .to_gpa = bench->gpa,
								      .from_k = bench->k,
								      .to_k = bench->k};
}

static void record_point(struct dryrun *dryrun, const struct bench *bench, double interval_s)
{
	uint32_t n = dryrun->point_count;

	if (n == DRYRUN_POINTS_MAX || (n && bench->t_s - dryrun->points[n - 1].t_s < interval_s))
		return;
	dryrun->points[dryrun->point_count++] = (struct dryrun_point){bench->t_s, bench->gpa, bench->k};
}

static void record_relay(struct dryrun *dryrun, const struct machine *machine, const struct bench *bench)
{
	if (machine->tune.stage != TUNE_RUNNING)
		return;
	dryrun->relay_s = bench->t_s - machine->tune.started_lab_s;
	dryrun->relay_cycles = machine->tune.seen + 1; /* the one that is going on */
	dryrun->relay_most_k = fmax(dryrun->relay_most_k, bench->k);
}

static bool is_stuck(uint8_t phase)
{
	return phase == PHASE_HOLD || phase == PHASE_TRIPPED || phase == PHASE_ABORTING ||
	       phase == PHASE_RECOVERY_WAIT || phase == PHASE_HANDED_OVER;
}

static void tick(const struct plan *plan, struct machine *machine, struct bench *bench, double ambient_k)
{
	struct inputs inputs;
	struct event event = {.kind = EVENT_TICK, .inputs = &inputs};

	bench_read(bench, ambient_k, &inputs);
	event.t_lab_s = bench->t_s;
	feed(plan, machine, bench, &event);
	if (machine->phase != PHASE_WAIT_CAPSULE)
		return;
	event.kind = EVENT_VERB;
	event.verb = VERB_CONFIRM_CAPSULE;
	event.role = ROLE_SUPERVISOR;
	event.text = "dry run";
	feed(plan, machine, bench, &event);
}

void dryrun(const struct plan *plan, const struct site *site, struct dryrun *ret_dryrun)
{
	double total_s = plan_total_s(plan, site->ambient_k), end_s = 2 * total_s + 7200,
	       interval_s = total_s / 1500;
	struct event start = {.kind = EVENT_START};
	struct machine machine;
	struct bench bench;

	memset(ret_dryrun, 0, sizeof(*ret_dryrun));
	bench_init(&bench, site);
	machine_init(&machine, 0);
	tick(plan, &machine, &bench, site->ambient_k);
	feed(plan, &machine, &bench, &start);
	while (bench.t_s < end_s && machine.phase != PHASE_DONE && !is_stuck(machine.phase)) {
		bench_move(&bench, site->ambient_k, ret_dryrun);
		tick(plan, &machine, &bench, site->ambient_k);
		record_phase(ret_dryrun, &machine, &bench);
		record_relay(ret_dryrun, &machine, &bench);
		record_point(ret_dryrun, &bench, interval_s);
	}
	ret_dryrun->phase = machine.phase;
	ret_dryrun->outcome = machine.outcome;
	ret_dryrun->total_s = bench.t_s;
	memcpy(ret_dryrun->cause, machine.cause, sizeof(ret_dryrun->cause));
}
