/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes into memory that wears, over the life of the physical device (hazard 40). The journal holds, per
 * device, a number of writes that is never less than what was sent: writes are reserved in blocks, and a
 * worker may send only what a durable block allows. After a crash the whole block counts as used. A device is
 * known by its own serial number where its profile can read it, else by its name in the site file.
 */
#ifndef DENSD_DAEMON_CONTROL_WEAR_H
#define DENSD_DAEMON_CONTROL_WEAR_H

#include "config/site.h"
#include "daemon/link.h"
#include "daemon/snapshot.h"

#define WEAR_KNOWN_MAX LINK_WEAR_MAX
#define WEAR_BLOCK 64u
#define WEAR_LOW 24u /* less than this left of the block: the next one is asked for */

struct control;
struct wear_device {
	bool counted;
	char key[LINK_WEAR_KEY]; /* empty: the device has not said who it is */
	uint64_t before;         /* used in its life when the worker had made @seen_before writes */
	uint64_t reserved;       /* durable: at most so many used in its life */
	uint64_t asked;          /* reserved by an entry that is not durable yet; 0: none */
	uint64_t entry;          /* of the journal */
	uint32_t seen_before, seen;
	uint32_t starts; /* of the worker, as last seen */
	int64_t since_wall_us, month_wall_us;
	uint64_t month_used;
	bool warned;
};
struct wear {
	uint32_t known_count;
	struct link_wear known[WEAR_KNOWN_MAX];
	struct wear_device devices[SITE_BUSES_MAX][BUS_DEVICES_MAX];
	uint32_t counted_count; /* of the devices: 0, and nothing here has to be done */
};

/* What the store knew: before the first step. */
void wear_take_known(struct wear *wear, const struct link_wear *known);
void wear_init(struct control *control);
/* Once a step, before the demands. */
void wear_step(struct control *control);
/* Everything up to @entry is on disk. */
void wear_durable(struct control *control, uint64_t entry);
/* For the worker's demand: writes it may have made since its start. */
uint32_t wear_allowance(const struct control *control, uint32_t bus, uint32_t device);
uint64_t wear_used(const struct wear_device *device);
/* Writes left of the device's life; UINT64_MAX where nothing is counted. */
uint64_t wear_left(const struct control *control, uint32_t bus, uint32_t device);
/* A new instrument in the place of @device (its name in the site): its count begins again at 0. 0, -ENOENT,
 * -EINVAL with one sentence. */
int wear_replace(struct control *control, const char *device, const char *reason, char ret_why[MACHINE_WHY]);
/* A clean stop: what was reserved and not used is given back. */
void wear_stop(struct control *control);
/* 0, or -EINVAL with one sentence: the runs that wait and these @count would wear the furnace's memory out.
 */
int wear_check_plans(const struct control *control, const struct plan *plans, uint32_t count,
		     char ret_why[MACHINE_WHY]);

#endif
