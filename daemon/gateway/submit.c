/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/submit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/protocol_reader.h"

static int write_whole(int fd, const void *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write(fd, (const char *)bytes + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int make_memfd(const struct command_request *request, const struct plan *plans, size_t count,
		      int *ret_fd)
{
	struct submit_header header = {.count = (uint32_t)count,
				       .text_length = (uint32_t)request->text_length};
	int fd = memfd_create("densd-submit", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = write_whole(fd, &header, sizeof(header));
	if (r == 0)
		r = write_whole(fd, plans, count * sizeof(*plans));
	if (r == 0)
		r = write_whole(fd, request->text, request->text_length);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

int submit_prepare(const struct site *site, struct command_request *request, struct diagnostics *diagnostics,
		   int *ret_fd)
{
	struct plan *plans = calloc(PROTOCOL_PLANS_MAX, sizeof(*plans));
	size_t count = 0;
	int r;

	if (!plans)
		return -ENOMEM;
	diagnostics_init(diagnostics, request->file[0] ? request->file : "protocol");
	r = protocol_read(request->text, request->text_length, site, diagnostics, plans, &count);
	if (r == 0 && count > PLAN_QUEUE_MAX) {
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, 0, 0,
				"the series makes %zu runs; the queue holds %d: submit it in parts", count,
				PLAN_QUEUE_MAX);
		r = 1;
	}
	if (r == 0) {
		request->command.plan_count = (uint32_t)count;
		request->command.text_length = (uint32_t)request->text_length;
		r = make_memfd(request, plans, count, ret_fd);
	}
	free(plans);
	return r;
}
