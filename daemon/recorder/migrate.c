/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/recorder/schema.h"
#include "daemon/recorder/store.h"

#define TEXT 512
/* Outcome 4 is OUTCOME_FAILED (a test holds both together); intents are settled by reading, as ever. */
#define END_LIVE                                                                                           \
	"UPDATE snapshot SET body = x''; UPDATE commands SET body = x'';"                                  \
	"UPDATE intents SET outcome = 0, outcome_text = 'not carried over from an earlier schema' WHERE "  \
	"outcome IS NULL;"                                                                                 \
	"INSERT INTO transitions(run, t_wall_us, text) SELECT run, 1000000 * unixepoch(), 'not carried "   \
	"over "                                                                                            \
	"from an earlier schema of the store: submit it again' FROM runs WHERE densification = 0 OR "      \
	"calorimetry = 0;"                                                                                 \
	"UPDATE runs SET cause = 'not carried over from an earlier schema of the store: submit it again' " \
	"WHERE densification = 0 OR calorimetry = 0;"                                                      \
	"UPDATE runs SET densification = 4 WHERE densification = 0;"                                       \
	"UPDATE runs SET calorimetry = 4 WHERE calorimetry = 0;"

/* steps[N]: from schema N to N + 1. Tables that are only added are made by schema.c. */
static const struct {
	const char *journal, *samples;
} steps[SCHEMA_VERSION] = {
	[1] = {END_LIVE, ""}, /* running results; a result's body is longer */
	[2] = {END_LIVE,
	       ""}, /* calibrations and their pins; plan, machine and trace head have other fields */
	[3] = {END_LIVE, ""}, /* a limit more in each plan, and what the machine remembers */
};

/* samples.db may be large: while only tables are added to a file it is not copied. */
static bool changes(bool journal, int version)
{
	for (int at = version; at < SCHEMA_VERSION; at++)
		if ((journal ? steps[at].journal : steps[at].samples)[0])
			return true;
	return false;
}

static int copy_file(sqlite3 *database, const char *path, int version)
{
	char copy[TEXT], *text;
	int r;

	snprintf(copy, sizeof(copy), "%s.schema-%d", path, version);
	if (access(copy, F_OK) == 0) /* of a migration that did not come to its end */
		unlink(copy);
	text = sqlite3_mprintf("VACUUM INTO %Q", copy);
	r = text ? store_exec(database, text) : -ENOMEM;
	sqlite3_free(text);
	if (r < 0)
		unlink(copy);
	return r;
}

static int walk(sqlite3 *database, bool journal, int version)
{
	char text[48];
	int r = store_exec(database, "BEGIN IMMEDIATE");

	if (r == 0)
		r = store_exec(database, journal ? schema_journal : schema_samples);
	for (int at = version; r == 0 && at < SCHEMA_VERSION; at++)
		r = store_exec(database, journal ? steps[at].journal : steps[at].samples);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", SCHEMA_VERSION);
	if (r == 0)
		r = store_exec(database, text);
	if (r == 0)
		r = store_exec(database, "COMMIT");
	if (r < 0)
		store_exec(database, "ROLLBACK");
	return r;
}

int migrate_file(sqlite3 *database, const char *path, bool journal, int version)
{
	int r;

	if (version < 1 || version > SCHEMA_VERSION) {
		log_error("%s is of schema %d, and this densd knows 1 to %d: a later densd wrote it. Start "
			  "that "
			  "one, or move the file away for a new one to begin.",
			  path, version, SCHEMA_VERSION);
		return -ENOTSUP;
	}
	r = changes(journal, version) ? copy_file(database, path, version) : 0;
	if (r == 0)
		r = walk(database, journal, version);
	if (r < 0)
		log_error("%s cannot be brought from schema %d to %d: %s. It is as it was.", path, version,
			  SCHEMA_VERSION, strerror(-r));
	else if (changes(journal, version))
		log_notice("%s was brought from schema %d to %d; as it was it is %s.schema-%d", path, version,
			   SCHEMA_VERSION, path, version);
	else
		log_notice("%s was brought from schema %d to %d", path, version, SCHEMA_VERSION);
	return r;
}
