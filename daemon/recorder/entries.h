/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One journal entry to its table. Inside the caller's transaction. */
#ifndef DENSD_RECORDER_ENTRIES_H
#define DENSD_RECORDER_ENTRIES_H

#include "daemon/recorder/store.h"

/*
 * Stores @entry (its body has the length that its kind demands, or it is refused). @text: the submitted
 * protocol of a RUN_QUEUED, or NULL. 0; -EBADMSG: the entry makes no sense (nothing stored); -ENOSPC, -EIO.
 */
int entries_store(struct store *store, const struct link_journal *entry, const char *text);
/* The length of a body of @kind; 0 for an unknown one. */
size_t entries_body_length(uint8_t kind);

#endif
