/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_MAX 64
#define ADDRESS_MAX 256

/* The number behind the last ':' of @text, which is cut there. */
static int take_number(char *text, unsigned long *ret_number)
{
	char *colon = strrchr(text, ':'), *end;
	unsigned long number;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	number = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || number >= UINT32_MAX)
		return -EINVAL;
	*colon = '\0';
	*ret_number = number;
	return 0;
}

int roles_parse_address(const char *address, size_t length, uid_t *ret_uid, gid_t *ret_gid)
{
	unsigned long pid, gid, uid;
	char text[ADDRESS_MAX];

	if (length >= sizeof(text))
		return -EINVAL;
	memcpy(text, address, length);
	text[length] = '\0';
	if (take_number(text, &pid) < 0 || take_number(text, &gid) < 0 || take_number(text, &uid) < 0)
		return -EINVAL;
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return 0;
}

static bool has_group(const gid_t *groups, size_t count, int64_t gid)
{
	for (size_t i = 0; i < count; i++)
		if (gid >= 0 && groups[i] == (gid_t)gid)
			return true;
	return false;
}

static bool row_matches(const struct site_role *row, uid_t uid, const gid_t *groups, size_t count)
{
	bool by_uid = row->uid >= 0 && row->uid == (int64_t)uid;

	if (row->uid >= 0 && !by_uid)
		return false;
	return row->gid >= 0 ? has_group(groups, count, row->gid) : by_uid;
}

enum role roles_find(const struct site *site, uid_t own_uid, int64_t densd_gid, uid_t uid,
		     const gid_t *groups, size_t group_count)
{
	enum role role = ROLE_NONE;

	if (site->role_count == 0) {
		if (uid == 0 || uid == own_uid)
			return ROLE_SUPERVISOR;
		return has_group(groups, group_count, densd_gid) ? ROLE_OPERATOR : ROLE_NONE;
	}
	for (uint32_t i = 0; i < site->role_count && i < SITE_ROLES_MAX; i++)
		if (row_matches(&site->roles[i], uid, groups, group_count) &&
		    site->roles[i].role > (uint8_t)role)
			role = (enum role)site->roles[i].role;
	return role < ROLE_MAX ? role : ROLE_NONE;
}

enum role roles_find_peer(const struct site *site, uid_t uid, gid_t gid)
{
	const struct passwd *user = getpwuid(uid);
	const struct group *densd;
	gid_t groups[GROUPS_MAX] = {gid};
	int count = GROUPS_MAX;

	if (!user || getgrouplist(user->pw_name, gid, groups, &count) < 0)
		count = user && count > GROUPS_MAX ? GROUPS_MAX : 1;
	densd = getgrnam("densd");
	return roles_find(site, geteuid(), densd ? (int64_t)densd->gr_gid : -1, uid, groups, (size_t)count);
}

void roles_format_user(enum role role, uid_t uid, char ret_user[ROLES_USER])
{
	snprintf(ret_user, ROLES_USER, "%s/%lu", role_name(role), (unsigned long)uid);
}

enum role roles_parse_user(const char *user, uid_t *ret_uid)
{
	const char *slash = user ? strrchr(user, '/') : NULL;
	char name[ROLES_USER], *end;
	unsigned long uid;
	int role;

	if (!slash || slash[1] < '0' || slash[1] > '9' || (size_t)(slash - user) >= sizeof(name))
		return ROLE_NONE;
	memcpy(name, user, (size_t)(slash - user));
	name[slash - user] = '\0';
	uid = strtoul(slash + 1, &end, 10);
	role = role_from_name(name);
	if (*end != '\0' || role <= ROLE_NONE || role >= ROLE_MAX)
		return ROLE_NONE;
	*ret_uid = (uid_t)uid;
	return (enum role)role;
}
