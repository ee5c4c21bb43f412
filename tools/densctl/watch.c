/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch, status, and the following of submit --wait. */
#include "tools/densctl/watch.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "tools/densctl/client.h"
#include "tools/densctl/energy.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"
#include "tools/densctl/switches.h"
#include "tools/densctl/view.h"

#define REDRAW_MS 200
#define LINE_MS 5000      /* line mode: at least one line in so long */
#define QUEUE_MS 2000     /* submit --wait asks the queue so often */
#define ANALYSIS_MS 20000 /* and waits so long for the analysis of the last scan */

/* With state and sample, and a heartbeat that says what time it is, the picture is complete. */
static const char *const topics[] = {"alarm", "scan", "result", "state", "sample", "heartbeat", NULL};
static volatile sig_atomic_t interrupted;

struct watch {
	struct telemetry *telemetry;
	struct view view;
	bool redraw, json;
	int lines_drawn;
	int64_t drawn_ms;
	double told_seq[2]; /* of alarms and results: the last one printed; a last value is sent again for
			       others */
	char publisher[32]; /* whose numbers those are */
	char shown[512];    /* line mode: what makes a line worth printing */
};

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static int64_t mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

static int watch_open(const struct options *options, struct watch *ret_watch)
{
	struct sigaction action = {.sa_handler = on_signal};
	int r;

	*ret_watch = (struct watch){.json = option_given(options, OPTION_JSON)};
	r = telemetry_open(options, topics, &ret_watch->telemetry);
	if (r)
		return r;
	ret_watch->redraw = isatty(STDOUT_FILENO) && !option_given(options, OPTION_LINES) && !ret_watch->json;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (ret_watch->redraw)
		fputs("\033[?25l\033[?7l", stdout); /* no cursor; a long line is cut, not wrapped */
	return DENSCTL_OK;
}

static void watch_close(struct watch *watch)
{
	if (watch->redraw)
		fputs("\033[?7h\033[?25h", stdout);
	fflush(stdout);
	view_clear(&watch->view);
	telemetry_close(watch->telemetry);
}

static void print_pair(json_object *message)
{
	double tp_k = json_number(message, "tp_k"), onset_k = json_number(message, "tg_onset_k");

	printf("result %s: Tf %.1f +- %.1f K", json_text(message, "section", ""),
	       json_number(message, "tf_k"), json_number(message, "tf_sd_k"));
	if (isfinite(tp_k))
		printf(", Tp %.1f +- %.1f K", tp_k, json_number(message, "tp_sd_k"));
	if (isfinite(onset_k))
		printf(", onset %.1f +- %.1f K", onset_k, json_number(message, "tg_onset_sd_k"));
	putchar('\n');
}

/* True once a message: what is published again, for somebody who has just come, is no news here. */
static bool is_news(struct watch *watch, const char *topic, json_object *message)
{
	double *told = &watch->told_seq[strcmp(topic, "result") == 0];
	double seq = json_number(message, "seq");

	if (strcmp(topic, "result") != 0 && strcmp(topic, "alarm") != 0)
		return false;
	if (strcmp(watch->publisher, json_text(message, "publisher", "")) !=
	    0) { /* another store counts anew */
		snprintf(watch->publisher, sizeof(watch->publisher), "%s",
			 json_text(message, "publisher", ""));
		watch->told_seq[0] = watch->told_seq[1] = 0;
	}
	if (seq <= *told)
		return false;
	*told = seq;
	return true;
}

/* A message that says something by itself gets its own line in line mode. */
static void print_event(const char *topic, json_object *message)
{
	char text[ENERGY_TEXT];

	if (strcmp(topic, "alarm") == 0)
		printf("%.19sZ %s %s: %s\n", json_text(message, "t_wall", "-"),
		       json_flag(message, "raised") ? "ALARM" : "alarm cleared",
		       json_text(message, "alarm", "?"), json_text(message, "text", ""));
	else if (strcmp(topic, "result") == 0 && strcmp(json_text(message, "kind", ""), "running") == 0)
		puts(energy_state_text(message, text));
	else if (strcmp(topic, "result") == 0 && strcmp(json_text(message, "kind", ""), "pair") != 0)
		return; /* Ea of the run: the state's says as much */
	else if (strcmp(topic, "result") == 0 && json_flag(message, "refused"))
		printf("result %s: refused: %s\n", json_text(message, "section", ""),
		       json_text(message, "why", ""));
	else if (strcmp(topic, "result") == 0 && json_number(message, "tf_k") > 0)
		print_pair(message);
}

/* Draws over the last picture, in place: what stood on the terminal before stays readable above it. */
static void draw_screen(struct watch *watch, int64_t now_ms)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream;

	if (now_ms - watch->drawn_ms < REDRAW_MS || !(stream = open_memstream(&text, &size)))
		return;
	view_draw(&watch->view, now_ms, "\033[K\n", stream);
	fclose(stream);
	watch->drawn_ms = now_ms;
	if (watch->lines_drawn)
		printf("\033[%dA", watch->lines_drawn);
	printf("\r%s\033[J", text);
	fflush(stdout);
	watch->lines_drawn = 0;
	for (const char *c = text; *c; c++)
		watch->lines_drawn += *c == '\n';
	free(text);
}

static void draw_line(struct watch *watch, int64_t now_ms)
{
	const char *ask = json_text(watch->view.state, "ask", "");
	char worth[sizeof(watch->shown)], switches[SWITCHES_TEXT];

	if (!watch->view.state && !view_is_silent(&watch->view, now_ms))
		return;
	snprintf(worth, sizeof(worth), "%s/%s/%.0f/%d/%s/%s", json_text(watch->view.state, "phase", ""),
		 json_text(watch->view.state, "run", ""), json_number(watch->view.state, "sections_done"),
		 view_is_silent(&watch->view, now_ms), switches_brief(watch->view.sample, switches), ask);
	if (strcmp(worth, watch->shown) == 0 && now_ms - watch->drawn_ms < LINE_MS)
		return;
	memcpy(watch->shown, worth, sizeof(worth));
	watch->drawn_ms = now_ms;
	view_line(&watch->view, now_ms, stdout);
	if (ask[0])
		printf("  asked of you: %s\n", ask);
	fflush(stdout);
}

/* One message, or a fifth of a second; then draws what is due. */
static void watch_turn(struct watch *watch)
{
	json_object *message = NULL;
	char topic[16];
	int r = telemetry_receive(watch->telemetry, REDRAW_MS, topic, &message);
	int64_t now_ms = mono_ms();

	if (r == 1 && watch->json) {
		printf("%s\n", json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN));
		fflush(stdout);
	} else if (r == 1 && !watch->redraw && is_news(watch, topic, message)) {
		print_event(topic, message);
	}
	if (r == 1)
		view_take(&watch->view, topic, message, now_ms);
	if (watch->redraw)
		draw_screen(watch, now_ms);
	else if (!watch->json)
		draw_line(watch, now_ms);
}

static bool view_is_complete(const struct view *view)
{
	return view->state && view->sample && view->heard_lab_s > 0;
}

static int watch_once(const struct options *options, struct watch *watch, int64_t seconds)
{
	int64_t end = mono_ms() + seconds * 1000;

	while (!interrupted && mono_ms() < end && !view_is_complete(&watch->view)) {
		json_object *message = NULL;
		char topic[16];

		if (telemetry_receive(watch->telemetry, REDRAW_MS, topic, &message) == 1)
			view_take(&watch->view, topic, message, mono_ms());
	}
	if (!view_is_complete(&watch->view)) {
		char endpoint[ENDPOINT_TEXT] = "its socket";

		endpoint_telemetry(options, endpoint);
		return client_silent(options, endpoint);
	}
	if (!watch->json) {
		view_draw(&watch->view, mono_ms(), "\n", stdout);
		return DENSCTL_OK;
	}
	json_object *both = json_object_new_object();

	json_object_object_add(both, "state", json_object_get(watch->view.state));
	json_object_object_add(both, "sample", json_object_get(watch->view.sample));
	json_print(both, stdout);
	json_object_put(both);
	return DENSCTL_OK;
}

int watch_run(const struct options *options)
{
	struct watch watch;
	int r;

	if (option_given(options, OPTION_ONCE))
		return status_run(options);
	r = watch_open(options, &watch);
	if (r)
		return r;
	while (!interrupted)
		watch_turn(&watch);
	watch_close(&watch);
	return DENSCTL_OK;
}

int status_run(const struct options *options)
{
	struct watch watch;
	int64_t seconds;
	int r = option_integer(options, OPTION_TIMEOUT, 1, 86400, 15, &seconds);

	if (r == DENSCTL_OK)
		r = watch_open(options, &watch);
	if (r)
		return r;
	watch.redraw = false;
	r = watch_once(options, &watch, seconds);
	watch_close(&watch);
	return r;
}

static bool contains(json_object *list, const char *run)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), run) == 0)
			return true;
	return false;
}

/* 1: none of @runs waits or runs; 0: some do; negative: no answer. */
static int queue_is_free_of(const struct options *options, json_object *runs)
{
	json_object *reply = NULL, *list;
	int r = client_ask(options, json_request("queue"), &reply), is_free = 1;

	list = json_field(reply, "queue");
	for (size_t i = 0; r == DENSCTL_OK && json_object_is_type(list, json_type_array) &&
			   i < json_object_array_length(list);
	     i++)
		if (contains(runs, json_text(json_object_array_get_idx(list, i), "run", "")))
			is_free = 0;
	json_object_put(reply);
	return r == DENSCTL_OK ? is_free : -1;
}

/* Every section of @run with both traces has its result, and each of those the state's energy after it. */
static bool run_is_analysed(const struct options *options, json_object *run)
{
	json_object *request = json_request("results"), *reply = NULL, *list;
	double scanned = json_number(run, "sections_done") - json_number(run, "sections_lost"), pairs = 0,
	       running = 0;

	json_object_object_add(request, "run", json_object_new_string(json_text(run, "run", "")));
	client_ask(options, request, &reply);
	list = json_field(reply, "results");
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
	     i++) {
		const char *kind = json_text(json_object_array_get_idx(list, i), "kind", "");

		pairs += strcmp(kind, "pair") == 0;
		running += strcmp(kind, "running") == 0;
	}
	json_object_put(reply);
	return pairs >= scanned && running >= pairs;
}

static bool all_are_analysed(const struct options *options, json_object *runs)
{
	json_object *reply = NULL, *list;
	bool all = client_ask(options, json_request("runs"), &reply) == DENSCTL_OK;

	list = json_field(reply, "runs");
	for (size_t i = 0;
	     all && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		json_object *run = json_object_array_get_idx(list, i);

		if (contains(runs, json_text(run, "run", "")))
			all = run_is_analysed(options, run);
	}
	json_object_put(reply);
	return all;
}

/* The last scan's analysis comes a moment after the end of its run. */
static void watch_analysis(const struct options *options, struct watch *watch, json_object *runs)
{
	int64_t end_ms = mono_ms() + ANALYSIS_MS;

	while (!interrupted && !all_are_analysed(options, runs)) {
		if (mono_ms() > end_ms) {
			fprintf(stderr,
				"densctl %s: a section's analysis is still missing; see densctl results\n",
				options->command);
			return;
		}
		watch_turn(watch);
	}
}

/* Prints how each of @runs ended. */
static int report_outcomes(const struct options *options, json_object *runs)
{
	json_object *reply = NULL, *list;
	int r = client_ask(options, json_request("runs"), &reply);

	list = json_field(reply, "runs");
	for (size_t i = 0; r != DENSCTL_NO_DAEMON && json_object_is_type(list, json_type_array) &&
			   i < json_object_array_length(list);
	     i++) {
		json_object *run = json_object_array_get_idx(list, i);
		const char *press = json_text(run, "densification", "none"),
			   *scans = json_number(run, "sections_total") > 0
					    ? json_text(run, "calorimetry", "none")
					    : "none";

		if (!contains(runs, json_text(run, "run", "")))
			continue;
		printf("%s: densification %s, calorimetry %s%s%s\n", json_text(run, "run", ""), press, scans,
		       json_text(run, "cause", "")[0] ? ": " : "", json_text(run, "cause", ""));
		if (strcmp(press, "completed") != 0 ||
		    (strcmp(scans, "completed") != 0 && strcmp(scans, "none") != 0))
			r = DENSCTL_REFUSED;
	}
	json_object_put(reply);
	return r;
}

int watch_until_done(const struct options *options, json_object *runs)
{
	int64_t asked_ms = mono_ms();
	struct watch watch;
	int is_free = 0, r = watch_open(options, &watch);

	if (r)
		return r;
	while (!interrupted && is_free == 0) {
		watch_turn(&watch);
		if (mono_ms() - asked_ms < QUEUE_MS)
			continue;
		is_free = queue_is_free_of(options, runs);
		asked_ms = mono_ms();
	}
	if (is_free == 1)
		watch_analysis(options, &watch, runs);
	watch_close(&watch);
	if (is_free < 0)
		return DENSCTL_NO_DAEMON;
	return is_free ? report_outcomes(options, runs) : DENSCTL_REFUSED;
}
