/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densd-gateway: ZeroMQ, JSON and YAML on one side, fixed structs on the other. Started by densd. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/gateway/gateway.h"

int main(void)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	int r;

	log_open("gateway", LOG_LEVEL_INFO);
	/* control decides when to end, by closing the link */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (!gateway || fcntl(LINK_WORKER_FD, F_GETFD) < 0) {
		log_error("descriptor %d is not open: densd-gateway is started by densd, not by hand",
			  LINK_WORKER_FD);
		return EXIT_FAILURE;
	}
	gateway->socket = LINK_WORKER_FD;
	r = gateway_run(gateway);
	if (r < 0)
		log_error("ends: %s", strerror(-r));
	free(gateway);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
