/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counter-based noise: the same seed, stream and index give the same number, in any order of asking. */
#ifndef DENSD_DENSIM_NOISE_H
#define DENSD_DENSIM_NOISE_H

#include <stdint.h>

enum noise_stream { NOISE_TEMPERATURE = 1, NOISE_OIL, NOISE_FLOW, NOISE_SCAN, NOISE_MASS, NOISE_CORRUPT };

/* 64 well-mixed bits. */
uint64_t noise_bits(uint64_t seed, enum noise_stream stream, uint64_t index);
/* Standard normal. */
double noise_normal(uint64_t seed, enum noise_stream stream, uint64_t index);

#endif
