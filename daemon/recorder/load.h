/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store knows, for control's start. */
#ifndef DENSD_RECORDER_LOAD_H
#define DENSD_RECORDER_LOAD_H

#include "daemon/recorder/store.h"
#include "daemon/snapshot.h"

/* 0, or -errno when something could not be read (logged): nothing is taken for absent that may be there. */
int load_summary(struct store *store, struct link_loaded *ret_loaded);
/* Calls @take for each run not yet ended, in the order of submission, until it returns non-zero; returns
 * that, or -errno. */
int load_queue(struct store *store, int (*take)(void *userdata, const struct link_queue_item *item),
	       void *userdata);
/* The last LINK_KNOWN_MAX commands answered, oldest first. */
int load_commands(struct store *store, int (*take)(void *userdata, const struct journal_command *command),
		  void *userdata);

/* The life's count of each device that was counted, the newest first, at most LINK_WEAR_MAX; what was
 * reserved counts as used. */
int load_wear(struct store *store, int64_t now_us, int (*take)(void *userdata, const struct link_wear *wear),
	      void *userdata);

#endif
