#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into a setpoint's memory, over the device's life. densim counts what its memory saw; densd's count is never less,
whoever is killed, and by no more than what it had reserved. A run that would not fit is refused with what to do instead, the
memory that is nearly used up raises an alarm, and another instrument begins again at 0.

usage: wear.py BUILD SOURCE
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

import night

BLOCK = 64  # WEAR_BLOCK of daemon/control/wear.h
WIRED = ((r"unit: 1, profile: densim-furnace", "unit: 1, profile: worn"),)


def write_profile(source, folder, budget):
    """generic-controller, its setpoint in an EEPROM."""
    with open(os.path.join(source, "config/devices/generic-controller.yaml"), encoding="utf-8") as stream:
        text = stream.read()
    for pattern, replacement in ((r"^name: .*", "name: worn"), (r"^setpoint_step: .*\n", ""),
                                 (r"^(  setpoint: .*writable: true)", r"\1, retained: true"),
                                 (r"^watchdog: false", f"watchdog: false\nwrite_budget: {budget}")):
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        night.check(count == 1, f"the profile has {pattern}")
    os.makedirs(os.path.join(folder, "devices"), exist_ok=True)
    with open(os.path.join(folder, "devices/worn.yaml"), "w", encoding="utf-8") as stream:
        stream.write(text)


def furnace(lab):
    return next(device for device in lab.json("devices") if device["name"] == "furnace")


def counts(lab, what, most_over):
    """densd's count against densim's."""
    lab.wait_until(lambda: furnace(lab)["writes_used"] is not None, 15, "the furnace says who it is")
    used, saw = furnace(lab)["writes_used"], json.loads(lab.densim_ctl("status"))["eeprom_writes"]
    saw_after = json.loads(lab.densim_ctl("status"))["eeprom_writes"]
    # A ramp goes on between the two questions.
    night.check(saw <= used + (saw_after - saw) + 5 and used <= saw + most_over + 5,
                f"{what}: densd counts {used:.0f}, the memory saw {saw}")
    return used, saw


def killed(build, source):
    with night.Lab(build, source, scale=20, site_edits=WIRED, densim_arguments=("--device", "worn")) as lab:
        night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("heat", 120)
        lab.wait_until(lambda: json.loads(lab.densim_ctl("status"))["eeprom_writes"] > 40, 30, "the ramp is streamed")
        counts(lab, "while it heats", 0)
        worker = lab.pids_of("densd-bus")
        for pid in worker:
            os.kill(pid, signal.SIGKILL)
        lab.wait_until(lambda: furnace(lab)["worker_starts"] >= 2 and furnace(lab)["online"], 30, "the worker is back")
        used, saw = counts(lab, "its worker was killed", BLOCK)
        night.check(used >= saw, "never less than what was sent")
        for turn in (1, 2):
            night.kill_control(lab)
            lab.start_densd()
            used, saw = counts(lab, f"densd was killed {turn} times", (turn + 1) * BLOCK)
            night.check(used >= saw, "never less than what was sent")
        # Until its start has looked at the instruments, densd asks to be asked again.
        lab.wait_until(lambda: lab.densctl("abort").returncode == 0, 30, "abort is taken")
        lab.wait_phase("aborting", 30)
        night.wait_state(lab, lambda s: s["phase"] in ("done", "idle"), 120, "the abort's end")
        before = furnace(lab)["writes_used"]
        lab.stop_densd()
        lab.start_densd()
        after, _ = counts(lab, "after a clean stop", 3 * BLOCK)
        night.check(after == before, f"a clean stop costs nothing: {before:.0f} and {after:.0f}")


def alarms(lab):
    return [alarm for alarm in night.replay(lab, "alarm") if alarm["alarm"] == "write-budget"]


def worn_out(build, source, folder):
    plan = subprocess.run([os.path.join(build, "tools/densctl/densctl"), "--version"], check=False, capture_output=True)
    night.check(plan.returncode == 0, "densctl is built")
    with night.Lab(build, source, scale=60, site_edits=WIRED, densim_arguments=("--device", "worn")) as lab:
        path = os.path.join(lab.folder, "protocol.yaml")
        run = night.submit(lab, night.PRESS_ONLY)
        needs = json.loads(lab.densctl("plan", path, "--json", check=0).stdout)[0]["wearing_writes"]
        record = night.wait_run(lab, run, 240)
        night.check(record["densification"] == "completed", f"the first run fits: {record['cause']}")
        used, _ = counts(lab, "after the run", 0)
        night.check(used <= needs, f"the plan said at most {needs}")
        shown = lab.densctl("devices", "furnace", check=0).stdout
        night.check(re.search(rf"^    memory +{used:.0f} of 760 \(\d+\.\d %\) writes used", shown, re.MULTILINE), "densctl devices shows it")
        night.check(bool(alarms(lab)) == (used >= 0.8 * 760), f"an alarm from 80 % on: {alarms(lab)}")
        refused = lab.densctl("submit", path)
        said = refused.stdout + refused.stderr
        night.check(refused.returncode == 1 and f"about {needs} setpoint writes" in said and "own ramp" in said,
                    f"the second does not fit: {said}")
        lab.stop_densd()
        write_profile(source, folder, round(used / 0.9))
        lab.start_densd()
        lab.wait_until(lambda: alarms(lab) and alarms(lab)[-1]["raised"], 15, "the alarm of a memory that is 90 % used")
        wrong = subprocess.run([lab.program("densctl"), "replaced", "--site", lab.site, "furnace", "new controller"],
                               input="oven\n", capture_output=True, text=True, check=False)
        night.check(wrong.returncode == 1 and furnace(lab)["writes_used"] == used, "another word confirms nothing")
        right = subprocess.run([lab.program("densctl"), "replaced", "--site", lab.site, "furnace", "new controller"],
                               input="furnace\n", capture_output=True, text=True, check=False)
        night.check(right.returncode == 0 and furnace(lab)["writes_used"] == 0, f"replaced: {right.stdout}{right.stderr}")
        lab.wait_until(lambda: not alarms(lab)[-1]["raised"], 10, "the alarm is over")
        lab.stop_densd()
        write_profile(source, folder, 760)
        lab.start_densd()
        lab.wait_until(lambda: furnace(lab)["writes_used"] is not None, 15, "the furnace says who it is")
        night.check(furnace(lab)["writes_used"] < 5, f"also after a restart: {furnace(lab)['writes_used']}")
        lab.densctl("submit", path, check=0)

        write_profile(source, folder, 300)
        done = lab.densctl("plan", path)
        night.check(done.returncode == 4 and "stands 300 more" in done.stderr, f"plan says it without densd: {done.stderr}")


def test(build, source):
    with tempfile.TemporaryDirectory(prefix="densd-test-") as folder:
        os.environ["DENSD_CONFIG"] = folder
        write_profile(source, folder, 100000)
        killed(build, source)
        write_profile(source, folder, 760)
        worn_out(build, source, folder)


if __name__ == "__main__":
    sys.exit(night.main(test))
