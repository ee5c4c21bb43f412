/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counter-based noise: the same seed, stream and index give the same number, in any order of asking. */
#ifndef DENSD_DENSIM_NOISE_H
#define DENSD_DENSIM_NOISE_H

#include <stdint.h>

enum noise_stream {
	NOISE_TEMPERATURE = 1,
	NOISE_OIL,
	NOISE_FLOW,
	NOISE_SCAN,
	NOISE_MASS,
	NOISE_CORRUPT,
	NOISE_STREAM_END
};

/* What seed and stream come to; asked for once by who asks for many numbers. */
uint64_t noise_key(uint64_t seed, enum noise_stream stream);
/* 64 well-mixed bits. */
uint64_t noise_bits_of(uint64_t key, uint64_t index);
uint64_t noise_bits(uint64_t seed, enum noise_stream stream, uint64_t index);
/* Standard normal. */
double noise_normal(uint64_t seed, enum noise_stream stream, uint64_t index);

#endif
