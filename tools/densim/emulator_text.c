/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/emulator_text.h"

#include <errno.h>
#include <string.h>

enum { LINE_MAX_BYTES = 200 };

static const struct {
	const char *protocol;
	size_t (*line)(struct emulator_text *emulator, const char *line, char *ret_answer);
} dialects[] = {
	{"pace", emulator_pace_line}, {"dasnet", emulator_dasnet_line}, {"alicat", emulator_alicat_line}};

static int find_dialect(const char *protocol)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strcmp(dialects[i].protocol, protocol) == 0)
			return (int)i;
	return -1;
}

int emulator_text_init(struct emulator_text *ret_emulator, const struct profile *profile,
		       struct laboratory *lab)
{
	if (find_dialect(profile->protocol) < 0)
		return -EINVAL;
	*ret_emulator = (struct emulator_text){
		.profile = profile, .lab = lab, .slew_bar_per_s = 1, .gas = "N2", .unit = "BAR"};
	if (profile->kind == DEVICE_PRESS)
		lab->press.no_contactor = true;
	return 0;
}

size_t emulator_text_take(struct emulator_text *emulator, const char *bytes, size_t length,
			  char ret_answer[EMULATOR_TEXT_ANSWER], size_t *ret_length)
{
	char line[LINE_MAX_BYTES];
	size_t end = 0;

	*ret_length = 0;
	while (end < length && bytes[end] != '\r' && bytes[end] != '\n')
		end++;
	if (end == length)
		return length >= LINE_MAX_BYTES ? length : 0;
	if (end > 0 && end < LINE_MAX_BYTES && !memchr(bytes, '\0', end)) {
		memcpy(line, bytes, end);
		line[end] = '\0';
		emulator->telegrams++;
		*ret_length =
			dialects[find_dialect(emulator->profile->protocol)].line(emulator, line, ret_answer);
	}
	return end + 1;
}

void emulator_text_press(struct emulator_text *emulator, bool run, double setpoint_bar, double slew_bar_per_s)
{
	struct press_plant *press = &emulator->lab->press;

	if (emulator->lab->faults.on[FAULT_FALSE_ACK])
		return;
	if (press->power_failed)
		press_plant_reset(press);
	press_plant_request(press, 0, run ? PRESS_PLANT_REGULATE : PRESS_PLANT_LOCK, (float)setpoint_bar,
			    (float)slew_bar_per_s, 0);
}

bool emulator_text_runs(const struct emulator_text *emulator)
{
	return emulator->lab->press.mode_active == PRESS_PLANT_REGULATE;
}
