/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densd-recorder: owns journal.db and samples.db, says what is durable, analyses scans. Started by densd. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/recorder/recorder.h"

int main(void)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int r;

	log_open("recorder", LOG_LEVEL_INFO);
	/* Control decides when to end, by closing the link: what it sent last must still be committed. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* Who reads the log may go away. */
	signal(SIGPIPE, SIG_IGN);
	if (fcntl(LINK_WORKER_FD, F_GETFD) < 0) {
		log_error("descriptor %d is not open: densd-recorder is started by densd, not by hand",
			  LINK_WORKER_FD);
		return EXIT_FAILURE;
	}
	if (!recorder) {
		log_error("no memory to begin with: %zu bytes", sizeof(*recorder));
		return EXIT_FAILURE;
	}
	if (recorder_init(recorder, LINK_WORKER_FD) < 0)
		return EXIT_FAILURE;
	r = recorder_run(recorder);
	if (r < 0)
		log_error("ends: %s", strerror(-r));
	recorder_deinit(recorder);
	free(recorder);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
