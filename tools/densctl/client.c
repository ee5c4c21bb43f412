/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/ulid.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"

#define REPEAT_MS 5000
#define BUSY_MS 300
#define APPEAR_MS 1000
#define TIMEOUT_DEFAULT_S 15

struct telemetry {
	void *context, *socket;
};

/* What to look at: @error is that of the socket, 0: it is there and may be written. */
static const char *advice_of(int error)
{
	if (error == EACCES || error == EPERM)
		return "may this user ask it? Be in group densd and log in again (usermod -aG densd NAME), "
		       "or in 'roles:' of the site file.";
	if (error == 0)
		return "is it running, and well (systemctl status densd)? A user whom the site file gives "
		       "no role gets no answer\n"
		       "either; then its log says so (journalctl -u densd).";
	return "is it running (systemctl status densd)? Another socket: --socket, --site or $DENSD_SOCKET.";
}

static int no_daemon(const struct options *options, const char *endpoint, const char *why, int error)
{
	fprintf(stderr, "densctl %s: no answer from densd at %s: %s.\ndensctl: %s\n", options->command,
		endpoint, why, advice_of(error));
	return DENSCTL_NO_DAEMON;
}

int client_silent(const struct options *options, const char *endpoint)
{
	return no_daemon(options, endpoint, "it did not answer in time", 0);
}

static int64_t mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

/*
 * NULL, or why nobody can be listening there, and errno. A socket that is missing is given a moment: the
 * gateway makes it when densd starts, and again when it was restarted.
 */
static const char *endpoint_dead(const char *endpoint)
{
	int64_t end = mono_ms() + APPEAR_MS;

	if (strncmp(endpoint, "ipc://", 6) != 0 || endpoint[6] == '@')
		return NULL;
	while (access(endpoint + 6, W_OK) != 0) {
		if (errno != ENOENT || mono_ms() > end)
			return errno == ENOENT ? "there is no such socket" : strerror(errno);
		usleep(20 * 1000);
	}
	return NULL;
}

/* One frame as JSON; NULL when there is none, or it is none. The reply is the last frame: a ROUTER may put an
 * empty one before it. */
static json_object *receive_json(void *socket)
{
	json_object *object = NULL;
	struct json_tokener *tokener;
	zmq_msg_t message;

	zmq_msg_init(&message);
	tokener = json_tokener_new();
	if (tokener && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) > 0)
		object = json_tokener_parse_ex(tokener, zmq_msg_data(&message), (int)zmq_msg_size(&message));
	json_tokener_free(tokener);
	zmq_msg_close(&message);
	return object;
}

/* Replies to other ids (late answers of an earlier try) are dropped. NULL: none before @until_ms. */
static json_object *receive_reply(void *socket, const char *id, int64_t until_ms)
{
	for (;;) {
		zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
		int64_t left = until_ms - mono_ms();
		json_object *reply;

		if (left < 0 || zmq_poll(&item, 1, (long)left) <= 0)
			return NULL;
		reply = receive_json(socket);
		if (strcmp(json_text(reply, "id", ""), id) == 0)
			return reply;
		json_object_put(reply);
	}
}

static bool is_busy(json_object *reply)
{
	return strcmp(json_text(reply, "code", ""), "busy") == 0;
}

/* NULL: no answer at all. An answer "busy" is asked again with the same id, as long as there is time. */
static json_object *send_until_answered(void *socket, const char *text, const char *id, int64_t timeout_s)
{
	int64_t end = mono_ms() + timeout_s * 1000;
	json_object *reply = NULL;

	while (mono_ms() < end) {
		int64_t until = mono_ms() + REPEAT_MS;

		json_object_put(reply);
		zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT);
		reply = receive_reply(socket, id, until < end ? until : end);
		if (reply && !is_busy(reply))
			return reply;
		if (reply)
			usleep(BUSY_MS * 1000);
	}
	return reply;
}

static void *socket_open(void *context, int type, const char *endpoint)
{
	void *socket = context ? zmq_socket(context, type) : NULL;
	int linger = 0;

	if (!socket)
		return NULL;
	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_connect(socket, endpoint) == 0)
		return socket;
	zmq_close(socket);
	return NULL;
}

static int exchange(const struct options *options, const char *endpoint, const char *text, const char *id,
		    int64_t timeout_s, json_object **ret_reply)
{
	void *context = zmq_ctx_new(), *socket = socket_open(context, ZMQ_DEALER, endpoint);
	json_object *reply = socket ? send_until_answered(socket, text, id, timeout_s) : NULL;
	int r = DENSCTL_OK;

	if (!socket)
		r = no_daemon(options, endpoint, "it is not an endpoint that can be connected to", ENOENT);
	else if (!reply)
		r = client_silent(options, endpoint);
	else
		*ret_reply = reply;
	if (socket)
		zmq_close(socket);
	if (context)
		zmq_ctx_term(context);
	return r;
}

int client_request(const struct options *options, json_object *request, json_object **ret_reply)
{
	char endpoint[ENDPOINT_TEXT], id[ULID_TEXT];
	const char *dead;
	int64_t timeout_s;
	int r;

	r = option_integer(options, OPTION_TIMEOUT, 1, 86400, TIMEOUT_DEFAULT_S, &timeout_s);
	if (r == DENSCTL_OK)
		r = endpoint_commands(options, endpoint);
	if (r)
		return r;
	dead = endpoint_dead(endpoint);
	if (dead)
		return no_daemon(options, endpoint, dead, errno);
	if (ulid_make(id) < 0)
		return DENSCTL_NO_DAEMON;
	json_object_object_add(request, "id", json_object_new_string(id));
	return exchange(options, endpoint, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN),
			id, timeout_s, ret_reply);
}

/* What the reader of densd says of a submitted text, as the compiler-like lines of `validate`. */
static void print_diagnostics(json_object *reply, const char *file)
{
	json_object *list = json_field(reply, "diagnostics");
	size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		json_object *entry = json_object_array_get_idx(list, i);

		fprintf(stderr, "%s:%.0f:%.0f: %s: %s\n", file, json_number(entry, "line"),
			json_number(entry, "column"), json_text(entry, "level", "error"),
			json_text(entry, "text", ""));
	}
}

static int refused(const struct options *options, json_object *reply)
{
	bool has_diagnostics = json_field(reply, "diagnostics") != NULL;

	if (option_given(options, OPTION_JSON))
		json_print(reply, stdout);
	else if (has_diagnostics)
		print_diagnostics(reply, options->arguments[0]);
	fprintf(stderr, "densctl %s: refused: %s\n", options->command,
		json_text(reply, "why", "no reason given"));
	return has_diagnostics ? DENSCTL_INVALID : DENSCTL_REFUSED;
}

int client_ask(const struct options *options, json_object *request, json_object **ret_reply)
{
	json_object *reply = NULL;
	int r = client_request(options, request, &reply);

	json_object_put(request);
	if (r)
		return r;
	*ret_reply = reply;
	return json_flag(reply, "ok") ? DENSCTL_OK : refused(options, reply);
}

int telemetry_open(const struct options *options, const char *const *topics, struct telemetry **ret_telemetry)
{
	char endpoint[ENDPOINT_TEXT];
	struct telemetry *telemetry;
	const char *dead;
	int r = endpoint_telemetry(options, endpoint);

	if (r)
		return r;
	dead = endpoint_dead(endpoint);
	if (dead)
		return no_daemon(options, endpoint, dead, errno);
	telemetry = calloc(1, sizeof(*telemetry));
	if (!telemetry)
		return DENSCTL_NO_DAEMON;
	telemetry->context = zmq_ctx_new();
	telemetry->socket = socket_open(telemetry->context, ZMQ_SUB, endpoint);
	if (!telemetry->socket) {
		telemetry_close(telemetry);
		return no_daemon(options, endpoint, "it is not an endpoint that can be connected to", ENOENT);
	}
	for (; *topics; topics++)
		zmq_setsockopt(telemetry->socket, ZMQ_SUBSCRIBE, *topics, strlen(*topics));
	*ret_telemetry = telemetry;
	return DENSCTL_OK;
}

/* One frame as text of at most @size - 1 bytes; -1 when there was none. */
static int receive_text(void *socket, char *ret_text, size_t size)
{
	int n = zmq_recv(socket, ret_text, size - 1, ZMQ_DONTWAIT);

	if (n < 0)
		return -1;
	ret_text[(size_t)n < size ? (size_t)n : size - 1] = '\0';
	return n;
}

static void drain_frames(void *socket)
{
	int more = 0;
	size_t size = sizeof(more);
	char rest[8];

	while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more)
		if (zmq_recv(socket, rest, sizeof(rest), ZMQ_DONTWAIT) < 0)
			return;
}

int telemetry_receive(struct telemetry *telemetry, int timeout_ms, char ret_topic[16],
		      json_object **ret_message)
{
	zmq_pollitem_t item = {.socket = telemetry->socket, .events = ZMQ_POLLIN};
	char topic[16], text[16384];
	json_object *message;
	int n = zmq_poll(&item, 1, timeout_ms);

	if (n < 0)
		return -EINTR;
	if (n == 0 || receive_text(telemetry->socket, topic, sizeof(topic)) < 0)
		return 0;
	n = receive_text(telemetry->socket, text, sizeof(text));
	drain_frames(telemetry->socket);
	message = n >= 0 ? json_tokener_parse(text) : NULL;
	if (!message)
		return 0;
	memcpy(ret_topic, topic, sizeof(topic));
	*ret_message = message;
	return 1;
}

void telemetry_close(struct telemetry *telemetry)
{
	if (!telemetry)
		return;
	if (telemetry->socket)
		zmq_close(telemetry->socket);
	if (telemetry->context)
		zmq_ctx_term(telemetry->context);
	free(telemetry);
}
