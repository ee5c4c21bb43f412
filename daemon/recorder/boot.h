/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which boot of the machine this is: a snapshot of another one was made before a power cut or a restart. */
#ifndef DENSD_RECORDER_BOOT_H
#define DENSD_RECORDER_BOOT_H

#define BOOT_ID 40

/* Empty when the kernel does not tell. */
void boot_read_id(char ret_id[BOOT_ID]);

#endif
