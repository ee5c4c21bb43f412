/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/base/log.h"

int link_send(int socket, uint16_t type, uint32_t seq, const void *body, size_t length, int fd)
{
	struct link_header header = {.magic = LINK_MAGIC,
				     .version = LINK_VERSION,
				     .type = type,
				     .length = (uint32_t)length,
				     .seq = seq};
	struct iovec parts[2] = {{&header, sizeof(header)}, {(void *)body, length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;

	if (length > LINK_MESSAGE_MAX)
		return -EMSGSIZE;
	if (fd >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	for (;;) {
		if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	}
}

/* Takes the first descriptor, closes any other: a peer cannot make us leak. */
static int take_descriptor(struct msghdr *message)
{
	int taken = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (taken < 0)
				taken = fd;
			else
				close(fd);
		}
	}
	return taken;
}

int link_receive(int socket, void *buffer, size_t size, const struct link_header **ret_header,
		 const void **ret_body, int *ret_fd)
{
	struct iovec part = {buffer, size};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.bytes)};
	const struct link_header *header = buffer;
	ssize_t n;
	int fd;

	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	fd = take_descriptor(&message);
	if ((size_t)n < sizeof(*header) || (message.msg_flags & MSG_TRUNC) || header->magic != LINK_MAGIC ||
	    header->version != LINK_VERSION || header->type == 0 || header->type >= LINK_TYPE_MAX ||
	    header->length != (size_t)n - sizeof(*header)) {
		if (fd >= 0)
			close(fd);
		return -EBADMSG;
	}
	*ret_header = header;
	*ret_body = header + 1;
	*ret_fd = fd;
	return 1;
}

int link_serve(int socket, void *buffer, size_t size, int most, link_take take, void *userdata)
{
	for (int i = 0; i < most; i++) {
		const struct link_header *header;
		const void *body;
		int fd, r = link_receive(socket, buffer, size, &header, &body, &fd);

		if (r == -EAGAIN)
			return 1;
		if (r <= 0)
			return r;
		r = take(userdata, header, body, fd);
		if (fd >= 0)
			close(fd);
		if (r == -EBADMSG)
			log_warning("a message of type %u and %u bytes is not understood", header->type,
				    header->length);
		else if (r != 0)
			return r;
	}
	return 1;
}

const char *link_command_name(enum command_kind kind, enum verb verb)
{
	static const char *const names[COMMAND_MAX] = {
		[COMMAND_SUBMIT] = "submit",    [COMMAND_CONFIRM_SECTION] = "confirm section",
		[COMMAND_CANCEL] = "cancel",    [COMMAND_STATUS] = "status",
		[COMMAND_CAPTURE] = "capture",  [COMMAND_DEVICES] = "devices",
		[COMMAND_REPLACED] = "replaced"};

	if (kind == COMMAND_VERB)
		return verb < VERB_MAX ? verb_name(verb) : "?";
	return kind < COMMAND_MAX ? names[kind] : "?";
}
