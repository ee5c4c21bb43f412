/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of subcommands: what each takes, and the help that teaches it. */
#include <string.h>

#include "tools/densctl/command.h"

/* clang-format off: a help text reads here as it prints, in lines of less than 100 columns */
static const struct option_note commission_notes[] = {
	{OPTION_JSON, "without DEVICE: print the record as JSON"},
	{OPTION_OUT, "the record (default: the file that the site names)"},
	{OPTION_MAX, NULL},
};
static const struct option_note calibration_notes[] = {
	{OPTION_OUT, "make: write the file to FILE (default: standard output)"},
	{OPTION_NAME, "make: the id in the file (default unnamed)"},
	{OPTION_MAX, NULL},
};
static const struct option_note playback_notes[] = {
	{OPTION_LINES, "every report, not only those that differ"},
	{OPTION_FROM, "with --out: the first cycle of the part (its number stands behind each C)"},
	{OPTION_OUT, "write a part of the recording into FILE, which is new"},
	{OPTION_MAX, NULL},
};
static const struct option_note submit_notes[] = {
	{OPTION_SITE, "site file: checked with it first, its sockets asked ($DENSD_SITE)"},
	{OPTION_MAX, NULL},
};
static const struct option_note export_notes[] = {
	{OPTION_CSV, "comma-separated values (the default)"},
	{OPTION_JSON, "densd's answer as JSON instead of CSV"},
	{OPTION_MAX, NULL},
};
static const struct option_note replay_notes[] = {
	{OPTION_JSON, "taken and without effect: what is printed is JSON"},
	{OPTION_RUN, "of this run only (default: of all)"},
	{OPTION_MAX, NULL},
};

const struct subcommand subcommands[] = {
	{"validate", "FILE...", "check protocols without a daemon",
	 "Reads each protocol with the strict reader and the limits of the site, as densd would, and prints\n"
	 "every error and warning at once as file:line:column: what, why, what is allowed. Whether densd\n"
	 "would take it now is asked too: commissioning and calibrations of the site, purge, autotune; each\n"
	 "reason why not is a line of its own: what, where, why, what is allowed (--json: \"reasons\").\n"
	 "Nothing is sent or started.\n"
	 "Exit code 0: all are good; 1: well formed, but refused at this site now; 4: at least one has\n"
	 "errors.\n"
	 "\n"
	 "  densctl validate config/protocols/*.yaml\n"
	 "  densctl validate --site /etc/densd/site.yaml night.yaml",
	 ALLOW(JSON) | ALLOW(SITE), 1, ARGUMENTS_MAX, validate_run, NULL},
	{"plan", "FILE", "show what a protocol will do, without a daemon",
	 "Prints the segments with their durations, the total time, the number of setpoint writes, what an\n"
	 "autotune will do, and a plot of P(t) and T(t). The numbers come from a dry run of the machine\n"
	 "that densd itself runs, with instruments that follow their setpoints.\n"
	 "Exit code 0: the dry run completes; 1: so it does, but this site does not take it now; 4: it does\n"
	 "not, the file has errors, or a picture was not drawn.\n"
	 "\n"
	 "  densctl plan night.yaml\n"
	 "  densctl plan --svg night.svg night.yaml",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(SVG), 1, 1, plan_run, NULL},
	{"probe", "[BUS]", "what the instruments answer, without densd",
	 "Opens the lines of the site itself (densd must be stopped) and shows, of each device, whether its\n"
	 "identity is the profile's, every register as the profile decodes it and in the other word order,\n"
	 "and what densd's driver makes of it. Reads only. With --units it asks Modbus unit numbers which\n"
	 "answer, and names the profiles whose identity fits.\n"
	 "Each device gets a verdict (--json: \"verdict\"): fits; stranger (it answers, and is another);\n"
	 "refuses (it answers all with an exception, as \"no such register\"); garbled (what comes is no\n"
	 "answer: speed, parity, a unit number twice); silent (nothing comes).\n"
	 "Exit code 0: all as the profiles say; 1: something answers otherwise, or another program has the\n"
	 "line; 4: a line cannot be opened (it says why, and who may have it); 5: a device is silent.\n"
	 "\n"
	 "  densctl probe --site /etc/densd/site.yaml rtu\n"
	 "  densctl probe --site /etc/densd/site.yaml rtu --units 1:16",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(UNITS), 0, 1, probe_run, NULL},
	{"commission", "[DEVICE]", "prove an instrument against its profile, step by step",
	 "A guided checklist on the instrument itself, through the drivers that densd runs; densd must be\n"
	 "stopped. Identity, units, word order, limits, a setpoint written and read back at the value that\n"
	 "is there, heater off, the watchdog of the press PLC and of a contactor's coupler tripped,\n"
	 "manual and sensor break at the panel. No step heats and none raises pressure. When all passed it\n"
	 "asks for a name and writes the record. Where the site has\n"
	 "'commissioning: {record: FILE, valid_days: N}', no run is accepted without it.\n"
	 "Without DEVICE it shows the record. Answers may come from a pipe.\n"
	 "Exit code 0: signed, or shown; 1: a step failed, it was stopped, or another program has the line;\n"
	 "4: a file or a line cannot be opened.\n"
	 "\n"
	 "  densctl commission --site /etc/densd/site.yaml furnace\n"
	 "  densctl commission --site /etc/densd/site.yaml",
	 ALLOW(JSON) | ALLOW(SITE) | ALLOW(OUT) | ALLOW(CAPTURE), 0, 1, commission_run, commission_notes},
	{"calibration", "show FILE... | check FILE... | make press CSV | make thermocouple CSV",
	 "what instruments' readings are worth: files, made and checked",
	 "  show FILE...             what it is, until when it is good, its table\n"
	 "  check FILE...            the strict reader, the date, and whether somebody's name is under it\n"
	 "  make press CSV           a proposal out of measured points; columns branch (loading or\n"
	 "                           unloading), oil_bar, point\n"
	 "  make thermocouple CSV    likewise; columns reading_K, point\n"
	 "\n"
	 "Points known by name: Bi I-II, Bi III-V; H2O, In, Sn, Zn, Al. Any other has its value in columns\n"
	 "GPa and sd_GPa, or true_K and sd_K. Repeats are averaged; their scatter and the fixed point's own\n"
	 "uncertainty make that of the point. A proposal says 'by: nobody yet': no run stands on it before\n"
	 "who measured it has put a name there. A site names the file in 'calibrations:'.\n"
	 "Exit code 0: good; 1: not good for a run today; 2: usage; 4: a file has errors or cannot be read.\n"
	 "\n"
	 "  densctl calibration make press bismuth.csv --name belt-7 --out calibrations/belt-7.yaml\n"
	 "  densctl calibration check calibrations/belt-7.yaml",
	 ALLOW(JSON) | ALLOW(NAME) | ALLOW(OUT), 2, ARGUMENTS_MAX, calibration_run, calibration_notes},
	{"playback", "FILE", "play a capture into the drivers, offline",
	 "Reads a file of `densctl capture` and gives the drivers, cycle by cycle, the demands and answers\n"
	 "of then. Shows what they report now where it differs from what they reported then. A fault of the\n"
	 "field becomes a test of the bench. Profiles are looked for in $DENSD_CONFIG/devices:\n"
	 "DENSD_CONFIG=/etc/densd for those that lie beside the site file.\n"
	 "A capture holds what the drivers knew when it began, in the middle of a night as well, and is\n"
	 "played from there. One of before that was kept is played from what its first cycle shows: reports\n"
	 "may then differ that rest on what was asked before it.\n"
	 "--from N --out FILE writes the part from cycle N on, as if it had been captured from there.\n"
	 "Exit code 0: all as recorded; 1: something otherwise; 4: not a capture.\n"
	 "\n"
	 "  densctl playback fault.capture --from 5200 --out short.capture",
	 ALLOW(JSON) | ALLOW(LINES) | ALLOW(FROM) | ALLOW(OUT), 1, 1, playback_run, playback_notes},
	{"submit", "FILE", "put a protocol into the queue",
	 "densd checks it with the limits of its own site and queues its runs (a series is several). With\n"
	 "--site it is checked here first. Prints the run ids. With --wait it follows them and ends with\n"
	 "the outcome; Ctrl-C then ends the following, never the run.\n"
	 "Exit code 0: queued (with --wait: completed); 1: refused (with --wait: ended otherwise); 4:\n"
	 "invalid file.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY) | ALLOW(WAIT) | ALLOW(LINES), 1, 1, submit_run, submit_notes},
	{"status", "", "one picture of what densd does now",
	 "State, temperature and pressure with their age, alarms with what to do, and what is asked of the\n"
	 "operator. Heater output, contactor and lock of the press stand as the instruments last said, with\n"
	 "the age of each: 'not known' when that was too long ago. With --json: sample.press_lock,\n"
	 "sample.press_contactor and sample.coupler_contactor, {value, age_s}; value null is not known.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY), 0, 0, status_run, NULL},
	{"watch", "", "the same, live",
	 "Redraws on a terminal; prints one line a change elsewhere or with --lines. Ctrl-C ends it, never\n"
	 "the run. A value that is old says so; when densd is silent the picture says that nothing in it is\n"
	 "fresh. With --json: each message as it comes, one a line.",
	 ALLOW_DAEMON | ALLOW(TELEMETRY) | ALLOW(LINES) | ALLOW(ONCE), 0, 0, watch_run, NULL},
	{"hold", "", "freeze both setpoints where they are",
	 "The press keeps its pressure, the run clock stops. `resume` undoes it. Hot for 30 min: densd\n"
	 "aborts.\n"
	 "It acts first and is journaled after. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"pause", "", "finish the segment, then hold",
	 "`resume` undoes it.\n"
	 "It acts first and is journaled after. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"resume", "", "go on after hold or pause",
	 "Refused while a value is stale, a trip is latched or an instrument is not ready; the answer says\n"
	 "which.\n"
	 "It acts once its journal entry is on disk. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"abort", "", "end the run: cool under pressure, then release, then done",
	 "From any state, one way, cannot be undone: cools at the cooling rate with the pressure held,\n"
	 "waits until it is cold, releases the pressure. This is how to stop a run.\n"
	 "It acts first and is journaled after. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"cool", "", "heater to 0 now, stay under pressure",
	 "The run does not go on by itself.\n"
	 "It acts first and is journaled after. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"handover", "REASON", "give the press to its own panel",
	 "Supervisor only. Press locked, heater off, densd only watches from then on; the run ends 'handed\n"
	 "over' when the press is at ambient pressure. The reason is typed and stays in the record.\n"
	 "\n"
	 "  densctl handover 'thermocouple dead, releasing by hand at the panel'",
	 ALLOW_DAEMON | ALLOW(RUN), 1, 1, handover_run, NULL},
	{"ack", "", "acknowledge alarms and a trip",
	 "Says that a person has seen them. A trip stays latched until `reset`.", ALLOW_DAEMON | ALLOW(RUN),
	 0, 0, verb_run, NULL},
	{"reset", "", "release a latched trip whose cause is gone",
	 "Needs `ack` before it. After it: cool or abort (and resume only where the protocol allows it).\n"
	 "It acts once its journal entry is on disk. Repeating it does no harm.",
	 ALLOW_DAEMON | ALLOW(RUN), 0, 0, verb_run, NULL},
	{"confirm", "capsule | section [SECTION]", "say that the capsule or the section is loaded",
	 "Each press run waits for its capsule, each scan for a fresh section. `status` says what is asked\n"
	 "for; without SECTION that one is meant.\n"
	 "\n"
	 "  densctl confirm capsule\n"
	 "  densctl confirm section",
	 ALLOW_DAEMON | ALLOW(RUN), 1, 2, confirm_run, NULL},
	{"cancel", "RUN | SECTION", "take a waiting run out of the queue, or give up a section",
	 "A section is named <run>/r<rate>/s<n>, as `status` and `queue` print it. A run that has begun is\n"
	 "not cancelled: abort it.",
	 ALLOW_DAEMON, 1, 1, cancel_run, NULL},
	{"capture", "BUS", "record the traffic of a line, with times",
	 "densd's worker of that line writes demands, transactions and reports into a new file below the\n"
	 "store's folder captures/, for --for seconds (at most an hour, 64 MiB). The run does not notice.\n"
	 "It begins with what the drivers know by then, so that it may be begun at any moment.\n"
	 "The answer names the file; `densctl playback FILE` plays it into the drivers.\n"
	 "\n"
	 "  densctl capture rtu --for 120",
	 ALLOW_DAEMON | ALLOW(FOR), 1, 1, capture_run, NULL},
	{"devices", "[DEVICE]", "each instrument: line, identity, health, calibration, wear",
	 "As densd has them now, a row each. With DEVICE everything of one: the age of the last value,\n"
	 "errors by cause since its start, what was read as identity, until when commissioning and\n"
	 "calibration are good, and how many of the writes that a setpoint's memory stands are used, with\n"
	 "the date when they are spent at the rate of the last 30 days.",
	 ALLOW_DAEMON, 0, 1, devices_run, NULL},
	{"replaced", "DEVICE REASON", "another instrument is in its place: its writes are counted anew",
	 "Supervisor only, while no run is on the press. Asks for the device's name once more; the reason\n"
	 "stays in the record. An instrument whose profile reads its serial number is told from another\n"
	 "without this.\n"
	 "\n"
	 "  densctl replaced furnace 'memory worn, new controller from stock'",
	 ALLOW_DAEMON, 2, 2, replaced_run, NULL},
	{"queue", "", "the runs that have not ended", "In the order in which they will be done.",
	 ALLOW_DAEMON, 0, 0, queue_run, NULL},
	{"runs", "[RUN]", "the newest runs in the store, or one",
	 "What was ordered, how press and calorimeter ended, the last good pressure and temperature, and\n"
	 "the cause. With RUN also its peaks, the temperature at release, holds, pauses, the time holdback\n"
	 "took, outages and the soak that counted; --json has all of it.",
	 ALLOW_DAEMON | ALLOW(LIMIT), 0, 1, runs_run, NULL},
	{"recovery", "", "what densd found at its last start, and what it decided",
	 "The journal's state, pressure and temperature as read, the gap, the row of the restart table that\n"
	 "applied (R1 to R22), its decision, and what is asked of the operator now.",
	 ALLOW_DAEMON, 0, 0, recovery_run, NULL},
	{"events", "[RUN]", "what happened in a run, or between the runs, in the order of time",
	 "Transitions, intents, alarms and commands with who gave them: the log to read in the morning. RUN\n"
	 "is an id of `densctl runs`. Without RUN: what belongs to no run, such as an instrument lost while\n"
	 "nothing was on the press. What follows the end of a run before the next is queued is its own.\n"
	 "An alarm, the transition and the intent of one sentence are one line\n"
	 "(with --json: all). Times are UTC.",
	 ALLOW_DAEMON, 0, 1, events_run, NULL},
	{"results", "[RUN]", "Tf, Tp, onset of each section, and Ea",
	 "Without RUN: of the newest run that has any. An Ea is provisional while planned rates are still\n"
	 "to be scanned: it is the apparent one of the rates so far.",
	 ALLOW_DAEMON | ALLOW(CSV) | ALLOW(OUT), 0, 1, results_run, NULL},
	{"tune", "RUN", "what an autotune found, and the PID it proposes",
	 "Ultimate gain and period with their scatter over the cycles, and a PID by two rules. Nothing is\n"
	 "ever written to the controller: type a set in at its panel. RUN is the id of a run with\n"
	 "'autotune:' in its protocol, such as config/protocols/autotune-500k.yaml: submit prints it,\n"
	 "`densctl runs` lists it.\n"
	 "\n"
	 "  densctl submit --wait config/protocols/autotune-500k.yaml\n"
	 "  densctl runs\n"
	 "  densctl tune 01ARZ3NDEKTSV4RRFFQ69G5FAV --png relay.png",
	 ALLOW_DAEMON | ALLOW(SVG) | ALLOW(PNG), 1, 1, tune_run, NULL},
	{"series", "[RUN... | FILE.json...]",
	 "stored runs as a campaign: Tf and Ea by state, Tg(P), master curve",
	 "Runs with one pressure and temperature are one state; its sections are averaged, with their\n"
	 "spread. Without RUN or --name: every run in the store. Runs that did not complete and scans that\n"
	 "were refused are listed with their reason. The definitions: densctl analyse series --help.\n"
	 "Pictures: curves-liquid curves-glass tf kissinger ea master ratio pressure-tf pressure-ea. A file\n"
	 "of --save stands for the daemon that wrote it; several are joined.\n"
	 "\n"
	 "  densctl series --name 'temperature series'\n"
	 "  densctl series --html --out campaign.html\n"
	 "  densctl series --picture master --png master.png --save campaign.json",
	 ALLOW_DAEMON | ALLOW(CSV) | ALLOW(HTML) | ALLOW(OUT) | ALLOW(NAME) | ALLOW(SAVE) | ALLOW(SVG) |
		 ALLOW(PNG) | ALLOW(PICTURE) | ALLOW(TG) | ALLOW(OLDER),
	 0, ARGUMENTS_MAX, series_run, NULL},
	{"export", "RUN", "stored rows as CSV",
	 "Without --section the samples of the run (time, P, T, setpoints, lock, contactors); with\n"
	 "--section the first scan of that section, with --reference its second scan: the files that\n"
	 "`densctl analyse pair` reads. Lines behind # say units, words and the calibrations that the run\n"
	 "stands on.\n"
	 "\n"
	 "  densctl export RUN --out run.csv\n"
	 "  densctl export RUN --section r500/s1 --out first.csv\n"
	 "  densctl export RUN --section r500/s1 --reference --out reference.csv\n"
	 "  densctl analyse pair first.csv reference.csv",
	 ALLOW_DAEMON | ALLOW(CSV) | ALLOW(OUT) | ALLOW(SECTION) | ALLOW(REFERENCE), 1, 1, export_run,
	 export_notes},
	{"replay", "state | alarm | scan | result | sample", "what was published, from the store",
	 "One JSON document a line, exactly as it was sent live, gap-free by `seq`.",
	 ALLOW_DAEMON | ALLOW(FROM) | ALLOW(TO) | ALLOW(RUN), 1, 1, replay_run, replay_notes},
};
/* clang-format on */
const size_t subcommand_count = sizeof(subcommands) / sizeof(subcommands[0]);

const struct subcommand *subcommand_find(const char *name)
{
	for (size_t i = 0; i < subcommand_count; i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}
