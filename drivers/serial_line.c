/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plain termios instead of libserialport 0.1.1: its sp_get_port_by_name takes only what is listed in
 * /sys/class/tty, so that neither a pty nor a path of /dev/serial/by-id can be opened (README.md, measured).
 */
#include "drivers/serial_line.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/text_stream.h"

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
	{1200, B1200},     {2400, B2400},     {4800, B4800},     {9600, B9600},
	{19200, B19200},   {38400, B38400},   {57600, B57600},   {115200, B115200},
	{230400, B230400}, {460800, B460800}, {921600, B921600},
};

static speed_t find_speed(uint32_t baud)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	return B0;
}

static int set_raw(const struct bus_config *config, int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSTOPB | CRTSCTS);
	settings.c_iflag &= ~(tcflag_t)(INPCK | IGNPAR | PARMRK);
	if (config->parity == 'E' || config->parity == 'O') {
		settings.c_cflag |= PARENB;
		settings.c_iflag |= INPCK; /* a byte with wrong parity reads as NUL, which no text holds */
	}
	if (config->parity == 'O')
		settings.c_cflag |= PARODD;
	if (config->stop_bits == 2)
		settings.c_cflag |= CSTOPB;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 0;
	cfsetspeed(&settings, find_speed(config->baud));
	if (tcsetattr(fd, TCSANOW, &settings) < 0)
		return -errno;
	return 0;
}

static int open_terminal(const struct bus_config *config)
{
	int fd = open(config->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? -errno : set_raw(config, fd);

	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	ioctl(fd, TIOCEXCL);
	tcflush(fd, TCIOFLUSH);
	return fd;
}

int serial_line_new(const struct bus_config *config, struct text_line **ret_line)
{
	if (find_speed(config->baud) == B0 ||
	    (config->parity != 'N' && config->parity != 'E' && config->parity != 'O'))
		return -EINVAL;
	return text_stream_new(config, open_terminal, false, ret_line);
}
