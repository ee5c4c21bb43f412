/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl capture and playback. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/capture_text.h"
#include "drivers/driver.h"
#include "tools/densctl/client.h"
#include "tools/densctl/field/playback.h"
#include "tools/densctl/field/playback_clock.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"

#define DEFAULT_S 60
#define LONGEST_S 3600

int capture_run(const struct options *options)
{
	json_object *request, *reply;
	int64_t seconds;
	int r = option_integer(options, OPTION_FOR, 1, LONGEST_S, DEFAULT_S, &seconds);

	if (r != DENSCTL_OK)
		return r;
	request = json_request("capture");
	json_add_text(request, "bus", options->arguments[0]);
	json_object_object_add(request, "seconds", json_object_new_int64(seconds));
	r = client_ask(options, request, &reply);
	if (r != DENSCTL_OK)
		return r;
	if (option_given(options, OPTION_JSON))
		json_print(reply, stdout);
	else
		printf("%s\n", json_text(reply, "why", "done"));
	json_object_put(reply);
	return DENSCTL_OK;
}

#define LONGEST_LAB_S 1e12

struct player {
	struct playback *playback;
	const struct driver_ops *drivers[BUS_DEVICES_MAX];
	void *states[BUS_DEVICES_MAX];
	struct demand demands[BUS_DEVICES_MAX];
	json_object *list;
	uint32_t same, other;
	bool quiet;
	bool restored[BUS_DEVICES_MAX]; /* the driver knows what the one of then knew */
	bool known[BUS_DEVICES_MAX];    /* by the driver of then, when the capture began */
	uint32_t cut_seq;               /* the cycle from which on the recording is written to @cut */
	FILE *cut;                      /* NULL: it is not, or has been */
	bool acquainting;
	double ahead_s;                 /* of the first cycle, in laboratory time, while acquainting */
	uint8_t acquainting_mode;       /* of the furnace */
	char contactor[16];             /* its state in the first report; empty: there is none */
	bool watching[BUS_DEVICES_MAX]; /* observes until the recorded driver writes */
};

static int begin_drivers(struct player *player)
{
	struct bus_config *config = &player->playback->config;

	for (uint32_t i = 0; i < config->device_count; i++) {
		const struct profile *profile = &config->devices[i].profile;
		struct driver_setup setup = {.config = config, .device = i};
		int r;

		if (profile_bus_is_text(config->kind))
			setup.text = &player->playback->serial;
		else
			setup.modbus = &player->playback->modbus.modbus;
		if (config->contactor.fitted)
			setup.contactor = &player->playback->contactor.modbus;
		player->drivers[i] =
			registry_find((enum device_kind)profile->kind, profile->protocol, profile->driver);
		player->states[i] = player->drivers[i] ? calloc(1, player->drivers[i]->state_size) : NULL;
		if (!player->states[i] || player->drivers[i]->init(player->states[i], &setup) < 0)
			return fprintf(stderr, "densctl playback: no driver for device %s of this capture\n",
				       config->devices[i].name),
			       -1;
		r = playback_restore(player->playback, i, player->drivers[i], player->states[i]);
		if (r < 0)
			return r;
		player->restored[i] = r > 0;
		player->demands[i].kind = profile->kind;
		player->demands[i].wear_allowance = UINT32_MAX; /* what was sent then is compared */
	}
	return 0;
}

static void end_drivers(struct player *player)
{
	for (uint32_t i = 0; i < BUS_DEVICES_MAX; i++) {
		if (player->states[i] && player->drivers[i]->deinit)
			player->drivers[i]->deinit(player->states[i]);
		free(player->states[i]);
	}
}

/* The text behind "INDEX " of a D or R event of device @index in this cycle; NULL: none. */
static const char *of_device(const struct playback *playback, uint8_t kind, uint32_t index)
{
	for (size_t i = playback->first; i < playback->last; i++) {
		unsigned found;
		int used;

		if (playback->events[i].kind == kind &&
		    sscanf(playback->events[i].text, "%u %n", &found, &used) == 1 && found == index)
			return playback->events[i].text + used;
	}
	return NULL;
}

static void tell(struct player *player, double t_s, const char *found, const char *recorded)
{
	bool same = strcmp(found, recorded) == 0;

	*(same ? &player->same : &player->other) += 1;
	if (player->list) {
		json_object *entry = json_object_new_object();

		json_object_object_add(entry, "t_s", json_real(t_s));
		json_add_text(entry, "report", found);
		json_add_text(entry, "recorded", recorded);
		json_object_object_add(entry, "same", json_object_new_boolean(same));
		json_object_array_add(player->list, entry);
		return;
	}
	if (!player->quiet || !same)
		printf("%10.3f  %s\n", t_s, found);
	if (!same)
		printf("%10.3f  recorded: %s\n", t_s, recorded);
}

static bool is_write_of(const struct playback_event *event, uint8_t unit)
{
	unsigned found;
	char op[16];

	return event->kind == PLAYBACK_MODBUS && sscanf(event->text, "%u %15s", &found, op) == 2 &&
	       found == unit && (strncmp(op, "write", 5) == 0 || strcmp(op, "coil") == 0);
}

static bool has_write(const struct playback *playback, uint32_t index, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		if (is_write_of(&playback->events[i], playback->config.devices[index].unit))
			return true;
	return false;
}

static void observe(struct demand *demand, uint8_t furnace_mode)
{
	switch ((enum device_kind)demand->kind) {
	case DEVICE_FURNACE:
		demand->furnace.mode = furnace_mode;
		return;
	case DEVICE_PRESS:
		demand->press.mode = MODE_OBSERVE;
		return;
	case DEVICE_FLOW:
		demand->flow.mode = MODE_OBSERVE;
		return;
	case DEVICE_CHIP:
	case DEVICE_KIND_MAX:
		return;
	}
}

static void read_contactor(const char *report, char ret_state[16])
{
	const char *at = report ? strstr(report, " contactor=") : NULL;

	ret_state[0] = '\0';
	if (at)
		sscanf(at, " contactor=%15s", ret_state);
}

/*
 * Until the driver of then writes, or its contactor changes: an observer arms and opens nothing. Off needs no
 * watch: said again it changes nothing.
 */
static bool is_watch_over(const struct player *player, uint32_t i, const char *recorded)
{
	const struct playback *playback = player->playback;
	const struct demand *demand = &player->demands[i];
	char state[16];

	read_contactor(recorded, state);
	return has_write(playback, i, playback->first, playback->last) ||
	       (demand->kind == DEVICE_FURNACE && demand->furnace.mode == MODE_OFF) ||
	       (state[0] && strcmp(state, player->contactor) != 0);
}

/* What the driver of then was told; nothing is written before it wrote. */
static struct demand take_demand(struct player *player, uint32_t i, const char *text, const char *recorded,
				 int64_t now_ns)
{
	struct demand demand;

	if (text)
		capture_text_read_demand(text, now_ns, &player->demands[i]);
	if (player->watching[i] && !player->acquainting && is_watch_over(player, i, recorded))
		player->watching[i] = false;
	demand = player->demands[i];
	if (player->acquainting)
		observe(&demand, player->acquainting_mode);
	else if (player->watching[i])
		observe(&demand, MODE_OBSERVE);
	return demand;
}

/* @tick_age_ns: how old the demand was when the cycle began. */
static void play_cycle(struct player *player, uint32_t seq, double t_s, int64_t tick_age_ns)
{
	struct playback *playback = player->playback;
	int64_t began_ns;

	playback_clock_set(t_s);
	began_ns = clock_mono_ns();
	for (uint32_t i = 0; i < playback->config.device_count; i++) {
		const char *recorded = of_device(playback, PLAYBACK_REPORT, i);
		struct driver_cycle cycle = {.seq = seq, .tick_mono_ns = began_ns - tick_age_ns};
		struct report report = {.kind = (uint8_t)player->drivers[i]->kind, .device = (uint8_t)i};
		const char *told = of_device(playback, PLAYBACK_DEMAND, i);
		struct demand demand;
		char text[CAPTURE_LINE];
		int trace = -1, used = 0;

		/* A cycle that was cut off has no report, and no time of its own. */
		if (!recorded || sscanf(recorded, "%lf %n", &cycle.t_lab_s, &used) != 1 ||
		    (player->acquainting && !player->known[i]))
			continue;
		if (playback->mono_ns > 0)
			playback_clock_set_lab(cycle.t_lab_s, playback->config.scale);
		cycle.now_ns = clock_mono_ns();
		cycle.t_lab_s -= player->ahead_s;
		demand = take_demand(player, i, told, recorded + used, began_ns);
		cycle.wear_allowance = demand.wear_allowance;
		player->drivers[i]->cycle(player->states[i], &cycle, &demand, &report, &trace);
		if (trace >= 0)
			close(trace);
		capture_text_report(&report, text);
		if (!player->acquainting)
			tell(player, t_s, text, recorded + used);
	}
}

#define ACQUAINTED 3 /* cycles after which a driver trusts a device (drivers/session.c) */

static void forget_used(struct playback *playback)
{
	for (size_t i = playback->first; i < playback->last; i++)
		playback->events[i].used = false;
}

/* A second apart: what is asked once a second is asked each time. */
static void meet(struct player *player, uint32_t seq, double t_s, uint8_t furnace_mode, int times)
{
	player->acquainting_mode = furnace_mode;
	for (int i = 0; i < times; i++) {
		play_cycle(player, seq, t_s, 0);
		forget_used(player->playback);
		player->ahead_s -= 1;
	}
}

/*
 * What the contactor was when the capture began: armed with the heater off, once its coupler is trusted; or
 * open, as heat asked of one that is not armed leaves it. A refused one is found again when it is tried.
 */
static void meet_contactor(struct player *player, uint32_t seq, double t_s)
{
	if (strcmp(player->contactor, "armed") == 0) {
		playback_modbus_arm(player->playback, true);
		meet(player, seq, t_s, MODE_OFF, ACQUAINTED + 1);
		playback_modbus_arm(player->playback, false);
	} else if (strcmp(player->contactor, "opened") == 0) {
		meet(player, seq, t_s, MODE_CONTROL, 1);
	}
}

/*
 * A capture that begins in the middle of a night: the driver of then knew its device, and had its own rhythm
 * of writing. The first cycle is played until this one knows it too, and then it observes until the first
 * write of then, from where both write alike.
 */
static void get_acquainted(struct player *player, uint32_t seq, double t_s)
{
	struct playback *playback = player->playback;

	for (uint32_t i = 0; i < playback->config.device_count; i++) {
		const char *recorded = of_device(playback, PLAYBACK_REPORT, i);

		player->known[i] = !player->restored[i] && recorded && strstr(recorded, " online=1 ") &&
				   !profile_bus_is_text(playback->config.kind);
		player->watching[i] = player->known[i] && has_write(playback, i, 0, playback->count);
		if (player->known[i])
			playback_modbus_join(playback);
		if (player->known[i] && player->drivers[i]->kind == DEVICE_FURNACE)
			read_contactor(recorded, player->contactor);
	}
	player->acquainting = true;
	player->ahead_s = 2 * ACQUAINTED + 1;
	meet_contactor(player, seq, t_s);
	player->ahead_s = ACQUAINTED;
	meet(player, seq, t_s, MODE_OBSERVE, ACQUAINTED);
	player->acquainting = false;
	player->ahead_s = 0;
}

/* A recording that does not say when it began says when its first cycle was, on the laboratory's clock. */
static void find_beginning(struct playback *playback)
{
	double t_s = 0, lab_s;
	bool cycle = false;

	for (size_t i = 0; i < playback->count && playback->mono_ns == 0; i++) {
		const struct playback_event *event = &playback->events[i];

		if (event->kind == PLAYBACK_CYCLE)
			cycle = sscanf(event->text, "%*u %lf", &t_s) == 1;
		else if (event->kind == PLAYBACK_REPORT && cycle &&
			 sscanf(event->text, "%*u %lf", &lab_s) == 1 && lab_s > 0 && lab_s < LONGEST_LAB_S)
			playback->mono_ns = llround((lab_s / playback->config.scale - t_s) * 1e9);
	}
}

/* The cycle that is played is the first of the part. */
static void cut(struct player *player, double t_s)
{
	playback_clock_set(t_s);
	playback_cut(player->playback, player->drivers, player->states, player->demands, player->cut);
	fclose(player->cut);
	player->cut = NULL;
}

static void play(struct player *player)
{
	struct playback *playback = player->playback;
	bool first = true;

	find_beginning(playback);
	if (playback->mono_ns > 0)
		playback_clock_begin(playback->mono_ns);
	playback_lines_stand(playback);
	for (size_t i = 0; i < playback->count; i++) {
		double t_s, age_s = 0; /* a recording from before ages were kept has none */
		unsigned seq;

		if (playback->events[i].kind != PLAYBACK_CYCLE ||
		    sscanf(playback->events[i].text, "%u %lf %lf", &seq, &t_s, &age_s) < 2)
			continue;
		/* A long answer goes on in the next cycle. */
		if (first || (playback->came >= playback->first && playback->came <= playback->last))
			playback->came = i;
		playback->first = i;
		playback->last = i + 1;
		while (playback->last < playback->count &&
		       playback->events[playback->last].kind != PLAYBACK_CYCLE)
			playback->last++;
		if (first)
			get_acquainted(player, seq, t_s);
		first = false;
		if (player->cut && seq >= player->cut_seq)
			cut(player, t_s);
		play_cycle(player, seq, t_s, (int64_t)(age_s * (double)CLOCK_NS_PER_S));
	}
	playback_clock_end();
}

static int open_cut(const struct options *options, struct player *player)
{
	const char *out = options->value[OPTION_OUT];
	int64_t seq;
	int r = option_integer(options, OPTION_FROM, 1, UINT32_MAX, 1, &seq);

	if (r != DENSCTL_OK)
		return r;
	if (!out)
		return option_given(options, OPTION_FROM)
			       ? usage_error("playback", "--from wants --out FILE: the part is written there")
			       : DENSCTL_OK;
	player->cut_seq = (uint32_t)seq;
	player->cut = fopen(out, "wxe");
	if (player->cut)
		return DENSCTL_OK;
	fprintf(stderr, "densctl playback: %s: %s\n", out, strerror(errno));
	return DENSCTL_INVALID;
}

int playback_run(const struct options *options)
{
	struct player player = {.quiet = option_given(options, OPTION_LINES) == false};
	char folder[SITE_PATH];
	int r = open_cut(options, &player);

	if (r != DENSCTL_OK)
		return r;
	site_profile_folder(folder);
	if (playback_open(options->arguments[0], folder, &player.playback) < 0) {
		if (player.cut) {
			fclose(player.cut);
			unlink(options->value[OPTION_OUT]);
		}
		return DENSCTL_INVALID;
	}
	if (option_given(options, OPTION_JSON))
		player.list = json_object_new_array();
	if (begin_drivers(&player) < 0) {
		r = DENSCTL_INVALID;
	} else {
		play(&player);
		if (player.list)
			json_print(player.list, stdout);
		else
			printf("%u cycles of bus %s: %u reports as recorded, %u otherwise; %u answers taken "
			       "from the profile, %u questions that the recording does not hold\n",
			       playback_cycles(player.playback), player.playback->config.name, player.same,
			       player.other, player.playback->assumed, player.playback->missing);
		r = player.other ? DENSCTL_REFUSED : DENSCTL_OK;
	}
	if (player.cut) {
		fclose(player.cut);
		unlink(options->value[OPTION_OUT]);
		fprintf(stderr, "densctl playback: no cycle %u in this recording: nothing is written\n",
			player.cut_seq);
		r = DENSCTL_INVALID;
	}
	end_drivers(&player);
	json_object_put(player.list);
	playback_free(player.playback);
	return r;
}
