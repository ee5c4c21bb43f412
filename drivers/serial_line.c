/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plain termios instead of libserialport 0.1.1: its sp_get_port_by_name takes only what is listed in
 * /sys/class/tty, so that neither a pty nor a path of /dev/serial/by-id can be opened (README.md, measured).
 */
#include "drivers/serial_line.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/line_lock.h"

#define REOPEN_MS 1000.0
#define SEND_MS 200
#define LEAST_WAIT_MS 20.0

struct serial {
	struct text_line line; /* first */
	const struct bus_config *config;
	speed_t speed;
	int fd, lock;
	bool quarantined;
	int64_t quiet_until_ns;
};

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
	{1200, B1200},     {2400, B2400},     {4800, B4800},     {9600, B9600},
	{19200, B19200},   {38400, B38400},   {57600, B57600},   {115200, B115200},
	{230400, B230400}, {460800, B460800}, {921600, B921600},
};

static int64_t after_ms(double ms)
{
	return clock_mono_ns() + (int64_t)(ms * 1e6);
}

static void close_line(struct serial *serial)
{
	if (serial->fd >= 0)
		close(serial->fd);
	if (serial->lock >= 0)
		close(serial->lock);
	serial->fd = serial->lock = -1;
}

static int set_raw(const struct serial *serial)
{
	struct termios settings;

	if (tcgetattr(serial->fd, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSTOPB | CRTSCTS);
	if (serial->config->parity == 'E' || serial->config->parity == 'O')
		settings.c_cflag |= PARENB;
	if (serial->config->parity == 'O')
		settings.c_cflag |= PARODD;
	if (serial->config->stop_bits == 2)
		settings.c_cflag |= CSTOPB;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 0;
	cfsetspeed(&settings, serial->speed);
	if (tcsetattr(serial->fd, TCSANOW, &settings) < 0)
		return -errno;
	return 0;
}

static int open_line(struct serial *serial)
{
	int r = serial->lock = line_lock_take(serial->config->path, NULL);

	if (r >= 0) {
		serial->fd = open(serial->config->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		r = serial->fd < 0 ? -errno : set_raw(serial);
	}
	if (r < 0) {
		close_line(serial);
		serial->quiet_until_ns =
			after_ms(fmax(REOPEN_MS / fmax(serial->config->scale, 1), LEAST_WAIT_MS));
		return CAUSE_LINK;
	}
	ioctl(serial->fd, TIOCEXCL);
	tcflush(serial->fd, TCIOFLUSH);
	serial->line.connects++;
	return 0;
}

static int lose_line(struct serial *serial)
{
	close_line(serial);
	return CAUSE_LINK;
}

static void drain(const struct serial *serial)
{
	uint8_t drained[512];

	for (int i = 0; i < 1024 && read(serial->fd, drained, sizeof(drained)) > 0; i++)
		continue;
	tcflush(serial->fd, TCIOFLUSH);
}

static int make_ready(struct serial *serial)
{
	if (serial->quiet_until_ns != 0) {
		if (clock_mono_ns() < serial->quiet_until_ns)
			return serial->quarantined ? CAUSE_QUARANTINE : CAUSE_LINK;
		serial->quiet_until_ns = 0;
		if (serial->quarantined && serial->fd >= 0)
			drain(serial);
		serial->quarantined = false;
	}
	return serial->fd >= 0 ? 0 : open_line(serial);
}

static int write_all(struct serial *serial, const char *bytes, size_t length)
{
	int64_t end_ns = after_ms(SEND_MS);

	while (length > 0) {
		struct pollfd wait = {.fd = serial->fd, .events = POLLOUT};
		ssize_t n = write(serial->fd, bytes, length);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return lose_line(serial);
		} else if (clock_mono_ns() > end_ns) {
			return CAUSE_TIMEOUT;
		} else if (poll(&wait, 1, SEND_MS) < 0 && errno != EINTR) {
			return lose_line(serial);
		}
	}
	return 0;
}

static int send_bytes(struct text_line *line, const char *bytes, size_t length)
{
	struct serial *serial = (struct serial *)line;
	int r = make_ready(serial);

	return r != 0 ? r : write_all(serial, bytes, length);
}

static int send_text(struct text_line *line, const char *text)
{
	char buffer[256];
	size_t length = strlen(text);

	if (length + 1 > sizeof(buffer))
		return CAUSE_RANGE;
	memcpy(buffer, text, length);
	buffer[length] = '\n';
	return send_bytes(line, buffer, length + 1);
}

static int receive_bytes(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			 size_t *ret_count)
{
	struct serial *serial = (struct serial *)line;
	struct pollfd wait = {.fd = serial->fd, .events = POLLIN};
	struct timespec limit = {.tv_sec = (time_t)(wait_ms / 1000),
				 .tv_nsec = (long)(fmod(wait_ms, 1000) * 1e6)};
	ssize_t n;

	if (serial->fd < 0)
		return CAUSE_LINK;
	if (ppoll(&wait, 1, &limit, NULL) <= 0) {
		*ret_count = 0;
		return 0;
	}
	n = read(serial->fd, ret_bytes, size);
	if (n > 0) {
		*ret_count = (size_t)n;
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		*ret_count = 0;
		return 0;
	}
	return lose_line(serial);
}

static void quarantine_line(struct text_line *line, double wait_ms)
{
	struct serial *serial = (struct serial *)line;

	serial->quarantined = true;
	serial->quiet_until_ns = after_ms(wait_ms);
}

static void free_line(struct text_line *line)
{
	if (!line)
		return;
	close_line((struct serial *)line);
	free(line);
}

static const struct text_ops serial_ops = {
	.send = send_text,
	.send_bytes = send_bytes,
	.receive = receive_bytes,
	.quarantine = quarantine_line,
	.free = free_line,
};

int serial_line_new(const struct bus_config *config, struct text_line **ret_line)
{
	struct serial *serial;
	speed_t speed = B0;

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].baud == config->baud)
			speed = speeds[i].speed;
	if (speed == B0 || (config->parity != 'N' && config->parity != 'E' && config->parity != 'O'))
		return -EINVAL;
	serial = calloc(1, sizeof(*serial));
	if (!serial)
		return -ENOMEM;
	*serial = (struct serial){
		.line = {.ops = &serial_ops}, .config = config, .speed = speed, .fd = -1, .lock = -1};
	*ret_line = &serial->line;
	return 0;
}
