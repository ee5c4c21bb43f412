/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a pair crystallises: an exotherm that falls below the glass line, above the transition. Private. */
#ifndef DENSD_CALORIMETRY_CRYSTAL_H
#define DENSD_CALORIMETRY_CRYSTAL_H

#include "daemon/calorimetry/blocks.h"

/*
 * The number of blocks before it begins in either scan; blocks->count when neither does. @noise: of one
 * point. For scans that hold no liquid otherwise: the way up from such an exotherm is steeper than any
 * transition.
 */
size_t crystal_find(const struct blocks *blocks, double noise);

#endif
