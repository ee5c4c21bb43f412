/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line a fault, to standard error with a journal priority prefix ("<4>press: ..."), which systemd
 * understands and a terminal can show. Only programs and daemon/ log; libraries return what they know.
 */
#ifndef DENSD_BASE_LOG_H
#define DENSD_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* @program is shown in front of every line; it must outlive the process. Lines above @max are dropped. Where
 * standard error is a pipe or a terminal it is opened once more, so that a reader who sleeps loses lines and
 * holds nothing up: call again after another standard error. SIGPIPE is the program's to ignore. */
void log_open(const char *program, enum log_level max);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
