/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/coupler.h"

#include <math.h>

void coupler_step(struct coupler *coupler, double watchdog_least_s, double step_s)
{
	coupler->silent_s += step_s;
	if (!coupler->fitted || !coupler->running || coupler->fell_back || coupler->type == COUPLER_OFF ||
	    coupler->silent_s <= fmax(coupler->watchdog_s, watchdog_least_s))
		return;
	coupler->fell_back = true;
	coupler->fallbacks++;
	coupler->reset_steps = 0;
	if (coupler->fallback != COUPLER_FREEZE)
		coupler->output = false;
}

bool coupler_takes_write(struct coupler *coupler)
{
	if (!coupler->write_lock)
		coupler->master = 0;
	else if (coupler->master == 0)
		coupler->master = coupler->asker;
	return coupler->master == 0 || coupler->master == coupler->asker;
}

void coupler_hang_up(struct coupler *coupler, unsigned asker)
{
	if (coupler->master == asker)
		coupler->master = 0;
}

void coupler_hear(struct coupler *coupler, bool write)
{
	coupler->running = coupler->running || write;
	if (write || coupler->type == COUPLER_ON_TELEGRAMS)
		coupler->silent_s = 0;
}

void coupler_set_output(struct coupler *coupler, bool on)
{
	if (!coupler->fell_back)
		coupler->output = on;
}

void coupler_reset(struct coupler *coupler)
{
	coupler->fell_back = false;
	coupler->reset_steps = 0;
}

void coupler_restart(struct coupler *coupler)
{
	coupler->output = coupler->fell_back = coupler->running = false;
	coupler->fallbacks = 0;
	coupler->reset_steps = coupler->master = 0;
}

bool coupler_closed(const struct coupler *coupler)
{
	return !coupler->fitted || coupler->output;
}
