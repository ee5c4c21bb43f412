/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a peer on an ipc socket is: uid and gid, as the kernel says, to a role by the site's table. */
#ifndef DENSD_GATEWAY_ROLES_H
#define DENSD_GATEWAY_ROLES_H

#include "config/site.h"
#include "protocol/verb.h"

#define ROLES_USER 48 /* "<role>/<uid>": the ZAP User-Id */

/* Takes the last three numbers of ZAP's address "host:uid:gid:pid". 0 or -EINVAL. */
int roles_parse_address(const char *address, size_t length, uid_t *ret_uid, gid_t *ret_gid);
/*
 * The highest role of any row that matches the uid, its own gid or one of @groups. An empty table means:
 * root and @own_uid supervisor, group @densd_gid (-1: there is none) operator, others nothing.
 */
enum role roles_find(const struct site *site, uid_t own_uid, int64_t densd_gid, uid_t uid,
		     const gid_t *groups, size_t group_count);
/* With the groups that the system's table gives @uid. */
enum role roles_find_peer(const struct site *site, uid_t uid, gid_t gid);

void roles_format_user(enum role role, uid_t uid, char ret_user[ROLES_USER]);
/* ROLE_NONE for anything but what roles_format_user writes. */
enum role roles_parse_user(const char *user, uid_t *ret_uid);

#endif
