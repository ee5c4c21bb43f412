/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densim: the virtual laboratory, and `densim ctl`, its remote control. */
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "tools/densim/client.h"
#include "tools/densim/devices.h"
#include "tools/densim/registers.h"
#include "tools/densim/server.h"

static volatile sig_atomic_t stop;
static struct profile profiles[REGISTERS_EMULATORS_MAX];

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void usage(FILE *to)
{
	fputs("usage: densim --dir DIR [--port 15020] [--scale N] [--seed S] [--noise on|off] [--truth]\n"
	      "              [--at idle|compress|heat|isotherm|cool|decompress] [--device PROFILE]...\n"
	      "              [--track FILE] [--text-port N] [--thermocouple-error SHARE]\n"
	      "       densim --device PROFILE [--port N] [--rtu PATH]\n"
	      "       densim ctl --dir DIR status | truth [RATE...] | glass | capsule [recover] |\n"
	      "                          section | automatic | mark [WORD]\n"
	      "       densim ctl --dir DIR fault set NAME [VALUE [WIRE]] | fault clear NAME|all | fault "
	      "list\n"
	      "\n"
	      "Press, furnace, nitrogen and calorimeter on real wires: Modbus TCP on 127.0.0.1, Modbus RTU "
	      "on\n"
	      "DIR/rtu, a serial line on DIR/chip. READY is printed when they answer; SIGTERM ends it.\n"
	      "  --scale N        laboratory seconds in one real second (1); the site file says the same N\n"
	      "  --at PHASE       begin in the middle of a phase of a night at 7 GPa and 643 K\n"
	      "  --device PROFILE the instrument of a profile in the place of densim's own\n"
	      "  --track FILE     what was commanded and what the plant did, as CSV\n"
	      "  ctl fault list   the faults that can be set, with ranges and defaults\n"
	      "All of it, and how to start it with densd by hand: tools/densim/README.md.\n",
	      to);
}

static int read_number(const char *text, double low, double high, double *ret_value)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !(value >= low && value <= high))
		return -1;
	*ret_value = value;
	return 0;
}

static int read_device(const char *name, struct server_options *options)
{
	if (options->profile_count == REGISTERS_EMULATORS_MAX)
		return -1;
	options->profiles = profiles;
	return devices_read(name, &profiles[options->profile_count++]);
}

static int read_option(int option, const char *text, struct server_options *options)
{
	double number;
	switch (option) {
	case 'd':
		options->directory = text;
		return strlen(text) < SERVER_PATH - 16 ? 0 : -1;
	case 'p':
		if (read_number(text, 1, 65535, &number) < 0)
			return -1;
		options->port = (uint16_t)number;
		return 0;
	case 'T':
		if (read_number(text, 1, 65535, &number) < 0)
			return -1;
		options->text_port = (uint16_t)number;
		return 0;
	case 's':
		return read_number(text, 0.01, 10000, &options->scale);
	case 'e':
		if (read_number(text, 0, 9e15, &number) < 0)
			return -1;
		options->seed = (uint64_t)number;
		return 0;
	case 'a': {
		int start = laboratory_start_find(text);
		options->start = start < 0 ? LABORATORY_IDLE : (enum laboratory_start)start;
		return start < 0 ? -1 : 0;
	}
	case 'n':
		options->noise = strcmp(text, "off") != 0;
		return strcmp(text, "on") == 0 || strcmp(text, "off") == 0 ? 0 : -1;
	case 'D':
		return read_device(text, options);
	case 'r':
		options->rtu = text;
		return 0;
	case 'o':
		return read_number(text, -0.05, 0.05, &options->thermocouple_error);
	case 'k':
		options->track = text;
		return 0;
	case 't':
		options->truth = true;
		return 0;
	default:
		return -1;
	}
}

/* 0: go on; else the exit code plus one. */
static int read_options(int argc, char **argv, struct server_options *ret_options)
{
	static const struct option table[] = {{"dir", required_argument, NULL, 'd'},
					      {"port", required_argument, NULL, 'p'},
					      {"scale", required_argument, NULL, 's'},
					      {"seed", required_argument, NULL, 'e'},
					      {"at", required_argument, NULL, 'a'},
					      {"noise", required_argument, NULL, 'n'},
					      {"device", required_argument, NULL, 'D'},
					      {"rtu", required_argument, NULL, 'r'},
					      {"truth", no_argument, NULL, 't'},
					      {"track", required_argument, NULL, 'k'},
					      {"text-port", required_argument, NULL, 'T'},
					      {"thermocouple-error", required_argument, NULL, 'o'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int option;
	while ((option = getopt_long(argc, argv, "+", table, NULL)) != -1) {
		if (option == 'h') {
			usage(stdout);
			return 1;
		}
		if (read_option(option, optarg, ret_options) < 0) {
			if (option != '?')
				fprintf(stderr, "densim: '%s' does not fit its option\n",
					optarg ? optarg : "");
			usage(stderr);
			return 3;
		}
	}
	if (ret_options->directory || ret_options->profile_count > 0)
		return 0;
	fprintf(stderr, "densim: --dir is wanted\n");
	usage(stderr);
	return 3;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(const struct server_options *options)
{
	struct server *server;
	catch_signals();
	int r = server_open(options, &server);
	if (r < 0) {
		log_error("cannot open %s or port %u: %s", options->directory, options->port, strerror(-r));
		return EXIT_FAILURE;
	}
	printf("READY dir=%s press=127.0.0.1:%u rtu=%s/rtu chip=%s/chip scale=%g seed=%llu\n",
	       options->directory, options->port, options->directory, options->directory, options->scale,
	       (unsigned long long)options->seed);
	fflush(stdout);
	r = server_run(server, &stop);
	server_close(server);
	if (r < 0)
		log_error("the loop ended: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct server_options options = {.port = 15020, .scale = 1, .seed = 1, .noise = true};
	char folder[SERVER_PATH] = "";
	bool ctl = argc > 1 && strcmp(argv[1], "ctl") == 0;
	log_open("densim", LOG_LEVEL_INFO);
	int r = read_options(argc - ctl, argv + ctl, &options);
	if (r)
		return r - 1;
	if (ctl && !options.directory) {
		usage(stderr);
		return 2;
	}
	if (ctl)
		return client_run(options.directory, argc - 1 - optind, argv + 1 + optind);
	if (!options.directory) {
		r = devices_make_folder(folder, sizeof(folder));
		options.directory = folder;
	}
	if (r < 0) {
		fprintf(stderr, "densim: no folder below TMPDIR: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	if (optind < argc) {
		fprintf(stderr, "densim: '%s' is not expected\n", argv[optind]);
		return 2;
	}
	r = serve(&options);
	if (folder[0])
		rmdir(folder);
	return r;
}
