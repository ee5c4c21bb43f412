/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes and removes what densim shows in the file system and on the network. Each returns 0 or -errno. */
#ifndef DENSD_DENSIM_OPENING_H
#define DENSD_DENSIM_OPENING_H

#include <stdint.h>

int opening_directory(const char *directory);
/*
 * A pseudo terminal in raw mode, DIR/@name pointing at it. The slave stays open here, so that masters can
 * come and go without a hang-up.
 */
int opening_terminal(const char *directory, const char *name, int *ret_fd, int *ret_slave);
/* One more name for DIR/rtu at @path, which must not be there yet. */
int opening_alias(const char *directory, const char *path);
int opening_listen_tcp(uint16_t port, int *ret_fd);
int opening_listen_unix(const char *directory, const char *name, int *ret_fd);
/* Connects to DIR/@name. */
int opening_connect_unix(const char *directory, const char *name, int *ret_fd);
/* DIR/ready appears when all wires answer. */
int opening_ready(const char *directory, uint16_t port, double scale);
void opening_no_delay(int fd);
void opening_unlink(const char *directory, const char *name);
/* Removes the four names from the directory; the directory itself stays. */
void opening_remove(const char *directory);

#endif
