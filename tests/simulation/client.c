/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/client.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/simulation/world.h"

#define LOOK_S 30.0
#define LOOK_QUIET_S 10.0

void client_init(struct client *ret_client)
{
	memset(ret_client, 0, sizeof(*ret_client));
	ret_client->next_look_s = 20;
}

static void draw_calorimetry(struct plan_calorimetry *ret_calorimetry)
{
	static const double rates[] = {1000, 3000, 10000};

	*ret_calorimetry = (struct plan_calorimetry){.present = true,
						     .rate_count = 1 + chance_pick(&world.chance, 2),
						     .sections_per_rate = 1 + chance_pick(&world.chance, 2),
						     .start_k = 300,
						     .end_k = 850,
						     .reference_cooling_k_per_s = 200,
						     .purge_ml_per_min = 80};
	for (uint32_t i = 0; i < ret_calorimetry->rate_count; i++)
		ret_calorimetry->rate_k_per_s[i] = rates[i];
}

void client_draw_plan(struct plan *ret_plan)
{
	struct chance *chance = &world.chance;
	static const double temperatures_k[] = {298, 420, 573, 643, 690, 298};

	*ret_plan = (struct plan){.name = "simulated",
				  .material = "Vit4",
				  .material_tg_k = 596,
				  .reference = chance_is(chance, 0.1),
				  .temperature_k = temperatures_k[chance_pick(chance, 6)],
				  .isotherm_s = chance_between(chance, 30, 900),
				  .compression_gpa_per_s = chance_between(chance, 0.002, 0.006),
				  .decompression_gpa_per_s = chance_between(chance, 0.002, 0.006),
				  .heating_k_per_s = chance_between(chance, 0.15, 0.34),
				  .cooling_k_per_s = chance_between(chance, 0.15, 0.34),
				  .soak_band_k = 2,
				  .holdback_temperature_k = 5,
				  .holdback_pressure_gpa = 0.05,
				  .holdback_limit_s = 60 * pow(30, chance_unit(chance)),
				  .resume_after_trip = chance_is(chance, 0.3),
				  .recovery = chance_is(chance, 0.8) ? world.site.recovery : RECOVERY_HOLD,
				  .loading = world.site.loading,
				  .limits = world.site.limits};
	ret_plan->pressure_gpa = ret_plan->reference ? PLAN_ATM_GPA : chance_between(chance, 0.6, 7);
	if (ret_plan->reference && ret_plan->temperature_k < 400)
		ret_plan->temperature_k = 573;
	/* A protocol may be stricter than its site. */
	if (chance_is(chance, 0.3))
		ret_plan->limits.hot_hold_limit_s = chance_between(chance, 60, 900);
	/* Short ones, so that a night gets to its scans. */
	if (!ret_plan->reference && chance_is(chance, 0.4))
		ret_plan->pressure_gpa = chance_between(chance, 0.5, 1.2);
	if (chance_is(chance, 0.5))
		draw_calorimetry(&ret_plan->calorimetry);
	memcpy(ret_plan->site_sha256, world.site.sha256, sizeof(ret_plan->site_sha256));
	memcpy(ret_plan->calibrations_sha256, world.site.calibrations_sha256,
	       sizeof(ret_plan->calibrations_sha256));
}

/* What a site may not do, whoever asks for it (row 35). */
static void spoil_plan(struct plan *plan)
{
	struct chance *chance = &world.chance;

	switch (chance_pick(chance, 4)) {
	case 0:
		plan->reference = false;
		plan->pressure_gpa = chance_between(chance, 7.3, 20);
		break;
	case 1:
		plan->temperature_k = chance_between(chance, 730, 2000);
		break;
	case 2:
		plan->heating_k_per_s = chance_between(chance, 0.6, 100);
		break;
	default:
		plan->limits.release_temperature_k += chance_between(chance, 1, 300);
		break;
	}
}

static int make_memfd(const struct plan *plan)
{
	struct submit_header header = {.count = 1};
	int fd = memfd_create("submit", MFD_CLOEXEC);

	if (fd < 0 || write(fd, &header, sizeof(header)) != (ssize_t)sizeof(header) ||
	    write(fd, plan, sizeof(*plan)) != (ssize_t)sizeof(*plan))
		checker_violate(&world.checker, "I20", "no memory file for a submit");
	return fd;
}

static void deliver(const struct link_command *command, int fd)
{
	struct worker *gateway = &world.control->gateway;

	world.in_control = true;
	gateway->message(gateway, LINK_COMMAND, command, sizeof(*command), fd);
	world.in_control = false;
}

static bool is_reachable(void)
{
	return world.up && !world.dead && world.control->gateway.socket >= 0 && world.control->loaded;
}

/* Gives it the next request id and sends it. */
static void ask_so(struct client *client, struct link_command *command, bool impossible)
{
	struct client_answer *slot = &client->answers[client->numbers % CLIENT_ANSWERS];
	struct plan plan;
	int fd = -1;

	if (!is_reachable())
		return;
	snprintf(command->client, LINK_ID, "operator");
	snprintf(command->request_id, LINK_ID, "request-%u", client->numbers);
	command->route = client->numbers++;
	if (command->kind == COMMAND_SUBMIT) {
		client_draw_plan(&plan);
		if (impossible)
			spoil_plan(&plan);
		fd = make_memfd(&plan);
		command->plan_count = 1;
	}
	*slot = (struct client_answer){.used = true, .impossible = impossible, .command = *command};
	if (world.plant == PLANT_STRANGER)
		command->role = ROLE_SUPERVISOR;
	deliver(command, fd);
}

static void ask(struct client *client, struct link_command *command)
{
	ask_so(client, command, false);
}

static void use_verb(struct client *client, enum verb verb, enum role role)
{
	struct link_command command = {.kind = COMMAND_VERB, .verb = (uint8_t)verb, .role = (uint8_t)role};

	snprintf(command.text, sizeof(command.text), "simulated");
	world_tell("operator: %s as %s", verb_name(verb), role_name(role));
	ask(client, &command);
}

static void repeat(struct client *client)
{
	uint32_t have = client->numbers < CLIENT_ANSWERS ? client->numbers : CLIENT_ANSWERS;
	struct client_answer *slot;

	if (have == 0 || !is_reachable())
		return;
	slot = &client->answers[chance_pick(&world.chance, have)];
	if (!slot->used || slot->command.kind == COMMAND_SUBMIT)
		return;
	world_tell("operator: repeats %s", slot->command.request_id);
	deliver(&slot->command, -1);
}

void client_strike(struct client *client, enum trouble_kind kind)
{
	struct chance *chance = &world.chance;

	if (kind == TROUBLE_VERBS)
		use_verb(client, (enum verb)chance_pick(chance, VERB_MAX),
			 chance_is(chance, 0.5) ? ROLE_OPERATOR : ROLE_SUPERVISOR);
	if (kind == TROUBLE_STRANGERS)
		for (uint32_t i = chance_pick(chance, 10); i < 10; i++)
			use_verb(client, (enum verb)chance_pick(chance, VERB_MAX),
				 chance_is(chance, 0.5) ? ROLE_NONE : ROLE_OBSERVER);
	if (kind == TROUBLE_DUPLICATES)
		repeat(client);
	if (kind == TROUBLE_IMPOSSIBLE)
		ask_so(client, &(struct link_command){.kind = COMMAND_SUBMIT, .role = ROLE_OPERATOR}, true);
}

static void confirm(struct client *client)
{
	struct link_command command = {.kind = COMMAND_CONFIRM_SECTION, .role = ROLE_OPERATOR};

	memcpy(command.text, client->state.section, sizeof(client->state.section));
	ask(client, &command);
}

/* People change their minds: a run that goes well is stopped as well. */
static void change_mind(struct client *client)
{
	static const enum verb verbs[] = {VERB_ABORT, VERB_HOLD, VERB_PAUSE, VERB_COOL};
	uint8_t phase = client->state.phase;

	if (phase >= PHASE_PREFLIGHT && phase <= PHASE_DECOMPRESS && chance_is(&world.chance, 0.03))
		use_verb(client, verbs[chance_pick(&world.chance, 4)], ROLE_OPERATOR);
}

/* What a careful operator does when he comes by. */
static void look(struct client *client)
{
	const struct state_body *state = &client->state;
	struct link_command submit = {.kind = COMMAND_SUBMIT, .role = ROLE_OPERATOR};
	struct chance *chance = &world.chance;

	if (state->queued == 0 && chance_is(chance, 0.3))
		ask(client, &submit);
	if (trouble_is_on(&world.trouble, TROUBLE_NO_CONFIRM))
		return;
	if (state->phase == PHASE_WAIT_CAPSULE)
		use_verb(client, VERB_CONFIRM_CAPSULE, ROLE_OPERATOR);
	if (state->scan_phase == SCAN_WAIT_LOAD && state->section[0] != '\0')
		confirm(client);
	/* The notice of a jump asks for nothing. */
	if (state->phase == PHASE_TRIPPED ||
	    state->alarms_active & ~state->alarms_acknowledged & ~(UINT64_C(1) << ALARM_CLOCK_JUMP))
		use_verb(client, VERB_ACK, ROLE_OPERATOR);
	if (state->phase == PHASE_TRIPPED)
		use_verb(client, chance_is(chance, 0.1) ? VERB_HANDOVER : VERB_RESET, ROLE_SUPERVISOR);
	if (state->phase == PHASE_HOLD || state->phase == PHASE_RECOVERY_WAIT)
		use_verb(client,
			 chance_is(chance, 0.7)   ? VERB_RESUME
			 : chance_is(chance, 0.5) ? VERB_COOL
						  : VERB_ABORT,
			 ROLE_OPERATOR);
	if (state->phase == PHASE_COOL && chance_is(chance, 0.02))
		use_verb(client, VERB_ABORT, ROLE_OPERATOR);
	if ((state->phase == PHASE_HOLD || state->phase == PHASE_RECOVERY_WAIT) && chance_is(chance, 0.03))
		use_verb(client, VERB_HANDOVER, ROLE_SUPERVISOR);
	change_mind(client);
}

/* The gateway's own report, once a second: what a flood of connections is told by (row 33). */
static void report_load(struct client *client, double t_s)
{
	bool flood = trouble_is_on(&world.trouble, TROUBLE_FLOOD);
	struct link_gateway_load load = {.descriptors = flood ? 900 : 20, .descriptors_most = 1024};
	struct worker *gateway = &world.control->gateway;

	if (t_s < client->next_load_s || !is_reachable())
		return;
	client->next_load_s = t_s + 1;
	world.in_control = true;
	gateway->message(gateway, LINK_GATEWAY_LOAD, &load, sizeof(load), -1);
	world.in_control = false;
}

void client_step(struct client *client, double t_s)
{
	report_load(client, t_s);
	if (t_s < client->next_look_s || !client->has_state)
		return;
	client->next_look_s =
		t_s + (t_s > world.trouble.quiet_s ? LOOK_QUIET_S : chance_wait(&world.chance, 10 * LOOK_S));
	if (is_reachable())
		look(client);
}

static void take_reply(struct client *client, const struct link_reply *reply)
{
	struct client_answer *slot = &client->answers[reply->route % CLIENT_ANSWERS];

	if (!slot->used || strcmp(slot->command.request_id, reply->request_id) != 0)
		return;
	world_tell("reply to %s: %s%s%s", reply->request_id, reply->code == REPLY_DONE ? "done" : "refused",
		   reply->why[0] ? ": " : "", reply->why);
	checker_reply(&world.checker, slot, reply);
	slot->answered = true;
	slot->code = reply->code;
}

void client_take(struct client *client, uint16_t type, const void *body, size_t length)
{
	const struct publication *publication = body;

	if (type == LINK_REPLY && length == sizeof(struct link_reply))
		take_reply(client, body);
	if (type != LINK_PUBLISH || length != sizeof(*publication))
		return;
	checker_publication(&world.checker, publication);
	if (world.plant == PLANT_LEAK && publication->topic == TOPIC_STATE && publication->seq % 1000 == 0)
		(void)!dup(0);
	if (publication->topic != TOPIC_STATE)
		return;
	client->state = publication->state;
	client->state_seq = publication->seq;
	client->has_state = true;
}
