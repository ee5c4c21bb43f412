/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/log.h"

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93 /* a draft option in Debian 12's header, there in its library */
#endif
#define HANDSHAKE_MS 2000
#define HIGH_WATER 1000
#define BACKLOG 16
#define MODE_SOCKET 0660

static const char *socket_path(const char *endpoint)
{
	return strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6] == '/' ? endpoint + 6 : NULL;
}

/* The parents of the socket; what exists stays as it is. */
static int make_parents(const char *path)
{
	char folder[SITE_PATH];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static void remove_stale(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
}

static int set_number(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(void *socket)
{
	int64_t most = COMMAND_BYTES_MAX;
	int r = set_number(socket, ZMQ_LINGER, 0);

	if (r == 0)
		r = set_number(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	if (r == 0)
		r = set_number(socket, ZMQ_SNDHWM, HIGH_WATER);
	if (r == 0)
		r = set_number(socket, ZMQ_RCVHWM, HIGH_WATER);
	if (r == 0)
		r = set_number(socket, ZMQ_BACKLOG, BACKLOG);
	if (r == 0)
		r = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) < 0 ? -errno : 0;
	if (r == 0)
		r = zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) < 0 ? -errno : 0;
	return r < 0 ? r : set_number(socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
}

static int bind_socket(void *socket, const char *endpoint)
{
	const char *path = socket_path(endpoint);
	int r;

	if (!path || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		log_error("endpoint %s: only ipc:///folder/name of at most %zu bytes is served; TCP needs "
			  "CURVE and an allow-list and stays closed",
			  endpoint, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		return -EPROTONOSUPPORT;
	}
	r = set_options(socket);
	if (r == 0)
		r = make_parents(path);
	if (r == 0) {
		mode_t before = umask(0117);

		remove_stale(path);
		if (zmq_bind(socket, endpoint) < 0)
			r = -errno;
		umask(before);
	}
	if (r == 0 && chmod(path, MODE_SOCKET) < 0)
		r = -errno;
	if (r < 0)
		log_error("endpoint %s cannot be opened: %s", endpoint, zmq_strerror(-r));
	return r;
}

static int open_both(struct sockets *sockets, const struct site *site)
{
	int r;

	sockets->telemetry = zmq_socket(sockets->context, ZMQ_XPUB);
	sockets->commands = zmq_socket(sockets->context, ZMQ_ROUTER);
	if (!sockets->telemetry || !sockets->commands)
		return -errno;
	/* Every subscription is shown, a repeated one too: each new subscriber gets the last values. */
	r = set_number(sockets->telemetry, ZMQ_XPUB_VERBOSE, 1);
	if (r == 0)
		r = bind_socket(sockets->telemetry, site->telemetry);
	return r < 0 ? r : bind_socket(sockets->commands, site->commands);
}

int sockets_open(struct sockets *ret_sockets, const struct site *site)
{
	int r;

	*ret_sockets = (struct sockets){.context = zmq_ctx_new()};
	if (!ret_sockets->context)
		return -errno;
	r = zap_start(&ret_sockets->zap, ret_sockets->context, site);
	if (r < 0) {
		log_error("the handler that knows clients cannot be started: %s; no socket is opened",
			  zmq_strerror(-r));
		zmq_ctx_term(ret_sockets->context);
		ret_sockets->context = NULL;
		return r;
	}
	r = open_both(ret_sockets, site);
	if (r < 0)
		sockets_close(ret_sockets);
	return r;
}

void sockets_close(struct sockets *sockets)
{
	if (!sockets->context)
		return;
	zmq_ctx_shutdown(sockets->context);
	zap_join(&sockets->zap);
	if (sockets->telemetry)
		zmq_close(sockets->telemetry);
	if (sockets->commands)
		zmq_close(sockets->commands);
	zmq_ctx_term(sockets->context);
	*sockets = (struct sockets){0};
}

/* Takes one frame; its length, and whether another follows. -errno when none. */
static int take_frame(void *socket, zmq_msg_t *message, int *ret_more)
{
	int n = zmq_msg_recv(message, socket, ZMQ_DONTWAIT);

	if (n < 0)
		return -errno;
	*ret_more = zmq_msg_more(message);
	return n;
}

static void take_text(struct received *received, zmq_msg_t *message, int length)
{
	const char *user = zmq_msg_gets(message, "User-Id");

	snprintf(received->user, sizeof(received->user), "%s", user ? user : "");
	received->too_long = length > COMMAND_BYTES_MAX;
	received->length = received->too_long ? 0 : (size_t)length;
	memcpy(received->text, zmq_msg_data(message), received->length);
	received->text[received->length] = '\0';
}

/* name, perhaps an empty delimiter, text; frames behind it are dropped. */
int sockets_receive(struct sockets *sockets, struct received *ret_received)
{
	zmq_msg_t message;
	int more = 0, n, index = 0;

	zmq_msg_init(&message);
	n = take_frame(sockets->commands, &message, &more);
	if (n < 0) {
		zmq_msg_close(&message);
		return n == -EAGAIN || n == -EINTR ? 0 : n;
	}
	ret_received->peer.length = n <= SOCKETS_PEER ? (size_t)n : 0;
	memcpy(ret_received->peer.name, zmq_msg_data(&message), ret_received->peer.length);
	ret_received->peer.delimiter = false;
	ret_received->length = 0;
	ret_received->too_long = false;
	ret_received->user[0] = '\0';
	while (more && (n = take_frame(sockets->commands, &message, &more)) >= 0) {
		if (index == 0 && n == 0 && more)
			ret_received->peer.delimiter = true;
		else if (index == (ret_received->peer.delimiter ? 1 : 0))
			take_text(ret_received, &message, n);
		index++;
	}
	zmq_msg_close(&message);
	return 1;
}

void sockets_answer(struct sockets *sockets, const struct peer *peer, const char *text, size_t length)
{
	if (zmq_send(sockets->commands, peer->name, peer->length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
		return;
	if (peer->delimiter)
		zmq_send(sockets->commands, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(sockets->commands, text, length, ZMQ_DONTWAIT);
}

void sockets_publish(struct sockets *sockets, const char *topic, const char *text)
{
	if (zmq_send(sockets->telemetry, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		zmq_send(sockets->telemetry, text, strlen(text), ZMQ_DONTWAIT);
}

int sockets_receive_subscription(struct sockets *sockets, char ret_prefix[32])
{
	for (;;) {
		char frame[33];
		int n = zmq_recv(sockets->telemetry, frame, sizeof(frame), ZMQ_DONTWAIT);

		if (n < 0)
			return 0;
		if (n == 0 || n > (int)sizeof(frame) - 1 || frame[0] != 1)
			continue;
		memcpy(ret_prefix, frame + 1, (size_t)n - 1);
		ret_prefix[n - 1] = '\0';
		return 1;
	}
}
