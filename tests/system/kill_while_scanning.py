#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 the chip's worker and densd while sections are scanned: every section ends once, none is first-scanned twice.

usage: kill_while_scanning.py BUILD SOURCE
"""
import collections
import sys

import night

LIMIT_S = 60


def wait_scan(lab, phase):
    night.wait_state(lab, lambda s: s["scan_phase"] == phase, LIMIT_S, f"calorimeter in {phase}")


def test(build, source):
    with night.Lab(build, source, scale=30) as lab:
        run = night.submit(lab, night.WITH_SCANS)
        night.wait_state(lab, lambda s: s["scan_phase"] not in ("idle", "wait-load"), 120, "the first section")
        workers = lab.workers()
        chip = lab.pids_of("densd-bus")[2]
        wait_scan(lab, "fire")
        night.kill_worker(lab, chip, len(workers))
        for _ in range(2):
            night.kill_control(lab)
            lab.start_densd()
            night.wait_state(lab, lambda s: s["scan_phase"] not in ("idle", "section-done"), LIMIT_S, "the scan goes on")
        record = night.wait_run(lab, run, 180)
        night.check(record["densification"] == "completed", "the densification stays completed")
        night.check(record["sections_done"] == 3, f"every section came to an end: {record}")
        ends = collections.Counter(m["section"] for m in night.replay(lab, "scan") if m["outcome"] != "none")
        night.check(len(ends) == 3 and set(ends.values()) == {1}, f"each section ended once: {ends}")
        pairs = collections.Counter(r["section"] for r in lab.json("results", run) if r["kind"] == "pair")
        night.check(set(pairs.values()) <= {1}, f"no section was analysed twice: {pairs}")


if __name__ == "__main__":
    sys.exit(night.main(test))
