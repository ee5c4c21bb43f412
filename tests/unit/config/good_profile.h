/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device profile that is good, with the number of each line. */
#ifndef DENSD_TESTS_CONFIG_GOOD_PROFILE_H
#define DENSD_TESTS_CONFIG_GOOD_PROFILE_H

static const char good_profile[] =
	"densd: profile/1\n"                                                 /* 1 */
	"name: oven\n"                                                       /* 2 */
	"maker: somebody\n"                                                  /* 3 */
	"source: manual 12\n"                                                /* 4 */
	"kind: furnace\n"                                                    /* 5 */
	"protocol: modbus\n"                                                 /* 6 */
	"worst_latency: 0.5 s\n"                                             /* 7 */
	"response_timeout: 1 s\n"                                            /* 8 */
	"watchdog: true\n"                                                   /* 9 */
	"registers:\n"                                                       /* 10 */
	"  process_value: {address: 1, type: f32, unit: degC}\n"             /* 11 */
	"  mode: {address: 273, writable: true}\n"                           /* 12 */
	"  identity: {address: 122}\n"                                       /* 13 */
	"  setpoint: {address: 2, type: ieee, unit: degC, writable: true}\n" /* 14 */
	"  output: {address: 3, type: s16, unit: \"%\", scale: 0.1}\n"       /* 15 */
	"identity: [{register: identity, value: 0x2400, mask: 0xFF00}]\n"    /* 16 */
	"off: [{register: mode, value: 1}]\n"                                /* 17 */
	"blacklist: [199]\n"                                                 /* 18 */
	"verify: [word order]\n";                                            /* 19 */

#endif
