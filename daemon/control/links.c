/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/links.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/commands.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"
#include "daemon/control/start.h"
#include "daemon/control/step.h"

#define LOAD_TIMEOUT_MS 30000
#define EXIT_TIMEOUT_MS 2000
#define READ_MOST 64u

static void drop_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void send_first(struct worker *worker, uint16_t type, const void *body, size_t length)
{
	int r = link_send(worker->socket, type, worker->seq++, body, length, -1);

	if (r < 0)
		worker_kill(worker, strerror(-r));
}

/* ---- bus ---- */

static void bus_started(struct worker *worker)
{
	const struct bus_config *config = &worker->control->site.buses[worker->index];

	send_first(worker, LINK_BUS_CONFIG, config, sizeof(*config));
}

static void bus_lost(struct worker *worker)
{
	struct control *control = worker->control;
	const struct cycle_place *chip = &control->map.at[DEVICE_CHIP];
	struct link_reports *reports = &control->reports[worker->index];

	/* The last values stay, with their age; nothing is verified any more. */
	for (uint32_t i = 0; i < reports->count; i++)
		reports->reports[i].online = false;
	control->inputs_old = true;
	if (chip->present && chip->bus == worker->index && !control->stopping)
		sections_worker_lost(control);
}

static void bus_message(struct worker *worker, uint16_t type, const void *body, size_t length, int fd)
{
	const struct link_reports *reports = body;
	const struct bus_config *config = &worker->control->site.buses[worker->index];

	if (type != LINK_BUS_REPORT || length != sizeof(*reports) || reports->count > config->device_count) {
		log_warning("%s: a message of type %u and %zu bytes is not a report", worker->name, type,
			    length);
		drop_fd(fd);
		return;
	}
	step_take_reports(worker->control, worker->index, reports, fd);
}

/* ---- gateway ---- */

static void gateway_started(struct worker *worker)
{
	struct control *control = worker->control;

	worker->heard_ns = clock_mono_ns();
	send_first(worker, LINK_GATEWAY_CONFIG, &control->site, sizeof(control->site));
	publish_again(control);
}

static void gateway_lost(struct worker *worker)
{
	outbox_clear(&worker->control->outbox);
}

static void gateway_writable(struct worker *worker)
{
	int r = outbox_flush(&worker->control->outbox, worker->socket, &worker->seq);

	if (r == -EAGAIN)
		worker_wait_writable(worker);
	else if (r < 0)
		worker_kill(worker, strerror(-r));
}

static void answer_query(struct control *control, const struct link_query_answer *answer, int fd)
{
	struct worker *gateway = &control->gateway;

	if (gateway->socket < 0) {
		drop_fd(fd);
		return;
	}
	if (outbox_send(&control->outbox, gateway->socket, &gateway->seq, LINK_QUERY_ANSWER, answer,
			sizeof(*answer), fd, true) == -EAGAIN)
		worker_wait_writable(gateway);
}

/* Questions about the past go to the recorder as they are; control does not look at what was. */
static void forward_query(struct control *control, const struct link_query *query)
{
	struct worker *recorder = &control->recorder;
	struct link_query_answer answer = {.route = query->route, .format = query->format, .error = -EAGAIN};

	if (recorder->ready && control->queries < CONTROL_QUERIES_MAX &&
	    link_send(recorder->socket, LINK_RECORDER_QUERY, recorder->seq, query, sizeof(*query), -1) == 0) {
		recorder->seq++;
		control->queries++;
		return;
	}
	memcpy(answer.request_id, query->request_id, LINK_ID);
	snprintf(answer.why, sizeof(answer.why),
		 "the recorder is busy or being restarted: ask again in a moment");
	answer_query(control, &answer, -1);
}

static void tell_flood(struct control *control, const struct link_gateway_load *load, bool flood)
{
	char text[MACHINE_WHY];

	snprintf(text, sizeof(text),
		 "the gateway has %u of %u descriptors in use, %llu connections turned away%s",
		 load->descriptors, load->descriptors_most, (unsigned long long)load->turned_away,
		 flood ? ": too many. The run goes on; new clients may find no place. Find out who opens them"
		       : "");
	publish_own_alarm(control, ALARM_FLOOD, flood, text);
}

/* Hazard 33: told by the gateway before its descriptors are used up; the run does not need one of them. */
static void take_load(struct control *control, const struct link_gateway_load *load)
{
	double used_pct = 100.0 * load->descriptors / fmax(load->descriptors_most, 1);
	bool flood = used_pct > control->limits.descriptors_pct;

	if (flood != ((control->alarms.active >> ALARM_FLOOD & 1) != 0))
		tell_flood(control, load, flood);
	/* A gateway that was restarted counts from 0. */
	if (load->refused > control->gateway_refused)
		commands_count_refused(control, load->refused - control->gateway_refused);
	control->gateway_refused = load->refused;
}

static void gateway_message(struct worker *worker, uint16_t type, const void *body, size_t length, int fd)
{
	worker->ready = true;
	worker->heard_ns = clock_mono_ns();
	if (type == LINK_COMMAND && length == sizeof(struct link_command)) {
		commands_take(worker->control, body, fd);
		return;
	}
	if (type == LINK_QUERY && length == sizeof(struct link_query))
		forward_query(worker->control, body);
	else if (type == LINK_GATEWAY_LOAD && length == sizeof(struct link_gateway_load))
		take_load(worker->control, body);
	else
		log_warning("gateway: a message of type %u and %zu bytes is not understood", type, length);
	drop_fd(fd);
}

/* ---- recorder ---- */

static void recorder_started(struct worker *worker)
{
	worker->heard_ns = clock_mono_ns();
	send_first(worker, LINK_RECORDER_CONFIG, &worker->control->site, sizeof(worker->control->site));
}

static void recorder_writable(struct worker *worker)
{
	publish_flush(worker->control);
}

static void take_loaded(struct control *control, const struct link_loaded *loaded)
{
	struct worker *recorder = &control->recorder;

	/* At start the queue and the known commands follow: links_load_store counts them. */
	if (control->publisher[0] == '\0') {
		start_take_loaded(control, loaded);
		return;
	}
	if (strcmp(loaded->publisher, control->publisher) != 0)
		publish_own_alarm(control, ALARM_STORE_CORRUPT, true,
				  "the recorder came back with another store");
	journal_rewind(&control->journal, loaded->last_start, loaded->last_entry,
		       loaded->topic_seq[TOPIC_SAMPLE]);
	sections_rewind_traces(control);
	control->store_error = 0;
	control->queries = 0;
	recorder->ready = true;
	wear_durable(control, control->journal.committed);
	perform_durable(control, control->journal.committed);
	commands_durable(control, control->journal.committed);
	publish_flush(control);
}

static void take_committed(struct control *control, const struct link_committed *committed)
{
	/* Of a start that has nothing durable yet the recorder can only name the one before. */
	uint64_t entry = committed->start == control->journal.start ? committed->entry : 0;

	if (committed->error < 0 && control->store_error != committed->error)
		log_error("recorder: %s after entry %llu; the run holds", strerror(-committed->error),
			  (unsigned long long)entry);
	control->store_error = committed->error;
	control->free_mib = committed->free_mib;
	journal_commit(&control->journal, entry);
	journal_commit_samples(&control->journal, committed->sample_seq);
	wear_durable(control, entry);
	perform_durable(control, entry);
	commands_durable(control, entry);
}

static void take_initial(struct control *control, uint16_t type, const void *body, size_t length)
{
	if (type == LINK_QUEUE_ITEM && length == sizeof(struct link_queue_item)) {
		start_take_item(control, body);
		control->recovering.items++;
	} else if (type == LINK_KNOWN_COMMAND && length == sizeof(struct journal_command)) {
		dedup_add(&control->dedup, body);
		control->recovering.commands++;
	} else if (type == LINK_WEAR && length == sizeof(struct link_wear)) {
		wear_take_known(&control->wear, body);
		control->recovering.wears++;
	}
	if (control->recovering.wears >= control->recovering.loaded.wear_items &&
	    control->recovering.items >= control->recovering.loaded.queue_items &&
	    control->recovering.commands >= control->recovering.loaded.known_commands)
		control->recorder.ready = true;
}

static void recorder_message(struct worker *worker, uint16_t type, const void *body, size_t length, int fd)
{
	struct control *control = worker->control;

	worker->heard_ns = clock_mono_ns();
	if (type == LINK_LOADED && length == sizeof(struct link_loaded)) {
		bool first = control->publisher[0] == '\0';

		take_loaded(control, body);
		if (first)
			take_initial(control, 0, NULL, 0);
	} else if (!control->loaded) {
		take_initial(control, type, body, length);
	} else if (type == LINK_COMMITTED && length == sizeof(struct link_committed)) {
		take_committed(control, body);
	} else if (type == LINK_TRACE_COMMITTED && length == sizeof(struct link_trace)) {
		sections_trace_committed(control, body);
	} else if (type == LINK_RESULT && length == sizeof(struct result_body)) {
		publish_result(control, body);
	} else if (type == LINK_RECORDER_ANSWER && length == sizeof(struct link_query_answer)) {
		control->queries -= control->queries > 0;
		answer_query(control, body, fd);
		fd = -1;
	} else if (type != LINK_QUEUE_ITEM && type != LINK_KNOWN_COMMAND && type != LINK_WEAR) {
		log_warning("recorder: a message of type %u and %zu bytes is not understood", type, length);
	}
	drop_fd(fd);
}

/* ---- all ---- */

static void init_worker(struct control *control, struct worker *worker, const char *name, const char *program)
{
	*worker = (struct worker){.control = control,
				  .program = program,
				  .socket = -1,
				  .pidfd = -1,
				  .lost_ns = clock_mono_ns(),
				  .heard_ns = clock_mono_ns()};
	snprintf(worker->name, sizeof(worker->name), "%s", name);
}

void links_init(struct control *control)
{
	char name[48];

	init_worker(control, &control->recorder, "recorder", "densd-recorder");
	control->recorder.started = recorder_started;
	control->recorder.writable = recorder_writable;
	control->recorder.message = recorder_message;
	init_worker(control, &control->gateway, "gateway", "densd-gateway");
	control->gateway.started = gateway_started;
	control->gateway.lost = gateway_lost;
	control->gateway.writable = gateway_writable;
	control->gateway.message = gateway_message;
	for (uint32_t i = 0; i < control->site.bus_count; i++) {
		struct worker *bus = &control->buses[i];

		snprintf(name, sizeof(name), "bus %.31s", control->site.buses[i].name);
		init_worker(control, bus, name, "densd-bus");
		bus->index = i;
		bus->started = bus_started;
		bus->lost = bus_lost;
		bus->message = bus_message;
	}
}

/* One look at a socket outside the loop. */
static int read_waiting(struct worker *worker, int timeout_ms)
{
	struct pollfd waiting = {.fd = worker->socket, .events = POLLIN};
	int r;

	if (worker->socket < 0)
		return -EPIPE;
	if (poll(&waiting, 1, timeout_ms) <= 0)
		return -ETIMEDOUT;
	r = worker_read(worker, READ_MOST);
	return r == -EAGAIN ? 0 : r;
}

int links_load_store(struct control *control)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)LOAD_TIMEOUT_MS * 1000000;
	int r = worker_start(&control->recorder);

	while (r == 0 && !control->recorder.ready) {
		int left_ms = (int)((end_ns - clock_mono_ns()) / 1000000);

		r = left_ms > 0 ? read_waiting(&control->recorder, left_ms) : -ETIMEDOUT;
	}
	control->loaded = r == 0;
	return r;
}

int links_start(struct control *control)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < control->site.bus_count; i++)
		r = worker_start(&control->buses[i]);
	return r < 0 ? r : worker_start(&control->gateway);
}

bool links_hear_bus(struct control *control, uint32_t bus, int timeout_ms)
{
	struct worker *worker = &control->buses[bus];
	int64_t end_ns = clock_mono_ns() + (int64_t)timeout_ms * 1000000;

	while (worker->asked && clock_mono_ns() < end_ns)
		if (read_waiting(worker, timeout_ms) == -EPIPE)
			break;
	return !worker->asked && worker->ready;
}

void links_drain_store(struct control *control, int timeout_ms)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)timeout_ms * 1000000;

	while (control->recorder.ready &&
	       (control->journal.used > 0 || control->journal.sample_first < control->journal.sample_next)) {
		int64_t left_ns = end_ns - clock_mono_ns();

		publish_flush(control);
		if (left_ns <= 0 ||
		    (read_waiting(&control->recorder,
				  (int)(left_ns / 1000000 < 20 ? left_ns / 1000000 : 20)) == -EPIPE))
			break;
	}
	if (control->journal.used > 0)
		log_warning("recorder: not everything was durable at the end");
}

void links_stop(struct control *control)
{
	for (uint32_t i = 0; i < control->site.bus_count; i++)
		worker_stop(&control->buses[i]);
	worker_stop(&control->gateway);
	worker_stop(&control->recorder);
	for (uint32_t i = 0; i < control->site.bus_count; i++)
		worker_reap(&control->buses[i], EXIT_TIMEOUT_MS);
	worker_reap(&control->gateway, EXIT_TIMEOUT_MS);
	worker_reap(&control->recorder, EXIT_TIMEOUT_MS);
}
