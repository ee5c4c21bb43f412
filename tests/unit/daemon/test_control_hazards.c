/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hazards that control itself watches, in the event loop it runs in: who commands, twice the same
 * command, a store that is full, a late step, a jumping wall clock, another site file, trouble on a line, a
 * flooded gateway. The test is the gateway and the recorder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/base/clock.h"
#include "daemon/control/commands.h"
#include "daemon/control/links.h"
#include "daemon/control/notify.h"
#include "daemon/control/publish.h"
#include "daemon/control/step.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static struct fixture fixture;
static struct control *const control = &fixture.control;
static int gateway; /* the gateway's end */
static time_t wall_shift_s;

/* The wall clock of this test; every other clock is the machine's. */
int clock_gettime(clockid_t clock, struct timespec *ret_ts)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret_ts);

	if (clock == CLOCK_REALTIME)
		ret_ts->tv_sec += wall_shift_s;
	return r;
}

static int set_up(void **state)
{
	int pair[2], recorder;

	(void)state;
	wall_shift_s = 0;
	if (fixture_open(&fixture) < 0 || dedup_init(&control->dedup) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	outbox_init(&control->outbox);
	recorder = control->recorder.socket;
	links_init(control);
	control->recorder.socket = recorder;
	control->recorder.ready = true;
	control->gateway.socket = pair[0];
	gateway = pair[1];
	control->site.clock_scale = 100; /* a step each millisecond */
	return sd_event_new(&control->event) < 0 || step_start(control) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	sd_event_source_unref(control->clock.timer);
	sd_event_unref(control->event);
	dedup_deinit(&control->dedup);
	close(control->gateway.socket);
	close(gateway);
	fixture_close(&fixture);
	return 0;
}

static bool is_raised(enum alarm alarm)
{
	return control->alarms.active >> alarm & 1;
}

static void run_steps(unsigned count)
{
	uint64_t end = control->clock.tick + count;

	while (control->clock.tick < end)
		assert_true(sd_event_run(control->event, 1000000) >= 0);
}

/* The last reply that went to the gateway. */
static struct link_reply last_reply(void)
{
	static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];
	struct link_reply reply = {.code = 99};
	const struct link_header *header;
	const void *body;
	int fd;

	while (link_receive(gateway, buffer, sizeof(buffer), &header, &body, &fd) == 1)
		if (header->type == LINK_REPLY)
			memcpy(&reply, body, sizeof(reply));
	return reply;
}

static struct link_command make_verb(enum verb verb, enum role role, const char *id)
{
	struct link_command command = {
		.kind = COMMAND_VERB, .verb = (uint8_t)verb, .role = (uint8_t)role, .client = "uid-1000"};

	snprintf(command.request_id, sizeof(command.request_id), "%s", id);
	return command;
}

static void put_run(enum phase phase)
{
	fixture_default_plan(&control->plan);
	control->has_plan = true;
	memcpy(control->run, RUN, sizeof(RUN));
	control->machine.phase = (uint8_t)phase;
}

static int count_entries(enum journal_kind kind)
{
	int count = 0;

	while (fixture_next(&fixture, kind) != NULL)
		count++;
	return count;
}

/* Hazard 23: refused with its reason, nothing moves, the sixth in a minute is an alarm, and the alarm ends.
 */
static void unauthorised_commands_are_refused_and_counted(void **state)
{
	struct link_command command;
	char id[16];

	(void)state;
	put_run(PHASE_ISOTHERM);
	for (int i = 0; i < 6; i++) {
		struct link_reply reply;

		assert_false(is_raised(ALARM_UNAUTHORISED));
		snprintf(id, sizeof(id), "id-%d", i);
		command = make_verb(VERB_ABORT, ROLE_OBSERVER, id);
		commands_take(control, &command, -1);
		reply = last_reply();
		assert_int_equal(reply.code, REPLY_REFUSED);
		assert_non_null(strstr(reply.why, "role"));
		assert_int_equal(control->machine.phase, PHASE_ISOTHERM);
	}
	assert_true(is_raised(ALARM_UNAUTHORISED));
	control->refused_since_ns -= 61 * CLOCK_NS_PER_S;
	commands_watch_refused(control, clock_mono_ns());
	assert_false(is_raised(ALARM_UNAUTHORISED));
}

/* Hazard 23: for another run, or for a state that is no more. */
static void a_command_for_another_run_or_state_is_refused(void **state)
{
	struct link_command command = make_verb(VERB_ABORT, ROLE_SUPERVISOR, "a");

	(void)state;
	put_run(PHASE_ISOTHERM);
	memcpy(command.run, "01ARZ3NDEKTSV4RRFFQ69G5FAW", ULID_TEXT);
	commands_take(control, &command, -1);
	assert_int_equal(last_reply().code, REPLY_REFUSED);
	command = make_verb(VERB_ABORT, ROLE_SUPERVISOR, "b");
	command.state_seq = 4;
	control->publishing.decision_seq = 5;
	commands_take(control, &command, -1);
	assert_int_equal(last_reply().code, REPLY_REFUSED);
	assert_int_equal(control->machine.phase, PHASE_ISOTHERM);
	assert_int_equal(control->refused_count, 2);
	command = make_verb(VERB_ABORT, ROLE_SUPERVISOR, "c");
	command.state_seq = 5;
	memcpy(command.run, RUN, sizeof(RUN));
	commands_take(control, &command, -1);
	assert_int_equal(last_reply().code, REPLY_DONE);
	assert_int_equal(control->machine.phase, PHASE_ABORTING);
}

/* Hazard 24: the first answer again, and the act once. */
static void a_repeated_command_acts_once(void **state)
{
	struct link_command command = make_verb(VERB_HOLD, ROLE_OPERATOR, "same");
	struct link_reply reply;

	(void)state;
	put_run(PHASE_ISOTHERM);
	commands_take(control, &command, -1);
	assert_int_equal(last_reply().code, REPLY_DONE);
	assert_int_equal(control->machine.phase, PHASE_HOLD);
	assert_int_equal(count_entries(JOURNAL_COMMAND), 1);
	put_run(PHASE_ISOTHERM);
	commands_take(control, &command, -1);
	reply = last_reply();
	assert_int_equal(reply.code, REPLY_DONE);
	assert_true(reply.repeated);
	assert_int_equal(control->machine.phase, PHASE_ISOTHERM);
	assert_int_equal(count_entries(JOURNAL_COMMAND), 0);
}

/* A full disk at the start: the recorder's last entry is of the start before, and numbers begin anew in each.
 */
static void entries_of_another_start_make_nothing_durable(void **state)
{
	static const char note[] = "a test";
	struct link_committed committed = {
		.start = control->journal.start + 1, .entry = 100000, .error = -ENOSPC, .free_mib = 100};
	uint64_t before;

	(void)state;
	publish_journal(control, JOURNAL_NOTE, true, NULL, note, sizeof(note), NULL);
	before = control->journal.committed;
	control->loaded = true;
	control->recorder.message(&control->recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
	assert_int_equal(control->store_error, -ENOSPC);
	assert_int_equal(control->journal.committed, before);
	assert_true(control->journal.used > 0);
	committed.start = control->journal.start;
	committed.entry = control->journal.next_entry - 1;
	committed.error = 0;
	control->recorder.message(&control->recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
	assert_int_equal(control->journal.committed, committed.entry);
	assert_int_equal(control->journal.used, 0);
}

/* Hazard 28: an error, too little room, a late commit: each alone stops new segments and is an alarm. */
static void a_store_in_trouble_is_an_alarm(void **state)
{
	static const char note[] = "a test";

	(void)state;
	control->site.minimum_free_mib = 64;
	control->free_mib = 65;
	run_steps(2);
	assert_true(control_store_ok(control));
	assert_false(is_raised(ALARM_STORE));
	control->store_error = -ENOSPC;
	run_steps(2);
	assert_true(is_raised(ALARM_STORE));
	assert_false(control->inputs.store_ok);
	control->store_error = 0;
	control->free_mib = 63;
	assert_false(control_store_ok(control));
	control->free_mib = 65;
	run_steps(2);
	assert_true(control->inputs.store_ok);
	assert_false(is_raised(ALARM_STORE));
	publish_journal(control, JOURNAL_NOTE, true, NULL, note, sizeof(note), NULL);
	assert_true(control_store_ok(control));
	control->limits.intent_hold_s = 0; /* an entry that must be durable has waited for longer than this */
	assert_false(control_store_ok(control));
}

/* Hazard 28: a recorder that takes everything and acknowledges nothing is ended; what it had stays here. */
static void a_recorder_that_hangs_is_ended_and_nothing_is_lost(void **state)
{
	static const char note[] = "a test";
	struct worker *recorder = &control->recorder;
	size_t waiting;

	(void)state;
	/* Nothing waits: silence is no fault. */
	recorder->heard_ns = clock_mono_ns() - 31 * CLOCK_NS_PER_S;
	run_steps(1);
	assert_true(recorder->socket >= 0);
	publish_journal(control, JOURNAL_NOTE, true, NULL, note, sizeof(note), NULL);
	waiting = control->journal.used;
	recorder->heard_ns = clock_mono_ns() - 29 * CLOCK_NS_PER_S;
	run_steps(2);
	assert_true(recorder->socket >= 0);
	recorder->heard_ns = clock_mono_ns() - 31 * CLOCK_NS_PER_S;
	run_steps(2);
	assert_true(recorder->socket < 0);
	assert_true(control->journal.used >= waiting);
	assert_int_equal(control->journal.committed, 0);
}

/* To load the store takes longer, and is waited for. */
static void a_recorder_that_loads_is_waited_for(void **state)
{
	struct worker *recorder = &control->recorder;

	(void)state;
	recorder->ready = false;
	recorder->heard_ns = clock_mono_ns() - 119 * CLOCK_NS_PER_S;
	run_steps(2);
	assert_true(recorder->socket >= 0);
	recorder->heard_ns = clock_mono_ns() - 121 * CLOCK_NS_PER_S;
	run_steps(2);
	assert_true(recorder->socket < 0);
}

/* Any word of it counts. */
static void a_recorder_that_answers_is_heard(void **state)
{
	struct link_committed committed = {.start = control->journal.start};
	struct worker *recorder = &control->recorder;

	(void)state;
	recorder->heard_ns = 0;
	recorder->message(recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
	assert_true(clock_mono_ns() - recorder->heard_ns < CLOCK_NS_PER_S);
}

/* Told until the operator has decided, or has read it; a verb that is refused decides nothing. */
static void a_restart_is_told_until_the_operator_decides(void **state)
{
	static const struct {
		enum verb verb;
		enum phase phase;
		bool settles;
	} cases[] = {{VERB_ACK, PHASE_HOLD, true},    {VERB_ABORT, PHASE_HOLD, true},
		     {VERB_COOL, PHASE_HOLD, true},   {VERB_HANDOVER, PHASE_HOLD, true},
		     {VERB_HOLD, PHASE_HEAT, false},  {VERB_PAUSE, PHASE_HEAT, false},
		     {VERB_RESUME, PHASE_HEAT, true}, {VERB_RESUME, PHASE_IDLE, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct link_command command;
		char id[16];

		put_run(cases[i].phase);
		control->machine.resume_phase = PHASE_HEAT;
		publish_own_alarm(control, ALARM_RESTARTED, true, "a test");
		publish_own_alarm(control, ALARM_POWER_CUT, true, "a test");
		snprintf(id, sizeof(id), "decide-%zu", i);
		command = make_verb(cases[i].verb, ROLE_OBSERVER, id);
		commands_take(control, &command, -1);
		assert_true(is_raised(ALARM_RESTARTED));
		snprintf(id, sizeof(id), "decides-%zu", i);
		command = make_verb(cases[i].verb, ROLE_SUPERVISOR, id);
		snprintf(command.text, sizeof(command.text), "a reason");
		commands_take(control, &command, -1);
		assert_int_equal(is_raised(ALARM_RESTARTED), !cases[i].settles);
		assert_int_equal(is_raised(ALARM_POWER_CUT), !cases[i].settles);
	}
}

/* Hazard 30: ten years forth and back; told, and nothing else. */
static void a_jump_of_the_wall_clock_is_told_and_changes_nothing(void **state)
{
	static const time_t ten_years_s = 10 * 365 * 86400;
	uint64_t before;
	double lab_s;

	(void)state;
	run_steps(5);
	before = control->alarms.active;
	assert_false(is_raised(ALARM_CLOCK_JUMP));
	for (int sign = -1; sign <= 1; sign += 2) {
		uint8_t phase = control->machine.phase;

		lab_s = control_lab_s(control);
		wall_shift_s = sign * ten_years_s;
		run_steps(5);
		assert_true(is_raised(ALARM_CLOCK_JUMP));
		assert_true(control_lab_s(control) >= lab_s && control_lab_s(control) - lab_s < 1000);
		assert_int_equal(control->machine.phase, phase);
		assert_int_equal(control->alarms.active & ~(UINT64_C(1) << ALARM_CLOCK_JUMP) &
					 ~(UINT64_C(1) << ALARM_STEP_LATE),
				 before);
	}
	control->clock_jump_ns -= 61 * CLOCK_NS_PER_S;
	run_steps(2);
	assert_false(is_raised(ALARM_CLOCK_JUMP));
}

/* Hazard 31: half a second is an alarm, and it ends with the next step on time. */
static void a_late_step_is_an_alarm(void **state)
{
	(void)state;
	control->limits.step_late_ms = 500;
	run_steps(2);
	control->clock.due_ns -= 501 * INT64_C(1000000);
	run_steps(1);
	assert_true(control->clock.late_ms > 500);
	assert_true(control->inputs.step_late);
	assert_true(is_raised(ALARM_STEP_LATE));
}

/* Hazards 27 and 31: the watchdog is fed by a step on time, and not by one that is 2 s late. */
static void a_late_step_does_not_feed_the_watchdog(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[64] = "";
	socklen_t length;
	int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)state;
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     (size_t)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
					      "densd-test-%d", (int)getpid()));
	assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, length), 0);
	address.sun_path[0] = '@';
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "5000000", 1);
	unsetenv("WATCHDOG_PID");
	notify_watchdog(10 * CLOCK_NS_PER_S, 2001, 2000);
	assert_true(recv(socket_fd, text, sizeof(text) - 1, 0) < 0);
	notify_watchdog(10 * CLOCK_NS_PER_S, 1999, 2000);
	assert_true(recv(socket_fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "WATCHDOG=1");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(socket_fd);
}

/* Hazard 36: a run knows the site file it was checked with, and says when it is served under another. */
static void another_site_file_in_mid_run_is_told(void **state)
{
	struct limits limits;

	(void)state;
	put_run(PHASE_HOLD);
	strcpy(control->site.sha256, "aa");
	strcpy(control->plan.site_sha256, "aa");
	limits = control->plan.limits;
	run_steps(2);
	assert_false(is_raised(ALARM_CONFIG_CHANGED));
	strcpy(control->site.sha256, "bb");
	control->site.limits.runaway_band_k = 50;
	run_steps(2);
	assert_true(is_raised(ALARM_CONFIG_CHANGED));
	assert_memory_equal(&control->plan.limits, &limits, sizeof(limits));
	control->machine.phase = PHASE_IDLE;
	run_steps(2);
	assert_false(is_raised(ALARM_CONFIG_CHANGED));
}

/* Hazards 9 and 15: the line's trouble is an alarm of its own, for five seconds at least. */
static void trouble_on_a_line_is_an_alarm(void **state)
{
	static const struct {
		uint8_t fault;
		enum alarm alarm;
	} cases[] = {{CAUSE_MISMATCH, ALARM_DESYNC},
		     {CAUSE_QUARANTINE, ALARM_DESYNC},
		     {CAUSE_LINK, ALARM_ADAPTER_LOST}};

	(void)state;
	control->site.bus_count = 1;
	control->reports[0].count = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		control->reports[0].reports[0].fault = CAUSE_NONE;
		control->desync_ns = control->adapter_ns = 0;
		run_steps(2);
		assert_false(is_raised(cases[i].alarm));
		control->reports[0].reports[0].fault = cases[i].fault;
		run_steps(2);
		assert_true(is_raised(cases[i].alarm));
		control->reports[0].reports[0].fault = CAUSE_NONE;
		run_steps(2);
		assert_true(is_raised(cases[i].alarm));
	}
}

/* Hazard 33: half of the gateway's descriptors; the run does not look at it. */
static void a_flood_of_connections_is_an_alarm(void **state)
{
	struct link_gateway_load load = {.descriptors = 512, .descriptors_most = 1024};

	(void)state;
	put_run(PHASE_ISOTHERM);
	control->gateway.message(&control->gateway, LINK_GATEWAY_LOAD, &load, sizeof(load), -1);
	assert_false(is_raised(ALARM_FLOOD));
	load.descriptors = 513;
	load.refused = 6;
	control->gateway.message(&control->gateway, LINK_GATEWAY_LOAD, &load, sizeof(load), -1);
	assert_true(is_raised(ALARM_FLOOD));
	assert_true(is_raised(ALARM_UNAUTHORISED));
	assert_int_equal(control->machine.phase, PHASE_ISOTHERM);
	load.descriptors = 20;
	control->gateway.message(&control->gateway, LINK_GATEWAY_LOAD, &load, sizeof(load), -1);
	assert_false(is_raised(ALARM_FLOOD));
	assert_int_equal(control->refused_count, 6);
}

#define HAZARD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the watchdog's environment is looked at once. */
		HAZARD_TEST(a_late_step_does_not_feed_the_watchdog),
		HAZARD_TEST(unauthorised_commands_are_refused_and_counted),
		HAZARD_TEST(a_command_for_another_run_or_state_is_refused),
		HAZARD_TEST(a_repeated_command_acts_once),
		HAZARD_TEST(entries_of_another_start_make_nothing_durable),
		HAZARD_TEST(a_store_in_trouble_is_an_alarm),
		HAZARD_TEST(a_recorder_that_hangs_is_ended_and_nothing_is_lost),
		HAZARD_TEST(a_recorder_that_loads_is_waited_for),
		HAZARD_TEST(a_recorder_that_answers_is_heard),
		HAZARD_TEST(a_restart_is_told_until_the_operator_decides),
		HAZARD_TEST(a_jump_of_the_wall_clock_is_told_and_changes_nothing),
		HAZARD_TEST(a_late_step_is_an_alarm),
		HAZARD_TEST(another_site_file_in_mid_run_is_told),
		HAZARD_TEST(trouble_on_a_line_is_an_alarm),
		HAZARD_TEST(a_flood_of_connections_is_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
