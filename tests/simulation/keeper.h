/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real recorder, in this process: its messages over a real socket pair, its files on the simulated disk,
 * its turns once a quantum. The other store (store.h) is beside it the checker's own book of what was
 * acknowledged: after each start the real one must still know all of it.
 */
#ifndef DENSD_TESTS_SIMULATION_KEEPER_H
#define DENSD_TESTS_SIMULATION_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new process with a new link to control. 0 or -errno. */
int keeper_start(void);
/* Its process is gone; @all: it saw the end of its link first and committed what had come. */
void keeper_kill(bool all);
/* One quantum: takes, commits, answers. */
void keeper_step(void);
/* Control sends. 0, or -errno of link_send. */
int keeper_take(uint16_t type, uint32_t seq, const void *body, size_t length, int fd);
/* True when that is the recorder's end of the link. */
bool keeper_owns(int socket);
/* The recorder sends. */
int keeper_tell(uint16_t type, const void *body, size_t length, int fd);

#endif
