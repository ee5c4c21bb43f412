#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 each worker once during a scaled run with scans: the run completes and nothing recorded is lost.

usage: kill_workers.py BUILD SOURCE
"""
import sys
import time

import night

# Which phase each victim is killed in, by its order among the workers.
PHASES = ("compress", "heat", "isotherm", "cool", "decompress")


def kill_each(lab):
    victims = sorted(lab.workers())
    print(f"workers: {lab.workers()}", flush=True)
    for victim, phase in zip(victims, PHASES):
        lab.wait_phase(phase, 60)
        time.sleep(0.2)
        name = lab.workers()[victim]
        night.kill_worker(lab, victim, len(victims))
        night.check(True, f"{name} was killed in {phase} and has a successor")


def test(build, source):
    with night.Lab(build, source, scale=60) as lab:
        run = night.submit(lab, night.WITH_SCANS)
        kill_each(lab)
        record = night.wait_run(lab, run, 180)
        night.check(record["densification"] == "completed", f"densification completed: {record}")
        night.check(record["calorimetry"] == "completed", "calorimetry completed")
        for topic in ("state", "alarm", "scan", "result", "sample"):
            holes = night.missing(m["seq"] for m in night.replay(lab, topic))
            night.check(not holes, f"the stored sequence of {topic} has no hole: {holes[:5]}")
        pairs = [r for r in lab.json("results", run) if r["kind"] == "pair" and not r.get("refused")]
        night.check(len(pairs) == 3, "every section was scanned and analysed")


if __name__ == "__main__":
    sys.exit(night.main(test))
