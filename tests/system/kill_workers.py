#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 each worker once while the press works and once while sections are scanned: the run completes, and nothing that
was recorded or heard is lost.

usage: kill_workers.py BUILD SOURCE
"""
import sys
import time

import night
from night import check

# Which phase each victim is killed in, by its order among the workers: recorder, one bus worker a line, gateway.
PRESS_PHASES = ("compress", "heat", "isotherm", "cool", "decompress")
SCAN_PHASES = ("fire", "cool", "reference", "purge", "fire")
STORED = ("state", "alarm", "scan", "result", "sample")


def attended(lab, key, phase, seconds):
    """Until the press (key phase) or the calorimeter (key scan_phase) is in @phase."""
    def reached():
        night.attend(lab)
        return lab.state()[key] == phase
    lab.wait_until(reached, seconds, f"{key} {phase}")


def kill(lab, victim, count, where):
    name = lab.workers()[victim]
    before = lab.state()["seq"]
    night.kill_worker(lab, victim, count)
    after = night.wait_state(lab, lambda s: s["seq"] > before, 20, "densd answers again")
    check(after["seq"] > before, f"{name} ({victim}) was killed in {where} and has a successor")


def kill_each(lab, key, phases):
    victims = sorted(lab.workers())
    print(f"workers: {lab.workers()}", flush=True)
    for victim, phase in zip(victims, phases, strict=True):
        attended(lab, key, phase, 90)
        time.sleep(0.1)
        kill(lab, victim, len(victims), phase)


def rows_without_gaps(lab, run):
    """10 Hz of lab time: the samples of a run may be late where a worker was away, but none is missing."""
    samples = [m for m in night.replay(lab, "sample") if m["run"] == run]
    steps = [b["t_lab"] - a["t_lab"] for a, b in zip(samples, samples[1:])]
    check(len(samples) > 5000, f"{len(samples)} samples of the run")
    # a step that was late by a busy machine is one sample less; a lost batch would be a hole of the sequence as well
    check(sum(1 for step in steps if step > 0.15) < 0.05 * len(steps), f"stored at 10 Hz: longest step {max(steps):.1f} s")


def nothing_is_lost(lab, run, before):
    for topic in STORED:
        stored = night.replay(lab, topic)
        holes = night.missing(m["seq"] for m in stored)
        check(stored and not holes, f"{len(stored)} messages of {topic} without a hole: {holes[:5]}")
        kept = stored[:len(before[topic])]
        check(kept == before[topic], f"the {len(before[topic])} messages of {topic} from before the last kills are unchanged")
    rows_without_gaps(lab, run)
    for section in ("r100/s1", "r300/s1", "r1000/s1"):
        for which in ([], ["--reference"]):
            text = lab.densctl("export", run, "--section", section, *which, "--csv", check=0).stdout
            check(len(text.splitlines()) > 500, f"the trace {section}{' '.join(which)} is whole: {len(text.splitlines())} rows")
    what = [event["text"] for event in lab.json("events", run)]
    for words in ("at pressure, heating", "soak served, cooling"):
        check(sum(words in text for text in what) >= 1, f"the journal has '{words}'")


def test(build, source):
    with night.Lab(build, source, scale=30) as lab:
        run = night.submit(lab, night.WITH_SCANS)
        kill_each(lab, "phase", PRESS_PHASES)
        before = {topic: night.replay(lab, topic) for topic in STORED}
        kill_each(lab, "scan_phase", SCAN_PHASES)
        record = night.wait_run(lab, run, 240)
        check(record["densification"] == "completed", f"densification completed: {record}")
        check(record["calorimetry"] == "completed", f"calorimetry completed: {record}")
        lab.wait_until(lambda: any(r["kind"] == "kissinger" for r in lab.json("results", run)), 20, "Ea")
        pairs = [r for r in lab.json("results", run) if r["kind"] == "pair" and not r.get("refused")]
        check(len(pairs) == 3, f"every section was scanned and analysed once: {[r['section'] for r in pairs]}")
        nothing_is_lost(lab, run, before)


if __name__ == "__main__":
    sys.exit(night.main(test))
