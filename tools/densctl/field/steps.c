/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/steps.h"

#include "tools/densctl/field/steps_common.h"

static const struct steps_kind *const kinds[DEVICE_KIND_MAX] = {[DEVICE_FURNACE] = &steps_furnace,
								[DEVICE_PRESS] = &steps_press,
								[DEVICE_FLOW] = &steps_flow,
								[DEVICE_CHIP] = &steps_chip};

const struct step *steps_of(uint8_t kind, size_t *ret_count)
{
	*ret_count = kinds[kind]->count;
	return kinds[kind]->steps;
}

bool steps_make_safe(struct commission *commission)
{
	return kinds[steps_demand(commission)->kind]->make_safe(commission);
}
