/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/hash.h"

#include <openssl/sha.h>
#include <stdio.h>

void hash_sha256(const void *data, size_t length, char ret_hex[65])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, length, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}
