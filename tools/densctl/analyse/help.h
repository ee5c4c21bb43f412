/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help texts of `densctl analyse`, one an analysis. */
#ifndef DENSCTL_ANALYSE_HELP_H
#define DENSCTL_ANALYSE_HELP_H

extern const char help_pair[], help_lag[], help_kissinger[], help_fsdp[], help_eos[], help_mass[],
	help_series[];

#endif
