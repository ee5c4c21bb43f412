/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/scpi.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum scpi_error {
	SCPI_DATA_TYPE = -104,
	SCPI_PARAMETER_COUNT = -109,
	SCPI_UNDEFINED = -113,
	SCPI_CONFLICT = -221,
	SCPI_RANGE = -222,
	SCPI_TOO_MUCH = -223,
	SCPI_STALE = -230,
	SCPI_OVERFLOW = -350,
};
enum { ARGUMENTS_MAX = 3 };

static void complain(struct scpi *scpi, int error)
{
	if (scpi->error_count < SCPI_ERRORS)
		scpi->errors[scpi->error_count++] = error;
	else
		scpi->errors[SCPI_ERRORS - 1] = SCPI_OVERFLOW;
}

static const char *error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {{SCPI_DATA_TYPE, "Data type error"},   {SCPI_PARAMETER_COUNT, "Missing parameter"},
		     {SCPI_UNDEFINED, "Undefined header"},  {SCPI_CONFLICT, "Settings conflict"},
		     {SCPI_RANGE, "Data out of range"},     {SCPI_TOO_MUCH, "Too much data"},
		     {SCPI_STALE, "Data corrupt or stale"}, {SCPI_OVERFLOW, "Queue overflow"}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "No error";
}

static size_t do_identify(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments;
	return (size_t)snprintf(ret_answer, SCPI_LINE, "densd,densim-fdsc,%g,%s\n", scpi->lab->scale,
				DENSD_VERSION);
}

static size_t do_clear_errors(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments, (void)ret_answer;
	scpi->error_count = 0;
	return 0;
}

static size_t do_error(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments;
	int error = 0;
	if (scpi->error_count > 0) {
		error = scpi->errors[0];
		scpi->error_count--;
		memmove(scpi->errors, scpi->errors + 1, (size_t)scpi->error_count * sizeof(scpi->errors[0]));
	}
	return (size_t)snprintf(ret_answer, SCPI_LINE, "%d,\"%s\"\n", error, error_text(error));
}

/* As printf's %.*f, for what a status holds; it is asked for ten times a second. */
static size_t put_fixed(char *ret_text, double value, unsigned decimals)
{
	static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	char digits[24];
	uint64_t scaled = (uint64_t)llrint(fabs(value) * powers[decimals]);
	size_t count = 0, used = 0;
	do {
		if (count == decimals && decimals > 0)
			digits[count++] = '.';
		digits[count++] = (char)('0' + scaled % 10);
		scaled /= 10;
	} while (scaled > 0 || count <= decimals + (decimals > 0));
	if (value < 0)
		ret_text[used++] = '-';
	while (count > 0)
		ret_text[used++] = digits[--count];
	return used;
}

static size_t put_text(char *ret_text, const char *text)
{
	size_t length = strlen(text);
	memcpy(ret_text, text, length);
	return length;
}

static size_t do_status(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	static const char *const names[] = {"IDLE", "PROGRAMMED", "ARMED", "RUNNING", "DATA", "FAULT"};
	(void)arguments;
	const struct chip *chip = &scpi->lab->chip;
	const struct faults *faults = &scpi->lab->faults;
	const struct {
		double value;
		unsigned decimals;
	} fields[] = {{chip->counter, 0},       {chip->trace, 0},
		      {chip->temperature_k, 3}, {chip_resistance_ohm(chip, faults), 3},
		      {chip->power_mw, 6},      {chip_flags(chip, faults), 0}};
	size_t used = put_text(ret_answer, names[chip_status(chip, faults)]);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		ret_answer[used++] = ',';
		used += put_fixed(ret_answer + used, fields[i].value, fields[i].decimals);
	}
	ret_answer[used++] = '\n';
	return used;
}

static size_t do_watchdog(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)ret_answer;
	if (arguments[0] >= 0 && arguments[0] <= 3600)
		scpi->lab->chip.watchdog_s = arguments[0];
	else
		complain(scpi, SCPI_RANGE);
	return 0;
}

static size_t do_program_clear(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments, (void)ret_answer;
	if (scpi->lab->chip.running)
		complain(scpi, SCPI_CONFLICT);
	chip_clear(&scpi->lab->chip);
	return 0;
}

static void add_segment(struct scpi *scpi, bool recorded, const double *arguments)
{
	struct chip_segment segment = {recorded, arguments[0], arguments[1], arguments[2]};
	int r = chip_program(&scpi->lab->chip, &segment);
	if (r < 0)
		complain(scpi, r == -ERANGE ? SCPI_RANGE : r == -ENOSPC ? SCPI_TOO_MUCH : SCPI_CONFLICT);
}

static size_t do_ramp(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)ret_answer;
	add_segment(scpi, true, arguments);
	return 0;
}

static size_t do_cool(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)ret_answer;
	add_segment(scpi, false, arguments);
	return 0;
}

static size_t do_program(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments;
	const struct chip *chip = &scpi->lab->chip;
	size_t used = 0;
	for (uint32_t i = 0; i < chip->segment_count; i++) {
		const struct chip_segment *segment = &chip->segments[i];
		used += (size_t)snprintf(ret_answer + used, SCPI_LINE, "%s%s %.10g,%.10g,%.10g", i ? ";" : "",
					 segment->recorded ? "RAMP" : "COOL", segment->from_k, segment->to_k,
					 segment->rate_k_per_s);
	}
	ret_answer[used++] = '\n';
	return used;
}

static size_t do_arm(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments, (void)ret_answer;
	if (chip_arm(&scpi->lab->chip, &scpi->lab->faults) < 0)
		complain(scpi, SCPI_CONFLICT);
	return 0;
}

static size_t do_fire(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments, (void)ret_answer;
	if (chip_fire(&scpi->lab->chip, &scpi->lab->recovered) < 0)
		complain(scpi, SCPI_CONFLICT);
	return 0;
}

static size_t do_off(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)arguments, (void)ret_answer;
	chip_off(&scpi->lab->chip);
	return 0;
}

static void put_float(unsigned char *ret_bytes, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 4; i++)
		ret_bytes[i] = (unsigned char)(bits >> (24 - 8 * i));
}

static size_t do_data(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	const struct chip *chip = &scpi->lab->chip;
	if (!chip->trace || arguments[0] != chip->trace) {
		complain(scpi, SCPI_STALE);
		return (size_t)snprintf(ret_answer, SCPI_LINE, "#10\n");
	}
	char length[16];
	int digits = snprintf(length, sizeof(length), "%u", chip->row_count * 12);
	size_t used = (size_t)snprintf(ret_answer, SCPI_LINE, "#%d%s", digits, length);
	for (uint32_t i = 0; i < chip->row_count; i++) {
		unsigned char *at = (unsigned char *)ret_answer + used;
		put_float(at, chip->rows[i].t_s);
		put_float(at + 4, chip->rows[i].temperature_k);
		put_float(at + 8, chip->rows[i].heat_flow_mw);
		used += 12;
	}
	ret_answer[used++] = '\n';
	return used;
}

static size_t do_delete(struct scpi *scpi, const double *arguments, char *ret_answer)
{
	(void)ret_answer;
	double counter = arguments[0];
	if (!(counter >= 0 && counter <= UINT32_MAX) || chip_delete(&scpi->lab->chip, (uint32_t)counter) < 0)
		complain(scpi, SCPI_STALE);
	return 0;
}

static const struct scpi_command {
	const char *header;
	int arguments;
	size_t (*act)(struct scpi *scpi, const double *arguments, char *ret_answer);
} commands[] = {
	{"*IDN?", 0, do_identify},    {"*CLS", 0, do_clear_errors}, {"SYST:ERR?", 0, do_error},
	{"CHIP:STAT?", 0, do_status}, {"WDOG", 1, do_watchdog},     {"PROG:CLEAR", 0, do_program_clear},
	{"PROG:RAMP", 3, do_ramp},    {"PROG:COOL", 3, do_cool},    {"PROG?", 0, do_program},
	{"ARM", 0, do_arm},           {"FIRE", 0, do_fire},         {"ABORT", 0, do_off},
	{"HEAT:OFF", 0, do_off},      {"SCAN:DATA?", 1, do_data},   {"SCAN:DEL", 1, do_delete},
};

/* Exactly @wanted numbers with commas between: 0, or the error to queue. */
static int read_arguments(const char *text, int wanted, double ret_arguments[ARGUMENTS_MAX])
{
	for (int i = 0; i < wanted; i++) {
		char *end;
		ret_arguments[i] = strtod(text, &end);
		if (end == text)
			return *text && i == 0 ? SCPI_DATA_TYPE : SCPI_PARAMETER_COUNT;
		if (!isfinite(ret_arguments[i]))
			return SCPI_DATA_TYPE;
		text = end + strspn(end, " ");
		if (i + 1 < wanted && *text++ != ',')
			return SCPI_PARAMETER_COUNT;
	}
	return text[strspn(text, " \r")] ? SCPI_DATA_TYPE : 0;
}

size_t scpi_line(struct scpi *scpi, const char *line, char *ret_answer)
{
	line += strspn(line, " \t\r");
	size_t header = strcspn(line, " \t\r");
	if (header == 0)
		return 0;
	scpi->lab->chip.silent_s = 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct scpi_command *command = &commands[i];
		if (strlen(command->header) != header || strncasecmp(command->header, line, header) != 0)
			continue;
		double arguments[ARGUMENTS_MAX] = {0};
		const char *rest = line + header;
		int error = read_arguments(rest + strspn(rest, " \t"), command->arguments, arguments);
		if (error == 0)
			return command->act(scpi, arguments, ret_answer);
		complain(scpi, error);
		return 0;
	}
	complain(scpi, SCPI_UNDEFINED);
	return 0;
}
