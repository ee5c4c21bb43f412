/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One simulated night: a virtual laboratory, two lines of registers and one of text, a store that forgets
 * what was not durable, and the real control process between them. One thread, one clock, one seed.
 *
 * There is one world in the program, because the seams (seams.c) stand where the C library and the sockets
 * are.
 */
#ifndef DENSD_TESTS_SIMULATION_WORLD_H
#define DENSD_TESTS_SIMULATION_WORLD_H

#include <stdio.h>

#include "daemon/base/clock.h"
#include "daemon/control/control.h"
#include "drivers/bus.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/client.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/crashes.h"
#include "tests/simulation/book.h"
#include "tests/simulation/trouble.h"
#include "tools/densim/noise.h"
#include "tools/densim/registers.h"
#include "tools/densim/scpi.h"

#define WORLD_QUANTUM_NS INT64_C(100000000) /* a control step */
#define WORLD_QUANTUM_S 0.1
#define WORLD_BOOTED_NS (20 * CLOCK_NS_PER_S)
/* The press of the shipped site: its identity and its write block (drivers/press-map.md). */
#define WORLD_PRESS_IDENTITY 0x010A
#define WORLD_PRESS_WRITTEN 7
enum world_bus { WORLD_PRESS, WORLD_RTU, WORLD_CHIP, WORLD_BUSES };
/* Faults of densd itself, made on purpose, so that it can be seen that the checker sees them. */
enum world_plant {
	PLANT_NONE,
	PLANT_RELEASE,  /* lets pressure go while hot */
	PLANT_RAMP,     /* furnace setpoints 30 K too high */
	PLANT_INTENT,   /* intents are never made durable */
	PLANT_LATCH,    /* a restart forgets the latched trip */
	PLANT_HEATER,   /* the heater stays on in a trip */
	PLANT_STRANGER, /* everybody is taken for a supervisor */
	PLANT_WALL,     /* its logic runs on the wall clock */
	PLANT_LOCK,     /* lines are opened without their locks */
	PLANT_OUTCOME,  /* intents never get an outcome */
	PLANT_WEAR,     /* every setpoint is written ten times */
	PLANT_HALFWAY,  /* a run ends at 300 bar */
	PLANT_LEAK,     /* a descriptor is lost with each state */
	PLANT_OUTPUT,   /* in a trip the controller is told nothing: its contactor alone acts */
	PLANT_WATCHDOG  /* a step feeds the watchdog however late it comes */
};
enum world_level { LEVEL_VALUES, LEVEL_FRAMES };
enum world_socket { SOCKET_RECORDER = 1000001, SOCKET_GATEWAY, SOCKET_BUS };

struct world_line { /* a bus worker and the wire behind it */
	struct bus *bus;
	bool asked, answered;
	int64_t slow_ns; /* what its next cycle takes besides */
	int64_t due_ns;  /* world time: of the cycle while asked, of the report while answered */
	struct link_cycle cycle;
	struct link_reports reports;
	int fd;
	uint32_t silent, answered_now; /* transactions of this cycle without and with an answer */
};
struct world_worker {
	struct worker *worker; /* of the control process that lives now */
	int64_t restart_ns;    /* world time, 0: not waiting */
};
struct world {
	uint64_t seed;
	enum world_level level;
	char folder[64]; /* of the lines' locks, made once */
	int bus_now;     /* enum world_bus whose cycle runs */
	struct site site;
	char site_sha256[65]; /* of the file as it was at first */
	struct control *control;
	struct laboratory lab;
	struct registers registers;
	struct scpi scpi;
	int64_t now_ns;    /* since the night began */
	int64_t boot_ns;   /* when this machine was started */
	int64_t inside_ns; /* what a worker has spent in the cycle that runs now */
	int64_t jumped_us; /* of the wall clock */
	bool steady_wall;  /* a twin night: the wall clock does not jump */
	bool no_crashes;   /* nights that are compared know no kind of trouble that restarts densd */
	int64_t asleep_until_ns, woke_ns; /* a suspended machine */
	uint64_t decisions;               /* hash of what reached the devices and of every transition */
	uint32_t boots, starts;
	bool up;              /* the control process lives */
	bool in_control;      /* its code runs now */
	bool dead;            /* it was killed in the middle of a step: nothing of it arrives any more */
	bool crash;           /* the kill takes place at the end of this quantum */
	bool power_cut;       /* with the whole machine */
	bool power_cut_now;   /* while it happens */
	bool recorder_waits;  /* control waits for room in the recorder's socket */
	uint32_t crash_after; /* messages until the kill, 0: none */
	int64_t gap_ns;       /* until it is started again */
	int64_t late_ns;      /* the next step comes so much late */
	sd_event_time_handler_t on_step;
	int64_t step_due_ns; /* mono */
	struct world_line lines[WORLD_BUSES];
	struct world_worker workers[2 + WORLD_BUSES];
	uint64_t ulids, hash;
	uint64_t noise_keys[NOISE_STREAM_END]; /* of this night's seed */
	enum world_plant plant;
	FILE *trail; /* NULL: quiet */
	struct chance chance;
	struct trouble trouble;
	struct ambush ambush;
	double warmed_s; /* when somebody last heated the cell from outside; -INFINITY: never */
	struct book book;
	struct client client;
	struct checker checker;
	struct counters *counters;
};
extern struct world world;

/* The clock of densd's machine. */
static inline int64_t world_mono_ns(void)
{
	return world.now_ns - world.boot_ns + WORLD_BOOTED_NS;
}
/* One line of the trail, with the time. */
void world_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same into the hash of its decisions. */
void world_mix_decision(const void *bytes, size_t length);
/* Takes @length bytes into the night's running hash. */
void world_mix(const void *bytes, size_t length);
/* Kills control after @messages more messages (0: now), for @gap_s. */
void world_kill(bool power_cut, uint32_t messages, double gap_s);
/* As if the process had died: control learns it and starts it again. */
void world_kill_worker(struct worker *worker, const char *why);
/* Restarts what waits for it. */
void world_start_workers(void);
/* Does the bus cycles that are due, and delivers their reports. */
void world_run_lines(void);
void world_forget_lines(void);

#endif
