/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running Ea of a state, on peaks that lie on a Kissinger line by construction. */
#include <errno.h>
#include <math.h>

#include "daemon/recorder/analysis.h"
#include "daemon/recorder/running.h"
#include "daemon/snapshot.h"
#include "tests/unit/daemon/store_fixture.h"

#define OTHER_RUN "01ARZ3NDEKTSV4RRFFQ69G5FB0"
#define ENERGY_KJ_PER_MOL 208.0
#define INTERCEPT 31.0
#define GAS_J_PER_MOL_K 8.314462618

/* Solves ln(q/Tp^2) = -Ea/(R Tp) + a for Tp by bisection: the left side falls and the right side rises. */
static double peak_of(double rate_k_per_s)
{
	double low = 300, high = 1500;

	for (int i = 0; i < 200; i++) {
		double tp = (low + high) / 2;
		double off = log(rate_k_per_s / (tp * tp)) +
			     ENERGY_KJ_PER_MOL * 1000 / (GAS_J_PER_MOL_K * tp) - INTERCEPT;

		*(off > 0 ? &low : &high) = tp;
	}
	return low;
}

static void add_state_run(struct fixture *fixture, uint64_t entry, const char *run, double temperature_k,
			  uint8_t densification)
{
	struct link_queue_item item = {.plan = {.pressure_gpa = 7, .temperature_k = temperature_k}};
	struct journal_run record = {.densification = densification};

	snprintf(item.run, sizeof(item.run), "%s", run);
	snprintf(record.run, sizeof(record.run), "%s", run);
	add(fixture, entry, JOURNAL_RUN_QUEUED, &item, sizeof(item));
	add(fixture, entry + 1, JOURNAL_RUN_UPDATED, &record, sizeof(record));
}

static void add_pair_result(struct fixture *fixture, uint64_t entry, uint64_t seq, const char *run,
			    double rate_k_per_s, double tf_k)
{
	struct publication publication = {.topic = TOPIC_RESULT, .seq = seq};
	struct link_trace header = {.rows = 10, .material_tg_k = 596, .ordered_rate_k_per_s = rate_k_per_s};
	struct trace_row *rows = NULL;
	int trace = make_trace(10, true);

	publication.result = (struct result_body){.kind = RESULT_PAIR,
						  .refused = isnan(tf_k),
						  .rate_k_per_s = rate_k_per_s,
						  .tp_k = peak_of(rate_k_per_s),
						  .tp_own_sd_k = 0.2,
						  .tf_k = tf_k};
	snprintf(publication.result.run, ULID_TEXT, "%s", run);
	snprintf(publication.result.section, 80, "%s/r%g/s1", run, rate_k_per_s);
	memcpy(header.section, publication.result.section, sizeof(header.section));
	assert_int_equal(traces_read(&header, trace, &rows), 0);
	assert_int_equal(traces_store(&fixture->store, &header, rows), 0);
	free(rows);
	close(trace);
	add(fixture, entry, JOURNAL_PUBLICATION, &publication, sizeof(publication));
}

static void expect_near(double value, double wanted, double within)
{
	if (!(fabs(value - wanted) <= within))
		fail_msg("%.9g is not within %g of %.9g", value, within, wanted);
}

static struct result_body running_after(struct fixture *fixture, int64_t after, int64_t seq)
{
	struct running_pair pair;
	struct result_body result;

	assert_true(running_find(&fixture->store, after, &pair));
	assert_int_equal(pair.seq, seq);
	assert_int_equal(running_compute(&fixture->store, &pair, &result), 0);
	assert_string_equal(result.section, pair.section);
	return result;
}

/* Each pair sees what came before it, however late the result is made; other states and failed runs stay
 * out. */
static void state_runs_until_it_is_decided(void **state)
{
	static const double rates[] = {100, 200, 200.5, 500, 1000};
	struct fixture *fixture = *state;
	struct result_body result;
	uint64_t entry = 20;

	add_state_run(fixture, 1, RUN, 643, OUTCOME_COMPLETED);
	add_state_run(fixture, 3, OTHER_RUN, 643, OUTCOME_COMPLETED);
	add_state_run(fixture, 5, "01ARZ3NDEKTSV4RRFFQ69G5FB1", 583, OUTCOME_COMPLETED);
	add_state_run(fixture, 7, "01ARZ3NDEKTSV4RRFFQ69G5FB2", 643, OUTCOME_ABORTED);
	add_pair_result(fixture, 9, 1, "01ARZ3NDEKTSV4RRFFQ69G5FB1", 300, 640);
	add_pair_result(fixture, 10, 2, "01ARZ3NDEKTSV4RRFFQ69G5FB2", 300, 650);
	for (uint64_t i = 0; i < 5; i++)
		add_pair_result(fixture, entry++, 3 + i, i % 2 ? OTHER_RUN : RUN, rates[i], 596 + (double)i);
	add_pair_result(fixture, entry++, 8, RUN, 150, NAN);
	commit(fixture);
	result = running_after(fixture, 2, 3);
	assert_true(result.refused);
	assert_string_equal(result.code, "too_few_rates");
	assert_string_equal(result.class_name, "undecided");
	assert_true(isnan(result.ea_kj_per_mol) && isnan(result.tf_spread_k));
	expect_near(result.tf_k, 596, 1e-9);
	result = running_after(fixture, 4, 5); /* 200 and 200.5 K/s are one rate */
	assert_true(result.refused && result.n_sections == 3 && result.n_runs == 2);
	result = running_after(fixture, 6, 7);
	assert_false(result.refused);
	assert_int_equal(result.n_rates, 4);
	assert_int_equal(result.n, 5);
	assert_int_equal(result.n_refused, 0);
	expect_near(result.ea_kj_per_mol, ENERGY_KJ_PER_MOL, 1e-6);
	expect_near(result.ea_over_rtg, ENERGY_KJ_PER_MOL * 1000 / (GAS_J_PER_MOL_K * 596), 1e-6);
	assert_string_equal(result.class_name, "alpha");
	assert_true(result.weighted);
	expect_near(result.ea_ols_kj_per_mol, ENERGY_KJ_PER_MOL, 1e-6);
	expect_near(result.tf_k, 598, 1e-9); /* of 596 to 600 */
	expect_near(result.tf_spread_k, sqrt(2.5), 1e-9);
	expect_near(result.pressure_gpa, 7, 0);
	expect_near(result.temperature_k, 643, 0);
	result = running_after(fixture, 7, 8);
	assert_true(result.n_refused == 1 && result.n_sections == 5 && result.n == 5);
}

static void add_section(struct fixture *fixture, uint64_t entry, uint32_t index, double rate_k_per_s,
			enum section_outcome outcome)
{
	struct journal_section section = {
		.run = RUN, .index = index, .rate_k_per_s = rate_k_per_s, .outcome = (uint8_t)outcome};

	snprintf(section.section, sizeof(section.section), RUN "/r%g/s%u", rate_k_per_s, index % 2 + 1);
	add(fixture, entry, JOURNAL_SECTION, &section, sizeof(section));
}

static void expect_rates(const struct result_body *result, uint32_t planned, uint32_t to_come)
{
	if (result->n_rates_planned != planned || result->n_rates_to_come != to_come)
		fail_msg("%u rates planned and %u to come, wanted are %u and %u", result->n_rates_planned,
			 result->n_rates_to_come, planned, to_come);
}

/* Two sections a rate, 100 to 1000 K/s; of 500 K/s the first is lost and the second cancelled. */
static void ea_is_provisional_while_rates_are_to_come(void **state)
{
	struct link_queue_item item = {.run = RUN,
				       .plan = {.pressure_gpa = 7,
						.temperature_k = 643,
						.calorimetry = {.present = true,
								.rate_count = 4,
								.sections_per_rate = 2,
								.rate_k_per_s = {100, 200, 500, 1000}}}};
	struct journal_run record = {.run = RUN, .densification = OUTCOME_COMPLETED};
	struct fixture *fixture = *state;
	struct result_body result;

	add(fixture, 1, JOURNAL_RUN_QUEUED, &item, sizeof(item));
	add(fixture, 2, JOURNAL_RUN_UPDATED, &record, sizeof(record));
	add_section(fixture, 3, 0, 100, SECTION_SCANNED);
	add_section(fixture, 4, 1, 100, SECTION_NONE); /* begun */
	add_pair_result(fixture, 5, 1, RUN, 100, 596);
	commit(fixture);
	result = running_after(fixture, 0, 1);
	expect_rates(&result, 4, 3); /* 100 K/s has its peak, though a section of it is to come */
	add_section(fixture, 6, 1, 100, SECTION_SCANNED);
	add_section(fixture, 7, 2, 200, SECTION_SCANNED);
	add_section(fixture, 8, 3, 200, SECTION_SCANNED);
	add_section(fixture, 9, 4, 500, SECTION_LOST);
	add_pair_result(fixture, 10, 2, RUN, 200, 596);
	commit(fixture);
	result = running_after(fixture, 1, 2);
	expect_rates(&result, 4, 2);
	add_section(fixture, 11, 5, 500, SECTION_CANCELLED);
	add_section(fixture, 12, 6, 1000, SECTION_SCANNED); /* its Tf is still being worked out */
	commit(fixture);
	result = running_after(fixture, 1, 2);
	expect_rates(&result, 4, 1);
	record.calorimetry = OUTCOME_COMPLETED;
	add(fixture, 13, JOURNAL_RUN_UPDATED, &record, sizeof(record));
	commit(fixture);
	result = running_after(fixture, 1, 2);
	expect_rates(&result, 4, 1); /* also when the run is over meanwhile */
	add_pair_result(fixture, 14, 3, RUN, 1000, 596);
	commit(fixture);
	result = running_after(fixture, 2, 3);
	expect_rates(&result, 4, 0);
	assert_int_equal(result.n_rates, 3);
	assert_int_equal(analysis_kissinger(&fixture->store, RUN, &result), 0);
	expect_rates(&result, 4, 0);
}

/* A run whose calorimetry ended before all its sections: nothing more is to come of it. */
static void an_ended_run_has_nothing_to_come(void **state)
{
	struct link_queue_item item = {.run = RUN,
				       .plan = {.calorimetry = {.present = true,
								.rate_count = 2,
								.sections_per_rate = 1,
								.rate_k_per_s = {100, 200}}}};
	struct journal_run record = {
		.run = RUN, .densification = OUTCOME_COMPLETED, .calorimetry = OUTCOME_FAILED};
	struct fixture *fixture = *state;
	struct result_body result;

	add(fixture, 1, JOURNAL_RUN_QUEUED, &item, sizeof(item));
	add_section(fixture, 2, 0, 100, SECTION_SCANNED);
	add_pair_result(fixture, 3, 1, RUN, 100, 596);
	commit(fixture);
	result = running_after(fixture, 0, 1);
	expect_rates(&result, 2, 1);
	add(fixture, 4, JOURNAL_RUN_UPDATED, &record, sizeof(record));
	commit(fixture);
	result = running_after(fixture, 0, 1);
	expect_rates(&result, 2, 0);
}

/* Cuts the bodies down to what a store of before held. */
static void shorten_bodies(struct fixture *fixture, size_t length)
{
	char text[128];

	snprintf(text, sizeof(text), "UPDATE results SET body = substr(body, 1, %zu)", length);
	assert_int_equal(store_exec(fixture->store.journal, text), 0);
}

/* Peaks of before have no errors: the same Ea, by ordinary least squares, and a new peak among them as well.
 */
static void store_of_before_is_read(void **state)
{
	static const double rates[] = {100, 200, 500, 1000};
	struct fixture *fixture = *state;
	struct result_body result;

	add_state_run(fixture, 1, RUN, 643, OUTCOME_COMPLETED);
	for (uint64_t i = 0; i < 3; i++)
		add_pair_result(fixture, 3 + i, 1 + i, RUN, rates[i], 596);
	commit(fixture);
	assert_int_equal(RESULT_BODY_SHORT % 8, 0);
	assert_int_equal(RESULT_BODY_MIDDLE % 8, 0);
	shorten_bodies(fixture, RESULT_BODY_MIDDLE);
	result = running_after(fixture, 2, 3);
	assert_true(result.weighted && result.n == 3);
	shorten_bodies(fixture, RESULT_BODY_SHORT);
	result = running_after(fixture, 2, 3);
	assert_false(result.refused);
	assert_false(result.weighted);
	expect_near(result.ea_kj_per_mol, ENERGY_KJ_PER_MOL, 1e-6);
	add_pair_result(fixture, 9, 4, RUN, rates[3], 596);
	commit(fixture);
	result = running_after(fixture, 3, 4);
	assert_true(result.n == 4 && !result.weighted);
	assert_int_equal(store_exec(fixture->store.journal, "UPDATE results SET body = substr(body, 1, 99)"),
			 0);
	result = running_after(fixture, 3, 4);
	assert_true(result.refused && result.n == 0);
}

/* What was sent and stored is not made again; a pair of an earlier start is. */
static void running_result_follows_each_pair_once(void **state)
{
	struct fixture *fixture = *state;
	struct publication running = {.topic = TOPIC_RESULT, .seq = 3};
	struct running_pair pair;

	add_state_run(fixture, 1, RUN, 643, OUTCOME_COMPLETED);
	add_pair_result(fixture, 3, 1, RUN, 100, 596);
	add_pair_result(fixture, 4, 2, RUN, 200, 596);
	running.result = (struct result_body){.kind = RESULT_RUNNING, .run = RUN, .section = RUN "/r100/s1"};
	add(fixture, 5, JOURNAL_PUBLICATION, &running, sizeof(running));
	commit(fixture);
	assert_true(running_find(&fixture->store, 0, &pair));
	assert_int_equal(pair.seq, 2);
	assert_false(running_find(&fixture->store, 2, &pair));
	snprintf(pair.run, sizeof(pair.run), OTHER_RUN);
	assert_int_equal(running_compute(&fixture->store, &pair, &running.result), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(state_runs_until_it_is_decided),
		STORE_TEST(ea_is_provisional_while_rates_are_to_come),
		STORE_TEST(an_ended_run_has_nothing_to_come),
		STORE_TEST(store_of_before_is_read),
		STORE_TEST(running_result_follows_each_pair_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
