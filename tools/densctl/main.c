/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * densctl: the command line of densd. `validate`, `plan` and `analyse` work without a daemon; everything else
 * asks densd over its command socket. densctl decides nothing: it shows what densd answers.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/densctl/command.h"

#define STOPPING "It acts first and is journaled after. Repeating it does no harm."
#define WAITING "It acts once its journal entry is on disk. Repeating it does no harm."

/* clang-format off: a help text reads here as it prints */
static const struct subcommand subcommands[] = {
	{"validate", "FILE...", "check protocols without a daemon",
	 "Reads each protocol with the strict reader and the limits of the site, as densd would, and prints "
	 "every\n"
	 "error and warning at once as file:line:column: what, why, what is allowed. Nothing is sent or "
	 "started.\n"
	 "Exit code 0: all are good; 4: at least one has errors.\n\n"
	 "  densctl validate config/protocols/*.yaml\n  densctl validate --site /etc/densd/site.yaml "
	 "night.yaml",
	 ALLOW(JSON) | ALLOW(SITE), 1, ARGUMENTS_MAX, validate_run},
	{"plan", "FILE", "show what a protocol will do, without a daemon",
	 "Prints the segments with their durations, the total time, the number of setpoint writes, and a "
	 "plot of\n"
	 "P(t) and T(t). The numbers come from a dry run of the machine that densd itself runs, with "
	 "instruments\n"
	 "that follow their setpoints.\n\n  densctl plan night.yaml\n  densctl plan --svg night.svg "
	 "night.yaml",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(SVG), 1, 1, plan_run},
	{"probe", "[BUS]", "what the instruments answer, without densd",
	 "Opens the lines of the site itself (densd must be stopped) and shows, of each device, whether its "
	 "identity\n"
	 "is the profile's, every register as the profile decodes it and in the other word order, and what "
	 "densd's\n"
	 "driver makes of it. Reads only. With --units it asks Modbus unit numbers which answer, and names "
	 "the profiles\n"
	 "whose identity fits.\n"
	 "Exit code 0: all as the profiles say; 1: something is not; 5: a device does not answer.\n\n"
	 "  densctl probe --site /etc/densd/site.yaml rtu\n  densctl probe --site /etc/densd/site.yaml rtu "
	 "--units 1:16",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(UNITS), 0, 1, probe_run},
	{"commission", "[DEVICE]", "prove an instrument against its profile, step by step",
	 "A guided checklist on the instrument itself, through the drivers that densd runs; densd must be "
	 "stopped. Identity,\n"
	 "units, word order, limits, a setpoint written and read back at the value that is there, heater "
	 "off, "
	 "the press\n"
	 "PLC's watchdog tripped for real, manual and sensor break at the panel. No step heats and none "
	 "raises pressure.\n"
	 "When all passed it asks for a name and writes the record that the site file names (or --out FILE). "
	 "Where the\n"
	 "site has 'commissioning: {record: FILE, valid_days: N}', no run is accepted without it.\n"
	 "Without DEVICE it shows the record. Answers may come from a pipe.\n\n"
	 "  densctl commission --site /etc/densd/site.yaml furnace\n  densctl commission --site "
	 "/etc/densd/site.yaml",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(OUT) | ALLOW(CAPTURE), 0, 1, commission_run},
	{"calibration", "show|check|make ...", "the files that say what instruments' readings are worth",
	 "show FILE...        what it is, until when it is good, its table\n"
	 "check FILE...       the strict reader and the date; exit code 4: errors, 1: not good for a run "
	 "today\n"
	 "make press CSV      a proposal out of measured points; columns branch (loading, unloading), "
	 "oil_bar, point\n"
	 "make thermocouple CSV      columns reading_K, point\n"
	 "Points known by name: Bi I-II, Bi III-V; H2O, In, Sn, Zn, Al. Any other has its value in GPa and "
	 "sd_GPa, or\n"
	 "true_K and sd_K. Repeats are averaged; their scatter and the fixed point's own uncertainty make "
	 "that of the "
	 "point.\n"
	 "--name is its id. A site names the file in 'calibrations:'.\n\n"
	 "  densctl calibration make press bismuth.csv --name belt-7 --out calibrations/belt-7.yaml",
	 ALLOW(NAME) | ALLOW(OUT), 2, ARGUMENTS_MAX, calibration_run},
	{"playback", "FILE", "play a capture into the drivers, offline",
	 "Reads a file of `densctl capture` and gives the drivers, cycle by cycle, the demands and answers "
	 "of "
	 "then.\n"
	 "Shows what they report now where it differs from what they reported then; with --lines every "
	 "report. A fault\n"
	 "of the field becomes a test of the bench. Profiles are looked for in $DENSD_CONFIG/devices.\n"
	 "Exit code 0: all as recorded; 1: something otherwise; 4: not a capture.",
	 ALLOW(JSON) | ALLOW(LINES), 1, 1, playback_run},
	{"submit", "FILE", "put a protocol into the queue",
	 "densd checks it with the limits of its own site and queues its runs (a series is several). With "
	 "--site it is\n"
	 "checked here first. Prints the run ids. With --wait it follows them and ends with the outcome.\n"
	 "Exit code 0: queued (with --wait: completed); 1: refused (with --wait: ended otherwise); 4: "
	 "invalid file.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY) | ALLOW(WAIT) | ALLOW(LINES), 1, 1, submit_run},
	{"status", "", "one picture of what densd does now",
	 "State, temperature and pressure with their age, alarms with what to do, and what the operator is "
	 "asked.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY), 0, 0, status_run},
	{"watch", "", "the same, live",
	 "Redraws on a terminal; prints one line a change elsewhere or with --lines. Ctrl-C ends it, never "
	 "the run.\n"
	 "A value that is old says so; when densd is silent the picture says that nothing in it is fresh.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY) | ALLOW(LINES) | ALLOW(ONCE), 0, 0, watch_run},
	{"hold", "", "freeze both setpoints where they are",
	 "The press keeps its pressure, the run clock stops. `resume` undoes it. Hot for 30 min: densd "
	 "aborts.\n" STOPPING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"pause", "", "finish the segment, then hold", "`resume` undoes it.\n" STOPPING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"resume", "", "go on after hold or pause",
	 "Refused while a value is stale, a trip is latched or an instrument is not ready; the answer says "
	 "which.\n" WAITING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"abort", "", "end the run: cool under pressure, then release, then done",
	 "From any state, one way, cannot be undone: cools at the cooling rate with the pressure held, waits "
	 "until it\n"
	 "is cold, releases the pressure. This is how to stop a run.\n" STOPPING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"cool", "", "heater to 0 now, stay under pressure", "The run does not go on by itself.\n" STOPPING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"handover", "REASON", "give the press to its own panel",
	 "Supervisor only. Press locked, heater off, densd only watches from then on; the run ends 'handed "
	 "over' when\n"
	 "the press is at ambient pressure. The reason is typed and stays in the record.\n\n"
	 "  densctl handover 'thermocouple dead, releasing by hand at the panel'",
	 ALLOW_DAEMON | ALLOW(RUN), 1, 1, handover_run},
	{"ack", "", "acknowledge alarms and a trip",
	 "Says that a person has seen them. A trip stays latched until `reset`.", ALLOW_DAEMON | ALLOW(RUN),
	 0, 0, verb_run},
	{"reset", "", "release a latched trip whose cause is gone",
	 "Needs `ack` before it. After it: cool or abort (and resume only where the protocol allows "
	 "it).\n" WAITING,
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run},
	{"confirm", "capsule | section [SECTION]", "say that the capsule or the section is loaded",
	 "Each press run waits for its capsule, each scan for a fresh section. `status` says what is asked "
	 "for.",
	 ALLOW_DAEMON | ALLOW(RUN), 1, 2, confirm_run},
	{"cancel", "RUN | SECTION", "take a waiting run out of the queue, or give up a section",
	 "A section is named <run>/r<rate>/s<n>, as `status` and `queue` print it. A run that has begun is "
	 "not\n"
	 "cancelled: abort it.",
	 ALLOW_DAEMON, 1, 1, cancel_run},
	{"capture", "BUS", "record the traffic of a line, with times",
	 "densd's worker of that line writes demands, transactions and reports into a new file below the "
	 "store's folder\n"
	 "captures/, for --for seconds (at most an hour, 64 MiB). The run does not notice. The answer names "
	 "the file;\n"
	 "`densctl playback FILE` plays it into the drivers.\n\n  densctl capture rtu --for 120",
	 ALLOW_DAEMON | ALLOW(FOR), 1, 1, capture_run},
	{"devices", "[DEVICE]", "each instrument: line, identity, health, commissioning, calibration, wear",
	 "As densd has them now, a row each; with DEVICE everything of one: the age of the last value, "
	 "errors by cause since its start, what was read "
	 "as "
	 "identity,\n"
	 "until when commissioning and calibration are good, and how many of the writes that a setpoint's "
	 "memory "
	 "stands are\n"
	 "used, with the date when they are spent at the rate of the last 30 days.",
	 ALLOW_DAEMON, 0, 1, devices_run},
	{"replaced", "DEVICE REASON",
	 "another instrument is in the place of DEVICE: its count of writes begins again",
	 "Supervisor only, while no run is on the press. Asks for the device's name once more; the reason "
	 "stays in the "
	 "record.\n"
	 "An instrument whose profile reads its serial number is told from another without this.",
	 ALLOW_DAEMON, 2, 2, replaced_run},
	{"queue", "", "the runs that have not ended", "In the order in which they will be done.",
	 ALLOW_DAEMON, 0, 0, queue_run},
	{"runs", "[RUN]", "the newest runs in the store, or one",
	 "What was ordered, how press and calorimeter ended, the last good pressure and temperature, and the "
	 "cause.\n"
	 "With RUN also its peaks, the temperature at release, holds, pauses, the time holdback took, "
	 "outages and the\n"
	 "soak that counted; --json has all of it.",
	 ALLOW_DAEMON | ALLOW(LIMIT), 0, 1, runs_run},
	{"recovery", "", "what densd found at its last start, and what it decided",
	 "The journal's state, pressure and temperature as read, the gap, the row of the restart table that "
	 "applied\n"
	 "(R1 to R22), its decision, and what is asked of the operator now.",
	 ALLOW_DAEMON, 0, 0, recovery_run},
	{"events", "RUN", "what happened in a run, in the order of time",
	 "Transitions, intents, alarms and commands with who gave them: the log to read in the morning.",
	 ALLOW_DAEMON, 1, 1, events_run},
	{"results", "[RUN]", "Tf, Tp, onset of each section, and Ea",
	 "Without RUN: of the newest run that has any.", ALLOW_DAEMON | ALLOW(CSV) | ALLOW(OUT), 0, 1,
	 results_run},
	{"tune", "RUN", "what an autotune found, and the PID it proposes",
	 "Ultimate gain and period with their scatter over the cycles, and a PID by two rules. Nothing is "
	 "ever "
	 "written to\n"
	 "the controller: type a set in at its panel. The run: a protocol with 'autotune:', such as\n"
	 "config/protocols/autotune-500k.yaml.\n\n"
	 "  densctl tune RUN --png relay.png",
	 ALLOW_DAEMON | ALLOW(SVG) | ALLOW(PNG), 1, 1, tune_run},
	{"series", "[RUN... | FILE.json...]",
	 "stored runs as a campaign: Tf and Ea by state, Tg(P), dTg/dP, master curve",
	 "Runs with one pressure and temperature are one state; its sections are averaged, with their "
	 "spread. "
	 "Without\n"
	 "RUN or --name: every run in the store. Runs that did not complete and scans that were refused are "
	 "listed "
	 "with\n"
	 "their reason. The definitions: densctl analyse series --help. Pictures: curves-liquid curves-glass "
	 "tf "
	 "kissinger\n"
	 "ea master ratio pressure-tf pressure-ea. A file of --save stands for the daemon that wrote it; "
	 "several "
	 "are joined.\n\n"
	 "  densctl series --name 'temperature series'\n"
	 "  densctl series --html --out campaign.html\n"
	 "  densctl series --picture master --png master.png --save campaign.json",
	 ALLOW_DAEMON | ALLOW(CSV) | ALLOW(HTML) | ALLOW(OUT) | ALLOW(NAME) | ALLOW(SAVE) | ALLOW(SVG) |
		 ALLOW(PNG) | ALLOW(PICTURE) | ALLOW(TG) | ALLOW(OLDER),
	 0, ARGUMENTS_MAX, series_run},
	{"export", "[RUN]", "stored rows as CSV",
	 "Without --section the samples of the run (time, P, T, setpoints); with --section the first scan of "
	 "that\n"
	 "section, with --reference its second scan: the files that `densctl analyse pair` reads.\n\n"
	 "  densctl export --csv RUN --out run.csv\n"
	 "  densctl export --csv RUN --section r500/s1 --out first.csv\n"
	 "  densctl export --csv RUN --section r500/s1 --reference --out reference.csv\n"
	 "  densctl analyse pair first.csv reference.csv",
	 ALLOW_DAEMON | ALLOW(CSV) | ALLOW(OUT) | ALLOW(SECTION) | ALLOW(REFERENCE), 1, 1, export_run},
	{"replay", "state | alarm | scan | result | sample", "what was published, from the store",
	 "One JSON document a line, exactly as it was sent live, gap-free by `seq`.",
	 ALLOW_DAEMON | ALLOW(FROM) | ALLOW(TO) | ALLOW(RUN), 1, 1, replay_run},
};

static void help(FILE *stream)
{
	fputs("densctl: the command line of densd, the daemon that drives a densification night\n\n"
	      "usage: densctl COMMAND [OPTION...] [ARGUMENT...]      densctl COMMAND --help explains one\n\n"
	      "Without a daemon:\n",
	      stream);
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (subcommands[i].run == submit_run)
			fputs("  analyse    Tf, Ea, the diffraction peak and more, from your own "
			      "files\n\nAsking "
			      "densd:\n",
			      stream);
		fprintf(stream, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
	}
	fputs("\nA night: densctl validate FILE; densctl plan FILE; densctl submit FILE; densctl confirm "
	      "capsule;\n"
	      "densctl watch. To stop a run: densctl hold (and resume), or densctl abort (one way, the calm "
	      "end).\n\n"
	      "Exit codes: 0 done; 1 refused by densd, or the run waited for did not complete; 2 usage;\n"
	      "3 an analysis refused its input; 4 a file has errors; 5 no daemon, or no answer in time.\n"
	      "Environment: DENSD_SOCKET, DENSD_TELEMETRY (endpoints), DENSD_SITE (site file), DENSD_CONFIG "
	      "(folder\n"
	      "with sites/, devices/ and protocols/).\n",
	      stream);
}
/* clang-format on */

static const struct subcommand *subcommand_find(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	char list[512];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s ", subcommands[i].name);
	return usage_error(NULL, "'%s' is not a command; commands: %sanalyse", name, list);
}

/* --help and --version, "help COMMAND" too. -1: it is none of them. */
static int general(int argc, char **argv)
{
	const struct subcommand *subcommand = argc > 2 ? subcommand_find(argv[2]) : NULL;

	if (strcmp(argv[1], "--version") == 0)
		return printf("densctl %s\n", DENSD_VERSION) < 0;
	if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "help") != 0)
		return -1;
	if (argc > 2 && strcmp(argv[2], "analyse") == 0)
		return analyse_main(2, (char *[]){argv[2], (char *)"--help", NULL});
	if (argc > 2 && !subcommand)
		return unknown_command(argv[2]);
	if (subcommand)
		subcommand_help(subcommand, stdout);
	else
		help(stdout);
	return DENSCTL_OK;
}

int main(int argc, char **argv)
{
	const struct subcommand *subcommand;
	struct options options;
	int r;

	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return usage_error(NULL, "a command is missing");
	r = general(argc, argv);
	if (r >= 0)
		return r;
	if (strcmp(argv[1], "analyse") == 0)
		return analyse_main(argc - 1, argv + 1);
	subcommand = subcommand_find(argv[1]);
	if (!subcommand)
		return unknown_command(argv[1]);
	r = options_parse(subcommand, argc - 1, argv + 1, &options);
	if (r)
		return r;
	if (option_given(&options, OPTION_HELP)) {
		subcommand_help(subcommand, stdout);
		return DENSCTL_OK;
	}
	return subcommand->run(&options);
}
