/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/line_lock.h"
#include "tests/simulation/frame_faults.h"
#include "tests/simulation/lines.h"
#include "tests/simulation/world.h"

#define LATENCY_NS INT64_C(8000000)
#define REQUEST_MAX 1024u
#define LATE_MAX 8u
#define OUT_MAX (1u << 18)

struct late {
	bool used;
	int64_t due_ns; /* world time */
	struct frame frame;
};
struct wire {
	enum world_bus bus;
	int foreign_lock; /* another program's, -1: none */
	int host;     /* densd's descriptor, which it closes itself; its bytes are here. -1: never opened */
	bool is_open; /* the instruments' end */
	uint32_t connects;
	uint8_t in[REQUEST_MAX]; /* to the instruments */
	size_t have;
	uint8_t *out; /* to densd: OUT_MAX */
	size_t out_first, out_end;
	struct late late[LATE_MAX];
	/* the request that is being answered */
	struct frame_fault fault;
	const struct modbus_device *device_now;
	struct modbus_device proxy;
	uint8_t unit;
	uint16_t read_address, read_count;
};
static struct wire wires[WORLD_BUSES];

int __real_line_lock_take(const char *key, const char *folder);

static int64_t now_ns(void)
{
	return world.now_ns + world.inside_ns;
}

/* A connection is a new one after each broken answer as well: identity has to be read again before a write.
 */
static uint32_t era(const struct wire *wire)
{
	return wire->connects;
}

/* ---- the instruments: densim's registers, with the checker between them and the wire ---- */

static int proxy_read(void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	struct wire *wire = context;
	int r = wire->device_now->read(wire->device_now->context, address, count, ret_values);

	if (r == MODBUS_OK) {
		trouble_spoil(&world.trouble, wire->bus, wire->unit, address, count, ret_values);
		wire->read_address = address;
		wire->read_count = count;
	}
	return r;
}

static int proxy_write(void *context, uint16_t address, uint16_t count, const uint16_t *values)
{
	struct wire *wire = context;
	uint16_t sent[MODBUS_WORDS_MAX];

	if (count > MODBUS_WORDS_MAX)
		return MODBUS_BAD_VALUE;
	if (wire->fault.kind == FRAME_ACK || lines_keep_back(wire->bus))
		return MODBUS_OK;
	memcpy(sent, values, count * sizeof(*values));
	lines_plant_words(wire->bus, address, count, sent);
	checker_write(&world.checker, wire->bus, wire->unit, address, count, sent, era(wire));
	return wire->device_now->write(wire->device_now->context, address, count, sent);
}

static int proxy_read_coil(void *context, uint16_t address, bool *ret_on)
{
	struct wire *wire = context;

	return wire->device_now->read_coil(wire->device_now->context, address, ret_on);
}

static int proxy_write_coil(void *context, uint16_t address, bool on)
{
	struct wire *wire = context;

	if (wire->fault.kind == FRAME_ACK || lines_keep_back(wire->bus))
		return MODBUS_OK;
	checker_coil(&world.checker, address, on, era(wire));
	return wire->device_now->write_coil(wire->device_now->context, address, on);
}

static const struct modbus_device *find_device(void *context, uint8_t unit)
{
	struct wire *wire = context;
	modbus_find *find = wire->bus == WORLD_PRESS ? registers_on_press : registers_on_rtu;

	wire->device_now = find(&world.registers, unit);
	wire->unit = unit;
	if (!wire->device_now)
		return NULL;
	wire->proxy =
		(struct modbus_device){.read = proxy_read,
				       .write = proxy_write,
				       .read_coil = wire->device_now->read_coil ? proxy_read_coil : NULL,
				       .write_coil = wire->device_now->write_coil ? proxy_write_coil : NULL,
				       .context = wire};
	return &wire->proxy;
}

static const struct modbus_device *find_nobody(void *context, uint8_t unit)
{
	(void)context;
	(void)unit;
	return NULL;
}

/* ---- answers ---- */

static void put(struct wire *wire, const uint8_t *bytes, size_t length)
{
	size_t room = OUT_MAX - wire->out_end;

	if (!wire->is_open)
		return;
	/* A full buffer loses the rest, as a line does. */
	if (length > room)
		length = room;
	memcpy(wire->out + wire->out_end, bytes, length);
	wire->out_end += length;
}

static void keep_late(struct wire *wire, const struct frame *frame, int64_t due_ns)
{
	for (uint32_t i = 0; i < LATE_MAX; i++)
		if (!wire->late[i].used) {
			wire->late[i] = (struct late){.used = true, .due_ns = due_ns, .frame = *frame};
			return;
		}
}

static struct late *find_late(struct wire *wire)
{
	struct late *first = NULL;

	for (uint32_t i = 0; i < LATE_MAX; i++)
		if (wire->late[i].used && (!first || wire->late[i].due_ns < first->due_ns))
			first = &wire->late[i];
	return first;
}

static void deliver_late(struct wire *wire)
{
	for (struct late *late = find_late(wire); late && late->due_ns <= now_ns(); late = find_late(wire)) {
		put(wire, late->frame.bytes, late->frame.length);
		late->used = false;
	}
}

/* @frame: what the instrument answers; its fault turns it into what arrives. */
static void answer(struct wire *wire, struct frame *frame)
{
	bool late = wire->fault.kind == FRAME_LATE, bent = frame_fault_applies(&wire->fault, wire->bus);

	if (bent)
		wire->connects += wire->fault.desync;
	/* What is only slow arrives as what it is. */
	if (wire->read_count > 0 && (!bent || (late && !wire->fault.desync)))
		checker_read(&world.checker, wire->bus, wire->unit, wire->read_address, wire->read_count,
			     era(wire));
	if (late) {
		keep_late(wire, frame, now_ns() + wire->fault.late_ns);
		return;
	}
	frame_fault_bend(&wire->fault, wire->bus, frame);
	put(wire, frame->bytes, frame->length);
}

static size_t take_text(struct wire *wire)
{
	static char text[SCPI_ANSWER];
	uint8_t *end = memchr(wire->in, '\n', wire->have);
	struct frame frame;
	size_t length;

	if (!end)
		return wire->have == REQUEST_MAX ? wire->have : 0;
	*end = '\0';
	world.inside_ns += LATENCY_NS;
	wire->fault = frame_fault_draw(wire->bus);
	if (wire->fault.kind == FRAME_ACK)
		return (size_t)(end + 1 - wire->in);
	checker_text(&world.checker, (const char *)wire->in);
	length = scpi_line(&world.scpi, (const char *)wire->in, text);
	if (length > sizeof(frame.bytes)) { /* a trace: whole, or cut */
		put(wire, (const uint8_t *)text, wire->fault.kind == FRAME_HALF ? length / 2 : length);
		return (size_t)(end + 1 - wire->in);
	}
	memcpy(frame.bytes, text, length);
	frame.length = length;
	if (length > 0)
		answer(wire, &frame);
	return (size_t)(end + 1 - wire->in);
}

static size_t serve_modbus(struct wire *wire, modbus_find *find, struct frame *frame)
{
	frame->length = 0;
	return wire->bus == WORLD_PRESS
		       ? modbus_server_tcp(find, wire, wire->in, wire->have, frame->bytes, &frame->length)
		       : modbus_server_rtu(find, wire, wire->in, wire->have, frame->bytes, &frame->length);
}

static size_t take_modbus(struct wire *wire)
{
	struct frame frame;
	size_t taken;

	wire->read_count = 0;
	wire->fault = frame_fault_draw(wire->bus);
	if (wire->fault.kind == FRAME_EXCEPTION) {
		/* The device says no, or not now: nothing is done. */
		taken = serve_modbus(wire, find_nobody, &frame);
		if (taken > 0 && frame_fault_except(&wire->fault, wire->bus, wire->in, &frame))
			put(wire, frame.bytes, frame.length);
	} else {
		taken = serve_modbus(wire, find_device, &frame);
		if (frame.length > 0)
			answer(wire, &frame);
	}
	if (taken > 0)
		world.inside_ns += LATENCY_NS;
	return taken;
}

/* What densd has sent reaches the instruments. */
static void pump(struct wire *wire)
{
	size_t taken = 1;

	if (trouble_is_silent(&world.trouble, wire->bus))
		wire->have = 0;
	while (wire->have > 0 && taken > 0) {
		taken = wire->bus == WORLD_CHIP ? take_text(wire) : take_modbus(wire);
		wire->have -= taken;
		memmove(wire->in, wire->in + taken, wire->have);
	}
}

/* ---- what densd waits for ---- */

/* A far end that is gone is readable: reading says so. */
static bool is_readable(const struct wire *wire)
{
	return !wire->is_open || wire->out_end > wire->out_first;
}

static struct wire *find_wire(int host)
{
	for (int i = 0; i < WORLD_BUSES; i++)
		if (wires[i].host == host && host >= 0)
			return &wires[i];
	return NULL;
}

/* 1: there is something to read; 0: the time is over, on the simulated clock. */
static int wait_readable(struct wire *wire, int64_t most_ns)
{
	int64_t end_ns = now_ns() + most_ns;
	struct late *late;

	pump(wire);
	deliver_late(wire);
	if (is_readable(wire))
		return 1;
	late = find_late(wire);
	if (late && late->due_ns <= end_ns) {
		world.inside_ns = late->due_ns - world.now_ns;
		deliver_late(wire);
		return 1;
	}
	world.inside_ns = end_ns - world.now_ns;
	return 0;
}

/* libmodbus waits with it, for one descriptor; nothing else in this program does. */
int select(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict others,
	   struct timeval *restrict limit)
{
	(void)writes;
	(void)others;
	for (int i = 0; i < WORLD_BUSES; i++) {
		struct wire *wire = &wires[i];

		if (wire->host < 0 || wire->host >= count || !reads || !FD_ISSET(wire->host, reads))
			continue;
		return wait_readable(wire, limit ? (int64_t)limit->tv_sec * 1000000000 +
							   (int64_t)limit->tv_usec * 1000
						 : 0);
	}
	errno = EBADF;
	return -1;
}

int frames_wait(int fd, int64_t most_ns, int *ret_ready)
{
	struct wire *wire = find_wire(fd);

	if (!wire)
		return -ENOENT;
	*ret_ready = wait_readable(wire, most_ns);
	return 0;
}

bool frames_is_open(int fd)
{
	const struct wire *wire = find_wire(fd);

	return wire && wire->is_open;
}

/* libmodbus and serial_line.c read and write with these; other descriptors are the kernel's. */
static ssize_t take(struct wire *wire, void *ret_bytes, size_t size)
{
	size_t have = wire->out_end - wire->out_first, count = have < size ? have : size;

	if (!wire->is_open)
		return 0;
	if (have == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(ret_bytes, wire->out + wire->out_first, count);
	wire->out_first += count;
	if (wire->out_first == wire->out_end)
		wire->out_first = wire->out_end = 0;
	return (ssize_t)count;
}

static ssize_t give(struct wire *wire, const void *bytes, size_t count)
{
	if (!wire->is_open || count > REQUEST_MAX - wire->have) {
		errno = wire->is_open ? EAGAIN : EPIPE;
		return -1;
	}
	memcpy(wire->in + wire->have, bytes, count);
	wire->have += count;
	return (ssize_t)count;
}

ssize_t read(int fd, void *ret_bytes, size_t size)
{
	struct wire *wire = find_wire(fd);

	return wire ? take(wire, ret_bytes, size) : syscall(SYS_read, fd, ret_bytes, size);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	struct wire *wire = find_wire(fd);

	return wire ? give(wire, bytes, count) : syscall(SYS_write, fd, bytes, count);
}

ssize_t recv(int fd, void *ret_bytes, size_t size, int flags)
{
	struct wire *wire = find_wire(fd);

	return wire ? take(wire, ret_bytes, size)
		    : syscall(SYS_recvfrom, fd, ret_bytes, size, flags, NULL, NULL);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
	struct wire *wire = find_wire(fd);

	return wire ? give(wire, bytes, count) : syscall(SYS_sendto, fd, bytes, count, flags, NULL, 0);
}

/* ---- opening and closing ---- */

static void drop_device_end(struct wire *wire)
{
	wire->is_open = false;
	wire->have = wire->out_first = wire->out_end = 0;
	memset(wire->late, 0, sizeof(wire->late));
}

int close(int fd)
{
	struct wire *wire = find_wire(fd);

	if (wire) {
		drop_device_end(wire);
		wire->host = -1;
	}
	return (int)syscall(SYS_close, fd);
}

/* I3: who opens a line holds its lock, and nobody else does. */
static void check_lock(int bus)
{
	char key[LINE_LOCK_KEY];
	int fd;

	line_lock_key(&world.site.buses[bus], key);
	fd = wires[bus].foreign_lock < 0 ? __real_line_lock_take(key, world.folder) : -1;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || wires[bus].foreign_lock >= 0)
		checker_violate(&world.checker, "I3", "line %s is opened %s", world.site.buses[bus].name,
				fd >= 0 ? "without its lock" : "while another program holds its lock");
}

/* It gets the line when densd has let go of it. */
void frames_step(void)
{
	bool wanted = trouble_is_on(&world.trouble, TROUBLE_FOREIGN_LOCK);
	char key[LINE_LOCK_KEY];

	for (int bus = 0; bus < WORLD_BUSES; bus++) {
		int *lock = &wires[bus].foreign_lock;

		if (wanted && *lock < 0) {
			line_lock_key(&world.site.buses[bus], key);
			*lock = __real_line_lock_take(key, world.folder);
			if (*lock >= 0)
				world_tell("another program has taken line %d", bus);
		} else if (!wanted && *lock >= 0) {
			close(*lock);
			*lock = -1;
		}
	}
}

int frames_open(int bus)
{
	struct wire *wire = &wires[bus];
	int fd;

	if (bus == WORLD_RTU && trouble_is_on(&world.trouble, TROUBLE_ADAPTER))
		return -ENOENT;
	check_lock(bus);
	fd = eventfd(0, EFD_CLOEXEC); /* a number of its own is all that is needed */
	if (fd < 0)
		return -errno;
	drop_device_end(wire);
	wire->host = fd;
	wire->is_open = true;
	wire->connects++;
	world_tell("line %d is opened", bus);
	return fd;
}

void frames_flush(int fd)
{
	struct wire *wire = find_wire(fd);

	if (!wire)
		return;
	deliver_late(wire);
	wire->out_first = wire->out_end = 0;
}

int frames_init(void)
{
	static bool used;

	for (int i = 0; i < WORLD_BUSES; i++) {
		if (used)
			drop_device_end(&wires[i]);
		if (used && wires[i].foreign_lock >= 0)
			close(wires[i].foreign_lock);
		wires[i] = (struct wire){
			.bus = (enum world_bus)i, .host = -1, .foreign_lock = -1, .out = wires[i].out};
		if (!wires[i].out)
			wires[i].out = malloc(OUT_MAX);
		if (!wires[i].out)
			return -ENOMEM;
	}
	used = true;
	return 0;
}

void frames_forget(int bus)
{
	drop_device_end(&wires[bus]);
	wires[bus].host = -1;
}

void frames_begin_cycle(int bus)
{
	struct wire *wire = &wires[bus];

	if (bus == WORLD_RTU && trouble_is_on(&world.trouble, TROUBLE_ADAPTER))
		drop_device_end(wire);
	if (frame_fault_resets(bus))
		drop_device_end(wire);
	deliver_late(wire);
}
