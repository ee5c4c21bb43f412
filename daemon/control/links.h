/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each worker is told first and what is done with what it says: one handler a kind of worker. */
#ifndef DENSD_DAEMON_CONTROL_LINKS_H
#define DENSD_DAEMON_CONTROL_LINKS_H

#include "daemon/control/control.h"

/* Gives every worker its name, program and handlers. */
void links_init(struct control *control);
/* Starts the recorder and waits for all it knows. 0, or -errno (-ETIMEDOUT: it said nothing in time). */
int links_load_store(struct control *control);
/* Starts the bus workers and the gateway. */
int links_start(struct control *control);
/* Flushes the journal and waits at most @timeout_ms until it is durable. */
void links_drain_store(struct control *control, int timeout_ms);
/* Closes all links and waits for the processes. */
void links_stop(struct control *control);

/* At the end: waits for the answer to the last cycle of a bus. False: it did not come. */
bool links_hear_bus(struct control *control, uint32_t bus, int timeout_ms);

#endif
