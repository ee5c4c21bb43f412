/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DENSD_CONFIG_HASH_H
#define DENSD_CONFIG_HASH_H

#include <stddef.h>

/* SHA-256 of @length bytes as 64 lower-case hex digits and a NUL. */
void hash_sha256(const void *data, size_t length, char ret_hex[65]);

#endif
