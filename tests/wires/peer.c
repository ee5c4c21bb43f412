/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/wires/peer.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/codec.h"
#include "tests/wires/bend.h"
#include "tests/wires/line.h"
#include "tools/densim/emulator_roles.h"
#include "tools/densim/modbus_server.h"

#define MS_NS INT64_C(1000000)
#define ZERO_CELSIUS_K 273.15
#define LATEST_NS (INT64_C(3000) * MS_NS)
#define WORKING_K 0x1p-13 /* how finely a setpoint in force moves, over half a kelvin */
#define SILENT_S 10
#define GONE_S 5

struct peer peer;

static const struct {
	uint8_t kind; /* enum device_kind */
	enum peer_role role;
	const char *name; /* of the register */
} roles[] = {
	{DEVICE_FURNACE, PEER_VALUE, "process_value"},
	{DEVICE_FURNACE, PEER_VALUE2, "process_value2"},
	{DEVICE_FURNACE, PEER_SETPOINT, "setpoint"},
	{DEVICE_FURNACE, PEER_OUTPUT, "output"},
	{DEVICE_FLOW, PEER_FLOW, "process_value"},
	{DEVICE_FLOW, PEER_FLOW, "flow"},
	{DEVICE_FLOW, PEER_FLOW_SETPOINT, "setpoint"},
	{DEVICE_PRESS, PEER_OIL, "oil_pressure"},
	{DEVICE_PRESS, PEER_OIL, "pressure"},
	{DEVICE_PRESS, PEER_OIL_SETPOINT, "oil_setpoint_active"},
	{DEVICE_PRESS, PEER_OIL_SETPOINT, "setpoint"},
	{DEVICE_PRESS, PEER_STROKE, "stroke"},
};
/* Where each number begins, how finely a float and a text can show it, and how far it goes. */
static const struct {
	double base, float_step, text_step, span;
} grids[PEER_ROLES] = {
	[PEER_VALUE] = {300, 0x1p-13, 0, 128},   [PEER_VALUE2] = {300, 0x1p-13, 0, 128},
	[PEER_OUTPUT] = {8, 0x1p-10, 0, 64},     [PEER_FLOW] = {8, 0x1p-12, 0.01, 56},
	[PEER_OIL] = {64, 0x1p-10, 0.01, 60},    [PEER_CHIP_K] = {300, 0x1p-9, 0.002, 400},
	[PEER_CHIP_MW] = {1, 0x1p-12, 1e-4, 60},
};

/* ---- what the instruments show ---- */

static void plan_role(struct peer_device *device, int role)
{
	const struct profile *profile = &device->means->profile;
	const struct profile_register *reg =
		device->registers[role] < 0 ? NULL : &profile->registers[device->registers[role]];
	double step = reg ? grids[role].float_step : grids[role].text_step;

	if (reg && !codec_is_float((enum register_type)reg->type))
		step = fmax(reg->scale, 1e-6);
	device->step[role] = step;
	device->span[role] = step > 0 ? floor(grids[role].span / step) : 0;
}

static void plan_device(struct peer_device *device)
{
	const struct profile *profile = &device->means->profile;

	for (int role = 0; role < PEER_ROLES; role++)
		device->registers[role] = -1;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		for (uint32_t r = 0; r < profile->register_count && profile->kind == roles[i].kind; r++)
			if (strcmp(profile->registers[r].name, roles[i].name) == 0)
				device->registers[roles[i].role] = (int)r;
	/* What is in force is the setpoint of a controller that ramps by itself. */
	for (uint32_t r = 0; r < profile->register_count && profile->ramp == RAMP_DEVICE; r++)
		if (strcmp(profile->registers[r].name, "working_setpoint") == 0)
			device->registers[PEER_SETPOINT] = (int)r;
	for (int role = 0; role < PEER_ROLES; role++)
		plan_role(device, role);
	if (profile->ramp == RAMP_DEVICE)
		device->step[PEER_SETPOINT] = WORKING_K;
}

/* On the grid that the wire can show, another one at each question. */
static double show(const struct peer_device *device, enum peer_role role, uint64_t number)
{
	double step = device->step[role], span = device->span[role];

	return span < 1 ? 0 : (floor(grids[role].base / step) + fmod((double)number, span)) * step;
}

static void show_numbers(struct peer_device *device, uint64_t number)
{
	struct laboratory *lab = &peer.lab;

	switch ((enum device_kind)device->means->profile.kind) {
	case DEVICE_FURNACE:
		lab->furnace.measured_k = ZERO_CELSIUS_K + show(device, PEER_VALUE, number);
		lab->furnace.output_pct =
			lab->furnace.manual ? lab->furnace.manual_pct : show(device, PEER_OUTPUT, number);
		break;
	case DEVICE_FLOW:
		lab->flow_measured = show(device, PEER_FLOW, number);
		break;
	case DEVICE_PRESS:
		lab->press.measured_bar = lab->press.oil_bar = show(device, PEER_OIL, number);
		break;
	case DEVICE_CHIP:
		lab->chip.temperature_k = show(device, PEER_CHIP_K, number);
		lab->chip.power_mw = show(device, PEER_CHIP_MW, number);
		break;
	case DEVICE_KIND_MAX:
		break;
	}
}

static double true_value(const struct peer_device *device, enum peer_role role)
{
	const struct laboratory *lab = &peer.lab;

	if (device->registers[role] >= 0)
		return emulator_roles_get(&device->modbus, (unsigned)device->registers[role]);
	return role == PEER_FLOW            ? lab->flow_measured
	       : role == PEER_FLOW_SETPOINT ? lab->flow_setpoint
	       : role == PEER_OIL           ? lab->press.measured_bar
	       : role == PEER_OIL_SETPOINT  ? (double)lab->press.setpoint_bar
	       : role == PEER_STROKE        ? press_plant_stroke_pct(&lab->press)
	       : role == PEER_CHIP_K        ? lab->chip.temperature_k
	       : role == PEER_CHIP_MW       ? lab->chip.power_mw
					    : NAN;
}

static void write_down(uint32_t index, uint32_t shows, int64_t t_ns, bool foreign)
{
	const struct peer_device *device = &peer.devices[index];
	struct peer_asked *asked = &peer.asked[(peer.questions + peer.foreign) % PEER_ASKED];

	*asked = (struct peer_asked){.t_ns = t_ns,
				     .device = index,
				     .shows = shows,
				     .locked = peer.lab.press.mode_active == PRESS_PLANT_LOCK,
				     .manual = peer.lab.furnace.manual,
				     .foreign = foreign};
	for (int role = 0; role < PEER_ROLES; role++)
		asked->values[role] = true_value(device, (enum peer_role)role);
}

/* ---- answers on their way ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t char_ns(void)
{
	/* start, eight bits, parity or a second stop bit, stop */
	return line.tcp ? 0 : INT64_C(11000000000) / peer.config->baud;
}

static void trace_bytes(const char *what, int64_t t_ns, const uint8_t *bytes, size_t length,
			const char *manner)
{
	if (!peer.trace)
		return;
	fprintf(peer.trace, "%12.6f s %-6s", (double)t_ns / 1e9, what);
	for (size_t i = 0; i < length; i++)
		fprintf(peer.trace,
			!profile_bus_is_text(peer.config->kind) ? " %02x"
			: isprint(bytes[i])                     ? "%c"
								: "\\%o",
			bytes[i]);
	fprintf(peer.trace, "  %s\n", manner);
}

static const char *manner_name(const struct bend *bend)
{
	return bend->kind < MANNER_KINDS ? manner_table[bend->kind].name : "";
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * On RTU an instrument answers in turn: what it is asked later is not answered before a late answer. Others
 * on the line are not held up; and text, where no rule of the bus rests on it, may overtake.
 */
static void deliver(uint32_t index, const struct manner_frame *frame, struct bend *bend)
{
	int64_t due_ns = line.now_ns + peer.latency_ns + bend->late_ns, end_ns;
	int64_t gap_ns = bend->gap_ns > 0 ? bend->gap_ns : char_ns();

	if (frame->length == 0)
		return;
	/* The whole of it is there three seconds after the question. */
	if (bend->kind == MANNER_LATE)
		due_ns = line.now_ns +
			 earlier(due_ns - line.now_ns, LATEST_NS - (int64_t)frame->length * gap_ns);
	if (peer.config->kind == BUS_MODBUS_RTU)
		due_ns = later(due_ns, peer.devices[index].late_until_ns);
	end_ns = due_ns + (int64_t)frame->length * gap_ns;
	if (bend->kind == MANNER_LATE)
		peer.devices[index].late_until_ns = end_ns;
	line_put(frame->bytes, frame->length, due_ns, gap_ns);
	trace_bytes("answer", due_ns, frame->bytes, frame->length, manner_name(bend));
	if (bend->twice)
		line_put(frame->bytes, frame->length, end_ns, gap_ns);
	if (bend->passes)
		peer.passed[peer.passed_count++ % PEER_PASSED] = (struct peer_passed){
			.from_ns = due_ns, .to_ns = end_ns, .previous = bend->kind == MANNER_PREVIOUS};
}

static void answer(uint32_t index, struct manner_frame *frame, struct bend *bend, const uint8_t *asked)
{
	struct manner_frame good = *frame;

	if (bend->kind == MANNER_PREVIOUS && peer.previous[index].length > 0)
		*frame = peer.previous[index];
	bend_frame(bend, peer.manners.line, peer.config, peer.chance, asked, frame);
	if (good.length > 0)
		peer.previous[index] = good;
	if (bend->closes)
		line_hang_up();
	deliver(index, frame, bend);
}

/* Its place in the list stays empty when it reaches nobody. */
static void begin_question(void)
{
	peer.questions++;
	peer.asked[(peer.questions + peer.foreign) % PEER_ASKED] =
		(struct peer_asked){.device = PEER_DEVICES};
}

/* ---- Modbus ---- */

static uint32_t device_now; /* whom the question reached */
static bool reached;

static const struct modbus_device *find_device(void *context, uint8_t unit)
{
	(void)context;
	for (uint32_t i = 0; i < peer.config->device_count; i++)
		if (peer.config->devices[i].unit == unit) {
			device_now = i;
			reached = true;
			return &peer.devices[i].modbus.device;
		}
	return NULL;
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* What the right answer to a PDU holds. */
static uint32_t shown_by(const struct peer_device *device, const uint8_t *pdu)
{
	bool input = pdu[0] == 4, holding = pdu[0] == 3 || pdu[0] == 23;
	uint32_t first = get16(pdu + 1), end = first + get16(pdu + 3), shows = 0;

	for (int role = 0; role < PEER_ROLES; role++) {
		const struct profile_register *reg;

		if (device->registers[role] < 0)
			continue;
		reg = &device->means->profile.registers[device->registers[role]];
		if ((reg->space == SPACE_HOLDING ? holding : reg->space == SPACE_INPUT && input) &&
		    reg->address >= first && reg->address + codec_words((enum register_type)reg->type) <= end)
			shows |= 1u << role;
	}
	return shows;
}

static size_t serve(const uint8_t *bytes, size_t length, struct manner_frame *ret_frame)
{
	ret_frame->length = 0;
	reached = false;
	return line.tcp ? modbus_server_tcp(find_device, NULL, bytes, length, ret_frame->bytes,
					    &ret_frame->length)
			: modbus_server_rtu(find_device, NULL, bytes, length, ret_frame->bytes,
					    &ret_frame->length);
}

static bool is_silent(void)
{
	return line.now_ns < peer.silent_until_ns;
}

static size_t take_modbus(const uint8_t *bytes, size_t length)
{
	const uint8_t *pdu = bytes + (line.tcp ? 7 : 1);
	uint32_t index = pdu[-1] - 1u; /* units are numbered from 1 */
	struct manner_frame frame;
	struct bend bend;
	size_t taken;

	if (length < 8u + (line.tcp ? 4u : 0u))
		return 0;
	begin_question();
	bend = bend_draw(&peer.manners, peer.chance);
	trace_bytes("asked", line.now_ns, bytes, length, manner_name(&bend));
	if (!is_silent() && bend.kind != MANNER_FROZEN)
		for (uint32_t i = 0; i < peer.config->device_count; i++)
			show_numbers(&peer.devices[i], peer.questions + peer.foreign);
	if (bend.undone || is_silent()) {
		frame.length = 0;
		if (bend.kind == MANNER_EXCEPTION && !is_silent() && index < PEER_DEVICES) {
			bend_except(&bend, peer.manners.line, bytes, &frame);
			deliver(index, &frame, &bend);
		}
		return length;
	}
	peer.lab.faults.on[FAULT_FALSE_ACK] = bend.false_ack;
	taken = serve(bytes, length, &frame);
	peer.lab.faults.on[FAULT_FALSE_ACK] = false;
	if (taken > 0 && reached) {
		write_down(device_now, shown_by(&peer.devices[device_now], pdu), line.now_ns, false);
		if (bend.kind == MANNER_HALF_OPEN)
			peer.silent_until_ns =
				line.now_ns + (int64_t)(chance_unit(peer.chance) * SILENT_S * 1e9);
		else
			answer(device_now, &frame, &bend, bytes);
	}
	return taken;
}

/* ---- text ---- */

static const struct {
	const char *protocol, *question; /* stands in the line */
	uint32_t shows;
} questions[] = {
	{"pace", ":SENS:PRES?", 1u << PEER_OIL},
	{"pace", ":SOUR:PRES?", 1u << PEER_OIL_SETPOINT},
	{"dasnet", "09SETPRESSA", 1u << PEER_OIL_SETPOINT},
	{"dasnet", "06PRESSA", 1u << PEER_OIL},
	{"dasnet", "04VOLA", 1u << PEER_STROKE},
	{"alicat", "A", 1u << PEER_FLOW | 1u << PEER_FLOW_SETPOINT},
	{"scpi", "CHIP:STAT?", 1u << PEER_CHIP_K | 1u << PEER_CHIP_MW},
};

static uint32_t shown_by_line(const char *text)
{
	const char *protocol = peer.config->devices[0].profile.protocol;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].protocol, protocol) == 0 && strstr(text, questions[i].question))
			return questions[i].shows;
	return 0;
}

static bool is_chip(void)
{
	return peer.config->devices[0].profile.kind == DEVICE_CHIP;
}

/* One line of @length bytes with its end. */
static void hear_line(const uint8_t *bytes, size_t length, struct manner_frame *ret_frame)
{
	static char trace[SCPI_ANSWER];
	char text[256] = "", said[EMULATOR_TEXT_ANSWER];

	ret_frame->length = 0;
	if (!is_chip()) {
		emulator_text_take(&peer.devices[0].text, (const char *)bytes, length, said,
				   &ret_frame->length);
		memcpy(ret_frame->bytes, said, ret_frame->length);
		return;
	}
	memcpy(text, bytes, length - 1 < sizeof(text) - 1 ? length - 1 : sizeof(text) - 1);
	ret_frame->length = scpi_line(&peer.devices[0].scpi, text, trace);
	if (ret_frame->length > MANNER_FRAME_MAX)
		ret_frame->length = MANNER_FRAME_MAX;
	memcpy(ret_frame->bytes, trace, ret_frame->length);
}

static size_t take_text(const uint8_t *bytes, size_t length)
{
	size_t end = 0;
	char text[256] = "";
	struct manner_frame frame;
	struct bend bend;

	while (end < length && bytes[end] != '\r' && bytes[end] != '\n')
		end++;
	if (end == length)
		return 0;
	if (end == 0)
		return 1;
	memcpy(text, bytes, end < sizeof(text) - 1 ? end : sizeof(text) - 1);
	begin_question();
	bend = bend_draw(&peer.manners, peer.chance);
	trace_bytes("asked", line.now_ns, bytes, end, manner_name(&bend));
	if (bend.kind != MANNER_FROZEN)
		show_numbers(&peer.devices[0], peer.questions);
	if (bend.undone || (bend.false_ack && is_chip() && !strchr(text, '?'))) {
		if (bend.kind == MANNER_EXCEPTION) {
			frame.length = 0;
			bend_refuse(peer.config->devices[0].profile.protocol, &frame);
			deliver(0, &frame, &bend);
		}
		return end + 1;
	}
	peer.lab.faults.on[FAULT_FALSE_ACK] = bend.false_ack;
	hear_line(bytes, end + 1, &frame);
	peer.lab.faults.on[FAULT_FALSE_ACK] = false;
	write_down(0, shown_by_line(text), line.now_ns, false);
	if (bend.kind == MANNER_FUNCTION && frame.length > 0) { /* the answer to another question, true now */
		const char *other = bend_question(peer.config->devices[0].profile.protocol, peer.chance);

		hear_line((const uint8_t *)other, strlen(other), &frame);
		/* DASNET says pressure and setpoint in the same words. */
		bend.passes = strstr(text, "PRESSA") && strstr(other, "PRESSA");
	}
	answer(0, &frame, &bend, bytes);
	return end + 1;
}

/* ---- what happens to the line ---- */

static void ask_as_another_master(void)
{
	uint32_t index = chance_pick(peer.chance, peer.config->device_count);
	struct peer_device *device = &peer.devices[index];
	int64_t t_ns = line.now_ns + (int64_t)(chance_unit(peer.chance) * 40 * MS_NS);
	struct manner_frame request = {0}, frame;
	uint8_t pdu[8] = {0};

	bend_read_of(&device->means->profile, peer.chance, device->means->unit, &request);
	memcpy(pdu, request.bytes + 1, 5);
	peer.foreign++;
	show_numbers(device, peer.questions + peer.foreign);
	if (serve(request.bytes, request.length, &frame) == 0 || !reached || frame.length == 0)
		return;
	write_down(index, shown_by(device, pdu), t_ns, true);
	trace_bytes("other", t_ns, request.bytes, request.length, "another master asks");
	trace_bytes("other", t_ns + peer.latency_ns, frame.bytes, frame.length, "and is answered");
	line_put(request.bytes, request.length, t_ns, char_ns());
	line_put(frame.bytes, frame.length, t_ns + (int64_t)request.length * char_ns() + peer.latency_ns,
		 char_ns());
}

static int64_t gone_until_ns;

void peer_before_cycle(void)
{
	if (line.refuses && line.now_ns >= gone_until_ns)
		line.refuses = false;
	if (!line.refuses && manners_happens(&peer.manners, MANNER_GONE, peer.chance)) {
		line.refuses = true;
		line_hang_up();
		gone_until_ns = line.now_ns + (int64_t)(chance_unit(peer.chance) * GONE_S * 1e9);
	}
	if (line_is_open() && manners_happens(&peer.manners, MANNER_MASTER, peer.chance))
		ask_as_another_master();
}

static int add_device(uint32_t index)
{
	const struct bus_device *means = &peer.config->devices[index];
	struct peer_device *device = &peer.devices[index];

	device->means = means;
	plan_device(device);
	device->scpi.lab = &peer.lab;
	if (strcmp(means->profile.protocol, "modbus") == 0)
		return emulator_init(&device->modbus, &means->profile, &peer.lab);
	return means->profile.kind == DEVICE_CHIP
		       ? 0
		       : emulator_text_init(&device->text, &means->profile, &peer.lab);
}

int peer_init(const struct bus_config *config, struct chance *chance, double latency_ms)
{
	int r = 0;

	memset(&peer, 0, sizeof(peer));
	peer.config = config;
	peer.chance = chance;
	peer.latency_ns = (int64_t)(latency_ms * (double)MS_NS);
	gone_until_ns = 0;
	laboratory_init(&peer.lab, 1, 1, false);
	for (uint32_t i = 0; r == 0 && i < config->device_count; i++)
		r = add_device(i);
	line.tcp = profile_bus_is_tcp(config->kind);
	line.take = profile_bus_is_text(config->kind) ? take_text : take_modbus;
	return r;
}
