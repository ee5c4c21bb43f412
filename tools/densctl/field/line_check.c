/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a line can be opened at all, and if not, what a person can do about it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tools/densctl/field/field.h"

#define CONNECT_MS 3000

/* "root:dialout, mode 660" */
static const char *owner_text(const char *path, char text[FIELD_TEXT])
{
	const struct passwd *user;
	const struct group *group;
	struct stat status;

	if (stat(path, &status) < 0)
		return strcpy(text, "somebody");
	user = getpwuid(status.st_uid);
	group = getgrgid(status.st_gid);
	snprintf(text, FIELD_TEXT, "%.60s:%.60s, mode %03o", user ? user->pw_name : "?",
		 group ? group->gr_name : "?", status.st_mode & 0777);
	return text;
}

static void say_terminal(const char *path, int error, char ret_why[FIELD_WHY])
{
	char owner[FIELD_TEXT];

	if (error == EACCES || error == EPERM)
		snprintf(ret_why, FIELD_WHY,
			 "%s: %s; it is %s's: run this as the user densd (sudo -u densd), or be in its "
			 "group and log in again",
			 path, strerror(error), owner_text(path, owner));
	else if (error == ENOENT || error == ENXIO || error == ENODEV)
		snprintf(ret_why, FIELD_WHY,
			 "%s: %s; is the adapter plugged in, and is that its name (ls -l /dev/serial/by-id)?",
			 path, strerror(error));
	else if (error == EBUSY)
		snprintf(ret_why, FIELD_WHY, "%s: %s; another program holds it for itself (fuser -v %s)",
			 path, strerror(error), path);
	else if (error == ENOTTY)
		snprintf(ret_why, FIELD_WHY, "%s is no serial line: %s", path, strerror(error));
	else
		snprintf(ret_why, FIELD_WHY, "%s: %s", path, strerror(error));
}

static int try_terminal(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), r = 0;
	struct termios settings;

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &settings) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int try_address(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&wait, 1, CONNECT_MS) > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
	}
	close(fd);
	return -error;
}

static int try_host(const struct bus_config *config, char ret_why[FIELD_WHY])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
	char port[8];
	int r;

	snprintf(port, sizeof(port), "%u", config->port);
	r = getaddrinfo(config->path, port, &hints, &address);
	if (r != 0) {
		snprintf(ret_why, FIELD_WHY, "%s has no address: %s", config->path, gai_strerror(r));
		return -EADDRNOTAVAIL;
	}
	r = try_address(address);
	freeaddrinfo(address);
	if (r < 0)
		snprintf(ret_why, FIELD_WHY, "%s port %u: %s; %s", config->path, config->port, strerror(-r),
			 r == -ECONNREFUSED
				 ? "the host is there and nothing listens on that port, or it has its one "
				   "client already"
				 : "is the host on and on this network (ping), and is the address right?");
	return r;
}

int field_try_line(const struct bus_config *config, char ret_why[FIELD_WHY])
{
	int r;

	ret_why[0] = '\0';
	if (profile_bus_is_tcp(config->kind))
		return try_host(config, ret_why);
	r = try_terminal(config->path);
	if (r < 0)
		say_terminal(config->path, -r, ret_why);
	return r;
}
