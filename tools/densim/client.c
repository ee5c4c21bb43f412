/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/densim/control.h"
#include "tools/densim/opening.h"
#include "tools/densim/truth.h"

#define GAS_CONSTANT 8.314462618
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_ABSENT = 3 };

/* Sends one line and reads the answer up to its end: 0, or an exit code. */
static int ask(const char *directory, const char *line, char ret_answer[CONTROL_ANSWER])
{
	int fd, r = opening_connect_unix(directory, "control.sock", &fd);
	if (r < 0) {
		fprintf(stderr, "densim ctl: %s/control.sock: %s; is densim running there?\n", directory,
			strerror(-r));
		return EXIT_ABSENT;
	}
	size_t used = 0;
	ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (n > 0 && used < CONTROL_ANSWER - 1) {
		n = read(fd, ret_answer + used, CONTROL_ANSWER - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	ret_answer[used] = '\0';
	if (used == 0) {
		fprintf(stderr, "densim ctl: no answer\n");
		return EXIT_ABSENT;
	}
	return 0;
}

/* The numbers of "state", in the order of control.c. */
static int read_glass(const char *answer, struct glass *ret_glass)
{
	double numbers[3 + GLASS_ALPHA + GLASS_BETA];
	const char *at = strstr(answer, "\"state\":[");
	if (!at)
		return -1;
	at += strlen("\"state\":[");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char *end;
		numbers[i] = strtod(at, &end);
		if (end == at)
			return -1;
		at = end + (*end == ',');
	}
	ret_glass->strain = numbers[0];
	ret_glass->frozen_gpa = numbers[1];
	ret_glass->highest_gpa = numbers[2];
	memcpy(ret_glass->f, numbers + 3, sizeof(ret_glass->f));
	memcpy(ret_glass->u, numbers + 3 + GLASS_ALPHA, sizeof(ret_glass->u));
	return 0;
}

static const char *number_or_null(double value, char text[24])
{
	snprintf(text, 24, isnan(value) ? "null" : "%.4f", value);
	return text;
}

/* @known: the members that densim gave, up to "state". */
static void print_truth(const struct truth *truth, const char *known, int known_length)
{
	printf("%.*s\"Tf_K\":%.4f,\"Tf_ref_K\":%.4f,\"delta_Tf_K\":%.4f,\"cooling_K_per_s\":%g,\"rates\":[",
	       known_length, known, truth->tf_k, truth->tf_reference_k, truth->tf_k - truth->tf_reference_k,
	       TRUTH_COOLING_K_PER_S);
	for (int i = 0; i < truth->rate_count; i++) {
		const struct truth_rate *rate = &truth->rates[i];
		char peak[24], onset[24];
		printf("%s{\"rate_K_per_s\":%g,\"Tf_K\":%.4f,\"Tp_K\":%s,\"Tg_onset_K\":%s}", i ? "," : "",
		       rate->rate_k_per_s, truth->tf_k, number_or_null(rate->tp_k, peak),
		       number_or_null(rate->onset_k, onset));
	}
	if (truth->ea_known)
		printf("],\"Ea_kJ_per_mol\":%.4f,\"Ea_over_RTg\":%.4f}\n", truth->ea_j_per_mol / 1e3,
		       truth->ea_j_per_mol / (GAS_CONSTANT * TRUTH_TG_K));
	else
		printf("],\"Ea_kJ_per_mol\":null,\"Ea_over_RTg\":null}\n");
}

static int run_truth(const char *directory, int count, char *const *words)
{
	double rates[TRUTH_RATES] = {100, 150, 200, 300, 500, 1000};
	char answer[CONTROL_ANSWER];
	struct glass glass;
	struct truth truth;
	if (count > TRUTH_RATES) {
		fprintf(stderr, "densim ctl truth: at most %d rates\n", TRUTH_RATES);
		return EXIT_USAGE;
	}
	for (int i = 0; i < count; i++)
		rates[i] = strtod(words[i], NULL);
	int r = ask(directory, "glass\n", answer);
	if (r)
		return r;
	if (read_glass(answer, &glass) < 0 || truth_compute(&glass, rates, count ? count : 6, &truth) < 0) {
		fprintf(stderr, "densim ctl truth: rates are numbers in K/s above 0\n");
		return EXIT_USAGE;
	}
	print_truth(&truth, answer, (int)(strstr(answer, "\"state\"") - answer));
	return 0;
}

int client_run(const char *directory, int count, char *const *words)
{
	char line[CONTROL_LINE] = "", answer[CONTROL_ANSWER];
	if (count < 1) {
		fprintf(stderr, "densim ctl: a command is wanted: status, truth, fault, capsule, section, "
				"automatic or mark\n");
		return EXIT_USAGE;
	}
	if (strcmp(words[0], "truth") == 0)
		return run_truth(directory, count - 1, words + 1);
	size_t used = 0;
	for (int i = 0; i < count && used < sizeof(line); i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", words[i],
					 i + 1 < count ? " " : "\n");
	if (used >= sizeof(line)) {
		fprintf(stderr, "densim ctl: the command is too long\n");
		return EXIT_USAGE;
	}
	int r = ask(directory, line, answer);
	if (r)
		return r;
	fputs(answer, stdout);
	return strncmp(answer, "{\"error\"", 8) == 0 ? EXIT_REFUSED : 0;
}
