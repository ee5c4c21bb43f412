/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What goes wrong in a night. Each seed chooses each kind with probability 1/2 (swarm selection: a night with
 * everything hides what only two kinds do together), then lets the chosen ones happen at random moments, for
 * random times. The last hour of a night is left in peace, so that it can be seen whether densd finds its
 * way.
 */
#ifndef DENSD_TESTS_SIMULATION_TROUBLE_H
#define DENSD_TESTS_SIMULATION_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

/* X(enum, name, shortest s, longest s): 0, 0 is a single blow; -1, -1 lasts from its beginning to the quiet
 * end */
#define TROUBLES(X)                                                \
	X(TC_BREAK, "thermocouple-break", 1, 1800)                 \
	X(TC_FREEZE, "thermocouple-freeze", 5, 3600)               \
	X(TC_SLIP, "thermocouple-slip", 30, 7200)                  \
	X(TC_JUMP, "thermocouple-jump", 0, 0)                      \
	X(NOISE, "noise-burst", 1, 60)                             \
	X(WELDED, "relay-welded", 60, 3600)                        \
	X(HEATER_OPEN, "heater-open", 60, 7200)                    \
	X(VALVE, "valve-stuck", 10, 3600)                          \
	X(LEAK, "gasket-leak", 5, 600)                             \
	X(BLOWOUT, "gasket-blowout", 10, 600)                      \
	X(OVER_PRESSURE, "over-pressure", 0, 0)                    \
	X(STROKE, "pump-stroke-end", 0, 0)                         \
	X(PRESS_SILENT, "press-line-silent", 1, 300)               \
	X(RTU_SILENT, "furnace-line-silent", 1, 300)               \
	X(CHIP_SILENT, "chip-line-silent", 1, 300)                 \
	X(ADAPTER, "usb-adapter-gone", 1, 180)                     \
	X(LATE_ANSWERS, "late-cycles", 5, 300)                     \
	X(SLOW_DEVICE, "device-slower-than-3-s", 0, 0)             \
	X(CORRUPT, "broken-frames", 5, 600)                        \
	X(FALSE_ACK, "writes-acknowledged-not-done", 1, 300)       \
	X(MASTER_FURNACE, "second-master-furnace", 5, 300)         \
	X(MASTER_PRESS, "second-master-press", 5, 300)             \
	X(MANUAL, "furnace-in-manual", 5, 1800)                    \
	X(LOCAL, "press-in-local", 5, 1800)                        \
	X(IDENTITY_FURNACE, "another-furnace-controller", 60, 600) \
	X(IDENTITY_PRESS, "another-press-controller", 60, 600)     \
	X(DEVICE_RESET, "furnace-controller-reset", 0, 0)          \
	X(PRESS_RESET, "press-controller-reset", 0, 0)             \
	X(NITROGEN, "nitrogen-lost", 10, 3600)                     \
	X(CHIP_OPEN, "chip-heater-open", 10, 3600)                 \
	X(CONTACTOR, "contactor-drops", 0, 0)                      \
	X(DRIFT, "ambient-drift", 600, 7200)                       \
	X(STORE_SLOW, "store-slow", 5, 300)                        \
	X(STORE_FULL, "store-full", 5, 600)                        \
	X(STORE_ERROR, "store-error", 1, 300)                      \
	X(STORE_CORRUPT, "store-corrupt-at-crash", 0, 0)           \
	X(RECORDER_CRASH, "recorder-crash", 0, 0)                  \
	X(BUS_CRASH, "bus-worker-crash", 0, 0)                     \
	X(GATEWAY_CRASH, "gateway-crash", 0, 0)                    \
	X(CONTROL_CRASH, "control-crash", 0, 0)                    \
	X(FIRE_CRASH, "crash-while-fired", -1, -1)                 \
	X(POWER_CUT, "power-cut", 0, 0)                            \
	X(MAINS_OUT, "instruments-without-mains", 1, 600)          \
	X(LATE_STEP, "late-control-step", 0, 0)                    \
	X(CLOCK_JUMP, "wall-clock-jump", 0, 0)                     \
	X(CLOCK_HOUR, "wall-clock-by-an-hour", 0, 0)               \
	X(NTP_STEP, "ntp-step", 0, 0)                              \
	X(SUSPEND, "machine-suspended", 0, 0)                      \
	X(VERBS, "operator-verbs", 0, 0)                           \
	X(DUPLICATES, "repeated-commands", 0, 0)                   \
	X(STRANGERS, "unauthorised-commands", 0, 0)                \
	X(NO_CONFIRM, "missing-confirmation", 60, 7200)            \
	X(AMBUSH, "crash-in-a-chosen-phase", -1, -1)               \
	X(INTENT_CRASH, "crash-after-an-intent", -1, -1)           \
	X(TIMED, "trouble-in-a-chosen-phase", -1, -1)              \
	X(HANDS, "hands-at-the-panels-in-outages", -1, -1)         \
	X(OUTAGE, "something-fails-in-outages", -1, -1)            \
	X(SITE, "another-site-file", 1800, 14400)                  \
	X(UNITS, "furnace-display-in-fahrenheit", 5, 600)          \
	X(GATEWAY_LOOP, "gateway-crashes-on-and-on", 5, 120)       \
	X(RECORDER_LOOP, "recorder-crashes-on-and-on", 5, 120)     \
	X(FLOOD, "connection-flood", 5, 600)                       \
	X(IMPOSSIBLE, "impossible-protocols", 0, 0)                \
	/* at the level of bytes only */                           \
	X(FRAME_LATE, "late-answers", 5, 600)                      \
	X(FRAME_SLAVE, "answers-of-another", 5, 600)               \
	X(FRAME_FUNCTION, "answers-to-another-function", 5, 600)   \
	X(FRAME_HALF, "half-frames", 5, 600)                       \
	X(FRAME_STRAY, "stray-bytes", 5, 600)                      \
	X(FRAME_EXCEPTION, "exceptions", 5, 600)                   \
	X(FRAME_ACK, "single-false-acknowledgements", 5, 600)      \
	X(FRAME_LOST, "lost-answers", 5, 600)                      \
	X(RESET, "connections-reset", 5, 600)                      \
	X(FOREIGN_LOCK, "line-taken-by-another-program", 5, 1800)
#define TROUBLE_FRAME_FIRST TROUBLE_FRAME_LATE

enum trouble_kind {
#define TROUBLES_ENUM(id, ...) TROUBLE_##id,
	TROUBLES(TROUBLES_ENUM)
#undef TROUBLES_ENUM
		TROUBLE_COUNT
};

struct trouble {
	bool chosen[TROUBLE_COUNT], on[TROUBLE_COUNT];
	double until_s[TROUBLE_COUNT];
	double last_s[TROUBLE_COUNT]; /* when it began or ended last; -INFINITY: never */
	uint32_t chosen_count, kinds[TROUBLE_COUNT];
	double due_s;       /* when the first of those that are on ends; INFINITY: none is */
	double long_from_s; /* those that last all night begin then */
	struct {            /* one that waits for a phase */
		uint32_t kind;
		uint8_t phase;
		double until_s; /* 0: none waits */
	} timed;
	double mean_s, next_s, quiet_s; /* seconds since the night began */
	double share[TROUBLE_COUNT][3]; /* of the answers on each enum world_bus */
};

/* Chooses for a night of @hours. */
void trouble_init(struct trouble *ret_trouble, double hours);
/* One quantum: what begins, ends and acts now. */
void trouble_step(struct trouble *trouble, double t_s);
bool trouble_is_on(const struct trouble *trouble, enum trouble_kind kind);
/* True when it was on within the last @within_s. */
bool trouble_was_on(const struct trouble *trouble, enum trouble_kind kind, double t_s, double within_s);
/* Lets a kind that this night knows begin now, for @duration_s. */
void trouble_begin_for(struct trouble *trouble, enum trouble_kind kind, double t_s, double duration_s);
/* The share of the answers of that enum world_bus that it takes while it is on. */
double trouble_share(const struct trouble *trouble, enum trouble_kind kind, int bus);
/* True when nobody answers on that enum world_bus. */
bool trouble_is_silent(const struct trouble *trouble, int bus);
/* Changes what was read: another device's identity. */
void trouble_spoil(const struct trouble *trouble, int bus, uint8_t unit, uint16_t address, uint16_t count,
		   uint16_t *words);
const char *trouble_name(enum trouble_kind kind);

#endif
