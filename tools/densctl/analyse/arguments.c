/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/arguments.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/lag.h"
#include "tools/densctl/analyse/csv.h"
#include "tools/densctl/analyse/csv_number.h"
#include "tools/densctl/command.h"

#define K_PRIME_USUAL 4.0

enum { BOOTSTRAP_MAX = 100000 };

/* -EINVAL: not what the option takes. @value is NULL for a flag. */
typedef int option_set(struct analyse_arguments *arguments, const char *value);

struct analyse_option {
	const char *name;
	const char *value; /* what it takes, for messages; NULL: a flag */
	option_set *set;
	unsigned kinds; /* bits of enum analyse_kind */
};

#define PAIR (1U << ANALYSE_PAIR)
#define KISSINGER (1U << ANALYSE_KISSINGER)
#define FSDP (1U << ANALYSE_FSDP)
#define EOS (1U << ANALYSE_EOS)
#define MASS (1U << ANALYSE_MASS)
#define LAG (1U << ANALYSE_LAG)
#define SERIES (1U << ANALYSE_SERIES)
#define DRAWN (ALL & ~(MASS | LAG))
#define ALL (~0U)

static const struct {
	const char *name, *command, *files;
	int file_count;
} kinds[ANALYSE_KINDS] = {
	[ANALYSE_PAIR] = {"pair", "analyse pair", "FIRST.csv REFERENCE.csv", 2},
	[ANALYSE_KISSINGER] = {"kissinger", "analyse kissinger", "TABLE.csv", 1},
	[ANALYSE_FSDP] = {"fsdp", "analyse fsdp", "FILE.csv", 1},
	[ANALYSE_EOS] = {"eos", "analyse eos", "TABLE.csv", 1},
	[ANALYSE_MASS] = {"mass", "analyse mass", "SCAN.csv", 1},
	[ANALYSE_LAG] = {"lag", "analyse lag", "TABLE.csv", 1},
	[ANALYSE_SERIES] = {"series", "analyse series", "SERIES.csv", 1},
};

static int read_number(const char *text, double *ret_number)
{
	double number;

	if (csv_number(text, strlen(text), 0, &number) < 0 || !isfinite(number))
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int read_count(const char *text, uint64_t most, char stop, uint64_t *ret_count, const char **ret_end)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret_count = strtoull(text, &end, 10);
	if (errno || (*end != '\0' && *end != stop) || *ret_count > most)
		return -EINVAL;
	*ret_end = end;
	return 0;
}

static int read_window(const char *text, double ret_window_k[2])
{
	const char *colon = strchr(text, ':');
	double low, high;

	if (!colon || csv_number(text, (size_t)(colon - text), 0, &low) < 0 || !isfinite(low) ||
	    read_number(colon + 1, &high) < 0)
		return -EINVAL;
	ret_window_k[0] = low;
	ret_window_k[1] = high;
	return 0;
}

static int set_help(struct analyse_arguments *arguments, const char *value)
{
	(void)value;
	arguments->help = true;
	return 0;
}

static int set_json(struct analyse_arguments *arguments, const char *value)
{
	(void)value;
	arguments->json = true;
	return 0;
}

static int set_empty(struct analyse_arguments *arguments, const char *value)
{
	arguments->empty = value;
	return 0;
}

static int set_svg(struct analyse_arguments *arguments, const char *value)
{
	arguments->svg = value;
	return 0;
}

static int set_png(struct analyse_arguments *arguments, const char *value)
{
	arguments->png = value;
	return 0;
}

static int set_glass(struct analyse_arguments *arguments, const char *value)
{
	return read_window(value, arguments->pair.glass_k);
}

static int set_liquid(struct analyse_arguments *arguments, const char *value)
{
	return read_window(value, arguments->pair.liquid_k);
}

static int set_align(struct analyse_arguments *arguments, const char *value)
{
	return pair_align_from_name(value, &arguments->pair.align);
}

static int set_rate(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->pair.rate_k_per_s);
}

static int set_lag(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->pair.lag_s);
}

static int read_sd(const char *text, double *ret_number)
{
	double number;
	int r = read_number(text, &number);

	if (r < 0 || number < 0)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int set_lag_sd(struct analyse_arguments *arguments, const char *value)
{
	return read_sd(value, &arguments->lag_sd_s);
}

static int set_calibration_sd(struct analyse_arguments *arguments, const char *value)
{
	return read_sd(value, &arguments->calibration_sd_k);
}

static int set_indium(struct analyse_arguments *arguments, const char *value)
{
	arguments->indium = value;
	return 0;
}

static int set_melting(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->melting_k);
}

static int set_history(struct analyse_arguments *arguments, const char *value)
{
	arguments->history = value;
	return 0;
}

static int set_cell(struct analyse_arguments *arguments, const char *value)
{
	int r = read_number(value, &arguments->pair.cell_s);

	return r == 0 && arguments->pair.cell_s < 0 ? -EINVAL : r;
}

static int set_seed(struct analyse_arguments *arguments, const char *value)
{
	const char *end;

	return read_count(value, UINT64_MAX, '\0', &arguments->pair.seed, &end);
}

static int set_bootstrap(struct analyse_arguments *arguments, const char *value)
{
	const char *end;
	uint64_t count;
	int r = read_count(value, BOOTSTRAP_MAX, '\0', &count, &end);

	if (r == 0)
		arguments->pair.bootstrap_count = (uint32_t)count;
	return r;
}

static int set_segment(struct analyse_arguments *arguments, const char *value)
{
	uint64_t first, reference;
	const char *end;
	int r = read_count(value, 1000, ',', &first, &end);

	reference = first;
	if (r == 0 && *end == ',')
		r = read_count(end + 1, 1000, '\0', &reference, &end);
	if (r < 0 || first == 0 || reference == 0)
		return -EINVAL;
	arguments->segments[0] = (unsigned)first;
	arguments->segments[1] = (unsigned)reference;
	return 0;
}

static int set_tg(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->tg_k);
}

static int set_older(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->older_k_per_gpa);
}

static int set_picture(struct analyse_arguments *arguments, const char *value)
{
	arguments->picture = value;
	return 0;
}

static int set_range(struct analyse_arguments *arguments, const char *value)
{
	return read_window(value, arguments->range);
}

static int set_reference(struct analyse_arguments *arguments, const char *value)
{
	arguments->reference = value;
	return 0;
}

static int set_k_prime(struct analyse_arguments *arguments, const char *value)
{
	if (strcmp(value, "free") != 0)
		return read_number(value, &arguments->k_prime);
	arguments->k_prime = NAN;
	return 0;
}

static int set_delta_cp(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->delta_cp_j_per_gk);
}

static int set_delta_cp_sd(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->delta_cp_sd_j_per_gk);
}

static int set_at(struct analyse_arguments *arguments, const char *value)
{
	return read_number(value, &arguments->at_k);
}

static const struct analyse_option options[] = {
	{"--help", NULL, set_help, ALL},
	{"-h", NULL, set_help, ALL},
	{"--json", NULL, set_json, ALL},
	{"--svg", "a file", set_svg, DRAWN},
	{"--png", "a file", set_png, DRAWN},
	{"--empty", "a file", set_empty, PAIR | MASS},
	{"--glass", "a window A:B in kelvin, such as 310:420", set_glass, PAIR | MASS | SERIES},
	{"--liquid", "a window A:B in kelvin, such as 775:845", set_liquid, PAIR | MASS | SERIES},
	{"--align", "tilt, scale, offset or none", set_align, PAIR | SERIES},
	{"--lag-s", "a time in seconds, such as 0.002", set_lag, PAIR | MASS | SERIES},
	{"--lag-sd-s", "a time in seconds, 0 or more", set_lag_sd, PAIR | KISSINGER | SERIES},
	{"--calibration-sd", "kelvin, 0 or more", set_calibration_sd, PAIR | KISSINGER | SERIES},
	{"--indium", "a file of melting onsets", set_indium, PAIR | SERIES},
	{"--melting", "a temperature in K, such as 429.75", set_melting, PAIR | LAG | SERIES},
	{"--history", "words, such as '7 GPa 643 K, reference cooled at 200 K/s'", set_history, KISSINGER},
	{"--cell-s", "a time in seconds, 0 or more", set_cell, PAIR | SERIES},
	{"--rate", "a heating rate in K/s, such as 200", set_rate, PAIR | MASS},
	{"--seed", "a whole number from 0", set_seed, PAIR | SERIES},
	{"--bootstrap", "a whole number from 0 to 100000", set_bootstrap, PAIR | SERIES},
	{"--segment", "N or N,M, from 1 (first scan, reference)", set_segment, PAIR | MASS},
	{"--range", "a range A:B in 1/Angstrom, such as 2.2:3.1", set_range, FSDP},
	{"--reference", "a file", set_reference, FSDP},
	{"--k-prime", "a number such as 4, or free", set_k_prime, EOS},
	{"--delta-cp-J-per-gK", "a heat capacity in J/(g K), such as 0.25", set_delta_cp, MASS},
	{"--delta-cp-sd", "a heat capacity in J/(g K), such as 0.01", set_delta_cp_sd, MASS},
	{"--at", "a temperature in K, such as 650", set_at, MASS},
	{"--Tg", "a temperature in K, such as 596", set_tg, KISSINGER | SERIES},
	{"--older", "a slope in K/GPa, such as 3.6", set_older, SERIES},
	{"--picture", "the name of a picture", set_picture, SERIES},
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

const char *analyse_kind_name(enum analyse_kind kind)
{
	return kinds[kind].name;
}

const char *analyse_kind_files(enum analyse_kind kind)
{
	return kinds[kind].files;
}

/* The option of @kind named by the first @length bytes of @text; OPTIONS when there is none. */
static size_t find_option(enum analyse_kind kind, const char *text, size_t length)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if ((options[i].kinds & 1U << kind) && strlen(options[i].name) == length &&
		    strncmp(options[i].name, text, length) == 0)
			return i;
	return OPTIONS;
}

static int unknown_option(enum analyse_kind kind, const char *text)
{
	char list[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].kinds & 1U << kind)
			used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", options[i].name);
	return usage_error(kinds[kind].command, "'%s' is not an option here; options:%s", text, list);
}

/* Sets the option at argv[*@index], and moves *@index to the last argument it took. */
static int take_option(enum analyse_kind kind, int argc, char **argv, int *index, uint64_t *seen,
		       struct analyse_arguments *arguments)
{
	const char *text = argv[*index], *equals = strchr(text, '='), *value = equals ? equals + 1 : NULL;
	size_t found = find_option(kind, text, equals ? (size_t)(equals - text) : strlen(text));
	const struct analyse_option *option = &options[found];

	if (found == OPTIONS)
		return unknown_option(kind, text);
	if (*seen & UINT64_C(1) << found)
		return usage_error(kinds[kind].command, "%s is given twice", option->name);
	*seen |= UINT64_C(1) << found;
	if (!option->value && value)
		return usage_error(kinds[kind].command, "%s takes no value", option->name);
	if (option->value && !value) {
		if (*index + 1 >= argc)
			return usage_error(kinds[kind].command, "%s needs %s", option->name, option->value);
		value = argv[++*index];
	}
	if ((value && !value[0]) || option->set(arguments, value) < 0)
		return usage_error(kinds[kind].command, "%s is '%s'; %s is wanted", option->name,
				   value ? value : "", option->value);
	return DENSCTL_OK;
}

static int check_files(enum analyse_kind kind, const struct analyse_arguments *arguments)
{
	if (arguments->help || arguments->file_count == kinds[kind].file_count)
		return DENSCTL_OK;
	return usage_error(kinds[kind].command, "%d file%s given, wanted: %s", arguments->file_count,
			   arguments->file_count == 1 ? " is" : "s are", kinds[kind].files);
}

int analyse_arguments_parse(enum analyse_kind kind, int argc, char **argv,
			    struct analyse_arguments *ret_arguments)
{
	struct analyse_arguments arguments = {.tg_k = NAN,
					      .lag_sd_s = NAN,
					      .calibration_sd_k = NAN,
					      .melting_k = LAG_INDIUM_K,
					      .older_k_per_gpa = NAN,
					      .range = {NAN, NAN},
					      .k_prime = K_PRIME_USUAL,
					      .delta_cp_j_per_gk = NAN,
					      .delta_cp_sd_j_per_gk = NAN,
					      .at_k = NAN};
	bool only_files = false;
	uint64_t seen = 0;

	pair_options_default(&arguments.pair);
	for (int i = 1; i < argc; i++) {
		if (!only_files && strcmp(argv[i], "--") == 0) {
			only_files = true;
		} else if (!only_files && argv[i][0] == '-' && argv[i][1]) {
			int r = take_option(kind, argc, argv, &i, &seen, &arguments);

			if (r)
				return r;
		} else if (arguments.file_count == kinds[kind].file_count) {
			return usage_error(kinds[kind].command, "too many arguments: '%s'", argv[i]);
		} else {
			arguments.files[arguments.file_count++] = argv[i];
		}
	}
	if (arguments.indium && arguments.pair.lag_s != 0)
		return usage_error(kinds[kind].command, "--indium and --lag-s both say the lag; give one");
	*ret_arguments = arguments;
	return check_files(kind, &arguments);
}
