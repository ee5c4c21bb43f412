#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorder that hangs is replaced: nothing it had not acknowledged is lost, nothing is stored twice.

usage: hung_recorder.py BUILD SOURCE
"""
import os
import signal
import sqlite3
import sys

import night
from night import check


def recorder(lab):
    return lab.pids_of("densd-recorder")


def rows(lab, file, query):
    with sqlite3.connect(f"file:{os.path.join(lab.folder, 'store', file)}?mode=ro", uri=True) as base:
        return base.execute(query).fetchall()


def test(build, source):
    with night.Lab(build, source, scale=10) as lab:
        night.submit(lab, night.WITH_SCANS)
        lab.wait_phase("compress", 60)
        hung, others = recorder(lab)[0], set(lab.workers()) - set(recorder(lab))
        os.kill(hung, signal.SIGSTOP)
        night.wait_state(lab, lambda s: s["phase"] == "hold", 30, "densd holds: nothing becomes durable")
        lab.wait_until(lambda: recorder(lab) and hung not in recorder(lab), 60, "another recorder")
        check(others <= set(lab.workers()), "no other worker was touched")
        night.wait_state(lab, lambda s: "store" not in s["alarms_active"], 30, "the store is written again")
        check(lab.densctl("resume").returncode == 0, "the run is resumed")
        lab.wait_phase("heat", 60)
        check(lab.densctl("abort").returncode == 0, "and aborted")
        night.wait_state(lab, lambda s: s["phase"] == "done", 120, "to its end")
        lab.stop_densd()
        events = rows(lab, "journal.db", "SELECT topic, seq FROM events")
        for topic in sorted({topic for topic, _ in events}):
            check(not night.missing(number for other, number in events if other == topic),
                  f"no event of topic {topic} is missing")
        check(not night.missing(number for number, in rows(lab, "samples.db", "SELECT seq FROM samples")),
              "no sample is missing")
        for table, what in (("transitions", "t_lab_s, kind, from_phase, to_phase, alarm, text"),
                            ("commands", "client, request_id"), ("alarms", "t_lab_s, alarm, raised, text")):
            twice = rows(lab, "journal.db", f"SELECT {what} FROM {table} GROUP BY {what} HAVING count(*) > 1")
            check(not twice, f"nothing of {table} is stored twice")
            check(rows(lab, "journal.db", f"SELECT count(*) FROM {table}")[0][0] > 0, f"{table} are stored")


if __name__ == "__main__":
    sys.exit(night.main(test))
