/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What densd found at its last start, which row of the restart table decided, and what may be done now. */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/client.h"
#include "tools/densctl/json.h"

static const char *yes(json_object *recovery, const char *field)
{
	return json_flag(recovery, field) ? "yes" : "no";
}

static void print_found(json_object *recovery)
{
	char gpa[NUMBER_TEXT], k[NUMBER_TEXT], gap[NUMBER_TEXT];

	printf("start at     %s\n", json_text(recovery, "t_wall", "-"));
	printf("run          %s\n",
	       json_text(recovery, "run", "")[0] ? json_text(recovery, "run", "") : "none");
	printf("journal      %s; phase %s; trip latched: %s; calorimeter %s\n",
	       json_flag(recovery, "journal_ok") ? "read" : "lost or damaged",
	       json_text(recovery, "phase", "-"), yes(recovery, "latched"),
	       json_text(recovery, "scan_phase", "-"));
	printf("pressure     %s, %s GPa\n", json_text(recovery, "pressure", "-"),
	       number_text(json_number(recovery, "pressure_gpa"), 3, gpa));
	printf("temperature  %s, %s K\n", json_text(recovery, "temperature", "-"),
	       number_text(json_number(recovery, "temperature_k"), 1, k));
	printf("gap          %s s of lab time; same boot: %s; controller reset: %s; restarts in the hour: "
	       "%.0f\n",
	       number_text(json_number(recovery, "gap_s"), 1, gap), yes(recovery, "same_boot"),
	       yes(recovery, "controller_reset"), json_number(recovery, "restarts_last_hour"));
	printf("devices      the expected ones: %s; good cycles read: furnace %.0f, press %.0f\n",
	       yes(recovery, "identity_ok"), json_number(recovery, "furnace_cycles"),
	       json_number(recovery, "press_cycles"));
	printf("in doubt     %.0f intent(s), settled by reading; policy: recovery %s\n",
	       json_number(recovery, "intents_in_doubt"), json_text(recovery, "policy", "-"));
	printf("row %-8s %s\n             %s\n", json_text(recovery, "row", "-"),
	       json_text(recovery, "decision", "-"), json_text(recovery, "text", ""));
}

/* What may be done is not what was offered then but what the state allows now. */
static int print_now(const struct options *options)
{
	json_object *reply = NULL;
	int r = client_ask(options, json_request("status"), &reply);

	if (r == DENSCTL_OK) {
		const char *ask = json_text(reply, "state.ask", "");

		printf("now          %s%s%s\n", json_text(reply, "state.phase", "-"),
		       ask[0] ? "; asked of you: " : "", ask);
	}
	json_object_put(reply);
	return r;
}

int recovery_run(const struct options *options)
{
	json_object *reply = NULL, *recovery;
	int r = client_ask(options, json_request("recovery"), &reply);

	recovery = json_field(reply, "recovery");
	if (r == DENSCTL_OK && option_given(options, OPTION_JSON)) {
		json_print(recovery, stdout);
	} else if (r == DENSCTL_OK && !recovery) {
		puts("densd has not decided yet: it is still reading the instruments (densctl status)");
	} else if (r == DENSCTL_OK) {
		print_found(recovery);
		r = print_now(options);
	}
	json_object_put(reply);
	return r;
}
