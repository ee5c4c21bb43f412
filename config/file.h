/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DENSD_CONFIG_FILE_H
#define DENSD_CONFIG_FILE_H

#include <stddef.h>

/* A whole regular file of at most @most bytes, to be freed. 0, -errno, -EFBIG, -EISDIR. */
int file_read(const char *path, size_t most, char **ret_text, size_t *ret_length);

#endif
