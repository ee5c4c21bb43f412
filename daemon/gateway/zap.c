/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/zap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/log.h"
#include "daemon/gateway/roles.h"

#define FRAME_MAX 256
#define FRAMES_MAX 8

enum zap_frame {
	ZAP_VERSION,
	ZAP_REQUEST_ID,
	ZAP_FRAME_DOMAIN,
	ZAP_ADDRESS,
	ZAP_IDENTITY,
	ZAP_MECHANISM,
	ZAP_LEAST
};

struct zap_request {
	size_t count;
	struct {
		char bytes[FRAME_MAX];
		size_t length;
		bool whole;
	} frames[FRAMES_MAX];
};

/* 0, or -ETERM when the context ends. */
static int receive(void *socket, struct zap_request *ret_request)
{
	int more = 1;
	size_t size = sizeof(more);

	ret_request->count = 0;
	while (more) {
		char spare[FRAME_MAX];
		bool fits = ret_request->count < FRAMES_MAX;
		char *bytes = fits ? ret_request->frames[ret_request->count].bytes : spare;
		int n = zmq_recv(socket, bytes, FRAME_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (fits) {
			ret_request->frames[ret_request->count].whole = n <= FRAME_MAX;
			ret_request->frames[ret_request->count++].length =
				(size_t)(n < FRAME_MAX ? n : FRAME_MAX);
		}
		if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) < 0)
			return -errno;
	}
	return 0;
}

static bool frame_is(const struct zap_request *request, enum zap_frame frame, const char *text)
{
	return request->frames[frame].whole && request->frames[frame].length == strlen(text) &&
	       memcmp(request->frames[frame].bytes, text, strlen(text)) == 0;
}

static enum role decide(const struct zap *zap, const struct zap_request *request, char ret_user[ROLES_USER])
{
	enum role role;
	uid_t uid;
	gid_t gid;

	ret_user[0] = '\0';
	if (request->count < ZAP_LEAST || !frame_is(request, ZAP_VERSION, "1.0") ||
	    !frame_is(request, ZAP_FRAME_DOMAIN, ZAP_DOMAIN) || !frame_is(request, ZAP_MECHANISM, "NULL") ||
	    !request->frames[ZAP_ADDRESS].whole ||
	    roles_parse_address(request->frames[ZAP_ADDRESS].bytes, request->frames[ZAP_ADDRESS].length, &uid,
				&gid) < 0)
		return ROLE_NONE;
	role = roles_find_peer(zap->site, uid, gid);
	if (role == ROLE_NONE)
		log_warning("a peer with uid %u and gid %u has no role in the site file: refused", uid, gid);
	else
		roles_format_user(role, uid, ret_user);
	return role;
}

static int reply(void *socket, const struct zap_request *request, enum role role, const char *user)
{
	const char *status = role == ROLE_NONE ? "400" : "200", *text = role == ROLE_NONE ? "no role" : "OK";
	size_t id_length = request->count > ZAP_REQUEST_ID ? request->frames[ZAP_REQUEST_ID].length : 0;

	if (zmq_send(socket, "1.0", 3, ZMQ_SNDMORE) < 0 ||
	    zmq_send(socket, request->frames[ZAP_REQUEST_ID].bytes, id_length, ZMQ_SNDMORE) < 0 ||
	    zmq_send(socket, status, 3, ZMQ_SNDMORE) < 0 ||
	    zmq_send(socket, text, strlen(text), ZMQ_SNDMORE) < 0 ||
	    zmq_send(socket, user, strlen(user), ZMQ_SNDMORE) < 0 || zmq_send(socket, "", 0, 0) < 0)
		return -errno;
	return 0;
}

static void *handle(void *argument)
{
	const struct zap *zap = argument;
	struct zap_request request;

	while (receive(zap->socket, &request) == 0) {
		char user[ROLES_USER];
		enum role role = decide(zap, &request, user);

		if (reply(zap->socket, &request, role, user) < 0)
			break;
	}
	zmq_close(zap->socket);
	return NULL;
}

int zap_start(struct zap *ret_zap, void *context, const struct site *site)
{
	int linger = 0, r;

	*ret_zap = (struct zap){.socket = zmq_socket(context, ZMQ_REP), .site = site};
	if (!ret_zap->socket)
		return -errno;
	zmq_setsockopt(ret_zap->socket, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_bind(ret_zap->socket, "inproc://zeromq.zap.01") < 0) {
		r = -errno;
		zmq_close(ret_zap->socket);
		return r;
	}
	r = -pthread_create(&ret_zap->thread, NULL, handle, ret_zap);
	if (r < 0)
		zmq_close(ret_zap->socket);
	return r;
}

void zap_join(struct zap *zap)
{
	pthread_join(zap->thread, NULL);
}
