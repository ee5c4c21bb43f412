/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the furnace driver knows of its controller, for its parts alone: furnace.c (the cycle),
 * furnace_setpoint.c, furnace_values.c and furnace_relay.c. What is believed of the device is forgotten with
 * each connect.
 */
#ifndef DENSD_DRIVERS_FURNACE_STATE_H
#define DENSD_DRIVERS_FURNACE_STATE_H

#include "drivers/furnace_contactor.h"
#include "drivers/furnace_ramp.h"
#include "drivers/session.h"

enum furnace_role { ROLE_VALUE, ROLE_SETPOINT, ROLE_OUTPUT, ROLE_VALUE2, ROLE_WORKING, ROLE_FAST_MAX };

struct furnace {
	struct session session;
	const struct bus_config *config;
	const struct profile *profile;
	const struct profile_register *fast[ROLE_FAST_MAX], *mode, *status, *status2;
	uint16_t span_address, span_words;
	bool span_input, spanned[ROLE_FAST_MAX];
	double auto_mode;  /* what the mode register holds in automatic */
	bool off_by_mode;  /* the off sequence writes that register */
	uint8_t last_mode; /* enum device_mode of the last demand */
	bool commanded_auto, seen_auto, manual, have_mode, mode_due, started;
	double slow_lab_s;
	bool slow_is_mode;
	double written_k, written_lab_s; /* NAN: nothing written since the connect */
	double before_write_k;
	double held_k, working_k; /* as last read: the setpoint register, and what is in force; NAN: not */
	struct furnace_ramp ramp;
	double ramp_retry_lab_s;
	uint32_t rate_differs;
	uint32_t refused; /* what control asked for and is not written, by range or by its wear */
	double refused_lab_s;
	double relay_pct; /* autotune: the output last written in manual; NAN: none */
	uint32_t relay_differs;
	double seen_k, seen2_k; /* last temperature read, whatever it was; NAN: none since the connect */
	bool broken2;           /* the second thermocouple, by its own status */
	uint32_t differs, foreign, mode_differs;
	double off_lab_s;
	struct furnace_report report;
	struct furnace_contactor contactor;
	uint32_t connects;
};

#endif
