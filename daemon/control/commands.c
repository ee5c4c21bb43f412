/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/site_judge.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/commands_parts.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"
#include "daemon/control/submit.h"

#define MINUTE_NS (60 * CLOCK_NS_PER_S)

static struct plan submitted[PLAN_QUEUE_MAX]; /* too large for the stack; one command is handled at a time */

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool is_well_formed(const struct link_command *command)
{
	return command->kind < COMMAND_MAX && command->role < ROLE_MAX && is_text(command->client, LINK_ID) &&
	       is_text(command->request_id, LINK_ID) && is_text(command->run, ULID_TEXT) &&
	       is_text(command->text, MACHINE_WHY) && is_text(command->device, sizeof(command->device)) &&
	       command->client[0] != '\0' && command->request_id[0] != '\0' &&
	       (command->kind != COMMAND_VERB || command->verb < VERB_MAX);
}

static void send_reply(struct control *control, uint32_t route, const struct journal_command *command,
		       bool repeated)
{
	struct worker *gateway = &control->gateway;
	struct link_reply reply = {
		.route = route, .code = command->code, .repeated = repeated, .run_count = command->run_count};
	int r;

	if (gateway->socket < 0)
		return;
	memcpy(reply.request_id, command->request_id, LINK_ID);
	memcpy(reply.why, command->why, MACHINE_WHY);
	memcpy(reply.run, command->run, ULID_TEXT);
	memcpy(reply.runs[0], command->run, ULID_TEXT);
	for (uint32_t i = 1; i < command->run_count && i < PLAN_QUEUE_MAX; i++)
		queue_next_ulid(reply.runs[i - 1], reply.runs[i]);
	publish_build_state(control, &reply.state);
	r = outbox_send(&control->outbox, gateway->socket, &gateway->seq, LINK_REPLY, &reply, sizeof(reply),
			-1, true);
	if (r == -EAGAIN)
		worker_wait_writable(gateway);
	else if (r < 0)
		worker_kill(gateway, strerror(-r));
}

static bool repeat_answer(struct control *control, const struct link_command *command)
{
	const struct dedup_answer *known = dedup_find(&control->dedup, command->client, command->request_id);
	struct journal_command answer = {0};

	for (int i = 0; i < CONTROL_PENDING_MAX; i++) {
		struct pending_command *pending = &control->pending[i];

		if (!pending->used || strcmp(pending->command.client, command->client) != 0 ||
		    strcmp(pending->command.request_id, command->request_id) != 0)
			continue;
		pending->route = command->route;
		return true;
	}
	if (!known)
		return false;
	answer.code = known->code;
	answer.run_count = known->run_count;
	memcpy(answer.request_id, known->request_id, LINK_ID);
	memcpy(answer.run, known->run, ULID_TEXT);
	memcpy(answer.why, known->why, MACHINE_WHY);
	send_reply(control, command->route, &answer, true);
	return true;
}

static struct pending_command *free_pending(struct control *control)
{
	for (int i = 0; i < CONTROL_PENDING_MAX; i++)
		if (!control->pending[i].used)
			return &control->pending[i];
	return NULL;
}

struct answer commands_refuse(const char *why)
{
	struct answer answer = {.code = ANSWER_REFUSED};

	snprintf(answer.why, sizeof(answer.why), "%s", why);
	return answer;
}

void commands_watch_refused(struct control *control, int64_t now_ns)
{
	if (control->refused_count == 0 || now_ns - control->refused_since_ns <= MINUTE_NS)
		return;
	control->refused_count = 0;
	publish_own_alarm(control, ALARM_UNAUTHORISED, false, "no more refused commands");
}

void commands_count_refused(struct control *control, uint64_t count)
{
	int64_t now_ns = clock_mono_ns();
	char text[MACHINE_WHY];

	commands_watch_refused(control, now_ns);
	if (count == 0)
		return;
	if (control->refused_count == 0)
		control->refused_since_ns = now_ns;
	control->refused_count += (uint32_t)(count < UINT16_MAX ? count : UINT16_MAX);
	if (control->refused_count <= control->limits.refused_per_minute)
		return;
	snprintf(text, sizeof(text),
		 "more than %.0f commands a minute without the right to them, or for another run or state; "
		 "each "
		 "was refused. Find out who sends them",
		 control->limits.refused_per_minute);
	publish_own_alarm(control, ALARM_UNAUTHORISED, true, text);
}

struct answer commands_refuse_role(struct control *control, enum role least)
{
	struct answer answer = {.code = ANSWER_REFUSED};

	commands_count_refused(control, 1);
	snprintf(answer.why, sizeof(answer.why), "this needs the role %s; the site file gives roles",
		 role_name(least));
	return answer;
}

/* Nothing was decided since the client looked. */
static bool is_same_state(const struct control *control, const struct link_command *command,
			  struct answer *ret_answer)
{
	if (command->state_seq != 0 && command->state_seq < control->publishing.decision_seq) {
		ret_answer->code = ANSWER_REFUSED;
		snprintf(ret_answer->why, MACHINE_WHY,
			 "the state has changed since sequence %llu (now %llu): look again",
			 (unsigned long long)command->state_seq,
			 (unsigned long long)control->publishing.decision_seq);
		return false;
	}
	return true;
}

/* The run and the state that the client meant are still the ones at hand. */
static bool is_current(const struct control *control, const struct link_command *command,
		       struct answer *ret_answer)
{
	if (command->run[0] != '\0' && strcmp(command->run, control->run) != 0) {
		ret_answer->code = ANSWER_REFUSED;
		snprintf(ret_answer->why, MACHINE_WHY, "run %s is not on the press; %s is", command->run,
			 control->run[0] ? control->run : "none");
		return false;
	}
	return is_same_state(control, command, ret_answer);
}

/* That densd was away is over when somebody has decided what follows from it, or has read it. */
static void settle_restart(struct control *control, enum verb verb)
{
	static const uint32_t decides = UINT32_C(1) << VERB_RESUME | UINT32_C(1) << VERB_ABORT |
					UINT32_C(1) << VERB_COOL | UINT32_C(1) << VERB_HANDOVER |
					UINT32_C(1) << VERB_ACK | UINT32_C(1) << VERB_RESET;

	if (!(decides >> verb & 1))
		return;
	publish_own_alarm(control, ALARM_RESTARTED, false, "the operator has read or decided it");
	publish_own_alarm(control, ALARM_POWER_CUT, false, "the operator has read or decided it");
}

static struct answer do_verb(struct control *control, const struct link_command *command)
{
	struct event event = {.kind = EVENT_VERB,
			      .verb = (enum verb)command->verb,
			      .role = (enum role)command->role,
			      .text = command->text};
	struct answer answer = {0};
	bool own = command->verb == VERB_ACK && (control->alarms.active & ~control->alarms.acknowledged) != 0;

	if (command->role < verb_role((enum verb)command->verb))
		return commands_refuse_role(control, verb_role((enum verb)command->verb));
	if (!is_current(control, command, &answer)) {
		commands_count_refused(control, 1);
		return answer;
	}
	if (control->recovering.active)
		return commands_refuse(
			"densd is still reading the instruments after its start: try again in a moment");
	perform_event(control, &event, &answer);
	if (own) {
		control->alarms.acknowledged |= control->alarms.active;
		control->publishing.state_dirty = true;
		if (answer.code == ANSWER_REFUSED)
			answer = (struct answer){.code = ANSWER_DONE,
						 .why = "densd's own alarms are acknowledged"};
	}
	if (answer.code != ANSWER_REFUSED)
		settle_restart(control, (enum verb)command->verb);
	return answer;
}

/* All of them or none: the caller has seen that queue and journal have room, and the command that follows
 * closes their transaction. */
static int queue_runs(struct control *control, const struct link_command *command, int fd,
		      struct journal_command *record)
{
	char run[ULID_TEXT];
	int r = ulid_make(run);

	for (uint32_t i = 0; r == 0 && i < command->plan_count; i++) {
		struct link_queue_item item = {.position = queue_next_position(&control->queue),
					       .plan = submitted[i]};
		struct journal_entry entry = {.kind = JOURNAL_RUN_QUEUED,
					      .now = true,
					      .more = true,
					      .run = run,
					      .t_lab_s = control_lab_s(control)};
		uint64_t number;

		memcpy(item.run, run, ULID_TEXT);
		entry.body = &item;
		entry.length = sizeof(item);
		entry.fd = i == 0 ? fd : -1;
		r = journal_add(&control->journal, &entry, &number);
		if (r == 0)
			r = queue_add(&control->queue, &item);
		if (i == 0)
			memcpy(record->run, run, ULID_TEXT);
		queue_next_ulid(run, run);
		record->run_count = i + 1;
	}
	return r;
}

static struct answer do_submit(struct control *control, const struct link_command *command, int fd,
			       struct journal_command *record)
{
	struct answer answer = {.code = ANSWER_REFUSED};
	uint32_t waiting = queue_count_waiting(&control->queue);
	char text[MACHINE_WHY];

	if (command->role < ROLE_OPERATOR)
		return commands_refuse_role(control, ROLE_OPERATOR);
	if (!control->recorder.ready)
		return commands_refuse(
			"the recorder is not there, a run could not be kept safe: try again in a moment");
	if (control_store_trouble(control, text, sizeof(text)) > 0) {
		snprintf(answer.why, MACHINE_WHY,
			 "%.120s; a run could not be kept safe: put that right first", text);
		return answer;
	}
	if (submit_read_plans(fd, command, submitted, answer.why) < 0)
		return answer;
	if (waiting + command->plan_count > PLAN_QUEUE_MAX ||
	    control->queue.count + command->plan_count > QUEUE_ITEMS_MAX) {
		snprintf(answer.why, MACHINE_WHY,
			 "%u run(s) asked for, %u wait already, at most %d may: none is queued; cancel some "
			 "or wait",
			 command->plan_count, waiting, PLAN_QUEUE_MAX);
		return answer;
	}
	if (site_judge_now(&control->site, clock_wall_us() / 1000000, answer.why, MACHINE_WHY) < 0)
		return answer;
	for (uint32_t i = 0; i < command->plan_count; i++)
		if (submit_check_plan(&control->site, &submitted[i], answer.why) < 0)
			return answer;
	if (wear_check_plans(control, submitted, command->plan_count, answer.why) < 0)
		return answer;
	if (!journal_has_room(&control->journal, command->plan_count, sizeof(struct link_queue_item)))
		return commands_refuse(
			"the journal has no room for these runs now: none is queued, try again in a moment");
	if (queue_runs(control, command, fd, record) < 0)
		return commands_refuse("the journal failed: look at densctl queue before you submit again");
	snprintf(answer.why, MACHINE_WHY, "%u run(s) queued", record->run_count);
	answer.code = ANSWER_DONE;
	control->publishing.state_dirty = true;
	return answer;
}

static struct answer do_confirm(struct control *control, const struct link_command *command)
{
	struct answer answer = {0};

	if (command->role < ROLE_OPERATOR)
		return commands_refuse_role(control, ROLE_OPERATOR);
	if (!is_same_state(control, command, &answer))
		return answer;
	if (command->run[0] != '\0' && strcmp(command->run, control->scan_run) != 0) {
		snprintf(answer.why, MACHINE_WHY, "run %s is not on the calorimeter; %s is", command->run,
			 control->section[0] ? control->scan_run : "none");
		answer.code = ANSWER_REFUSED;
		return answer;
	}
	sections_confirm(control, command->text, &answer);
	return answer;
}

static struct answer do_cancel(struct control *control, const struct link_command *command)
{
	struct answer answer = {.code = ANSWER_DONE};
	struct link_queue_item *item = queue_find(&control->queue, command->run);

	if (command->role < ROLE_OPERATOR)
		return commands_refuse_role(control, ROLE_OPERATOR);
	if (!is_same_state(control, command, &answer))
		return answer;
	if (command->run[0] == '\0' && control->section[0] != '\0' &&
	    strcmp(command->text, control->section) == 0) {
		sections_cancel_current(control, "cancelled by the operator", &answer);
		return answer;
	}
	if (!item)
		return commands_refuse("no such run in the queue; densctl queue shows them");
	snprintf(answer.why, sizeof(answer.why), "cancelled");
	if (item->densification == OUTCOME_COMPLETED) {
		sections_cancel_run(control, item, "sections cancelled by the operator");
	} else if (!item->started) {
		item->densification = item->calorimetry = OUTCOME_ABORTED;
		perform_update_run(control, item, "cancelled by the operator before its start");
		queue_drop_ended(&control->queue);
	} else {
		return commands_refuse("that run is on the press: use densctl abort");
	}
	control->publishing.state_dirty = true;
	return answer;
}

static struct answer act(struct control *control, const struct link_command *command, int fd,
			 struct journal_command *record)
{
	switch ((enum command_kind)command->kind) {
	case COMMAND_SUBMIT:
		return do_submit(control, command, fd, record);
	case COMMAND_VERB:
		return do_verb(control, command);
	case COMMAND_CONFIRM_SECTION:
		return do_confirm(control, command);
	case COMMAND_CANCEL:
		return do_cancel(control, command);
	case COMMAND_CAPTURE:
		return commands_do_capture(control, command);
	case COMMAND_REPLACED:
		return commands_do_replaced(control, command);
	case COMMAND_DEVICES:
	case COMMAND_STATUS:
	case COMMAND_MAX:
		break;
	}
	return (struct answer){.code = ANSWER_DONE};
}

static void begin_record(const struct link_command *command, struct journal_command *ret_record)
{
	*ret_record =
		(struct journal_command){.kind = command->kind, .verb = command->verb, .role = command->role};
	memcpy(ret_record->client, command->client, LINK_ID);
	memcpy(ret_record->request_id, command->request_id, LINK_ID);
	memcpy(ret_record->run, command->run, ULID_TEXT);
	memcpy(ret_record->text, command->text, MACHINE_WHY);
	/* The record says which device: the reason's end gives way. */
	if (command->kind == COMMAND_REPLACED)
		snprintf(ret_record->text, MACHINE_WHY, "%s: %.160s", command->device, command->text);
}

/* Journals the answer with the act; it is sent when durable, or at once for what stops, refuses or finds no
 * journal. */
static void finish(struct control *control, uint32_t route, const struct journal_command *record,
		   struct pending_command *pending)
{
	bool stops = record->kind == COMMAND_VERB && verb_is_stopping((enum verb)record->verb);
	uint64_t entry;
	int r = publish_journal(control, JOURNAL_COMMAND, true, NULL, record, sizeof(*record), &entry);

	if (r < 0 || stops || record->code != REPLY_DONE) {
		dedup_add(&control->dedup, record);
		send_reply(control, route, record, false);
		return;
	}
	*pending = (struct pending_command){.used = true, .entry = entry, .route = route, .command = *record};
	control->pending_count++;
}

static void handle(struct control *control, const struct link_command *command, int fd)
{
	struct pending_command *pending = free_pending(control);
	struct journal_command record;
	struct answer answer;

	begin_record(command, &record);
	if (command->kind == COMMAND_STATUS || !pending) {
		record.code = command->kind == COMMAND_STATUS ? REPLY_DONE : REPLY_BUSY;
		if (record.code == REPLY_BUSY)
			snprintf(record.why, MACHINE_WHY,
				 "too many commands wait for the store: repeat in a moment");
		send_reply(control, command->route, &record, false);
		return;
	}
	answer = act(control, command, fd, &record);
	record.code = answer.code == ANSWER_REFUSED ? REPLY_REFUSED : REPLY_DONE;
	memcpy(record.why, answer.why, MACHINE_WHY);
	log_notice("command %s by %s (%s): %s%s%s",
		   link_command_name((enum command_kind)command->kind, (enum verb)command->verb),
		   command->client, role_name((enum role)command->role),
		   record.code == REPLY_DONE ? "done" : "refused", record.why[0] ? ": " : "", record.why);
	finish(control, command->route, &record, pending);
}

void commands_take(struct control *control, const struct link_command *command, int fd)
{
	struct journal_command record = {.code = REPLY_INVALID, .why = "the command is not well formed"};

	if (!is_well_formed(command))
		send_reply(control, command->route, &record, false);
	else if (command->kind == COMMAND_DEVICES)
		commands_tell_devices(control, command);
	else if (command->kind == COMMAND_STATUS || !repeat_answer(control, command))
		handle(control, command, fd);
	if (fd >= 0)
		close(fd);
}

void commands_refuse_resume(struct control *control, const char *why)
{
	for (int i = 0; i < CONTROL_PENDING_MAX; i++) {
		struct journal_command *command = &control->pending[i].command;

		if (!control->pending[i].used || command->kind != COMMAND_VERB ||
		    command->verb != VERB_RESUME)
			continue;
		command->code = REPLY_REFUSED;
		snprintf(command->why, sizeof(command->why), "%s", why);
	}
}

void commands_durable(struct control *control, uint64_t entry)
{
	for (int i = 0; control->pending_count > 0 && i < CONTROL_PENDING_MAX; i++) {
		struct pending_command *pending = &control->pending[i];

		if (!pending->used || pending->entry > entry)
			continue;
		pending->used = false;
		control->pending_count--;
		dedup_add(&control->dedup, &pending->command);
		send_reply(control, pending->route, &pending->command, false);
	}
}
