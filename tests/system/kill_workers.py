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
# The phases of a section pass faster than one can ask: each victim is killed in the one that is there.
NOT_SCANNING = ("idle", "wait-load", "section-done")
PROTOCOL = night.WITH_SCANS.replace("sections_per_rate: 1", "sections_per_rate: 2")
SECTIONS = 6
STORED = ("state", "alarm", "scan", "result", "sample")


def attended(lab, reached, seconds, what):
    """The state in which @reached holds."""
    found = {}

    def looked():
        night.attend(lab)
        found.update(lab.state())
        return reached(found)
    lab.wait_until(looked, seconds, what)
    return found


def kill(lab, victim, count, where):
    name = lab.workers()[victim]
    before = lab.state()["seq"]
    night.kill_worker(lab, victim, count)
    after = night.wait_state(lab, lambda s: s["seq"] > before, 20, "densd answers again")
    check(after["seq"] > before, f"{name} ({victim}) was killed in {where} and has a successor")


def kill_each_in_press(lab):
    victims = sorted(lab.workers())
    print(f"workers: {lab.workers()}", flush=True)
    for victim, phase in zip(victims, PRESS_PHASES, strict=True):
        attended(lab, lambda s, phase=phase: s["phase"] == phase, 90, f"phase {phase}")
        time.sleep(0.1)
        kill(lab, victim, len(victims), phase)


def kill_each_in_calorimeter(lab):
    victims = sorted(lab.workers())
    print(f"workers: {lab.workers()}", flush=True)
    for victim in victims:
        state = attended(lab, lambda s: s["scan_phase"] not in NOT_SCANNING, 90, "a section on the chip")
        check(state["phase"] in ("done", "idle"), f"the press is done, section {state['section']}")
        kill(lab, victim, len(victims), f"calorimeter phase {state['scan_phase']}")


def rows_of_the_press(lab, run):
    """A lost batch is a hole of the sequence; how late a step came on this machine is said, not judged."""
    times = [m["t_lab"] for m in night.replay(lab, "sample") if m["run"] == run and m["phase"] not in ("idle", "done")]
    longest = max(b - a for a, b in zip(times, times[1:]))
    check(len(times) > 5000, f"{len(times)} samples while the press worked; the longest step took {longest:.1f} s of lab time")


def nothing_is_lost(lab, run, before):
    for topic in STORED:
        stored = night.replay(lab, topic)
        holes = night.missing(m["seq"] for m in stored)
        check((stored or topic == "alarm") and not holes, f"{len(stored)} messages of {topic} without a hole: {holes[:5]}")
        earlier = before.get(topic, [])
        check(stored[:len(earlier)] == earlier, f"the {len(earlier)} messages of {topic} from before the last kills are unchanged")
    rows_of_the_press(lab, run)
    for section in (f"r{rate}/s{n}" for rate in (100, 300, 1000) for n in (1, 2)):
        for which in ([], ["--reference"]):
            text = lab.densctl("export", run, "--section", section, *which, "--csv", check=0).stdout
            check(len(text.splitlines()) > 500, f"the trace {section}{' '.join(which)} is whole: {len(text.splitlines())} rows")
    what = [event["text"] for event in lab.json("events", run)]
    for words in ("at pressure, heating", "soak served, cooling"):
        check(sum(words in text for text in what) >= 1, f"the journal has '{words}'")


def test(build, source):
    with night.Lab(build, source, scale=30) as lab:
        run = night.submit(lab, PROTOCOL)
        kill_each_in_press(lab)
        # samples are many: asking for them takes longer than the sections do
        before = {topic: night.replay(lab, topic) for topic in STORED if topic != "sample"}
        kill_each_in_calorimeter(lab)
        record = night.wait_run(lab, run, 240)
        check(record["densification"] == "completed", f"densification completed: {record}")
        check(record["calorimetry"] == "completed", f"calorimetry completed: {record}")
        lab.wait_until(lambda: any(r["kind"] == "kissinger" for r in lab.json("results", run)), 20, "Ea")
        pairs = [r for r in lab.json("results", run) if r["kind"] == "pair" and not r.get("refused")]
        check(len(pairs) == SECTIONS, f"every section was scanned and analysed once: {[r['section'] for r in pairs]}")
        nothing_is_lost(lab, run, before)


if __name__ == "__main__":
    sys.exit(night.main(test))
