/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site file: instruments, buses, limits, calibrations, sockets, roles, store. Shipped: config/sites/. */
#ifndef DENSD_CONFIG_SITE_H
#define DENSD_CONFIG_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/calibration.h"
#include "config/diagnostic.h"
#include "drivers/profile.h"
#include "protocol/limits.h"
#include "protocol/plan.h"

#define SITE_BUSES_MAX 4
#define SITE_PATH 256
#define SITE_ROLES_MAX 16

struct site_role { /* who is who on ipc: uid or gid (-1: any) to a role */
	int64_t uid, gid;
	uint8_t role; /* enum role */
};
enum site_complaint {
	COMPLAINT_MISSING, /* never commissioned */
	COMPLAINT_PROFILE, /* with another profile */
	COMPLAINT_FAILED,
	COMPLAINT_CONTACTOR, /* without the one it hangs on */
	COMPLAINT_MAX
};
/* Whether the instruments must have been commissioned, and what the record says of them. */
struct site_commissioning {
	bool required;
	double valid_days;
	char record[SITE_PATH];
	char fault[240]; /* why no run is accepted, whatever the date; empty: nothing */
	bool of_record;  /* that is of the record as a whole */
	/* What is wrong with each device's entry, whatever the date: bits of enum site_complaint. */
	uint8_t complaints[SITE_BUSES_MAX][BUS_DEVICES_MAX];
	int64_t until_wall_s; /* when the oldest entry ends */
	char device[32];      /* whose that is */
	int64_t date_s[SITE_BUSES_MAX]
		      [BUS_DEVICES_MAX]; /* of each device with its present profile; 0: none */
};
struct site {
	char name[PLAN_TEXT];
	char sha256[65];
	bool simulated;          /* every device is densim */
	double clock_scale;      /* 1 on real instruments */
	double ambient_k;        /* assumed when no sensor: 298 */
	uint8_t loading;         /* enum loading_policy */
	uint8_t recovery;        /* enum recovery_policy */
	bool accept_no_watchdog; /* only with the site file's own words */
	char accept_no_watchdog_reason[200];
	bool accept_no_contactor; /* the press switches no heater contactor; likewise */
	char accept_no_contactor_reason[200];
	char store[SITE_PATH];                          /* folder of journal.db and samples.db */
	char telemetry[SITE_PATH], commands[SITE_PATH]; /* ZeroMQ endpoints, ipc:// by default */
	char libexec[SITE_PATH];                        /* folder of the workers; empty: beside densd */
	double retention_days, minimum_free_mib;
	uint32_t bus_count;
	struct bus_config buses[SITE_BUSES_MAX];
	uint32_t role_count;
	struct site_role roles[SITE_ROLES_MAX];
	struct limits limits;
	struct site_commissioning commissioning;
	/* Which calibration is where; the tables stand with the buses. */
	struct calibration_head calibrations[CALIBRATION_PLACE_MAX];
	char calibrations_sha256[65]; /* over all of them: calibration_hash_all */
	struct chip_calibration chip;
};

/*
 * Reads and checks a site file and the profiles it names (looked up beside it in ../devices, or in
 * @profile_dir when not NULL). All errors at once in @diagnostics. 0, -errno when the file cannot be read,
 * 1 when it has errors (ret_site untouched).
 */
int site_read(const char *path, const char *profile_dir, struct diagnostics *diagnostics,
	      struct site *ret_site);
/* The heater's contactor on a coupler of its own; NULL: the site has none. */
const struct bus_contactor *site_contactor(const struct site *site);
/* The calibration of one place with its table; its id is empty where there is none. */
void calibration_of_site(const struct site *site, enum calibration_place place,
			 struct calibration *ret_calibration);

#endif
