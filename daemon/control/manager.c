/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/manager.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* 0, or -errno: there is no manager. "@" stands for the NUL of an abstract name. */
static int find_manager(struct sockaddr_un *ret_address, socklen_t *ret_length)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(ret_address->sun_path) || (path[0] != '/' && path[0] != '@'))
		return -ENOENT;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, length);
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

int manager_tell(const char *text)
{
	static int fd = -1;
	struct sockaddr_un manager;
	socklen_t length;
	int r = find_manager(&manager, &length);

	if (r == 0 && fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r < 0 || fd < 0)
		return -ENOENT;
	return sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&manager, length) < 0 ? -errno
												     : 0;
}
