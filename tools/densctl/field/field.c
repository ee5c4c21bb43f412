/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/field.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_lock.h"

#define CYCLE_S 0.1
#define MUTE_NS (10 * CLOCK_NS_PER_S) /* how old a muted demand is */
#define FIELD_WEAR_MOST 16u           /* setpoints that a commissioning writes; densd does not see them */

static const char *const bus_kind_names[] = {"Modbus TCP", "Modbus RTU", "serial line", "text over TCP"};

const struct bus_config *field_find_bus(const struct site *site, const char *command, const char *name)
{
	for (uint32_t i = 0; i < site->bus_count; i++)
		if (strcmp(site->buses[i].name, name) == 0)
			return &site->buses[i];
	fprintf(stderr, "densctl %s: the site '%s' has no bus '%s'; it has:", command, site->name, name);
	for (uint32_t i = 0; i < site->bus_count; i++)
		fprintf(stderr, " %s", site->buses[i].name);
	fputc('\n', stderr);
	return NULL;
}

bool field_find_device(const struct site *site, const char *command, const char *name, uint32_t *ret_bus,
		       uint32_t *ret_device)
{
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (strcmp(site->buses[b].devices[d].name, name) == 0) {
				*ret_bus = b;
				*ret_device = d;
				return true;
			}
	fprintf(stderr, "densctl %s: the site '%s' has no device '%s'; it has:", command, site->name, name);
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			fprintf(stderr, " %s", site->buses[b].devices[d].name);
	fputc('\n', stderr);
	return false;
}

bool field_is_free(const char *command, const struct bus_config *config)
{
	char key[LINE_LOCK_KEY];
	int lock;

	line_lock_key(config, key);
	lock = line_lock_take(key, NULL);
	if (lock >= 0) {
		close(lock);
		return true;
	}
	fprintf(stderr,
		"densctl %s: bus '%s' (%s): %s; two masters on one line are never allowed: stop densd first "
		"(systemctl stop densd), when no run is going on\n",
		command, config->name, key,
		lock == -EWOULDBLOCK ? "another program has it" : strerror(-lock));
	return false;
}

const char *field_line_text(const struct bus_config *config, char text[FIELD_TEXT])
{
	if (profile_bus_is_tcp(config->kind))
		snprintf(text, FIELD_TEXT, "%s, %s port %u", bus_kind_names[config->kind], config->path,
			 config->port);
	else
		snprintf(text, FIELD_TEXT, "%s on %s, %u baud 8%c%u", bus_kind_names[config->kind],
			 config->path, config->baud, config->parity, config->stop_bits);
	return text;
}

int field_open(const struct bus_config *config, struct field *ret_field)
{
	struct field field = {.config = config, .cycle_s = CYCLE_S / fmax(config->scale, 1)};
	int r = bus_new(config, &field.bus);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < config->device_count; i++) {
		field.demands[i].kind = config->devices[i].profile.kind;
		field.demands[i].wear_allowance = FIELD_WEAR_MOST;
	}
	*ret_field = field;
	return 0;
}

void field_close(struct field *field)
{
	bus_free(field->bus);
	field->bus = NULL;
}

void field_cycle(struct field *field)
{
	int64_t began_ns = clock_mono_ns();
	int64_t end_ns = began_ns + (int64_t)(field->cycle_s * CLOCK_NS_PER_S);
	struct timespec end = {.tv_sec = end_ns / CLOCK_NS_PER_S, .tv_nsec = end_ns % CLOCK_NS_PER_S};
	int trace;

	bus_cycle(field->bus, field->mute ? began_ns - MUTE_NS : began_ns, field->demands, field->reports,
		  &trace);
	for (uint32_t i = 0; i < field->config->device_count; i++)
		field->faults[i] |= 1u << field->reports[i].fault;
	if (trace >= 0)
		close(trace);
	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, NULL);
}

bool field_wait(struct field *field, uint32_t device, double lab_s, field_test done)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)(lab_s / fmax(field->config->scale, 1) * CLOCK_NS_PER_S);

	do {
		field_cycle(field);
		if (done && done(&field->reports[device]))
			return true;
	} while (clock_mono_ns() < end_ns);
	return false;
}
