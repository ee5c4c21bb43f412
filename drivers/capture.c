/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/capture_text.h"

const char *const capture_op_names[CAPTURE_OP_MAX] = {"read", "read-input", "write",        "write-read",
						      "coil", "read-coil",  "read-discrete"};
static const char *const kind_names[] = {"modbus-tcp", "modbus-rtu", "serial", "text-tcp"};

struct modbus_tap {
	struct modbus_line line; /* first: the drivers hold a pointer to it */
	char letter;
	struct capture *capture;
	struct modbus_line *inner;
};
struct text_tap {
	struct text_line line; /* first */
	bool greeting;         /* what comes now answers the first question after a connect */
	struct capture *capture;
	struct text_line *inner;
};

static double since_s(const struct capture *capture, int64_t t_ns)
{
	return (double)(t_ns - capture->began_ns) / (double)CLOCK_NS_PER_S;
}

static void put_contactor(FILE *stream, const struct bus_contactor *contactor)
{
	if (contactor->fitted)
		fprintf(stream, "contactor %u %u %.17g %s %s\n", contactor->unit, contactor->coil,
			contactor->watchdog_s, contactor->profile, contactor->sha256);
}

static void put_calibration(FILE *stream, const struct press_calibration *calibration)
{
	if (calibration->loading_count == 0)
		return;
	fprintf(stream, "calibration %s\n", calibration->id);
	for (uint32_t i = 0; i < calibration->loading_count; i++)
		fprintf(stream, "loading %.17g %.17g\n", calibration->loading_bar[i],
			calibration->loading_gpa[i]);
	for (uint32_t i = 0; i < calibration->unloading_count; i++)
		fprintf(stream, "unloading %.17g %.17g\n", calibration->unloading_bar[i],
			calibration->unloading_gpa[i]);
}

static void put_correction(FILE *stream, const char *name, const struct correction *correction)
{
	for (uint32_t i = 0; i < correction->count; i++)
		fprintf(stream, "correction %s %.17g %.17g %.17g\n", name, correction->reading[i],
			correction->truth[i], correction->sd[i]);
}

static void put_came(FILE *stream, double took_s, int cause, const uint8_t *bytes, size_t count)
{
	fprintf(stream, "A %.9f %d ", took_s, cause);
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%02X", bytes[i]);
	fputc('\n', stream);
}

/* Whoever plays the capture must be able to identify the device: what a driver asks first after it connects.
 */
static void put_hello(const struct capture *capture)
{
	const struct capture_hello *hello = &capture->hello;

	if (!hello->text[0])
		return;
	fprintf(capture->stream, "S %s > 0 %u\n", hello->text, hello->connects);
	put_came(capture->stream, 0, 0, hello->bytes, hello->count);
}

void capture_begin(struct capture *capture, const struct bus_config *config, FILE *stream, uint32_t seconds)
{
	int64_t now_ns = clock_mono_ns();

	capture_end(capture, "another capture began");
	*capture = (struct capture){.hello = capture->hello,
				    .stream = stream,
				    .began_ns = now_ns,
				    .end_ns = now_ns + seconds * CLOCK_NS_PER_S};
	fprintf(stream, "densd-capture/1\nbus %s %s %.17g\n", config->name, kind_names[config->kind],
		config->scale);
	for (uint32_t i = 0; i < config->device_count; i++)
		fprintf(stream, "device %u %s %u %s %s\n", i, config->devices[i].name,
			config->devices[i].unit, config->devices[i].profile.name,
			config->devices[i].profile.sha256);
	put_contactor(stream, &config->contactor);
	put_calibration(stream, &config->calibration);
	put_correction(stream, "thermocouple", &config->thermocouple);
	put_correction(stream, "thermocouple2", &config->thermocouple2);
	put_correction(stream, "flow", &config->flow);
	if (config->pressure_rate_gpa_per_s > 0)
		fprintf(stream, "pressure-rate %.17g\n", config->pressure_rate_gpa_per_s);
	fprintf(stream, "mono %" PRId64 "\n", now_ns);
	put_hello(capture);
}

void capture_line(struct capture *capture, char letter, uint32_t connects, uint32_t desyncs)
{
	fprintf(capture->stream, "line %c %u %u\n", letter, connects, desyncs);
}

void capture_memory(struct capture *capture, uint32_t device, const struct memory_field *fields,
		    const void *state)
{
	fprintf(capture->stream, "W %u", device);
	memory_write(capture->stream, fields, state);
	fputc('\n', capture->stream);
}

void capture_end(struct capture *capture, const char *why)
{
	if (!capture->stream)
		return;
	fprintf(capture->stream, "E %s\n", why);
	fclose(capture->stream);
	capture->stream = NULL;
}

void capture_cycle(struct capture *capture, const struct bus_config *config, uint32_t seq,
		   int64_t tick_mono_ns, const struct demand *demands)
{
	char text[CAPTURE_LINE];
	int64_t now_ns;

	if (!capture->stream)
		return;
	now_ns = clock_mono_ns();
	if (ferror(capture->stream) || ftell(capture->stream) > CAPTURE_BYTES_MAX) {
		capture_end(capture, "its room is used up");
		return;
	}
	if (now_ns > capture->end_ns) {
		capture_end(capture, "its time is over");
		return;
	}
	fprintf(capture->stream, "C %u %.9f %.9f\n", seq, since_s(capture, now_ns),
		(double)(now_ns - tick_mono_ns) / (double)CLOCK_NS_PER_S);
	for (uint32_t i = 0; i < config->device_count; i++) {
		if (capture->told[i] && memcmp(&capture->demands[i], &demands[i], sizeof(demands[i])) == 0)
			continue;
		capture_text_demand(&demands[i], now_ns, text);
		fprintf(capture->stream, "D %u %s\n", i, text);
		capture->demands[i] = demands[i];
		capture->told[i] = true;
	}
}

void capture_report(struct capture *capture, uint32_t device, double t_lab_s, const struct report *report)
{
	char text[CAPTURE_LINE];

	if (!capture->stream)
		return;
	capture_text_report(report, text);
	fprintf(capture->stream, "R %u %.9f %s\n", device, t_lab_s, text);
}

/* What one transaction was, for its line. */
struct exchange {
	enum capture_op op;
	uint16_t address, count, read_address, read_count;
	const uint16_t *written, *read;
};

static void put_words(FILE *stream, const uint16_t *words, uint16_t count)
{
	for (uint16_t i = 0; words && i < count; i++)
		fprintf(stream, " %04X", words[i]);
}

/* Returns the instant from which it is timed. */
static int64_t begin(struct modbus_tap *tap)
{
	tap->inner->until_ns = tap->line.until_ns;
	return clock_mono_ns();
}

static int finish(struct modbus_tap *tap, const struct modbus_peer *peer, int64_t began_ns, int r,
		  const struct exchange *exchange)
{
	FILE *stream = tap->capture->stream;

	tap->line.connects = tap->inner->connects;
	tap->line.desyncs = tap->inner->desyncs;
	tap->line.exception = tap->inner->exception;
	if (!stream)
		return r;
	fprintf(stream, "%c %u %s %u %u %u %u", tap->letter, peer->unit, capture_op_names[exchange->op],
		exchange->address, exchange->count, exchange->read_address, exchange->read_count);
	put_words(stream, exchange->written, exchange->count);
	fprintf(stream, " > %.9f %d %u %u %u", (double)(clock_mono_ns() - began_ns) / (double)CLOCK_NS_PER_S,
		r, tap->line.exception, tap->line.connects, tap->line.desyncs);
	if (r == 0)
		put_words(stream, exchange->read, exchange->read_count);
	fputc('\n', stream);
	return r;
}

static int tap_read(struct modbus_line *line, const struct modbus_peer *peer, bool input, uint16_t address,
		    uint16_t count, uint16_t *ret_words)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;
	int64_t began_ns = begin(tap);
	int r = tap->inner->ops->read_registers(tap->inner, peer, input, address, count, ret_words);

	return finish(tap, peer, began_ns, r,
		      &(struct exchange){.op = input ? CAPTURE_READ_INPUT : CAPTURE_READ,
					 .read_address = address,
					 .read_count = count,
					 .read = ret_words});
}

static int tap_write(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
		     uint16_t count, const uint16_t *words)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;
	int64_t began_ns = begin(tap);
	int r = tap->inner->ops->write_registers(tap->inner, peer, address, count, words);

	return finish(tap, peer, began_ns, r,
		      &(struct exchange){
			      .op = CAPTURE_WRITE, .address = address, .count = count, .written = words});
}

static int tap_write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
			  uint16_t write_count, const uint16_t *words, uint16_t read_address,
			  uint16_t read_count, uint16_t *ret_words)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;
	int64_t began_ns = begin(tap);
	int r = tap->inner->ops->write_read(tap->inner, peer, write_address, write_count, words, read_address,
					    read_count, ret_words);

	return finish(tap, peer, began_ns, r,
		      &(struct exchange){CAPTURE_WRITE_READ, write_address, write_count, read_address,
					 read_count, words, ret_words});
}

static int tap_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;
	int64_t began_ns = begin(tap);
	uint16_t word = on;
	int r = tap->inner->ops->write_coil(tap->inner, peer, address, on);

	return finish(
		tap, peer, began_ns, r,
		&(struct exchange){.op = CAPTURE_COIL, .address = address, .count = 1, .written = &word});
}

static int tap_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		   uint16_t *ret_bit)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;
	int64_t began_ns = begin(tap);
	int r = tap->inner->ops->read_bit(tap->inner, peer, discrete, address, ret_bit);

	return finish(tap, peer, began_ns, r,
		      &(struct exchange){.op = discrete ? CAPTURE_READ_DISCRETE : CAPTURE_READ_COIL,
					 .read_address = address,
					 .read_count = 1,
					 .read = ret_bit});
}

static void tap_free(struct modbus_line *line)
{
	struct modbus_tap *tap = (struct modbus_tap *)line;

	if (!tap)
		return;
	tap->inner->ops->free(tap->inner);
	free(tap);
}

static const struct modbus_ops tap_ops = {
	.read_registers = tap_read,
	.write_registers = tap_write,
	.write_read = tap_write_read,
	.write_coil = tap_coil,
	.read_bit = tap_bit,
	.free = tap_free,
};

int capture_modbus_new(struct capture *capture, char letter, struct modbus_line *inner,
		       struct modbus_line **ret_line)
{
	struct modbus_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return -ENOMEM;
	*tap = (struct modbus_tap){
		.line = {.ops = &tap_ops}, .letter = letter, .capture = capture, .inner = inner};
	*ret_line = &tap->line;
	return 0;
}

/* What was sent, on one line: as capture_text_sent writes it. */
static int note_sent(struct text_tap *tap, const char *text, int r)
{
	struct capture_hello *hello = &tap->capture->hello;
	struct text_line *line = &tap->line;

	line->connects = tap->inner->connects;
	tap->greeting =
		hello->connects != line->connects || strncmp(hello->text, text, sizeof(hello->text)) == 0;
	if (tap->greeting) {
		*hello = (struct capture_hello){.connects = line->connects};
		snprintf(hello->text, sizeof(hello->text), "%s", text);
	}
	if (tap->capture->stream)
		fprintf(tap->capture->stream, "S %s > %d %u\n", text, r, line->connects);
	return r;
}

static int tap_send(struct text_line *line, const char *text)
{
	struct text_tap *tap = (struct text_tap *)line;

	return note_sent(tap, text, tap->inner->ops->send(tap->inner, text));
}

static int tap_send_bytes(struct text_line *line, const char *bytes, size_t length)
{
	struct text_tap *tap = (struct text_tap *)line;
	char text[CAPTURE_SENT];

	capture_text_sent(bytes, length, text);
	return note_sent(tap, text, tap->inner->ops->send_bytes(tap->inner, bytes, length));
}

static int tap_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
		       size_t *ret_count)
{
	struct text_tap *tap = (struct text_tap *)line;
	struct capture_hello *hello = &tap->capture->hello;
	int64_t began_ns = clock_mono_ns();
	int r = tap->inner->ops->receive(tap->inner, ret_bytes, size, wait_ms, ret_count);

	line->connects = tap->inner->connects;
	if (r == 0 && tap->greeting && hello->count + *ret_count <= sizeof(hello->bytes)) {
		memcpy(hello->bytes + hello->count, ret_bytes, *ret_count);
		hello->count += *ret_count;
	}
	if (tap->capture->stream)
		put_came(tap->capture->stream, (double)(clock_mono_ns() - began_ns) / (double)CLOCK_NS_PER_S,
			 r, ret_bytes, r == 0 ? *ret_count : 0);
	return r;
}

static void tap_quarantine(struct text_line *line, double wait_ms)
{
	struct text_tap *tap = (struct text_tap *)line;

	tap->inner->ops->quarantine(tap->inner, wait_ms);
	if (tap->capture->stream)
		fprintf(tap->capture->stream, "Q %.3f\n", wait_ms);
}

static void tap_text_free(struct text_line *line)
{
	struct text_tap *tap = (struct text_tap *)line;

	if (!tap)
		return;
	tap->inner->ops->free(tap->inner);
	free(tap);
}

static const struct text_ops tap_text_ops = {
	.send = tap_send,
	.send_bytes = tap_send_bytes,
	.receive = tap_receive,
	.quarantine = tap_quarantine,
	.free = tap_text_free,
};

int capture_text_new(struct capture *capture, struct text_line *inner, struct text_line **ret_line)
{
	struct text_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return -ENOMEM;
	*tap = (struct text_tap){.line = {.ops = &tap_text_ops}, .capture = capture, .inner = inner};
	*ret_line = &tap->line;
	return 0;
}
