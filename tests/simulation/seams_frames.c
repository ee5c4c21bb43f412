/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the lines are cut off from the machine at the level of bytes: ports, sockets, waiting, locks. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <time.h>

#include "drivers/line_lock.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/frames.h"
#include "tests/simulation/world.h"

#define NS_PER_S INT64_C(1000000000)

int __wrap_modbus_connect(modbus_t *modbus);
int __wrap_modbus_flush(modbus_t *modbus);
int __wrap_line_lock_take(const char *key, const char *folder);
int __wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left);
int __wrap_tcgetattr(int fd, struct termios *ret_settings);
int __wrap_tcsetattr(int fd, int when, const struct termios *settings);
int __wrap_tcflush(int fd, int queue);
int __wrap_ppoll(struct pollfd *waiting, nfds_t count, const struct timespec *limit, const sigset_t *mask);
int __wrap_open64(const char *path, int flags, ...);
int __real_line_lock_take(const char *key, const char *folder);
int __real_open64(const char *path, int flags, ...);

int __wrap_modbus_connect(modbus_t *modbus)
{
	int fd = frames_open(world.bus_now);

	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	return modbus_set_socket(modbus, fd);
}

/* tcflush fails on a socket. */
int __wrap_modbus_flush(modbus_t *modbus)
{
	frames_flush(modbus_get_socket(modbus));
	return 0;
}

int __wrap_line_lock_take(const char *key, const char *folder)
{
	(void)folder;
	if (world.plant == PLANT_LOCK)
		return eventfd(0, EFD_CLOEXEC);
	return __real_line_lock_take(key, world.folder);
}

int __wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left)
{
	(void)ret_left;
	world.inside_ns += wish->tv_sec * NS_PER_S + wish->tv_nsec;
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

int __wrap_tcflush(int fd, int queue)
{
	(void)queue;
	frames_flush(fd);
	return 0;
}

int __wrap_ppoll(struct pollfd *waiting, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
	int ready = 0;

	(void)count;
	(void)mask;
	if (frames_wait(waiting->fd, limit->tv_sec * NS_PER_S + limit->tv_nsec, &ready) < 0) {
		errno = EBADF;
		return -1;
	}
	waiting->revents = (short)(!ready ? 0 : frames_is_open(waiting->fd) ? POLLIN : POLLHUP);
	return ready;
}

int __wrap_open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list list;
	int fd;

	va_start(list, flags);
	if (flags & O_CREAT)
		mode = va_arg(list, mode_t);
	va_end(list);
	if (disk_owns(path))
		return disk_open_reserve(path);
	for (uint32_t i = 0; i < world.site.bus_count; i++) {
		if (strcmp(path, world.site.buses[i].path) != 0)
			continue;
		fd = frames_open((int)i);
		if (fd < 0)
			errno = -fd;
		return fd < 0 ? -1 : fd;
	}
	return __real_open64(path, flags, mode);
}
