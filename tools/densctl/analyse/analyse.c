/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse: Tf of a scan pair and Ea of a table of peaks, from files, without a daemon. */
#include "tools/densctl/analyse/analyse.h"

#include <stdio.h>
#include <string.h>

#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

#define CODES                                                                                             \
	"A refused input ends with exit code 3 and, with --json, {\"refused\": {\"code\": ..., \"why\": " \
	"...}}.\n"

static const char general_help[] =
	"usage: densctl analyse pair FIRST.csv REFERENCE.csv [options]\n"
	"       densctl analyse kissinger TABLE.csv [options]\n"
	"\n"
	"pair       fictive temperature Tf of a glass from its first heating scan and the second (reference) "
	"scan\n"
	"           of the same piece after cooling at a known rate\n"
	"kissinger  activation energy Ea from the shift of the peak temperature with the heating rate\n"
	"\n"
	"densctl analyse pair --help and densctl analyse kissinger --help give definitions, files and "
	"codes.\n";

static const char pair_help[] =
	"usage: densctl analyse pair FIRST.csv REFERENCE.csv [options]\n"
	"\n"
	"The fictive temperature Tf of a glass is where its enthalpy line meets that of the liquid. With the "
	"glass\n"
	"line g and the liquid line l, both fitted to the reference scan, it is the root of\n"
	"    integral of (l - g) from Tf to T1  =  integral of (y' - g) from T2 to T1\n"
	"over the whole first scan y' (exotherm included), T2 far below and T1 far above Tg. y' is the first "
	"scan\n"
	"laid on the reference in both windows. Tf_ref is the same for the reference; the difference is "
	"known about\n"
	"twice as well as either. On z = (y' - g)/(l - g) of the first scan: Tp main peak, Tp_sub a peak "
	"below it,\n"
	"onset (steepest tangent of the last rise x glass line), midpoint (z = 1/2). A number that does not "
	"exist\n"
	"is '-', in JSON null. A Tf outside (T2, T1) is marked 'extrapolated', never clipped.\n"
	"\n"
	"Files: CSV (comma, semicolon or tab; decimal comma with the latter two; lines with # are comments), "
	"header\n"
	"  T_K or T_C; one of cp_J_molK cp_J_gK cp heat_flow_mW hf (endothermic up) or heat_flow_mW_exo_up;\n"
	"  optional t_s, from which the heating rate is measured. Or the text export of Mettler STARe (Index "
	"t Ts Tr\n"
	"  Value; degC, exothermic up; Ts is taken).\n"
	"\n"
	"  --empty FILE       scan of the empty chip at the same rate, subtracted from both\n"
	"  --glass A:B        window of the glass line, K       (default: found)\n"
	"  --liquid A:B       window of the liquid line, K      (default: found)\n"
	"  --align MODE       tilt: y' = y + b + cT (default); scale: k from the step too (contact or mass "
	"differ);\n"
	"                     offset: y + b; none: the scans are absolute\n"
	"  --rate PHI         heating rate as ordered, K/s; refused when t_s says more than 2 % else\n"
	"  --lag-s TAU        thermal lag: T_sample = T - TAU x rate\n"
	"  --cell-s TAU       first-order time constant of the cell, undone\n"
	"  --segment N[,M]    of a STARe export with several: N in FIRST, M in REFERENCE (default M = N)\n"
	"  --bootstrap N      replicates behind the uncertainty (default 200; 0: none)\n"
	"  --seed N           of the bootstrap (default 1): the same seed gives the same numbers\n"
	"  --svg FILE, --png FILE   picture: curves, lines, windows, the two equal areas, Tf with its band\n"
	"  --json             one JSON object on standard output\n"
	"\n"
	"  densctl analyse pair first.csv second.csv --rate 200 --lag-s 0.002 --svg pair.svg\n"
	"  densctl analyse pair run.txt run.txt --segment 1,3 --json\n"
	"\n" CODES "  bad_header       a column is missing, twice there, or named otherwise than above\n"
	"  bad_value        a number that cannot be: text, Celsius in T_K, another rate than ordered\n"
	"  too_few_points   fewer than 60 usable rows\n"
	"  nan_fraction     more than 10 % of the rows hold no number\n"
	"  constant_signal  the signal does not vary\n"
	"  columns_swapped  the signal ramps and the temperature does not\n"
	"  not_monotonic    a cooling scan, or no ramp at all\n"
	"  range_mismatch   the scans share less than 70 % of their range\n"
	"  no_step          no step between glass and liquid above the noise\n"
	"  no_liquid        no straight liquid line on which both scans merge; the scan stops too early\n"
	"  no_glass         no straight glass line; the scan starts too late\n"
	"Exit codes: 0 done; 2 usage; 3 refused; 4 a file cannot be read, or the picture not be drawn.\n";

static const char kissinger_help[] =
	"usage: densctl analyse kissinger TABLE.csv [options]\n"
	"\n"
	"ln(rate / Tp^2) = -Ea/(R Tp) + a by least squares, R = 8.314462618 J/(mol K), Tp in kelvin. With "
	"sTp_K in\n"
	"every row the fit is weighted by the effective variance. Given with the standard error, the 95 % "
	"interval\n"
	"(Student t, n - 2), the range when one row is left out, and Moynihan, Starink and Ozawa beside it.\n"
	"With --Tg: Ea/(R Tg), and the class: alpha when the whole interval lies above 35 R Tg, beta when "
	"below, else\n"
	"undecided. It is a fingerprint at one thermal history: glasses cooled at other rates give other "
	"Ea.\n"
	"\n"
	"File: CSV with rate_K_s or rate_K_min; Tp_K or Tp_C; optional sTp_K. A row without Tp (no clear "
	"endotherm)\n"
	"is left out.\n"
	"\n"
	"  --Tg K             glass transition temperature, for Ea/(R Tg) and the class\n"
	"  --svg FILE, --png FILE   picture: points, line, 95 % band\n"
	"  --json             one JSON object on standard output\n"
	"\n"
	"  densctl analyse kissinger peaks.csv --Tg 596 --svg kissinger.svg\n"
	"\n" CODES "  bad_header       a column is missing, twice there, or named otherwise than above\n"
	"  bad_value        a rate that is not positive, a Tp that cannot be, Celsius in Tp_K, text\n"
	"  columns_swapped  rate and Tp look exchanged\n"
	"  too_few_rates    fewer than three distinct rates\n"
	"  rate_span        the highest rate is less than 1.5 times the lowest\n"
	"  no_peak          no row has a peak temperature\n"
	"Exit codes: 0 done; 2 usage; 3 refused; 4 the file cannot be read, or the picture not be drawn.\n";

int analyse_refuse(const char *name, bool json, const struct input_failure *failure)
{
	json_object *message, *refused;

	if (failure->refusal == REFUSAL_NONE) {
		fprintf(stderr, "densctl analyse %s: %s\n", name, failure->why);
		return DENSCTL_INVALID;
	}
	fprintf(stderr, "densctl analyse %s: refused (%s): %s\n", name, refusal_name(failure->refusal),
		failure->why);
	if (!json)
		return DENSCTL_ANALYSIS;
	message = json_object_new_object();
	refused = json_object_new_object();
	json_add_text(refused, "code", refusal_name(failure->refusal));
	json_add_text(refused, "why", failure->why);
	json_object_object_add(message, "refused", refused);
	json_print(message, stdout);
	json_object_put(message);
	return DENSCTL_ANALYSIS;
}

json_object *analyse_json_span(const double span[2])
{
	json_object *list = json_object_new_array();

	json_object_array_add(list, json_real(span[0]));
	json_object_array_add(list, json_real(span[1]));
	return list;
}

static int analyse_kind(enum analyse_kind kind, int argc, char **argv)
{
	struct analyse_arguments arguments;
	int r = analyse_arguments_parse(kind, argc, argv, &arguments);

	if (r)
		return r;
	if (arguments.help) {
		fputs(kind == ANALYSE_PAIR ? pair_help : kissinger_help, stdout);
		return DENSCTL_OK;
	}
	return kind == ANALYSE_PAIR ? analyse_pair_run(&arguments) : analyse_kissinger_run(&arguments);
}

int analyse_main(int argc, char **argv)
{
	if (argc < 2)
		return usage_error("analyse", "say which analysis: pair or kissinger");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(general_help, stdout);
		return DENSCTL_OK;
	}
	if (strcmp(argv[1], "pair") == 0)
		return analyse_kind(ANALYSE_PAIR, argc - 1, argv + 1);
	if (strcmp(argv[1], "kissinger") == 0)
		return analyse_kind(ANALYSE_KISSINGER, argc - 1, argv + 1);
	return usage_error("analyse", "'%s' is not an analysis; allowed: pair, kissinger", argv[1]);
}
