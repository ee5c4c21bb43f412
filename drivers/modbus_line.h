/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Modbus TCP or RTU line by libmodbus, with the manners it needs: a response timeout that covers the whole
 * answer, no byte timeout, no error recovery of its own, exclusive use, and a quarantine after anything
 * doubtful: silence for the device's worst latency, then drain and flush (RTU) or close and reconnect (TCP).
 * On RTU a unit whose answer is missing is asked something whose answer it cannot be taken for, and the same
 * again when that was answered, or LINE_LATEST_MS after its question (modbus_doubt.h); and before each
 * question the line must be silent (line_silence.h).
 */
#ifndef DENSD_DRIVERS_MODBUS_LINE_H
#define DENSD_DRIVERS_MODBUS_LINE_H

#include "drivers/modbus_port.h"

/*
 * Opens nothing yet: the first transaction connects. @config must outlive the line.
 * 0, -ENOMEM, -EINVAL (kind, speed or framing that makes no sense). Freed by ops->free.
 */
int modbus_line_new(const struct bus_config *config, struct modbus_line **ret_line);

#endif
