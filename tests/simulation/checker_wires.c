/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reaches the devices: I1, I4, I5, I6, I8, I17. */
#include <math.h>
#include <string.h>

#include "drivers/press_map.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/world.h"

#define ZERO_CELSIUS_K 273.15
#define FURNACE_SETPOINT 0x8004
#define FURNACE_IDENTITY 122
#define NEAR_K 6.0        /* an adopted setpoint lies so near to what is measured */
#define COLD_MARGIN_K 1.5 /* cell against thermocouple */
#define BAR 2.0           /* noise and float steps of the oil setpoint */
#define WEAR_WINDOW_S 600.0
#define WEAR_MOST 1200u    /* 0.34 K/s in steps of 0.2 K */
#define FURNACE_STEP_K 1.0 /* a setpoint that streamed 1 to 2 s apart may be so far ahead */

enum { DEVICE_AT_PRESS, DEVICE_AT_FURNACE, DEVICE_AT_FLOW };

static double now_s(void)
{
	return (double)world.now_ns / 1e9;
}

static int device_of(int bus, uint8_t unit)
{
	if (bus == WORLD_PRESS)
		return DEVICE_AT_PRESS;
	return unit == REGISTERS_FURNACE_UNIT ? DEVICE_AT_FURNACE : DEVICE_AT_FLOW;
}

static bool holds(uint16_t at, uint16_t address, uint16_t count)
{
	return at >= address && at < address + count;
}

void checker_read(struct checker *checker, int bus, uint8_t unit, uint16_t address, uint16_t count,
		  uint32_t connects)
{
	int device = device_of(bus, unit);

	if ((device == DEVICE_AT_PRESS && holds(WORLD_PRESS_IDENTITY, address, count)) ||
	    (device == DEVICE_AT_FURNACE && holds(FURNACE_IDENTITY, address, count)))
		checker->identified[device] = connects + 1;
}

/* I4: no write before identity was read on this connection. The nitrogen controller has no identity. */
static void check_identity(struct checker *checker, int device, uint32_t connects)
{
	if (device != DEVICE_AT_FLOW && checker->identified[device] != connects + 1)
		checker_violate(checker, "I4", "device %d is written to before its identity was read",
				device);
}

static double get_float(const uint16_t *words)
{
	uint32_t bits = (uint32_t)words[0] << 16 | words[1];
	float value;

	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

/* What the thermocouple tells is all that can be known: a slipped one deceives everybody. */
static double coldest_proof_k(void)
{
	const struct furnace_plant *furnace = &world.lab.furnace;
	double within_s = 3600;

	/* What went out in this instant rests on a reading of before it, not older than a permit may be. */
	if (trouble_was_on(&world.trouble, TROUBLE_TC_JUMP, now_s(), world.site.limits.permit_age_s) ||
	    trouble_was_on(&world.trouble, TROUBLE_TC_BREAK, now_s(), world.site.limits.permit_age_s))
		return fmin(furnace->measured_k, furnace->cell_k);
	if (trouble_was_on(&world.trouble, TROUBLE_TC_SLIP, now_s(), within_s) ||
	    trouble_was_on(&world.trouble, TROUBLE_TC_JUMP, now_s(), 60) ||
	    trouble_was_on(&world.trouble, TROUBLE_NOISE, now_s(), 60))
		return furnace->measured_k;
	/* Nor could anybody see a frozen one that stands at cold when the heat is not densd's. */
	if (trouble_was_on(&world.trouble, TROUBLE_TC_FREEZE, now_s(), 60) &&
	    now_s() - world.warmed_s < within_s)
		return furnace->measured_k;
	return furnace->cell_k;
}

/* I1: nothing that can lower the pressure unless cold is proven; I8: and its intent is durable. */
static void check_release(struct checker *checker, double setpoint_bar)
{
	double proof_k = coldest_proof_k();

	if (proof_k > world.site.limits.release_temperature_k + COLD_MARGIN_K)
		checker_violate(checker, "I1", "oil setpoint lowered to %.1f bar at %.1f K", setpoint_bar,
				proof_k);
	if (checker->has_plan && !checker->release_intent && !checker->resume_intent)
		checker_violate(checker, "I8", "oil setpoint lowered to %.1f bar without a durable intent",
				setpoint_bar);
}

static void check_compression(struct checker *checker, double setpoint_bar)
{
	double gpa = press_plant_loading_gpa(setpoint_bar);

	if (!checker->has_plan || (!checker->compress_intent && !checker->heat_intent))
		checker_violate(checker, "I8", "oil setpoint raised to %.1f bar without a durable intent",
				setpoint_bar);
	if (checker->has_plan && gpa > checker->plan.pressure_gpa + checker->plan.limits.over_pressure_gpa)
		checker_violate(checker, "I6", "setpoint of %.3f GPa, the plan says %.3f", gpa,
				checker->plan.pressure_gpa);
}

/* The setpoint streams in steps far below the noise: what counts is how far it has gone since it was last
 * judged. */
static void write_press(struct checker *checker, const uint16_t *words)
{
	const struct press_plant *press = &world.lab.press;
	double setpoint_bar = get_float(words + 2);
	bool foreign = trouble_was_on(&world.trouble, TROUBLE_MASTER_PRESS, now_s(), 10) ||
		       trouble_was_on(&world.trouble, TROUBLE_OVER_PRESSURE, now_s(), 120);
	bool locked = press->mode_active == PRESS_PLANT_LOCK || words[1] != PRESS_MODE_REGULATE;

	/* In LOCK a setpoint moves nothing; out of it the pressure that is there is what it is compared with.
	 */
	if (locked || isnan(checker->judged_bar))
		checker->judged_bar = locked ? press->oil_bar : (double)press->setpoint_bar;
	if (words[1] != PRESS_MODE_REGULATE || fabs(setpoint_bar - checker->judged_bar) <= BAR)
		return;
	if (!foreign && setpoint_bar < checker->judged_bar)
		check_release(checker, setpoint_bar);
	if (!foreign && setpoint_bar > fmax(checker->judged_bar, press->oil_bar))
		check_compression(checker, setpoint_bar);
	checker->judged_bar = setpoint_bar;
}

/* I1, second half: no heating until the pressure is within its band. */
static void check_heating(struct checker *checker, double setpoint_k)
{
	double least_gpa = checker->plan.pressure_gpa - checker->plan.limits.loss_error_gpa -
			   checker->plan.holdback_pressure_gpa;

	if (!checker->has_plan || !checker->heat_intent)
		checker_violate(checker, "I8", "furnace setpoint raised to %.1f K without a durable intent",
				setpoint_k);
	else if (!checker->plan.reference && world.lab.press.sample_gpa < least_gpa &&
		 !trouble_was_on(&world.trouble, TROUBLE_LEAK, now_s(), 60) &&
		 !trouble_was_on(&world.trouble, TROUBLE_BLOWOUT, now_s(), 60))
		checker_violate(checker, "I1", "furnace setpoint raised to %.1f K at %.3f GPa", setpoint_k,
				world.lab.press.sample_gpa);
	if (checker->needs_leave && checker->permitted_s < 0)
		checker_violate(checker, "I17", "furnace setpoint raised to %.1f K after a restart by itself",
				setpoint_k);
}

/* I19: the profile allows a write a second, and one more each 0.2 K; starts, adoptions and offs cost a few.
 */
static void count_wear(struct checker *checker)
{
	double now = now_s();

	if (now - checker->wear_from_s >= WEAR_WINDOW_S) {
		checker->wear_from_s = now;
		checker->wear_writes = 0;
	}
	if (++checker->wear_writes != WEAR_MOST)
		return;
	checker_violate(checker, "I19", "%u writes of the furnace's setpoint within %.0f s",
			checker->wear_writes, now - checker->wear_from_s);
}

/* I5, I6. A setpoint near what is measured is an adoption. */
static void write_furnace(struct checker *checker, double setpoint_k)
{
	double before_k = checker->furnace_setpoint_k, elapsed_s = now_s() - checker->furnace_written_s;
	double most_k = checker->plan.heating_k_per_s * (elapsed_s + 1) + FURNACE_STEP_K;
	bool near = fabs(setpoint_k - world.lab.furnace.measured_k) <= NEAR_K;
	bool deceived = trouble_was_on(&world.trouble, TROUBLE_NOISE, now_s(), 5) ||
			trouble_was_on(&world.trouble, TROUBLE_TC_JUMP, now_s(), 30) ||
			trouble_was_on(&world.trouble, TROUBLE_TC_SLIP, now_s(), 120) ||
			trouble_was_on(&world.trouble, TROUBLE_TC_BREAK, now_s(), 120);

	if (!near && !deceived && !isnan(before_k) && checker->has_plan && setpoint_k - before_k > most_k)
		checker_violate(checker, "I5", "furnace setpoint from %.2f to %.2f K within %.2f s", before_k,
				setpoint_k, elapsed_s);
	if (checker->has_plan &&
	    setpoint_k > fmax(checker->plan.temperature_k, FURNACE_AMBIENT_K + NEAR_K) + FURNACE_STEP_K &&
	    !near)
		checker_violate(checker, "I6", "furnace setpoint %.1f K, the plan says %.1f", setpoint_k,
				checker->plan.temperature_k);
	if (!near && !deceived && setpoint_k > FURNACE_AMBIENT_K + 2 * NEAR_K && setpoint_k > before_k)
		check_heating(checker, setpoint_k);
	checker->furnace_setpoint_k = setpoint_k;
	checker->furnace_written_s = now_s();
}

void checker_write(struct checker *checker, int bus, uint8_t unit, uint16_t address, uint16_t count,
		   const uint16_t *words, uint32_t connects)
{
	int device = device_of(bus, unit);

	world_mix_decision(&address, sizeof(address));
	world_mix_decision(words, count * sizeof(*words));
	check_identity(checker, device, connects);
	if (device == DEVICE_AT_PRESS && address == 0 && count == WORLD_PRESS_WRITTEN)
		write_press(checker, words);
	if (device == DEVICE_AT_FURNACE && address == FURNACE_SETPOINT && count == 2)
		for (uint32_t i = world.plant == PLANT_WEAR ? 10 : 1; i > 0; i--)
			count_wear(checker);
	if (device == DEVICE_AT_FURNACE && address == FURNACE_SETPOINT && count == 2)
		write_furnace(checker, get_float(words) + ZERO_CELSIUS_K);
}

void checker_coil(struct checker *checker, uint16_t address, bool on, uint32_t connects)
{
	world_mix_decision(&address, sizeof(address));
	world_mix_decision(&on, sizeof(on));
	check_identity(checker, DEVICE_AT_PRESS, connects);
}

/* I8: each fire has its own durable intent. */
void checker_text(struct checker *checker, const char *text)
{
	world_mix_decision(text, strlen(text));
	if (strstr(text, "FIRE") == NULL || strchr(text, '?') != NULL)
		return;
	world_tell("chip: %s", text);
	crash_at_fire();
	if (++checker->fires > checker->fire_intents) {
		checker_violate(checker, "I8", "the chip is fired without a durable intent of its own");
		checker->fires = checker->fire_intents;
	}
}
