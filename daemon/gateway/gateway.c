/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/gateway/answer.h"
#include "daemon/gateway/devices.h"
#include "daemon/gateway/load.h"
#include "daemon/gateway/roles.h"
#include "daemon/gateway/submit.h"
#include "daemon/message.h"

#define TURN_MS 500
#define TURN_MOST 64 /* messages of one source before the others get their turn */
#define ANSWER_BYTES_MAX (256u << 20)

/* ---- routes ---- */

static struct route *take_route(struct gateway *gateway, const struct peer *peer)
{
	int64_t now_ns = clock_mono_ns();

	for (uint32_t i = 0; i < GATEWAY_ROUTES; i++) {
		struct route *route = &gateway->routes[i];

		if (route->used && now_ns - route->since_ns < GATEWAY_ROUTE_S * CLOCK_NS_PER_S)
			continue;
		*route = (struct route){
			.used = true, .number = ++gateway->next_route, .since_ns = now_ns, .peer = *peer};
		return route;
	}
	return NULL;
}

static struct route *find_route(struct gateway *gateway, uint32_t number)
{
	for (uint32_t i = 0; i < GATEWAY_ROUTES; i++)
		if (gateway->routes[i].used && gateway->routes[i].number == number)
			return &gateway->routes[i];
	return NULL;
}

/* ---- clients ---- */

static void say(struct gateway *gateway, const struct peer *peer, char *text)
{
	if (text)
		sockets_answer(&gateway->sockets, peer, text, strlen(text));
	free(text);
}

static void refuse(struct gateway *gateway, const char *id, enum reply_code code, const char *why)
{
	say(gateway, &gateway->received.peer, answer_refusal(id, code, why, NULL));
}

static bool is_silent(const struct gateway *gateway)
{
	return clock_mono_ns() - gateway->heard_ns > GATEWAY_SILENCE_S * CLOCK_NS_PER_S;
}

static int send_to_control(struct gateway *gateway, const struct command_request *request, int fd)
{
	int r = request->is_query ? link_send(gateway->socket, LINK_QUERY, gateway->seq, &request->query,
					      sizeof(request->query), -1)
				  : link_send(gateway->socket, LINK_COMMAND, gateway->seq, &request->command,
					      sizeof(request->command), fd);

	if (r == 0)
		gateway->seq++;
	return r;
}

static int hand_over(struct gateway *gateway, struct command_request *request, int fd)
{
	struct route *route = take_route(gateway, &gateway->received.peer);
	int r;

	if (!route) {
		refuse(gateway, request->id, REPLY_BUSY,
		       "too many requests wait: repeat this id in a moment");
		return 0;
	}
	request->query.route = request->command.route = route->number;
	r = send_to_control(gateway, request, fd);
	if (r == 0)
		return 0;
	route->used = false;
	if (r != -EAGAIN)
		return r;
	refuse(gateway, request->id, REPLY_BUSY, "densd is busy: repeat this id in a moment");
	return 0;
}

static int submit(struct gateway *gateway, struct command_request *request)
{
	int fd = -1, r = submit_prepare(&gateway->site, request, &gateway->diagnostics, &fd);

	if (r != 0) {
		char why[MACHINE_WHY];

		if (r > 0)
			snprintf(why, sizeof(why), "the protocol has %zu errors: %.140s",
				 gateway->diagnostics.errors,
				 gateway->diagnostics.count ? gateway->diagnostics.list[0].text : "");
		else
			snprintf(why, sizeof(why), "the protocol cannot be read now: %s", strerror(-r));
		say(gateway, &gateway->received.peer,
		    answer_refusal(request->id, r > 0 ? REPLY_INVALID : REPLY_BUSY, why,
				   r > 0 ? &gateway->diagnostics : NULL));
		return 0;
	}
	r = hand_over(gateway, request, fd);
	close(fd);
	return r;
}

/* Two clients of different users cannot take each other's request ids. */
static void name_client(struct command_request *request, uid_t uid)
{
	char name[LINK_ID];

	if (request->client[0])
		snprintf(name, sizeof(name), "uid-%lu/%.39s", (unsigned long)uid, request->client);
	else
		snprintf(name, sizeof(name), "uid-%lu", (unsigned long)uid);
	memcpy(request->command.client, name, LINK_ID);
}

static int serve(struct gateway *gateway, struct command_request *request)
{
	uid_t uid = 0;
	enum role role = roles_parse_user(gateway->received.user, &uid);

	if (role == ROLE_NONE) {
		gateway->refused++;
		log_warning("a request without an identity is refused, the %lluth",
			    (unsigned long long)gateway->refused);
		refuse(gateway, request->id, REPLY_REFUSED, "the peer has no identity");
		return 0;
	}
	if (is_silent(gateway)) {
		refuse(gateway, request->id, REPLY_BUSY,
		       "the control process has been silent for more than 3 s");
		return 0;
	}
	request->command.role = (uint8_t)role;
	name_client(request, uid);
	if (!request->is_query && request->command.kind == COMMAND_SUBMIT)
		return submit(gateway, request);
	return hand_over(gateway, request, -1);
}

static int take_request(struct gateway *gateway)
{
	struct received *received = &gateway->received;
	struct command_request request;
	char why[MACHINE_WHY];
	int r;

	if (received->too_long)
		received->length = 0;
	r = command_decode(received->text, received->length, &request, why);
	if (r < 0) {
		refuse(gateway, request.id, REPLY_INVALID, why);
		r = 0;
	} else {
		r = serve(gateway, &request);
	}
	command_free(&request);
	return r;
}

static int serve_clients(struct gateway *gateway)
{
	char prefix[32];
	int r = 0;

	for (int i = 0; i < TURN_MOST && r == 0; i++) {
		int n = sockets_receive(&gateway->sockets, &gateway->received);

		if (n <= 0) {
			r = n;
			break;
		}
		r = take_request(gateway);
	}
	for (int i = 0; i < TURN_MOST && sockets_receive_subscription(&gateway->sockets, prefix) == 1; i++)
		/* What is old is not shown as fresh: while control is silent there is no last value. */
		for (int topic = 0; topic < TOPIC_MAX && !is_silent(gateway); topic++)
			if (gateway->last[topic] &&
			    strncmp(topic_name((enum topic)topic), prefix, strlen(prefix)) == 0)
				sockets_publish(&gateway->sockets, topic_name((enum topic)topic),
						gateway->last[topic]);
	return r;
}

/* ---- control ---- */

static void take_publication(struct gateway *gateway, const struct publication *publication)
{
	json_object *message = message_render(publication);
	char *text = message ? strdup(message_text(message)) : NULL;

	json_object_put(message);
	if (!text)
		return;
	sockets_publish(&gateway->sockets, topic_name((enum topic)publication->topic), text);
	free(gateway->last[publication->topic]);
	gateway->last[publication->topic] = text;
}

static void take_reply(struct gateway *gateway, const struct link_reply *reply)
{
	struct route *route = find_route(gateway, reply->route);

	if (!route)
		return;
	say(gateway, &route->peer, answer_reply(reply));
	route->used = false;
}

static void take_devices(struct gateway *gateway, const struct link_devices *devices)
{
	struct route *route = find_route(gateway, devices->route);

	if (!route)
		return;
	say(gateway, &route->peer, devices_render(devices, &gateway->site));
	route->used = false;
}

/* The answer's text, read; NULL when it is not what was promised. */
static char *read_answer(const struct link_query_answer *answer, int fd)
{
	struct stat status;
	size_t done = 0;
	char *text;

	if (fd < 0 || answer->length > ANSWER_BYTES_MAX || fstat(fd, &status) < 0 ||
	    (uint64_t)status.st_size != answer->length)
		return NULL;
	text = malloc((size_t)answer->length + 1);
	while (text && done < answer->length) {
		ssize_t n = pread(fd, text + done, answer->length - done, (off_t)done);

		if (n <= 0) {
			free(text);
			return NULL;
		}
		done += (size_t)n;
	}
	return text;
}

static void take_answer(struct gateway *gateway, const struct link_query_answer *answer, int fd)
{
	struct route *route = find_route(gateway, answer->route);
	struct link_query_answer copy = *answer;
	char *text = NULL;

	if (!route)
		return;
	if (copy.error == 0) {
		text = read_answer(answer, fd);
		if (!text) {
			copy.error = -EIO;
			snprintf(copy.why, sizeof(copy.why), "the answer was lost on its way: ask again");
		}
	}
	say(gateway, &route->peer, answer_query(&copy, text, copy.length));
	free(text);
	route->used = false;
}

static int take_config(struct gateway *gateway, const struct site *site)
{
	int r;

	if (gateway->configured)
		return -EBADMSG;
	gateway->site = *site;
	r = sockets_open(&gateway->sockets, &gateway->site);
	gateway->configured = r == 0;
	return r;
}

/* A link_take. */
static int take_message(void *userdata, const struct link_header *header, const void *body, int fd)
{
	struct gateway *gateway = userdata;

	gateway->heard_ns = clock_mono_ns();
	if (header->type == LINK_GATEWAY_CONFIG && header->length == sizeof(struct site))
		return take_config(gateway, body);
	if (!gateway->configured)
		return -EBADMSG;
	if (header->type == LINK_PUBLISH && header->length == sizeof(struct publication))
		take_publication(gateway, body);
	else if (header->type == LINK_REPLY && header->length == sizeof(struct link_reply))
		take_reply(gateway, body);
	else if (header->type == LINK_DEVICES && header->length == sizeof(struct link_devices))
		take_devices(gateway, body);
	else if (header->type == LINK_QUERY_ANSWER && header->length == sizeof(struct link_query_answer))
		take_answer(gateway, body, fd);
	else
		return -EBADMSG;
	return 0;
}

/* Without a descriptor to look with all of them are in use, and that is told. */
static void tell_load(struct gateway *gateway)
{
	struct link_gateway_load load = {.refused = gateway->refused};
	int64_t now_ns = clock_mono_ns();

	if (now_ns - gateway->told_ns < CLOCK_NS_PER_S)
		return;
	gateway->told_ns = now_ns;
	load_measure(&load);
	if (link_send(gateway->socket, LINK_GATEWAY_LOAD, gateway->seq, &load, sizeof(load), -1) == 0)
		gateway->seq++;
}

static void watch_silence(struct gateway *gateway)
{
	bool silent = is_silent(gateway);

	if (silent != gateway->silent)
		log_line(silent ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
			 silent ? "control has been silent for more than %d s: requests are answered busy"
				: "control speaks again after more than %d s",
			 GATEWAY_SILENCE_S);
	gateway->silent = silent;
}

/* zmq_poll looks at ZMQ_EVENTS itself, so the edge of ZMQ_FD cannot be missed. */
int gateway_run(struct gateway *gateway)
{
	int r = 1;

	fcntl(gateway->socket, F_SETFL, O_NONBLOCK);
	gateway->heard_ns = clock_mono_ns();
	while (r > 0) {
		zmq_pollitem_t items[] = {{.fd = gateway->socket, .events = ZMQ_POLLIN},
					  {.socket = gateway->sockets.commands, .events = ZMQ_POLLIN},
					  {.socket = gateway->sockets.telemetry, .events = ZMQ_POLLIN}};

		if (zmq_poll(items, gateway->configured ? 3 : 1, TURN_MS) < 0 && errno != EINTR) {
			r = -errno;
			break;
		}
		if (items[0].revents)
			r = link_serve(gateway->socket, gateway->buffer, sizeof(gateway->buffer), TURN_MOST,
				       take_message, gateway);
		if (r > 0 && gateway->configured) {
			int served = serve_clients(gateway);

			r = served < 0 ? served : r;
			watch_silence(gateway);
			tell_load(gateway);
		}
	}
	sockets_close(&gateway->sockets);
	for (int i = 0; i < TOPIC_MAX; i++)
		free(gateway->last[i]);
	return r == -EPIPE ? 0 : r;
}
