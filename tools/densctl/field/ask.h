/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialogue with the technician at the terminal, and whether it was broken off. */
#ifndef DENSCTL_ASK_H
#define DENSCTL_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* From now on Ctrl-C and SIGTERM stop the dialogue instead of densctl. */
void ask_catch_signals(void);
/* A question on the terminal; the answer without its line end. False at end of input or after an interrupt.
 */
bool ask(const char *question, char *ret_answer, size_t size);
/* A question whose answer must be yes or no. */
bool ask_yes(const char *question);
/* True once somebody has pressed Ctrl-C or the input has ended. */
bool ask_stopped(void);

#endif
