# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests share: short protocols, waiting for the end of a run, and looking for holes in the record."""
import json
import os
import signal
import sys
import time

from lab import SKIP, Lab, LabError

PRESS_ONLY = """densd: protocol/1
name: short, 1 GPa, 400 K
material: {name: Vit4, composition: Zr46.75Ti8.25Cu7.5Ni10Be27.5, Tg: 596 K}
densification:
  pressure: 1 GPa
  temperature: 400 K
  isotherm: 3 min
"""
WITH_SCANS = PRESS_ONLY + """calorimetry:
  heating_rates: [100 K/s, 300 K/s, 1000 K/s]
  sections_per_rate: 1
  range: [300 K, 850 K]
  reference_cooling_rate: 200 K/s
  purge: 80 ml/min
"""


class Failed(Exception):
    """What the test found wrong."""


def check(condition, what):
    if not condition:
        raise Failed(what)
    print(f"ok: {what}", flush=True)


def submit(lab, text):
    path = os.path.join(lab.folder, "protocol.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return lab.json("submit", path)["runs"][0]


def run_record(lab, run):
    return next((r for r in lab.json("runs") if r["run"] == run), {})


def attend(lab):
    lab.attend()


def wait_run(lab, run, seconds):
    """Until both outcomes of the run are known; the record."""
    def ended():
        attend(lab)
        record = run_record(lab, run)
        wanted = ("densification", "calorimetry") if record.get("sections_total") else ("densification",)
        return all(record.get(key) not in (None, "none") for key in wanted)
    lab.wait_until(ended, seconds, f"end of run {run}")
    return run_record(lab, run)


def wait_state(lab, wanted, seconds, what):
    found = {}

    def reached():
        found.clear()
        found.update(lab.state())
        return wanted(found)
    lab.wait_until(reached, seconds, what)
    return found


def replay(lab, topic):
    """Stored messages of a topic, oldest first, in pages: an answer is bounded."""
    messages = []
    while True:
        first = messages[-1]["seq"] + 1 if messages else 1
        lines = lab.densctl("replay", topic, "--from", str(first), check=0).stdout.splitlines()
        if not lines:
            return messages
        messages += [json.loads(line) for line in lines]


def missing(numbers):
    """Numbers between the first and the last that are not there."""
    numbers = sorted(numbers)
    return sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if numbers else []


def kill_worker(lab, pid, count):
    """kill -9, and wait until its successor is there."""
    os.kill(pid, signal.SIGKILL)
    lab.wait_until(lambda: pid not in lab.workers() and len(lab.workers()) >= count, 10, f"successor of {pid}")


def kill_control(lab):
    """kill -9 densd and wait until its workers have followed."""
    workers = lab.workers()
    lab.densd.kill()
    lab.densd.wait()
    end = time.monotonic() + 5
    while time.monotonic() < end and any(os.path.exists(f"/proc/{pid}") for pid in workers):
        time.sleep(0.05)
    check(not any(os.path.exists(f"/proc/{pid}") for pid in workers), "every worker follows control within 5 s")


def main(test):
    """test(build, source); exit code as Meson reads it."""
    build, source = sys.argv[1], sys.argv[2]
    if not os.path.exists(os.path.join(build, "tools/densim/densim")):
        print("skipped: densim is not built")
        return SKIP
    try:
        test(build, source)
    except (Failed, LabError) as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


__all__ = ["Lab", "PRESS_ONLY", "WITH_SCANS", "check", "submit", "wait_run", "wait_state", "replay", "missing", "kill_worker",
           "kill_control", "main"]
