/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/opening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 }; /* as realpath(3) wants it */

static int join(const char *directory, const char *name, size_t size, char *ret_path)
{
	int n = snprintf(ret_path, size, "%s/%s", directory, name);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int opening_directory(const char *directory)
{
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int make_raw(int slave)
{
	struct termios mode;
	if (tcgetattr(slave, &mode) < 0)
		return -errno;
	cfmakeraw(&mode);
	return tcsetattr(slave, TCSANOW, &mode) < 0 ? -errno : 0;
}

static int open_pair(int *ret_fd, int *ret_slave, char *ret_name, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave = -1, r;
	if (fd < 0)
		return -errno;
	if (grantpt(fd) < 0 || unlockpt(fd) < 0 || ptsname_r(fd, ret_name, size) != 0) {
		r = -errno;
		goto fail;
	}
	slave = open(ret_name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	r = slave < 0 ? -errno : make_raw(slave);
	if (r < 0)
		goto fail;
	*ret_fd = fd;
	*ret_slave = slave;
	return 0;
fail:
	if (slave >= 0)
		close(slave);
	close(fd);
	return r;
}

int opening_terminal(const char *directory, const char *name, int *ret_fd, int *ret_slave)
{
	char terminal[PATH_BYTES], path[PATH_BYTES];
	int fd = -1, slave = -1, r = join(directory, name, sizeof(path), path);
	if (r < 0)
		return r;
	r = open_pair(&fd, &slave, terminal, sizeof(terminal));
	if (r < 0)
		return r;
	if ((unlink(path) < 0 && errno != ENOENT) || symlink(terminal, path) < 0) {
		r = -errno;
		close(slave);
		close(fd);
		return r;
	}
	*ret_fd = fd;
	*ret_slave = slave;
	return 0;
}

int opening_alias(const char *directory, const char *alias)
{
	char path[PATH_BYTES], terminal[PATH_BYTES];
	int r = join(directory, "rtu", sizeof(path), path);
	if (r < 0)
		return r;
	if (!realpath(path, terminal) || symlink(terminal, alias) < 0)
		return -errno;
	return 0;
}

int opening_listen_tcp(uint16_t port, int *ret_fd)
{
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int unix_address(const char *directory, const char *name, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	return join(directory, name, sizeof(ret_address->sun_path), ret_address->sun_path);
}

int opening_listen_unix(const char *directory, const char *name, int *ret_fd)
{
	struct sockaddr_un address;
	int r = unix_address(directory, name, &address);
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int opening_connect_unix(const char *directory, const char *name, int *ret_fd)
{
	struct sockaddr_un address;
	int r = unix_address(directory, name, &address);
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int opening_ready(const char *directory, uint16_t port, double scale)
{
	char path[PATH_BYTES];
	int r = join(directory, "ready", sizeof(path), path);
	if (r < 0)
		return r;
	FILE *file = fopen(path, "we");
	if (!file)
		return -errno;
	fprintf(file, "port=%u scale=%g pid=%ld\n", port, scale, (long)getpid());
	return fclose(file) == 0 ? 0 : -EIO;
}

void opening_no_delay(int fd)
{
	int yes = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

void opening_unlink(const char *directory, const char *name)
{
	char path[PATH_BYTES];

	if (join(directory, name, sizeof(path), path) == 0)
		unlink(path);
}

void opening_remove(const char *directory)
{
	static const char *const names[] = {"ready", "rtu", "chip", "press", "flow", "control.sock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		opening_unlink(directory, names[i]);
}
