/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands.c and commands_instruments.c share. */
#ifndef DENSD_DAEMON_CONTROL_COMMANDS_PARTS_H
#define DENSD_DAEMON_CONTROL_COMMANDS_PARTS_H

#include "daemon/control/commands.h"

struct answer commands_refuse(const char *why);
/* For want of the role @least; counted (hazard 23). */
struct answer commands_refuse_role(struct control *control, enum role least);

/* Reads along on one line; touches no run. */
struct answer commands_do_capture(struct control *control, const struct link_command *command);
/* Another instrument on the wire: said by a person, with a reason, while no run is on the press. */
struct answer commands_do_replaced(struct control *control, const struct link_command *command);
/* What a picture of the devices needs; the gateway makes it one. */
void commands_tell_devices(struct control *control, const struct link_command *command);

#endif
