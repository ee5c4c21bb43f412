/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint_fast64_t turned_away; /* counted by libzmq's thread */

/* Descriptors are given out lowest first: number and count are the same but for holes. */
static bool is_spare(int fd)
{
	struct rlimit limit;
	rlim_t spare;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	spare = limit.rlim_cur / LOAD_SPARE_PART;
	if (spare < LOAD_SPARE_LEAST)
		spare = LOAD_SPARE_LEAST;
	return (rlim_t)fd + spare >= limit.rlim_cur;
}

/*
 * As in accept(2), in place of the C library's, whose argument is a union of pointers. EMFILE is told as
 * ENFILE, which libzmq lives with.
 */
int accept4(int listener, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
	long fd = syscall(SYS_accept4, listener, address.__sockaddr__, length, flags);

	if (fd < 0) {
		errno = errno == EMFILE ? ENFILE : errno;
		return -1;
	}
	if (!is_spare((int)fd))
		return (int)fd;
	close((int)fd);
	atomic_fetch_add(&turned_away, 1);
	errno = ECONNABORTED;
	return -1;
}

int load_measure(struct link_gateway_load *ret_load)
{
	struct rlimit limit;
	DIR *listing;

	ret_load->turned_away = atomic_load(&turned_away);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	ret_load->descriptors_most = (uint32_t)(limit.rlim_cur < UINT32_MAX ? limit.rlim_cur : UINT32_MAX);
	ret_load->descriptors = ret_load->descriptors_most;
	listing = opendir("/proc/self/fd");
	if (!listing)
		return -errno;
	ret_load->descriptors = 0;
	for (const struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
		ret_load->descriptors += entry->d_name[0] != '.';
	/* the listing's own */
	ret_load->descriptors--;
	closedir(listing);
	return 0;
}
