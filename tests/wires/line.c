/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/wires/line.h"

#include <errno.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define OUT_MAX 8192u
#define IN_MAX 1024u

struct line line;

static int host = -1; /* the host's descriptor: a number of its own is all that is needed */
static bool far_end;  /* somebody is at the other one */
static uint8_t in[IN_MAX];
static size_t have;
static struct {
	int64_t due_ns;
	uint8_t byte;
} out[OUT_MAX];
static size_t out_first, out_end;

static void forget_out(void)
{
	out_first = out_end = 0;
}

static void lose_past(void)
{
	while (out_first < out_end && out[out_first].due_ns <= line.now_ns)
		out_first++;
}

void line_reset(void)
{
	if (host >= 0)
		syscall(SYS_close, host);
	line = (struct line){0};
	host = -1;
	far_end = false;
	have = 0;
	forget_out();
}

bool line_is_open(void)
{
	return host >= 0 && far_end;
}

bool line_is_held(void)
{
	return host >= 0;
}

void line_hang_up(void)
{
	far_end = false;
	have = 0;
	if (line.tcp)
		forget_out();
}

static void make_room(void)
{
	if (out_first == 0)
		return;
	memmove(out, out + out_first, (out_end - out_first) * sizeof(out[0]));
	out_end -= out_first;
	out_first = 0;
}

/* By time of arrival: frames that are on the line together mix, as they do on a wire. */
void line_put(const uint8_t *bytes, size_t length, int64_t due_ns, int64_t gap_ns)
{
	for (size_t i = 0; i < length; i++, due_ns += gap_ns) {
		size_t at;

		if (out_end == OUT_MAX)
			make_room();
		if (out_end == OUT_MAX)
			return;
		for (at = out_end; at > out_first && out[at - 1].due_ns > due_ns; at--)
			out[at] = out[at - 1];
		out[at].due_ns = due_ns;
		out[at].byte = bytes[i];
		out_end++;
	}
}

static void pump(void)
{
	size_t taken = 1;

	while (have > 0 && taken > 0 && far_end) {
		taken = line.take(in, have);
		if (taken > have) /* the far end hung up in the middle of it */
			taken = have;
		have -= taken;
		memmove(in, in + taken, have);
	}
}

static size_t waiting(void)
{
	size_t count = 0;

	while (out_first + count < out_end && out[out_first + count].due_ns <= line.now_ns)
		count++;
	return count;
}

/* 1: there is something to read, or the far end is gone; 0: the time is over. */
static int wait_readable(int64_t most_ns)
{
	int64_t end_ns = line.now_ns + most_ns;

	pump();
	if (!far_end || waiting() > 0)
		return 1;
	if (out_first < out_end && out[out_first].due_ns <= end_ns) {
		line.now_ns = out[out_first].due_ns;
		return 1;
	}
	line.now_ns = end_ns;
	return 0;
}

/* libmodbus waits with it, for one descriptor; nothing else in this program does. */
int select(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict others,
	   struct timeval *restrict limit)
{
	(void)writes;
	(void)others;
	if (host < 0 || host >= count || !reads || !FD_ISSET(host, reads)) {
		errno = EBADF;
		return -1;
	}
	return wait_readable(limit->tv_sec * NS_PER_S + limit->tv_usec * INT64_C(1000));
}

static ssize_t take_out(void *ret_bytes, size_t size)
{
	uint8_t *bytes = ret_bytes;
	size_t count = waiting();

	if (!far_end)
		return 0;
	if (count == 0) {
		errno = EAGAIN;
		return -1;
	}
	count = count < size ? count : size;
	for (size_t i = 0; i < count; i++)
		bytes[i] = out[out_first++].byte;
	if (out_first == out_end)
		forget_out();
	return (ssize_t)count;
}

static ssize_t take_in(const void *bytes, size_t count)
{
	if (!far_end || count > IN_MAX - have) {
		errno = far_end ? EAGAIN : EPIPE;
		return -1;
	}
	memcpy(in + have, bytes, count);
	have += count;
	return (ssize_t)count;
}

ssize_t read(int fd, void *ret_bytes, size_t size)
{
	return fd == host && fd >= 0 ? take_out(ret_bytes, size) : syscall(SYS_read, fd, ret_bytes, size);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	return fd == host && fd >= 0 ? take_in(bytes, count) : syscall(SYS_write, fd, bytes, count);
}

ssize_t recv(int fd, void *ret_bytes, size_t size, int flags)
{
	return fd == host && fd >= 0 ? take_out(ret_bytes, size)
				     : syscall(SYS_recvfrom, fd, ret_bytes, size, flags, NULL, NULL);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
	return fd == host && fd >= 0 ? take_in(bytes, count)
				     : syscall(SYS_sendto, fd, bytes, count, flags, NULL, 0);
}

int close(int fd)
{
	if (fd == host && fd >= 0) {
		far_end = false;
		have = 0;
		if (line.tcp)
			forget_out();
		host = -1;
	}
	return (int)syscall(SYS_close, fd);
}

static int open_line(void)
{
	int fd;

	if (line.refuses) {
		errno = line.tcp ? ECONNREFUSED : ENOENT;
		return -1;
	}
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0)
		return -1;
	/* What an instrument said while nobody listened is gone. */
	lose_past();
	host = fd;
	far_end = true;
	have = 0;
	return fd;
}

/* ---- what the linker puts in the place of the machine ---- */

int64_t __wrap_clock_mono_ns(void);
int __wrap_modbus_connect(modbus_t *modbus);
int __wrap_modbus_flush(modbus_t *modbus);
int __wrap_line_lock_take(const char *key, const char *folder);
int __wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left);
int __wrap_tcgetattr(int fd, struct termios *ret_settings);
int __wrap_tcsetattr(int fd, int when, const struct termios *settings);
int __wrap_tcflush(int fd, int queue);
int __wrap_ppoll(struct pollfd *waited, nfds_t count, const struct timespec *limit, const sigset_t *mask);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_open64(const char *path, int flags, ...);

int64_t __wrap_clock_mono_ns(void)
{
	return line.now_ns;
}

int __wrap_modbus_connect(modbus_t *modbus)
{
	int fd = open_line();

	return fd < 0 ? -1 : modbus_set_socket(modbus, fd);
}

int __wrap_modbus_flush(modbus_t *modbus)
{
	(void)modbus;
	lose_past();
	return 0;
}

int __wrap_line_lock_take(const char *key, const char *folder)
{
	(void)key;
	(void)folder;
	return eventfd(0, EFD_CLOEXEC);
}

int __wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left)
{
	(void)ret_left;
	line.now_ns += wish->tv_sec * NS_PER_S + wish->tv_nsec;
	return 0;
}

int __wrap_tcgetattr(int fd, struct termios *ret_settings)
{
	(void)fd;
	memset(ret_settings, 0, sizeof(*ret_settings));
	return 0;
}

int __wrap_tcsetattr(int fd, int when, const struct termios *settings)
{
	(void)fd;
	(void)when;
	(void)settings;
	return 0;
}

/* An adapter keeps the bytes until somebody takes or forgets them. */
int __wrap_tcflush(int fd, int queue)
{
	(void)fd;
	(void)queue;
	lose_past();
	return 0;
}

int __wrap_ppoll(struct pollfd *waited, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
	int ready;

	(void)count;
	(void)mask;
	if (waited->fd != host || host < 0) {
		errno = EBADF;
		return -1;
	}
	ready = wait_readable(limit->tv_sec * NS_PER_S + limit->tv_nsec);
	waited->revents = (short)(!ready ? 0 : far_end ? POLLIN : POLLHUP);
	return ready;
}

/* The serial line is opened by its path; profiles are files. */
int __wrap_open64(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	if (strcmp(path, "simulated") == 0)
		return open_line();
	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	return __real_open64(path, flags, mode);
}

int __wrap_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	return open_line();
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	(void)fd;
	(void)address;
	(void)length;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list list;

	if (request != FIONREAD)
		return 0;
	va_start(list, request);
	*va_arg(list, int *) = fd == host && host >= 0 ? (int)waiting() : 0;
	va_end(list);
	return 0;
}
