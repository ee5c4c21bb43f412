/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_ramp.h"

#include <math.h>

#define SHORT_AHEAD_S 10.0 /* until it is proven, and after each interruption */
#define SETTLED_S 20.0     /* moved for so long without one */
/*
 * A shorter stand is none, as long as the target is near. On the way down a device that is a little ahead
 * only heats less: the last kelvins of a cooling, where holdback comes and goes, are not worth a write each.
 */
#define STAND_UP_S 1.0
#define STAND_DOWN_S 10.0
#define AHEAD_UP_K 1.0
#define AHEAD_DOWN_K 5.0
#define CAUGHT_UP_K 0.1
#define TRACK_K 3.0
#define TRACK_DOWN_K 7.0 /* ahead on the way down */
#define TRACK_S 10.0
#define BLIND_S 5.0 /* without a working setpoint, when a value is lost */
#define ADOPT_BAND_K 2.0
#define ADOPT_S 5.0
#define ADOPT_AGAIN_S 30.0
#define PROOF_S 10.0
#define PROOF_SHARE 0.25
#define OVERRUNS 3u
#define OVERRUNS_S 60.0
#define SAME_K 0.005
#define SAME_RATE 1e-3

const struct memory_field memory_of_furnace_ramp[] = {
	MEMORY(struct furnace_ramp, ahead_s),
	MEMORY(struct furnace_ramp, adopting),
	MEMORY(struct furnace_ramp, adopted),
	MEMORY(struct furnace_ramp, limited),
	MEMORY(struct furnace_ramp, waiting),
	MEMORY(struct furnace_ramp, proven),
	MEMORY(struct furnace_ramp, off_track),
	MEMORY(struct furnace_ramp, rate_k_per_s),
	MEMORY(struct furnace_ramp, written_k),
	MEMORY(struct furnace_ramp, look_lab_s),
	MEMORY(struct furnace_ramp, look_setpoint_k),
	MEMORY(struct furnace_ramp, adopt_lab_s),
	MEMORY(struct furnace_ramp, moving_lab_s),
	MEMORY(struct furnace_ramp, standing_lab_s),
	MEMORY(struct furnace_ramp, off_lab_s),
	MEMORY(struct furnace_ramp, moving_from_k),
	MEMORY(struct furnace_ramp, overrun_lab_s),
	MEMORY(struct furnace_ramp, overruns),
	MEMORY_END,
};

void furnace_ramp_reset(struct furnace_ramp *ramp, const struct profile *profile)
{
	*ramp = (struct furnace_ramp){.ahead_s = profile->ramp_ahead_s,
				      .rate_k_per_s = NAN,
				      .written_k = NAN,
				      .look_lab_s = NAN,
				      .look_setpoint_k = NAN,
				      .adopt_lab_s = NAN,
				      .moving_lab_s = NAN,
				      .standing_lab_s = NAN,
				      .off_lab_s = NAN,
				      .overrun_lab_s = NAN};
}

static double cycle_k(const struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double interval_s = isnan(ramp->look_lab_s) ? 0 : look->t_lab_s - ramp->look_lab_s;

	return fabs(look->ramp_k_per_s) * fmax(interval_s, 0);
}

/* How far the device is ahead of the setpoint, in the direction of the ramp. */
static double lead_k(const struct furnace_ramp_look *look)
{
	return copysign(1, look->ramp_k_per_s) * (look->working_k - look->setpoint_k);
}

/* Longer than no cycle: what changed between two of them was no ramp. */
static bool jumped(const struct furnace_ramp *ramp, const struct furnace_ramp_look *look, double cycle)
{
	double rate = isnan(ramp->rate_k_per_s) ? 0 : ramp->rate_k_per_s;
	double most_k = 0.5 + 3 * fmax(cycle, rate * (look->t_lab_s - ramp->look_lab_s));

	return !isnan(ramp->look_setpoint_k) && fabs(look->setpoint_k - ramp->look_setpoint_k) > most_k;
}

static void see_adoption(struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double since_s = look->t_lab_s - ramp->adopt_lab_s;

	if (!ramp->adopting)
		return;
	ramp->adopted = since_s > 0 && fabs(look->working_k - ramp->written_k) <= ADOPT_BAND_K;
	ramp->adopting = !ramp->adopted && since_s < ADOPT_AGAIN_S;
	ramp->off_track = !ramp->adopted && since_s > ADOPT_S;
}

static void see_overrun(struct furnace_ramp *ramp, double t_lab_s)
{
	if (isnan(ramp->overrun_lab_s) || t_lab_s - ramp->overrun_lab_s > OVERRUNS_S) {
		ramp->overrun_lab_s = t_lab_s;
		ramp->overruns = 0;
	}
	ramp->overruns++;
}

static void see_lead(struct furnace_ramp *ramp, const struct furnace_ramp_look *look, double slack_k)
{
	double lead = lead_k(look), most_k = look->ramp_k_per_s > 0 ? AHEAD_UP_K : AHEAD_DOWN_K;

	/* Not seen: it waits as one that is ahead, and is not counted as one. */
	if (isnan(lead)) {
		ramp->waiting = true;
	} else if (!ramp->waiting && lead > most_k + slack_k) {
		ramp->waiting = true;
		see_overrun(ramp, look->t_lab_s);
	} else if (ramp->waiting && lead <= CAUGHT_UP_K + slack_k) {
		ramp->waiting = false;
		ramp->moving_lab_s = NAN;
	}
}

static void see_motion(struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	if (look->ramp_k_per_s == 0) {
		ramp->waiting = false;
		ramp->moving_lab_s = NAN;
		if (isnan(ramp->standing_lab_s))
			ramp->standing_lab_s = look->t_lab_s;
		return;
	}
	ramp->standing_lab_s = NAN;
	if (isnan(ramp->moving_lab_s) && !isnan(look->working_k)) {
		ramp->moving_lab_s = look->t_lab_s;
		ramp->moving_from_k = look->working_k;
	}
}

/* It moved as fast as it was told: then its rate is in the unit that the profile says. */
static void see_proof(struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double moved_s = look->t_lab_s - ramp->moving_lab_s;
	double wanted_k = look->ramp_k_per_s * moved_s;

	if (moved_s >= PROOF_S && !ramp->waiting &&
	    fabs(look->working_k - ramp->moving_from_k - wanted_k) <= PROOF_SHARE * fabs(wanted_k))
		ramp->proven = true;
}

static void see_track(struct furnace_ramp *ramp, const struct furnace_ramp_look *look, double slack_k)
{
	bool below = fmax(look->working_k, ramp->written_k + SAME_K) < look->setpoint_k;
	bool blind = isnan(look->working_k);
	bool off = blind ||
		   fabs(look->working_k - look->setpoint_k) > slack_k + (below ? TRACK_DOWN_K : TRACK_K);

	if (!off)
		ramp->off_lab_s = NAN;
	else if (isnan(ramp->off_lab_s))
		ramp->off_lab_s = look->t_lab_s;
	ramp->off_track = (off && look->t_lab_s - ramp->off_lab_s >= (blind ? BLIND_S : TRACK_S)) ||
			  (!ramp->proven && ramp->overruns >= OVERRUNS);
}

void furnace_ramp_see(struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double cycle = cycle_k(ramp, look);

	if (ramp->adopted && jumped(ramp, look, cycle))
		ramp->adopted = ramp->adopting = ramp->waiting = false;
	see_adoption(ramp, look);
	if (ramp->adopted) {
		see_motion(ramp, look);
		if (look->ramp_k_per_s != 0) {
			see_lead(ramp, look, 2 * cycle);
			see_proof(ramp, look);
		}
		see_track(ramp, look, 4 * cycle);
	}
	ramp->look_lab_s = look->t_lab_s;
	ramp->look_setpoint_k = look->setpoint_k;
}

static struct furnace_ramp_order make_target(const struct furnace_ramp *ramp, double target_k)
{
	bool same = fabs(target_k - ramp->written_k) <= SAME_K;

	return (struct furnace_ramp_order){.kind = same ? RAMP_ORDER_NONE : RAMP_ORDER_TARGET,
					   .target_k = target_k};
}

static struct furnace_ramp_order stand(const struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double near_k = (isnan(ramp->rate_k_per_s) ? 0 : ramp->rate_k_per_s) * SHORT_AHEAD_S;
	bool near = fabs(ramp->written_k - look->setpoint_k) <= near_k + SAME_K;
	double stand_s = ramp->written_k < look->setpoint_k ? STAND_DOWN_S : STAND_UP_S;

	if (near && look->t_lab_s - ramp->standing_lab_s < stand_s)
		return (struct furnace_ramp_order){.kind = RAMP_ORDER_NONE};
	return make_target(ramp, look->setpoint_k);
}

static double horizon_k(const struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	bool settled = ramp->proven && look->t_lab_s - ramp->moving_lab_s >= SETTLED_S;
	double ahead_s = settled ? ramp->ahead_s : fmin(SHORT_AHEAD_S, ramp->ahead_s);

	/* A cycle that takes long must not let the device run dry. */
	return fmax(fabs(look->ramp_k_per_s) * ahead_s, 4 * cycle_k(ramp, look));
}

static struct furnace_ramp_order move(const struct furnace_ramp *ramp, const struct furnace_ramp_look *look)
{
	double sign = copysign(1, look->ramp_k_per_s), horizon = horizon_k(ramp, look);
	double room_k = fmax(sign * (look->target_k - look->setpoint_k), 0);
	double goal_k = look->setpoint_k + sign * fmin(horizon, room_k);
	double left_k = sign * (ramp->written_k - look->setpoint_k);

	if (ramp->waiting)
		return left_k > 0 ? make_target(ramp, look->setpoint_k)
				  : (struct furnace_ramp_order){.kind = RAMP_ORDER_NONE};
	if (isnan(left_k) || left_k > room_k + SAME_K || left_k < fmin(horizon / 2, room_k))
		return make_target(ramp, goal_k);
	return (struct furnace_ramp_order){.kind = RAMP_ORDER_NONE};
}

struct furnace_ramp_order furnace_ramp_next(const struct furnace_ramp *ramp,
					    const struct furnace_ramp_look *look)
{
	double rate = fabs(look->ramp_k_per_s);

	if (!ramp->adopted && !ramp->adopting)
		return (struct furnace_ramp_order){.kind = RAMP_ORDER_ADOPT, .target_k = look->setpoint_k};
	if (!ramp->adopted)
		return (struct furnace_ramp_order){.kind = RAMP_ORDER_NONE};
	if (rate > 0 && !(ramp->limited && fabs(rate - ramp->rate_k_per_s) <= SAME_RATE * rate))
		return (struct furnace_ramp_order){.kind = RAMP_ORDER_RATE, .rate_k_per_s = rate};
	return rate > 0 ? move(ramp, look) : stand(ramp, look);
}

void furnace_ramp_done(struct furnace_ramp *ramp, const struct furnace_ramp_order *order,
		       const struct furnace_ramp_look *look)
{
	switch (order->kind) {
	case RAMP_ORDER_ADOPT:
		ramp->adopting = true;
		ramp->limited = ramp->waiting = false;
		ramp->written_k = order->target_k;
		ramp->adopt_lab_s = look->t_lab_s;
		ramp->moving_lab_s = ramp->standing_lab_s = ramp->off_lab_s = NAN;
		break;
	case RAMP_ORDER_RATE:
		ramp->limited = true;
		ramp->rate_k_per_s = order->rate_k_per_s;
		break;
	case RAMP_ORDER_TARGET:
		ramp->written_k = order->target_k;
		break;
	case RAMP_ORDER_NONE:
		break;
	}
}

uint32_t furnace_ramp_count_writes(const struct profile *profile, double moving_s, uint32_t segments)
{
	double period_s = fmax(profile->setpoint_period_s, 0.1);
	double begun_s = fmin(SETTLED_S * segments, moving_s), renewals;

	if (profile->ramp != RAMP_DEVICE)
		return (uint32_t)ceil(moving_s / period_s) + segments;
	renewals = begun_s / (SHORT_AHEAD_S / 2) + (moving_s - begun_s) / (profile->ramp_ahead_s / 2);
	return (uint32_t)ceil(renewals) + 3 * segments;
}
