/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/calorimetry/pair.h"
#include "daemon/recorder/analysis.h"
#include "daemon/recorder/load.h"
#include "daemon/recorder/query.h"
#include "daemon/recorder/running.h"
#include "daemon/recorder/samples.h"
#include "daemon/recorder/traces.h"

#define DRAIN_MOST 512
#define IDLE_MS 1000
#define SEND_WAIT_MS 2000
#define PRUNE_EVERY_NS CLOCK_NS_PER_S
#define FIND_AFTER_NS                                                                         \
	(2 * CLOCK_NS_PER_S) /* results that control sends again after our restart come first \
			      */

int recorder_init(struct recorder *ret_recorder, int socket)
{
	*ret_recorder = (struct recorder){.socket = socket};
	ret_recorder->workspace = pair_workspace_new();
	return ret_recorder->workspace ? 0 : -ENOMEM;
}

void recorder_deinit(struct recorder *recorder)
{
	if (recorder->configured) {
		batch_deinit(&recorder->batch);
		store_close(&recorder->store);
	}
	pair_workspace_free(recorder->workspace);
	recorder->workspace = NULL;
}

/* control never blocks on reading, so waiting for room is safe. */
static int send_message(struct recorder *recorder, uint16_t type, const void *body, size_t length, int fd)
{
	for (;;) {
		struct pollfd room = {.fd = recorder->socket, .events = POLLOUT};
		int r = link_send(recorder->socket, type, recorder->seq, body, length, fd);

		if (r == 0)
			recorder->seq++;
		if (r != -EAGAIN)
			return r;
		if (poll(&room, 1, SEND_WAIT_MS) == 0)
			return -ETIMEDOUT;
	}
}

static int send_item(void *userdata, const struct link_queue_item *item)
{
	return send_message(userdata, LINK_QUEUE_ITEM, item, sizeof(*item), -1);
}

static int send_command(void *userdata, const struct journal_command *command)
{
	return send_message(userdata, LINK_KNOWN_COMMAND, command, sizeof(*command), -1);
}

static int send_wear(void *userdata, const struct link_wear *wear)
{
	return send_message(userdata, LINK_WEAR, wear, sizeof(*wear), -1);
}

static int send_loaded(struct recorder *recorder)
{
	struct link_loaded loaded;
	int r = load_summary(&recorder->store, &loaded);

	if (r == 0)
		r = batch_init(&recorder->batch, loaded.last_start, loaded.last_entry);
	recorder->batch.seen_sample = r == 0 ? loaded.topic_seq[TOPIC_SAMPLE] : 0;
	if (r == 0)
		r = send_message(recorder, LINK_LOADED, &loaded, sizeof(loaded), -1);
	if (r == 0)
		r = load_queue(&recorder->store, send_item, recorder);
	if (r == 0)
		r = load_commands(&recorder->store, send_command, recorder);
	if (r == 0)
		r = load_wear(&recorder->store, clock_wall_us(), send_wear, recorder);
	return r;
}

static int take_config(struct recorder *recorder, const struct site *site)
{
	int r;

	if (recorder->configured)
		return -EBADMSG;
	recorder->site = *site;
	r = store_open(&recorder->store, site->store);
	if (r < 0)
		return r;
	recorder->configured = true;
	recorder->store.site = &recorder->site;
	recorder->find_ns = clock_mono_ns() + FIND_AFTER_NS;
	return send_loaded(recorder);
}

static int send_committed(struct recorder *recorder, double commit_ms)
{
	struct link_committed committed = {.start = recorder->batch.start,
					   .entry = recorder->batch.last_entry,
					   .error = recorder->batch.error,
					   .commit_ms = commit_ms,
					   .free_mib = store_free_mib(&recorder->store),
					   .sample_seq = recorder->batch.last_sample};

	return send_message(recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
}

static void publish_energies(struct recorder *recorder);

static int commit(struct recorder *recorder)
{
	int64_t begin_ns = clock_mono_ns();
	int32_t before = recorder->batch.error;
	int error = batch_commit(&recorder->batch, &recorder->store, begin_ns), r;

	if (error < 0 && before != error)
		log_error("the store cannot be written: %s; tried again every %d ms", strerror(-error),
			  BATCH_RETRY_MS);
	else if (error == 0 && before < 0)
		log_notice("the store can be written again");
	r = send_committed(recorder, (double)(clock_mono_ns() - begin_ns) / 1e6);
	if (r == 0 && error == 0 && recorder->result_came)
		publish_energies(recorder);
	return r;
}

/* ---- analysis ---- */

static void publish_tf(struct recorder *recorder, const char *section)
{
	struct result_body result;
	int r = analysis_pair(&recorder->store, recorder->workspace, section, &result);

	if (r == 0)
		send_message(recorder, LINK_RESULT, &result, sizeof(result), -1);
	else if (r != -ENOENT)
		log_error("section %s cannot be analysed: %s", section, strerror(-r));
}

static void publish_ea(struct recorder *recorder)
{
	struct result_body result;
	char run[ULID_TEXT];

	analysis_find_run(&recorder->store, run);
	if (run[0] && analysis_kissinger(&recorder->store, run, &result) == 0)
		send_message(recorder, LINK_RESULT, &result, sizeof(result), -1);
}

/* After every pair, also those of a start ago: what control sends again came in before find_ns. */
static void publish_running(struct recorder *recorder)
{
	struct running_pair pair;
	struct result_body result;

	while (recorder->find_ns == 0 && running_find(&recorder->store, recorder->running_seq, &pair)) {
		int r = running_compute(&recorder->store, &pair, &result);

		recorder->running_seq = pair.seq;
		if (r == 0)
			r = send_message(recorder, LINK_RESULT, &result, sizeof(result), -1);
		if (r < 0)
			log_error("the state of section %s has no running Ea: %s", pair.section,
				  strerror(-r));
	}
}

static void publish_energies(struct recorder *recorder)
{
	recorder->result_came = false;
	publish_ea(recorder);
	publish_running(recorder);
}

/* After a restart: sections whose second trace came in, and whose result did not get out. */
static void analyse_left_over(struct recorder *recorder)
{
	char before[80] = "", section[80];

	recorder->find_ns = 0;
	analysis_find_section(&recorder->store, before, section);
	while (section[0]) {
		log_notice("section %s has both scans and no result: analysed now", section);
		publish_tf(recorder, section);
		memcpy(before, section, sizeof(before));
		analysis_find_section(&recorder->store, before, section);
	}
	publish_running(recorder);
}

/* ---- messages ---- */

/* The text at the end of a SUBMIT memfd; NULL when there is none. */
static char *read_submitted(int fd)
{
	struct submit_header header;
	struct stat status;
	off_t at;
	char *text;

	if (fd < 0 || fstat(fd, &status) < 0 ||
	    pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return NULL;
	at = (off_t)(sizeof(header) + (uint64_t)header.count * sizeof(struct plan));
	if (header.text_length > 1 << 20 || at + (off_t)header.text_length != status.st_size)
		return NULL;
	text = calloc(1, header.text_length + 1);
	if (text && pread(fd, text, header.text_length, at) != (ssize_t)header.text_length) {
		free(text);
		return NULL;
	}
	return text;
}

static int take_journal(struct recorder *recorder, const void *body, size_t length, int fd)
{
	const struct link_journal *entry = body;
	const struct publication *publication;

	if (length >= sizeof(*entry) + sizeof(*publication) && entry->kind == JOURNAL_PUBLICATION) {
		publication = (const void *)entry->body;
		if (publication->topic == TOPIC_RESULT && publication->result.kind == RESULT_PAIR)
			recorder->result_came = true;
	}
	return batch_add_entry(&recorder->batch, body, length, read_submitted(fd));
}

/* A trace is durable before it is acknowledged: control keeps its own until then. */
static int take_trace(struct recorder *recorder, const struct link_trace *header, int fd)
{
	struct trace_row *rows = NULL;
	int r = fd >= 0 ? traces_read(header, fd, &rows) : -EINVAL;

	if (r == 0)
		r = traces_store(&recorder->store, header, rows);
	if (r == -ENOSPC && store_drop_reserve(&recorder->store))
		r = traces_store(&recorder->store, header, rows);
	free(rows);
	if (r < 0) {
		log_error("the %s scan of section %.79s cannot be stored: %s",
			  header->reference ? "reference" : "first", header->section, strerror(-r));
		recorder->batch.error = r;
		return send_committed(recorder, 0);
	}
	r = send_message(recorder, LINK_TRACE_COMMITTED, header, sizeof(*header), -1);
	if (r == 0)
		publish_tf(recorder, header->section);
	return r;
}

static int seal_text(const char *text, size_t length)
{
	int fd = memfd_create("densd-answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < length) {
		ssize_t n = write(fd, text + done, length - done);

		if (n <= 0) {
			close(fd);
			return -EIO;
		}
		done += (size_t)n;
	}
	if (fd >= 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return fd < 0 ? -errno : fd;
}

static int take_query(struct recorder *recorder, const struct link_query *query)
{
	struct link_query_answer answer = {.route = query->route, .format = query->format};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	int fd = -1, r;

	/* who asks sees everything that was published before */
	if (recorder->batch.due_ns != 0)
		commit(recorder);
	memcpy(answer.request_id, query->request_id, LINK_ID);
	answer.error = out ? query_answer(&recorder->store, query, out, answer.why, &answer.next) : -ENOMEM;
	if (out && fclose(out) != 0)
		answer.error = -ENOMEM;
	if (answer.error == 0) {
		answer.length = (uint32_t)length;
		fd = seal_text(text, length);
		if (fd < 0)
			answer.error = fd;
	}
	free(text);
	r = send_message(recorder, LINK_RECORDER_ANSWER, &answer, sizeof(answer), fd);
	if (fd >= 0)
		close(fd);
	return r;
}

static int take_message(struct recorder *recorder, const struct link_header *header, const void *body, int fd)
{
	if (header->type == LINK_RECORDER_CONFIG && header->length == sizeof(struct site))
		return take_config(recorder, body);
	if (!recorder->configured)
		return -EBADMSG;
	if (header->type == LINK_JOURNAL)
		return take_journal(recorder, body, header->length, fd);
	if (header->type == LINK_SAMPLE && header->length == sizeof(struct publication))
		return batch_add_sample(&recorder->batch, body);
	if (header->type == LINK_TRACE && header->length == sizeof(struct link_trace))
		return take_trace(recorder, body, fd);
	if (header->type == LINK_RECORDER_QUERY && header->length == sizeof(struct link_query))
		return take_query(recorder, body);
	return -EBADMSG;
}

static bool is_full(const struct recorder *recorder)
{
	return recorder->configured && batch_is_full(&recorder->batch);
}

/* A link_take. */
static int take_while_room(void *userdata, const struct link_header *header, const void *body, int fd)
{
	int r = take_message(userdata, header, body, fd);

	return r == 0 && is_full(userdata) ? 1 : r;
}

static int wait_ms(const struct recorder *recorder)
{
	int64_t due_ns = recorder->configured ? recorder->batch.due_ns : 0, left_ns;

	if (due_ns == 0)
		return IDLE_MS;
	left_ns = due_ns - clock_mono_ns();
	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}

static bool is_due(const struct recorder *recorder)
{
	const struct batch *batch = &recorder->batch;

	return recorder->configured && batch->due_ns != 0 &&
	       (batch->now || (batch_is_full(batch) && batch->error == 0) ||
		clock_mono_ns() >= batch->due_ns);
}

/* Not all at once, nor before LOADED: weeks of samples take longer to delete than a start may. */
static void prune(struct recorder *recorder)
{
	int64_t now_ns = clock_mono_ns();

	if (now_ns < recorder->prune_ns)
		return;
	recorder->prune_ns = now_ns + PRUNE_EVERY_NS;
	samples_prune(&recorder->store, recorder->site.retention_days);
}

int recorder_turn(struct recorder *recorder)
{
	struct pollfd waiting = {.fd = recorder->socket, .events = POLLIN};
	int r = 1;

	if (is_full(recorder))
		waiting.events = 0;
	if (poll(&waiting, 1, wait_ms(recorder)) < 0 && errno != EINTR)
		return -errno;
	if (waiting.revents && !is_full(recorder))
		r = link_serve(recorder->socket, recorder->buffer, sizeof(recorder->buffer), DRAIN_MOST,
			       take_while_room, recorder);
	if (is_due(recorder) && commit(recorder) < 0)
		r = r > 0 ? -EPIPE : r;
	if (recorder->find_ns != 0 && clock_mono_ns() >= recorder->find_ns)
		analyse_left_over(recorder);
	if (recorder->configured)
		prune(recorder);
	return r;
}

int recorder_end(struct recorder *recorder, int r)
{
	if (recorder->configured)
		batch_commit(&recorder->batch, &recorder->store, clock_mono_ns());
	return r == -EPIPE ? 0 : r;
}

int recorder_run(struct recorder *recorder)
{
	int r;

	fcntl(recorder->socket, F_SETFL, O_NONBLOCK);
	do
		r = recorder_turn(recorder);
	while (r > 0);
	return recorder_end(recorder, r);
}
