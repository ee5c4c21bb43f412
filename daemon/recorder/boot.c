/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/boot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void boot_read_id(char ret_id[BOOT_ID])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret_id, BOOT_ID - 1) : 0;

	ret_id[n > 0 ? n : 0] = '\0';
	ret_id[strcspn(ret_id, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}
