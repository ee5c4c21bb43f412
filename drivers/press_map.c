/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/press_map.h"

#include "drivers/codec.h"

void press_map_encode(const struct press_order *order, uint16_t ret_words[PRESS_WRITE_WORDS])
{
	ret_words[0] = order->heartbeat;
	ret_words[1] = order->mode;
	codec_encode_f32((float)order->setpoint_bar, true, ret_words + 2);
	codec_encode_f32((float)order->ramp_bar_per_s, true, ret_words + 4);
	ret_words[6] = order->watchdog_s;
}

void press_map_decode(const uint16_t words[PRESS_READ_WORDS], struct press_block *ret_block)
{
	*ret_block = (struct press_block){
		.oil_bar = (double)codec_decode_f32(words, true),
		.setpoint_bar = (double)codec_decode_f32(words + 2, true),
		.stroke_pct = (double)codec_decode_f32(words + 4, true),
		.status = words[6],
		.heartbeat = words[7],
		.mode = words[8],
		.watchdog_s = words[9],
		.identity = words[10],
		.version = words[11],
	};
}
