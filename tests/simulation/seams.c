/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the real control process is cut off from the machine it runs on: clocks, identifiers, the log,
 * systemd, the event loop's one timer, processes, and the sockets to them. The linker puts these in the
 * places of the originals (--wrap); everything else of daemon/control and drivers runs as it ships.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/recorder/boot.h"
#include "tests/simulation/frames.h"
#include "tests/simulation/keeper.h"
#include "tests/simulation/world.h"
#include "tools/densim/noise.h"

#define M_SQRT3 1.7320508075688772
#define WALL_US INT64_C(1795000000000000) /* a night of November 2026 */
#define RESTART_FIRST_NS INT64_C(100000000)
#define RESTART_LAST_NS (5 * CLOCK_NS_PER_S)
#define GOOD_NS (10 * CLOCK_NS_PER_S)
#define WATCHDOG_US UINT64_C(10000000)

struct world world;

int64_t __wrap_clock_mono_ns(void);
double __wrap_noise_normal(uint64_t seed, enum noise_stream stream, uint64_t index);
int64_t __wrap_clock_wall_us(void);
int __wrap_ulid_make(char ret_text[ULID_TEXT]);
void __wrap_log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_manager_tell(const char *text);
int __wrap_sd_watchdog_enabled(int unset, uint64_t *ret_usec);
int __wrap_sd_event_add_time(sd_event *event, sd_event_source **ret_source, clockid_t clock, uint64_t usec,
			     uint64_t accuracy, sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_source_set_time(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_enabled(sd_event_source *source, int enabled);
int __wrap_sd_event_source_set_exit_on_failure(sd_event_source *source, int exit);
int __wrap_worker_start(struct worker *worker);
void __wrap_worker_kill(struct worker *worker, const char *why);
int __wrap_worker_read(struct worker *worker, unsigned most);
void __wrap_worker_wait_writable(struct worker *worker);
int __wrap_link_send(int socket, uint16_t type, uint32_t seq, const void *body, size_t length, int fd);
int __wrap_poll(struct pollfd *waiting, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *waiting, nfds_t count, int timeout_ms);
void __wrap_boot_read_id(char ret_id[BOOT_ID]);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

int64_t __wrap_clock_mono_ns(void)
{
	return world_mono_ns() + world.inside_ns + (world.plant == PLANT_WALL ? world.jumped_us * 1000 : 0);
}

int64_t __wrap_clock_wall_us(void)
{
	return WALL_US + (world.now_ns + world.inside_ns) / 1000 + world.jumped_us;
}

int __wrap_ulid_make(char ret_text[ULID_TEXT])
{
	uint8_t random[10] = {0};

	world.ulids++;
	for (int i = 0; i < 6; i++)
		random[i] = (uint8_t)(world.ulids >> (40 - 8 * i));
	ulid_format(WALL_US / 1000, random, ret_text);
	return 0;
}

/* Four sums of uniform numbers for a normal one: the logarithm and cosine of densim's would be a tenth of a
 * night. */
double __wrap_noise_normal(uint64_t seed, enum noise_stream stream, uint64_t index)
{
	uint64_t key = seed == world.seed ? world.noise_keys[stream] : noise_key(seed, stream);
	uint64_t bits = noise_bits_of(key, index);
	int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) +
		  (int)(bits >> 48);

	return (sum - 2 * 65535) * (M_SQRT3 / 65536);
}

/* ---- the trail ---- */

void world_tell(const char *format, ...)
{
	va_list list;
	double t_s = (double)world.now_ns / 1e9;

	if (!world.trail)
		return;
	fprintf(world.trail, "%02d:%02d:%05.2f ", (int)t_s / 3600, (int)t_s / 60 % 60,
		t_s - (int)t_s / 60 * 60);
	va_start(list, format);
	vfprintf(world.trail, format, list);
	va_end(list);
	fputc('\n', world.trail);
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; length > 0; length--, byte++)
		hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	return hash;
}

void world_mix(const void *bytes, size_t length)
{
	world.hash = mix(world.hash, bytes, length);
}

void world_mix_decision(const void *bytes, size_t length)
{
	world.hash = mix(world.hash, bytes, length);
	world.decisions = mix(world.decisions, bytes, length);
}

void __wrap_log_line(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list list;

	if (!world.trail || level > LOG_LEVEL_NOTICE)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	world_tell("densd: %s", text);
}

/* ---- systemd ---- */

int __wrap_manager_tell(const char *text)
{
	if (strcmp(text, "WATCHDOG=1") == 0)
		checker_watchdog(&world.checker);
	return 0;
}

int __wrap_sd_watchdog_enabled(int unset, uint64_t *ret_usec)
{
	(void)unset;
	*ret_usec = WATCHDOG_US;
	return 1;
}

int __wrap_sd_event_add_time(sd_event *event, sd_event_source **ret_source, clockid_t clock, uint64_t usec,
			     uint64_t accuracy, sd_event_time_handler_t handler, void *userdata)
{
	(void)event;
	(void)clock;
	(void)accuracy;
	(void)userdata;
	*ret_source = NULL;
	world.on_step = handler;
	world.step_due_ns = (int64_t)usec * 1000;
	return 0;
}

int __wrap_sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	(void)source;
	world.step_due_ns = (int64_t)usec * 1000;
	return 0;
}

int __wrap_sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	(void)source;
	(void)enabled;
	return 0;
}

int __wrap_sd_event_source_set_exit_on_failure(sd_event_source *source, int exit)
{
	(void)source;
	(void)exit;
	return 0;
}

/* ---- processes ---- */

static int socket_of(const struct worker *worker)
{
	if (worker == &world.control->recorder)
		return SOCKET_RECORDER;
	return worker == &world.control->gateway ? SOCKET_GATEWAY : SOCKET_BUS + (int)worker->index;
}

static struct world_worker *slot_of(struct worker *worker)
{
	struct world_worker *slot = &world.workers[socket_of(worker) - SOCKET_RECORDER];

	slot->worker = worker;
	return slot;
}

int __wrap_worker_start(struct worker *worker)
{
	worker->socket = socket_of(worker);
	worker->seq = 0;
	worker->starts++;
	worker->ready = worker->asked = false;
	worker->started_ns = world_mono_ns();
	slot_of(worker)->restart_ns = 0;
	if (world.level == LEVEL_FRAMES && worker == &world.control->recorder) {
		bool in_control = world.in_control;
		int r;

		world.in_control = false;
		r = keeper_start();
		world.in_control = in_control;
		if (r < 0)
			return r;
	}
	worker->started(worker);
	return 0;
}

/* Back-off as workers.c has it. */
static void schedule_restart(struct worker *worker)
{
	int64_t delay_ns = 0;

	if (world_mono_ns() - worker->started_ns > GOOD_NS)
		worker->failures = 0;
	if (worker->failures > 0)
		delay_ns = RESTART_FIRST_NS << (worker->failures < 7 ? worker->failures - 1 : 6);
	if (delay_ns > RESTART_LAST_NS)
		delay_ns = RESTART_LAST_NS;
	worker->failures++;
	slot_of(worker)->restart_ns = world.now_ns + delay_ns + WORLD_QUANTUM_NS;
}

static void forget_line(struct world_line *line)
{
	bus_free(line->bus);
	if (world.level == LEVEL_FRAMES)
		frames_forget((int)(line - world.lines));
	if (line->answered && line->fd >= 0)
		close(line->fd);
	*line = (struct world_line){.fd = -1};
}

void world_forget_lines(void)
{
	for (int i = 0; i < WORLD_BUSES; i++)
		forget_line(&world.lines[i]);
}

void __wrap_worker_kill(struct worker *worker, const char *why)
{
	int socket = worker->socket;

	if (socket < 0)
		return;
	world_tell("%s: %s", worker->name, why);
	worker->socket = -1;
	worker->ready = worker->asked = false;
	worker->lost_ns = world_mono_ns();
	if (socket == SOCKET_RECORDER)
		book_crash(&world.book, false);
	if (socket >= SOCKET_BUS)
		forget_line(&world.lines[socket - SOCKET_BUS]);
	if (worker->lost)
		worker->lost(worker);
	schedule_restart(worker);
}

void world_kill_worker(struct worker *worker, const char *why)
{
	world.in_control = true;
	__wrap_worker_kill(worker, why);
	world.in_control = false;
}

/* links_load_store asks so for what the store knows. */
int __wrap_worker_read(struct worker *worker, unsigned most)
{
	(void)most;
	if (worker == &world.control->recorder && world.level == LEVEL_FRAMES)
		keeper_step();
	else if (worker == &world.control->recorder && world.book.load_due)
		book_tell(&world.book);
	return 0;
}

void __wrap_worker_wait_writable(struct worker *worker)
{
	if (worker == &world.control->recorder)
		world.recorder_waits = true;
}

/* Nobody waits here: the time of a process that sleeps is the quantum's. */
int __wrap_poll(struct pollfd *waiting, nfds_t count, int timeout_ms)
{
	(void)timeout_ms;
	return __real_poll(waiting, count, 0);
}

void __wrap_boot_read_id(char ret_id[BOOT_ID])
{
	snprintf(ret_id, BOOT_ID, "boot-%u", world.boots);
}

/* ---- messages ---- */

static int take_bus(struct world_line *line, uint16_t type, const void *body)
{
	if (type == LINK_BUS_CONFIG)
		return bus_new(body, &line->bus);
	line->cycle = *(const struct link_cycle *)body;
	line->asked = true;
	line->due_ns = world.now_ns + line->slow_ns;
	line->slow_ns = 0;
	if (trouble_is_on(&world.trouble, TROUBLE_LATE_ANSWERS))
		line->due_ns += (int64_t)(chance_between(&world.chance, 0, 2.5) * 1e9);
	return 0;
}

static int take_recorder(uint16_t type, uint32_t seq, const void *body, size_t length, int fd)
{
	int r = world.level == LEVEL_FRAMES ? keeper_take(type, seq, body, length, fd) : 0;

	return r < 0 ? r : book_take(&world.book, type, body, length);
}

int __wrap_link_send(int socket, uint16_t type, uint32_t seq, const void *body, size_t length, int fd)
{
	bool in_control = world.in_control;
	int r = 0;

	if (world.level == LEVEL_FRAMES && keeper_owns(socket))
		return keeper_tell(type, body, length, fd);
	if (world.dead)
		return 0;
	if (world.crash_after > 0 && --world.crash_after == 0) {
		world.dead = world.crash = true;
		return 0;
	}
	world.in_control = false;
	if (socket == SOCKET_RECORDER)
		r = take_recorder(type, seq, body, length, fd);
	else if (socket == SOCKET_GATEWAY)
		client_take(&world.client, type, body, length);
	else
		r = take_bus(&world.lines[socket - SOCKET_BUS], type, body);
	world.in_control = in_control;
	return r;
}

static void run_cycle(struct world_line *line)
{
	line->asked = false;
	line->reports.tick = line->cycle.tick;
	line->reports.count = line->cycle.count;
	world.inside_ns = 0;
	world.bus_now = (int)(line - world.lines);
	if (world.level == LEVEL_FRAMES)
		frames_begin_cycle(world.bus_now);
	bus_cycle(line->bus, line->cycle.t_mono_ns, line->cycle.demands, line->reports.reports, &line->fd);
	line->answered = true;
	line->due_ns = world.now_ns + world.inside_ns;
	world.inside_ns = 0;
}

/* It comes when the worker has done its transactions, between two steps. */
static void answer(struct world_line *line, struct worker *worker)
{
	line->answered = false;
	world.inside_ns = line->due_ns > world.now_ns ? line->due_ns - world.now_ns : 0;
	world.in_control = true;
	worker->message(worker, LINK_BUS_REPORT, &line->reports, sizeof(line->reports), line->fd);
	world.in_control = false;
	world.inside_ns = 0;
	line->fd = -1;
}

void world_start_workers(void)
{
	for (size_t i = 0; i < sizeof(world.workers) / sizeof(world.workers[0]); i++) {
		struct world_worker *slot = &world.workers[i];

		if (slot->restart_ns > 0 && world.now_ns >= slot->restart_ns && !world.dead) {
			world.in_control = true;
			__wrap_worker_start(slot->worker);
			world.in_control = false;
		}
	}
}

/* The line whose report comes first, of those that come before the next quantum. NULL: none. */
static struct world_line *find_answer(void)
{
	struct world_line *first = NULL;

	for (int i = 0; i < WORLD_BUSES; i++) {
		struct world_line *line = &world.lines[i];

		if (line->answered && line->due_ns < world.now_ns + WORLD_QUANTUM_NS &&
		    (!first || line->due_ns < first->due_ns))
			first = line;
	}
	return first;
}

void world_run_lines(void)
{
	struct world_line *line;

	for (int i = 0; i < WORLD_BUSES; i++)
		if (world.lines[i].asked && world.now_ns >= world.lines[i].due_ns)
			run_cycle(&world.lines[i]);
	while (!world.dead && (line = find_answer()))
		answer(line, &world.control->buses[line - world.lines]);
}

void world_kill(bool power_cut, uint32_t messages, double gap_s)
{
	/* Who is down already cannot die. */
	if (!world.up || world.crash || world.crash_after > 0)
		return;
	world.power_cut = power_cut;
	world.gap_ns = (int64_t)(gap_s * 1e9);
	world.crash_after = messages;
	if (messages == 0)
		world.dead = world.crash = true;
}

/* ---- memory: control takes none after its start ---- */

void *__wrap_malloc(size_t size)
{
	if (world.in_control)
		checker_allocation(&world.checker, size);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	if (world.in_control)
		checker_allocation(&world.checker, count * size);
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	if (world.in_control)
		checker_allocation(&world.checker, size);
	return __real_realloc(old, size);
}
