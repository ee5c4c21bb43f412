/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The FDSC chip controller: program, arm, fire, scan counter, kept trace, and the section on it. A running
 * scan advances through the glass model in steps of 0.5 K, as lab time passes. Pure; text is scpi.c.
 *
 * A program with a COOL behind its first RAMP is the first scan of a fresh section: the section is then a
 * copy of the recovered glass. Any other program scans the section that is there.
 */
#ifndef DENSD_DENSIM_CHIP_H
#define DENSD_DENSIM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/densim/faults.h"
#include "tools/densim/glass.h"

enum chip_status {
	CHIP_STATUS_IDLE,
	CHIP_STATUS_PROGRAMMED,
	CHIP_STATUS_ARMED,
	CHIP_STATUS_RUNNING,
	CHIP_STATUS_DATA,
	CHIP_STATUS_FAULT
};
enum chip_flag { CHIP_FLAG_OPEN = 1, CHIP_FLAG_BAND = 2 };
enum { CHIP_SEGMENTS = 8, CHIP_ROWS = 4096 };
#define CHIP_LOWEST_K 250.0
#define CHIP_HIGHEST_K 1100.0
#define CHIP_FASTEST_K_PER_S 10000.0

struct chip_segment {
	bool recorded; /* RAMP; else COOL */
	double from_k, to_k, rate_k_per_s;
};
struct chip_row {
	float t_s, temperature_k, heat_flow_mw;
};
struct chip {
	struct chip_segment segments[CHIP_SEGMENTS];
	uint32_t segment_count;
	bool spent; /* this program was fired */
	bool armed, running;
	uint32_t counter;     /* scans ever fired */
	uint32_t first_scans; /* of them, those of a fresh section */
	uint32_t trace;       /* counter of the kept trace; 0: none */
	uint32_t row_count;
	struct chip_row rows[CHIP_ROWS];
	/* the scan that runs */
	uint32_t segment;
	double done_k;       /* of the segment */
	double run_s, due_s; /* lab seconds computed, and passed, since FIRE */
	double cell_mw;      /* behind the cell's time constant */
	double temperature_k, power_mw;
	/* the section */
	struct glass section;
	double mass_g;
	uint32_t section_number;
	bool touched; /* scanned at least once */
	double watchdog_s, silent_s;
	uint64_t seed;
	bool noise;
};

void chip_init(struct chip *ret_chip, uint64_t seed, bool noise);
enum chip_status chip_status(const struct chip *chip, const struct faults *faults);
unsigned chip_flags(const struct chip *chip, const struct faults *faults);
double chip_resistance_ohm(const struct chip *chip, const struct faults *faults);
/* Adds to the program; a program that was fired is forgotten first. 0, -EBUSY (running, armed), -ENOSPC,
 * -ERANGE. */
int chip_program(struct chip *chip, const struct chip_segment *segment);
void chip_clear(struct chip *chip);
/* 0, or -EPERM: no program, a trace is kept, running, or heater open. */
int chip_arm(struct chip *chip, const struct faults *faults);
/* @recovered: what a fresh section is cut from. 0, or -EPERM when not armed. */
int chip_fire(struct chip *chip, const struct glass *recovered);
/* Puts a fresh section on the chip. */
void chip_load(struct chip *chip, const struct glass *recovered);
/* Heater off; a running scan ends and keeps no trace. */
void chip_off(struct chip *chip);
int chip_delete(struct chip *chip, uint32_t counter);
/* @watchdog_least_s as for the press. */
void chip_step(struct chip *chip, const struct faults *faults, double watchdog_least_s, double step_s);

#endif
