/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens in the laboratory while densd is away: people at the panels of press, furnace and chip
 * controller, lines and instruments that fail meanwhile, another site file for the next start.
 */
#ifndef DENSD_TESTS_SIMULATION_OUTAGE_H
#define DENSD_TESTS_SIMULATION_OUTAGE_H

/* densd died just now, and comes back after @gap_s. Returns when somebody may come by, from now. */
double outage_begin(double t_s, double gap_s);
/* He comes. */
void outage_visit(void);
/* It is about to be started. */
void outage_end(void);

#endif
