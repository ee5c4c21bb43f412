/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/link.h"

void outbox_init(struct outbox *ret_outbox)
{
	ret_outbox->first = ret_outbox->count = 0;
	ret_outbox->dropped = 0;
}

static void drop_first(struct outbox *outbox)
{
	struct outbox_slot *slot = &outbox->slots[outbox->first];

	if (slot->fd >= 0)
		close(slot->fd);
	outbox->first = (outbox->first + 1) % OUTBOX_SLOTS;
	outbox->count--;
}

void outbox_clear(struct outbox *outbox)
{
	while (outbox->count > 0)
		drop_first(outbox);
}

static void keep(struct outbox *outbox, uint16_t type, const void *body, size_t length, int fd)
{
	struct outbox_slot *slot;

	if (outbox->count == OUTBOX_SLOTS) {
		drop_first(outbox);
		outbox->dropped++;
	}
	slot = &outbox->slots[(outbox->first + outbox->count++) % OUTBOX_SLOTS];
	slot->type = type;
	slot->length = (uint32_t)length;
	slot->fd = fd;
	memcpy(slot->body, body, length);
}

int outbox_flush(struct outbox *outbox, int socket, uint32_t *seq)
{
	while (outbox->count > 0) {
		const struct outbox_slot *slot = &outbox->slots[outbox->first];
		int r = link_send(socket, slot->type, *seq, slot->body, slot->length, slot->fd);

		if (r < 0)
			return r;
		++*seq;
		drop_first(outbox);
	}
	return 0;
}

int outbox_send(struct outbox *outbox, int socket, uint32_t *seq, uint16_t type, const void *body,
		size_t length, int fd, bool may_wait)
{
	int r = outbox_flush(outbox, socket, seq);

	if (r == 0) {
		r = link_send(socket, type, *seq, body, length, fd);
		if (r == 0)
			++*seq;
	}
	if (r == -EAGAIN && may_wait && length <= OUTBOX_BODY) {
		keep(outbox, type, body, length, fd);
		return r;
	}
	if (fd >= 0)
		close(fd);
	return r;
}
