/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/night.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control/links.h"
#include "daemon/control/publish.h"
#include "daemon/control/start.h"
#include "daemon/control/step.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/frames.h"
#include "tests/simulation/keeper.h"
#include "tests/simulation/outage.h"
#include "tests/simulation/world.h"

#define RESTART_NS INT64_C(5000000000)
#define PLANT_STEPS 2 /* of LABORATORY_STEP_S in a quantum */

static struct control control; /* large, and there is one alive */

/* As densd's main() does it. */
static int start_control(void)
{
	int r;

	memset(&control, 0, sizeof(control));
	control.site = world.site;
	control.limits = control.site.limits;
	cycle_widen_limits(&control.limits, control.site.clock_scale);
	if (world.plant == PLANT_WATCHDOG)
		control.limits.step_stop_ms = INFINITY;
	cycle_find_devices(&control.site, &control.map);
	control.free_mib = -1;
	outbox_init(&control.outbox);
	world.up = true;
	links_init(&control);
	r = journal_init(&control.journal, JOURNAL_RING_BYTES, world.starts + UINT64_C(1));
	if (r == 0)
		r = dedup_init(&control.dedup);
	if (r == 0)
		r = links_load_store(&control);
	if (r < 0)
		return r;
	start_restore(&control);
	r = links_start(&control);
	if (r == 0)
		r = step_start(&control);
	if (r == 0)
		publish_state(&control, true);
	world.starts++;
	return r;
}

static void bury_control(void)
{
	world_forget_lines();
	memset(world.workers, 0, sizeof(world.workers));
	for (int i = 0; i < CONTROL_TRACES_MAX; i++)
		if (control.traces[i].used && control.traces[i].fd >= 0)
			close(control.traces[i].fd);
	journal_deinit(&control.journal);
	dedup_deinit(&control.dedup);
	outbox_clear(&control.outbox);
	world.up = world.dead = world.crash = world.power_cut = false;
	world.crash_after = 0;
	world.late_ns = 0;
}

static void step_store(void)
{
	if (world.level == LEVEL_FRAMES) {
		keeper_step();
		return;
	}
	world.in_control = true;
	book_step(&world.book);
	world.in_control = false;
}

static bool is_asleep(void)
{
	if (world.asleep_until_ns == 0)
		return false;
	if (world.now_ns < world.asleep_until_ns)
		return true;
	world_tell("the machine wakes up");
	world.asleep_until_ns = 0;
	world.woke_ns = world.now_ns;
	return false;
}

/* Row 27: a step that must not feed the watchdog. */
static void count_lateness(void)
{
	if ((double)(world_mono_ns() - world.step_due_ns) / 1e6 > world.site.limits.step_stop_ms)
		counters_hit(world.counters, COUNTER_HAZARD, 27);
}

static void quantum(void)
{
	double t_s;

	world.now_ns += WORLD_QUANTUM_NS;
	t_s = (double)world.now_ns / 1e9;
	for (int i = 0; i < PLANT_STEPS; i++)
		laboratory_step(&world.lab);
	trouble_step(&world.trouble, t_s);
	crash_step(&world.ambush, t_s);
	if (world.level == LEVEL_FRAMES)
		frames_step();
	if (is_asleep()) {
		checker_step(&world.checker, t_s);
		return;
	}
	if (world.up && !world.dead) {
		step_store();
		world_start_workers();
		client_step(&world.client, t_s);
	}
	if (world.up && !world.dead && world_mono_ns() >= world.step_due_ns + world.late_ns) {
		world.late_ns = 0;
		count_lateness();
		world.in_control = true;
		world.on_step(NULL, 0, &control);
		world.in_control = false;
	}
	if (world.up && !world.dead)
		world_run_lines();
	/* A planted lapse of memory needs a crash in a trip. */
	if (world.plant == PLANT_LATCH && world.up && world.checker.tripped_s >= 0 &&
	    t_s - world.checker.tripped_s > 30)
		world_kill(false, 0, 5);
	checker_step(&world.checker, t_s);
}

static void run_gap(int64_t gap_ns, int64_t end_ns)
{
	int64_t until_ns = world.now_ns + gap_ns;

	while (world.now_ns < until_ns && world.now_ns < end_ns)
		quantum();
}

/* systemd tries again when the store cannot be opened. */
static int begin_control(int64_t end_ns)
{
	int r = start_control();

	while (r < 0 && world.level == LEVEL_FRAMES && world.now_ns < end_ns) {
		world_tell("densd does not start: %s", strerror(-r));
		keeper_kill(false);
		bury_control();
		run_gap(RESTART_NS, end_ns);
		r = start_control();
	}
	return r;
}

/* In what state densd was when it died. */
static void count_circumstances(void)
{
	const struct state_body *state = &world.client.state;
	const struct {
		bool was;
		enum crash_circumstance which;
	} circumstances[] = {
		{state->phase == PHASE_COMPRESS, CRASH_COMPRESSING},
		{state->phase == PHASE_DECOMPRESS, CRASH_RELEASING},
		{state->phase == PHASE_ABORTING, CRASH_ABORTING},
		{world.lab.furnace.cell_k > world.site.limits.release_temperature_k, CRASH_HOT},
		{state->scan_phase >= SCAN_ARM && state->scan_phase <= SCAN_REFERENCE, CRASH_SCANNING},
		{state->latched, CRASH_LATCHED},
		{control.recovering.active, CRASH_RECOVERING},
		{world.book.used > 0, CRASH_UNSYNCED},
		{world.power_cut, CRASH_POWER},
		{world.power_cut && state->latched, CRASH_POWER_LATCHED}};

	for (size_t i = 0; world.client.has_state && i < sizeof(circumstances) / sizeof(circumstances[0]);
	     i++)
		if (circumstances[i].was)
			counters_hit(world.counters, COUNTER_CRASH, circumstances[i].which);
}

/* The process is gone. What the recorder had received it still makes durable, unless it died as well. */
static int crash(int64_t end_ns)
{
	bool power_cut = world.power_cut;
	int64_t gap_ns = world.gap_ns, visit_ns;

	world.asleep_until_ns = 0;

	world_tell("%s", power_cut ? "POWER CUT of densd's machine" : "CRASH of densd");
	count_circumstances();
	checker_crashed(&world.checker, power_cut);
	bury_control();
	world.power_cut_now = power_cut;
	book_crash(&world.book, !power_cut && chance_is(&world.chance, 0.7));
	world.power_cut_now = false;
	visit_ns = (int64_t)(outage_begin((double)world.now_ns / 1e9, (double)gap_ns / 1e9) * 1e9);
	run_gap(visit_ns, end_ns);
	outage_visit();
	run_gap(gap_ns - visit_ns, end_ns);
	if (power_cut) {
		world.boots++;
		world.boot_ns = world.now_ns;
	}
	outage_end();
	world_tell("densd is started again after %.0f s", (double)gap_ns / 1e9);
	return begin_control(end_ns);
}

static int begin(const struct night_order *order, struct counters *counters)
{
	uint8_t *bytes = world.book.bytes;
	double hours = order->hours;

	memset(&world, 0, sizeof(world));
	world.book.bytes = bytes;
	world.seed = order->seed;
	world.level = (enum world_level)order->level;
	world.no_crashes = order->no_crashes;
	world.steady_wall = order->steady_wall;
	snprintf(world.folder, sizeof(world.folder), "%s", order->folder);
	world.plant = (enum world_plant)order->plant;
	world.site = *order->site;
	memcpy(world.site_sha256, world.site.sha256, sizeof(world.site_sha256));
	world.trail = order->trail;
	world.counters = counters;
	world.control = &control;
	world.hash = UINT64_C(0xcbf29ce484222325);
	chance_init(&world.chance, order->seed);
	for (int stream = 0; stream < NOISE_STREAM_END; stream++)
		world.noise_keys[stream] = noise_key(order->seed, (enum noise_stream)stream);
	world.site.recovery = chance_is(&world.chance, 0.5) ? RECOVERY_CONTINUE : RECOVERY_HOLD;
	world.site.loading = chance_is(&world.chance, 0.8) ? LOADING_AUTOMATIC : LOADING_CONFIRM;
	laboratory_init(&world.lab, 1, order->seed, true);
	registers_init(&world.registers, &world.lab, 1);
	world.scpi.lab = &world.lab;
	world.warmed_s = -INFINITY;
	for (int i = 0; i < WORLD_BUSES; i++)
		world.lines[i].fd = -1;
	trouble_init(&world.trouble, hours);
	client_init(&world.client);
	checker_init(&world.checker, &world.site);
	for (uint32_t i = 0; i < world.trouble.chosen_count; i++)
		world_tell("this night knows %s", trouble_name((enum trouble_kind)world.trouble.kinds[i]));
	if (world.level == LEVEL_FRAMES) {
		frames_init();
		disk_clear();
	}
	return book_init(&world.book);
}

static uint32_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

int night_run(const struct night_order *order, struct counters *counters, struct night_result *ret_result)
{
	int64_t end_ns = (int64_t)(order->hours * 3600e9);
	uint32_t descriptors = count_descriptors();
	int r = begin(order, counters);

	if (r == 0)
		r = begin_control(end_ns);
	while (r == 0 && world.now_ns < end_ns) {
		quantum();
		if (world.crash)
			r = crash(end_ns);
	}
	bury_control();
	if (world.level == LEVEL_FRAMES) {
		keeper_kill(false);
		frames_init();
	}
	checker_end(&world.checker, (double)world.now_ns / 1e9);
	if (count_descriptors() != descriptors)
		checker_violate(&world.checker, "I20", "%u descriptors before the night, %u after it",
				descriptors, count_descriptors());
	*ret_result = (struct night_result){.hash = world.hash,
					    .decisions = world.decisions,
					    .violations = world.checker.violations,
					    .starts = world.starts,
					    .runs_ended = world.checker.runs_ended,
					    .hours = (double)world.now_ns / 3600e9,
					    .busy_hours = world.checker.busy_s / 3600};
	memcpy(ret_result->first, world.checker.first, sizeof(ret_result->first));
	return r;
}
