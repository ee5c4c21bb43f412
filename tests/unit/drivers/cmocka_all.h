/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmocka needs these four, in this order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
