/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/load.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>

int load_measure(struct link_gateway_load *ret_load)
{
	struct rlimit limit;
	DIR *listing;

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
