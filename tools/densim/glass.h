/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The virtual Vit4 glass: a two-subspace (alpha and beta) Tool-Narayanaswamy-Moynihan model with pressure.
 * Pure arithmetic on one sample's state; no allocation, no I/O. Units: K, s, GPa, J/mol.
 *
 * It tests plumbing and analysis. It is no evidence for the physics of real glass.
 */
#ifndef DENSD_DENSIM_GLASS_H
#define DENSD_DENSIM_GLASS_H

enum { GLASS_ALPHA = 16, GLASS_BETA = 12 };

struct glass {
	double f[GLASS_ALPHA]; /* K: ambient-equivalent fictive temperature of each alpha mode */
	double u[GLASS_BETA];  /* K: of each beta mode */
	double strain;         /* M: unaccommodated pressure strain, 0 to 1 */
	double frozen_gpa;     /* D: pressure frozen into the alpha structure */
	double highest_gpa;    /* Pmax: largest pressure met so far */
};

/* Liquid in equilibrium at @temperature_k and 1 atm (all modes equal). */
void glass_init_liquid(struct glass *ret_glass, double temperature_k);
/* Melt-spun ribbon: quenched from 1100 K to 298 K at 3.4e4 K/s. */
void glass_init_as_spun(struct glass *ret_glass);
/*
 * Advances from (@from_k, @from_gpa) to (@to_k, @to_gpa), both linear in time, during @duration_s > 0.
 * Unconditionally stable; accurate for |dT| <= 1 K and |dP| <= 0.1 GPa.
 */
void glass_step(struct glass *glass, double from_k, double to_k, double from_gpa, double to_gpa,
		double duration_s);
/* The same in as many steps of at most @step_k as needed; @rate_k_per_s > 0. */
void glass_ramp(struct glass *glass, double from_k, double to_k, double rate_k_per_s, double gpa,
		double step_k);
/* Isotherm in 59 steps that grow geometrically. */
void glass_hold(struct glass *glass, double temperature_k, double gpa, double duration_s);
/* Pressure ramp at constant temperature in steps of at most 0.1 GPa. */
void glass_press(struct glass *glass, double temperature_k, double from_gpa, double to_gpa,
		 double rate_gpa_per_s);

/* Enthalpic fictive temperature. */
double glass_tf_k(const struct glass *glass);
/* First sharp diffraction peak, 1/Angstrom. */
double glass_q1(const struct glass *glass);
/* Heat capacity of the glass without relaxation at @temperature_k, J/mol/K. */
double glass_cp_glass(double temperature_k);
/* Heat capacity step of a structure of fictive temperature @tf_k. */
double glass_cp_step(double tf_k);

enum { GLASS_SCAN_MAX = 4096 };
/*
 * Heats at 1 atm in steps of 0.5 K: ret_temperature_k[count] at mid-step, ret_cp[count] in J/mol/K.
 * Returns count, or -ERANGE when the range does not fit in @capacity rows.
 */
int glass_scan(struct glass *glass, double rate_k_per_s, double from_k, double to_k, int capacity,
	       double *ret_temperature_k, double *ret_cp);

#endif
