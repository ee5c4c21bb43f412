/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One table of options, one table of subcommands. An option that a subcommand does not list, an argument too
 * many or too few, is a usage error that says what is allowed.
 */
#ifndef DENSCTL_COMMAND_H
#define DENSCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exit_code {
	DENSCTL_OK = 0,
	DENSCTL_REFUSED = 1,   /* the daemon refused, or a run that was waited for did not complete */
	DENSCTL_USAGE = 2,     /* the command line itself */
	DENSCTL_ANALYSIS = 3,  /* an analysis refused its input */
	DENSCTL_INVALID = 4,   /* a protocol, site or data file has errors or cannot be read */
	DENSCTL_NO_DAEMON = 5, /* nobody answered in time */
};

/* X(id, name, value or NULL for a flag, what it is) */
#define OPTIONS(X)                                                                                       \
	X(HELP, "help", NULL, "this text")                                                               \
	X(JSON, "json", NULL, "print JSON instead of text")                                              \
	X(SOCKET, "socket", "ENDPOINT", "command socket (default: $DENSD_SOCKET, the site, /run/densd)") \
	X(TELEMETRY, "telemetry", "ENDPOINT",                                                            \
	  "telemetry socket (default: $DENSD_TELEMETRY, beside --socket)")                               \
	X(SITE, "site", "FILE", "site file (default: $DENSD_SITE, else the shipped densim site)")        \
	X(TIMEOUT, "timeout", "SECONDS", "give up after so long without an answer (default 15)")         \
	X(SVG, "svg", "FILE", "draw into FILE (needs gnuplot)")                                          \
	X(WAIT, "wait", NULL, "follow the runs until their last section is scanned")                     \
	X(LINES, "lines", NULL, "one line a change, no redraw (the default when output is no terminal)") \
	X(ONCE, "once", NULL, "show one picture and end")                                                \
	X(RUN, "run", "RUN", "the run meant (default: the current one)")                                 \
	X(SECTION, "section", "SECTION", "the section meant: r<rate>/s<n>")                              \
	X(REFERENCE, "reference", NULL, "the reference scan instead of the first one")                   \
	X(CSV, "csv", NULL, "comma-separated values")                                                    \
	X(OUT, "out", "FILE", "write to FILE instead of standard output")                                \
	X(FROM, "from", "SEQ", "first sequence number (default 1)")                                      \
	X(TO, "to", "SEQ", "last sequence number (default: the newest)")                                 \
	X(LIMIT, "limit", "N", "the newest N (default 20)")                                              \
	X(FOR, "for", "SECONDS", "for how long (default 60)")                                            \
	X(CAPTURE, "capture", "FILE", "record the traffic into FILE, as densctl capture does")           \
	X(UNITS, "units", "A:B", "ask these Modbus unit numbers which answer, and what they are")        \
	X(PNG, "png", "FILE", "draw into FILE as PNG")                                                   \
	X(PICTURE, "picture", "NAME", "which picture (default ea)")                                      \
	X(HTML, "html", NULL, "one page with every picture and table, without network access")           \
	X(NAME, "name", "TEXT", "the runs whose name holds TEXT")                                        \
	X(SAVE, "save", "FILE", "keep what densd answered in FILE, for later")                           \
	X(TG, "tg", "K", "Tg at 1 atm (default: the material's of the protocol)")                        \
	X(OLDER, "older", "SLOPE", "dTg/dP of other work, K/GPa, shown beside")

#define OPTION_ID(id, name, value, what) OPTION_##id,
enum option { OPTIONS(OPTION_ID) OPTION_MAX };
#undef OPTION_ID
_Static_assert(OPTION_MAX <= 32, "the allowed options of a subcommand are 32 bits");
#define ALLOW(id) (UINT32_C(1) << OPTION_##id)
#define ALLOW_DAEMON (ALLOW(JSON) | ALLOW(SOCKET) | ALLOW(SITE) | ALLOW(TIMEOUT))

#define ARGUMENTS_MAX 128
struct options {
	const char *command;           /* subcommand's name, for messages */
	const char *value[OPTION_MAX]; /* NULL: not given; "" for a flag */
	const char *arguments[ARGUMENTS_MAX];
	int count;
};

/* What an option means for one subcommand, where that is not what the table says. Ends with OPTION_MAX. */
struct option_note {
	enum option option;
	const char *what;
};
struct subcommand {
	const char *name;
	const char *arguments;                     /* as shown in the usage line */
	const char *summary;                       /* one line */
	const char *help;                          /* paragraphs that teach */
	uint32_t allowed;                          /* ALLOW() bits; HELP is always allowed */
	int least, most;                           /* number of arguments */
	int (*run)(const struct options *options); /* enum exit_code */
	const struct option_note *notes;           /* NULL: none */
};
extern const struct subcommand subcommands[];
extern const size_t subcommand_count;
const struct subcommand *subcommand_find(const char *name); /* NULL: there is none */

/* DENSCTL_OK, or DENSCTL_USAGE with the reason on standard error. */
int options_parse(const struct subcommand *subcommand, int argc, char **argv, struct options *ret_options);
bool option_given(const struct options *options, enum option option);
/* A whole number in [@minimum, @maximum]; @fallback when not given. DENSCTL_OK or DENSCTL_USAGE. */
int option_integer(const struct options *options, enum option option, int64_t minimum, int64_t maximum,
		   int64_t fallback, int64_t *ret_value);
/* Prints "densctl NAME: ..." and the hint to --help; returns DENSCTL_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
void subcommand_help(const struct subcommand *subcommand, FILE *stream);

/* In analyse/: parses its own options, argv[0] is "analyse". enum exit_code. */
int analyse_main(int argc, char **argv);

int validate_run(const struct options *options);
int plan_run(const struct options *options);
int commission_run(const struct options *options);  /* in field/ */
int probe_run(const struct options *options);       /* in field/ */
int calibration_run(const struct options *options); /* in calibration/ */

int submit_run(const struct options *options);
int status_run(const struct options *options);
int watch_run(const struct options *options);
int verb_run(const struct options *options); /* hold pause resume abort cool ack reset */
int handover_run(const struct options *options);
int confirm_run(const struct options *options);
int cancel_run(const struct options *options);
int queue_run(const struct options *options);
int recovery_run(const struct options *options);
int devices_run(const struct options *options);
int replaced_run(const struct options *options);
int runs_run(const struct options *options);
int events_run(const struct options *options);
int results_run(const struct options *options);
int tune_run(const struct options *options);
int export_run(const struct options *options);
int replay_run(const struct options *options);
int series_run(const struct options *options);
int capture_run(const struct options *options);  /* in field/ */
int playback_run(const struct options *options); /* in field/ */

#endif
