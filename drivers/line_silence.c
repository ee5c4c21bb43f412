/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/line_silence.h"

#include <math.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"

#define CHARACTERS 3.5
#define START_AND_DATA_BITS 9
#define LEAST_NS 1.75e6 /* above 19,200 baud the standard's silence is 1.75 ms */
#define FAST_BAUD 19200u
#define BUSY_FIRST_MS 40.0
#define LEAST_BUSY_MS 2.0

static double silence_ns(const struct bus_config *config)
{
	int bits = START_AND_DATA_BITS + (config->parity == 'E' || config->parity == 'O') +
		   (config->stop_bits > 1 ? 2 : 1);
	double ns = config->baud > FAST_BAUD
			    ? LEAST_NS
			    : CHARACTERS * bits / fmax(config->baud, 1) * (double)CLOCK_NS_PER_S;

	return ns / fmax(config->scale, 1);
}

int line_silence_wait(int fd, const struct bus_config *config, int64_t heard_ns)
{
	double left_ns = heard_ns == 0 ? 0 : silence_ns(config) - (double)(clock_mono_ns() - heard_ns);
	struct timespec limit = {.tv_nsec = (long)fmin(fmax(left_ns, 0), 9e8)};
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int count = 0;

	if (ppoll(&wait, 1, &limit, NULL) <= 0 || wait.revents & (POLLHUP | POLLERR | POLLNVAL))
		return 0;
	return ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? count : 0;
}

bool line_silence_take(int fd, const struct bus_config *config, int64_t heard_ns, size_t noise_most,
		       size_t ends_most)
{
	size_t noise = 0, ends = 0;

	while (line_silence_wait(fd, config, heard_ns) > 0) {
		uint8_t bytes[64];
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0)
			return true;
		for (ssize_t i = 0; i < n; i++) {
			bool end = ends_most > 0 && (bytes[i] == '\r' || bytes[i] == '\n');

			noise += !end;
			ends += end;
		}
		if (noise > noise_most || ends > ends_most || (noise > 0 && ends > 0))
			return false;
		if (!profile_bus_is_tcp(config->kind)) /* a connection has no characters of its own */
			heard_ns = clock_mono_ns();
	}
	return true;
}

void line_busy_wait(double scale, int attempt)
{
	double ms = fmax(BUSY_FIRST_MS * (1 << attempt) / fmax(scale, 1), LEAST_BUSY_MS);
	struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(fmod(ms, 1000) * 1e6)};

	nanosleep(&pause, NULL);
}
