#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator at work with densctl: refused files, hold and resume, words that do not fit, abort, the morning after.

usage: night_shift.py BUILD SOURCE
"""
import csv
import io
import json
import os
import subprocess
import sys

import night
from night import check

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def refused_files(lab):
    path = os.path.join(lab.folder, "bad.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("densd: protocol/1\nname: x\n")
    there = subprocess.run([lab.program("densctl"), "submit", "--socket", lab.commands, path], capture_output=True,
                           text=True, timeout=20, check=False)
    check(there.returncode == 4 and "bad.yaml:1:1: error: " in there.stderr, f"densd names the place: {there.stderr}")
    check(lab.densctl("submit", path).returncode == 4, "with --site it is refused before it is sent")
    check(lab.json("queue") == [], "nothing was queued")


def stop_and_go(lab):
    night.wait_state(lab, lambda state: state["phase"] == "heat", 30, "heating")
    check(lab.densctl("hold", check=0).stdout.startswith("done: hold"), "hold holds")
    check(lab.densctl("hold").returncode == 0, "hold again does no harm")
    state = lab.state()
    check(state["phase"] == "hold" and "densctl resume" in state["ask"], f"the state says so, and asks: {state['ask']}")
    picture = lab.densctl("watch", "--once", check=0).stdout
    for command in ("queue", "runs"):
        lab.wait_until(lambda c=command: "  held in heat  " in lab.densctl(c, check=0).stdout, 10, f"{command} that says held")
    check("\n  contactor    " in picture and "\n  press lock   free, read " in picture, "and shows contactor and lock")
    check("state        hold" in picture and "asked of you your decision: densctl resume" in picture,
          "and so does the picture of watch")
    check(max(map(len, picture.splitlines())) < 80, "which fits a terminal of 80 columns")
    check("heat" in lab.densctl("resume", check=0).stdout, "resume goes on")


def words_that_do_not_fit(lab, run):
    for words in (["cancel", UNKNOWN], ["cancel", run], ["confirm", "section"], ["hold", "--run", UNKNOWN],
                  ["results", UNKNOWN], ["export", UNKNOWN], ["export", run, "--section", "r7/s1"]):
        done = lab.densctl(*words)
        check(done.returncode == 1 and "refused: " in done.stderr, f"{words} is refused: {done.stderr.strip()}")


def morning_after(lab, run):
    what = [event["what"] for event in lab.json("events", run)]
    check({"note", "intent", "command"} <= set(what), "the run's events are there")
    lines = lab.densctl("export", run, "--csv", check=0).stdout.splitlines(keepends=True)
    notes = [line for line in lines if line.startswith("#")]
    check(lines[:len(notes)] == notes and any(line.startswith("# calibration, press: densim-press ") for line in notes),
          f"the file says what it stands on: {notes}")
    rows = list(csv.DictReader(io.StringIO("".join(lines[len(notes):]))))
    check({"open", "closed"} <= {row["press_contactor"] for row in rows} and {"free", "locked"} <= {row["press_lock"] for row in rows},
          "each row has the press's lock and the heater's contactor")
    check(len(rows) > 1000 and float(rows[-1]["pressure_gpa"]) < 0.1, f"{len(rows)} samples, down to ambient pressure")
    alarms = [json.loads(line) for line in lab.densctl("replay", "alarm", check=0).stdout.splitlines()]
    check([alarm["seq"] for alarm in alarms] == list(range(1, len(alarms) + 1)), "alarms replay without a hole")


def alarm_without_a_run(lab):
    lab.densim_ctl("fault", "set", "adapter-gone", "rtu")
    lab.wait_until(lambda: any(event["what"] == "alarm" for event in lab.json("events")), 30, "an alarm outside a run")
    shown = lab.densctl("events", check=0).stdout
    check("  alarm          " in shown, "densctl events tells what belongs to no run")
    lab.densim_ctl("fault", "clear", "all")
    lab.wait_until(lambda: any(event["what"] == "alarm-cleared" for event in lab.json("events")), 30, "its end")


def after_the_end(lab, run):
    record = night.run_record(lab, run)
    check(record["densification"] == "aborted" and record["calorimetry"] == "none", "a run without sections has no calorimetry")
    check(lab.densctl("hold", check=0).stdout == "done: the run has ended\n", "hold after the end says that it has ended")
    told = [event for event in lab.json("events") if event["what"] == "alarm"]
    check(all(event not in told for event in lab.json("events", run)), "alarms before the run are not the run's")


def test(build, source):
    with night.Lab(build, source, scale=120) as lab:
        refused_files(lab)
        alarm_without_a_run(lab)
        path = os.path.join(lab.folder, "night.yaml")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(night.PRESS_ONLY)
        follower = subprocess.Popen([lab.program("densctl"), "submit", "--wait", "--site", lab.site, path],
                                    stdout=subprocess.PIPE, text=True)
        try:
            stop_and_go(lab)
            run = lab.state()["run"]
            words_that_do_not_fit(lab, run)
            lab.densctl("abort", check=0)
            out, _ = follower.communicate(timeout=60)
        finally:
            follower.kill()
            follower.wait()
        check(follower.returncode == 1 and "densification aborted" in out, f"submit --wait says how it ended: {out[-200:]}")
        check(lab.json("queue") == [], "the queue is empty again")
        morning_after(lab, run)
        after_the_end(lab, run)


if __name__ == "__main__":
    sys.exit(night.main(test))
