# SPDX-License-Identifier: GPL-3.0-or-later
"""What densd has on disk, read with SQLite after it has ended: the journal's and the samples' own tables."""
import os
import sqlite3

OUTCOMES = ("none", "completed", "aborted", "tripped", "failed", "handed-over")
SECTION_OUTCOMES = ("none", "scanned", "lost", "fault", "cancelled")
INTENT_FIRE = 5
PHASE_ABORTING, PHASE_TRIPPED = 11, 12
UNDER_WAY = {4, 5, 6, 7, 8, 10, 11, 12, 13, 14}
TOPICS = {"state": 1, "alarm": 2, "scan": 3, "result": 4}


class Record:
    def __init__(self, store):
        self.store = store
        self.journal = self.open("journal.db")
        self.samples_file = self.open("samples.db")

    def open(self, name):
        return sqlite3.connect(os.path.join(self.store, name))

    def close(self):
        self.journal.close()
        self.samples_file.close()

    def all(self, query, *values):
        return self.journal.execute(query, values).fetchall()

    def damage(self):
        """What PRAGMA integrity_check finds, and files set aside as corrupt."""
        found = [name for name in os.listdir(self.store) if ".corrupt-" in name]
        for database in (self.journal, self.samples_file):
            found += [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return found

    def outcome(self, run):
        row = self.all("SELECT densification, calorimetry, cause, interrupted FROM runs WHERE run = ?", run)[0]
        return OUTCOMES[row[0]], OUTCOMES[row[1]], row[2], bool(row[3])

    def open_intents(self):
        return self.all("SELECT number, kind, text FROM intents WHERE outcome IS NULL")

    def fire_intents(self):
        return self.all("SELECT count(*) FROM intents WHERE kind = ?", INTENT_FIRE)[0][0]

    def phases(self):
        return {row[0] for row in self.all("SELECT to_phase FROM transitions")}

    def restarts(self):
        """Phases in which a start of control found the run. The facts come first in the stored struct."""
        return [row[0][2] for row in self.all("SELECT body FROM recoveries")]

    def alarms(self):
        """Numbers of all alarms ever raised."""
        return {row[0] for row in self.all("SELECT alarm FROM alarms WHERE raised = 1")}

    def sections(self):
        return {section: SECTION_OUTCOMES[outcome] for section, outcome in
                self.all("SELECT section, outcome FROM sections")}

    def scans(self):
        return self.all("SELECT section, reference, counter FROM scans")

    def holes(self, topic):
        numbers = [row[0] for row in self.all("SELECT seq FROM events WHERE topic = ? ORDER BY seq", TOPICS[topic])]
        return missing(numbers)

    def samples(self):
        """{seq: t_lab} of every stored row."""
        return dict(self.samples_file.execute("SELECT seq, t_lab_s FROM samples"))

    def sample_gaps(self):
        """Numbers that densd itself recorded as dropped."""
        dropped = set()
        for first, last in self.all("SELECT first_seq, last_seq FROM gaps"):
            dropped |= set(range(first, last + 1))
        return dropped


def missing(numbers):
    numbers = sorted(numbers)
    return sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if numbers else []
