#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrations end to end: densim's thermocouple reads 3 % of its rise above ambient too high. Without a calibration the
sample is too cold by what densim itself says; with one it is where the protocol wants it. The record says what each run stood
on, and an expired one refuses the next run.

usage: calibration.py BUILD SOURCE
"""
import json
import os
import re
import subprocess
import sys

import night

AMBIENT_K, SHARE, WANTED_K = 296.15, 0.03, 400.0
CALIBRATION = """densd: calibration/1
kind: thermocouple
id: densim-thermocouple
version: 4
date: 2024-01-01
by: the test
method: densim's own error, taken off
valid_days: 36500
points:
  - [273.15 K, 273.82 K, 0.2 K]
  - [296.15 K, 296.15 K, 0.2 K]
  - [{0:.4f} K, 850 K, 0.2 K]
""".format(AMBIENT_K + (1 + SHARE) * (850 - AMBIENT_K))
NAMED = ((r"^  chip: densim-chip", "  chip: densim-chip\n  thermocouple: tc"),)


def put_calibration(lab, **edits):
    text = CALIBRATION
    for key, value in edits.items():
        text = re.sub(f"^{key}: .*", f"{key}: {value}", text, flags=re.MULTILINE)
    os.makedirs(os.path.join(lab.folder, "calibrations"), exist_ok=True)
    with open(os.path.join(lab.folder, "calibrations/tc.yaml"), "w", encoding="utf-8") as stream:
        stream.write(text)


class CalibratedLab(night.Lab):
    def write_site(self):
        put_calibration(self)
        super().write_site()


def run(lab):
    """The record of one short run, and the hottest its capsule was."""
    before = json.loads(lab.densim_ctl("status"))["recovered"]["batch"]
    name = night.submit(lab, night.PRESS_ONLY)
    record = night.wait_run(lab, name, 400)
    recovered = json.loads(lab.densim_ctl("status"))["recovered"]
    night.check(record["densification"] == "completed", f"densification completed: {record['cause']}")
    night.check(recovered["batch"] == before + 1, "densim recovered the batch")
    return record, recovered["T_max_K"]


def played(lab):
    """A capture holds the corrections, and the drivers make the same of it offline."""
    path = lab.capture(("rtu",), 1, 10)["rtu"]
    done = subprocess.run([lab.program("densctl"), "playback", "--lines", path], capture_output=True, text=True, check=False)
    with open(path, encoding="ascii") as stream:
        night.check(stream.read().count("\ncorrection thermocouple ") == 3, "a capture has the thermocouple's points")
    cold = [float(value) for value in re.findall(r"furnace online=1 .*?T=([0-9.]+)/good", done.stdout)]
    night.check(done.returncode in (0, 1) and cold and all(abs(value - AMBIENT_K) < 5 for value in cold),
                f"and plays back: {done.stdout[-200:]}{done.stderr}")


def test(build, source):
    error = ("--thermocouple-error", str(SHARE))
    with night.Lab(build, source, scale=100, densim_arguments=error) as lab:
        _, hottest_k = run(lab)
        cold_k = AMBIENT_K + (WANTED_K - AMBIENT_K) / (1 + SHARE)
        night.check(abs(hottest_k - cold_k) < 1.5, f"uncorrected the sample saw {hottest_k:.1f} K, {cold_k:.1f} expected")
    with CalibratedLab(build, source, scale=100, site_edits=NAMED, densim_arguments=error) as lab:
        record, hottest_k = run(lab)
        night.check(abs(hottest_k - WANTED_K) < 1.5, f"corrected the sample saw {hottest_k:.1f} K, {WANTED_K} wanted")
        night.check(abs(record["peak_k"] - hottest_k) < 1.5, f"and the record says so: {record['peak_k']:.1f} K")
        pins = {pin["place"]: pin for pin in record["calibrations"]}
        night.check(sorted(pins) == ["press", "thermocouple"], f"its record has what it stood on: {sorted(pins)}")
        night.check((pins["thermocouple"]["id"], pins["thermocouple"]["version"], pins["thermocouple"]["expired"]) ==
                    ("densim-thermocouple", "4", False), f"with identity: {pins['thermocouple']}")
        night.check(len(pins["thermocouple"]["sha256"]) == 64 and pins["thermocouple"]["points"][1] == [296.15, 296.15, 0.2]
                    and len(pins["press"]["unloading"]) == 16, "and content")
        shown = lab.densctl("runs", record["run"], check=0).stdout
        night.check("densim-thermocouple 4 of 2024-01-01" in shown, f"densctl runs shows it: {shown}")
        played(lab)
        lab.stop_densd()

        put_calibration(lab, valid_days=30)
        lab.start_densd()
        path = os.path.join(lab.folder, "protocol.yaml")
        refused = lab.densctl("submit", path)
        night.check(refused.returncode == 1 and "thermocouple calibration 'densim-thermocouple' 4 was good until 2024-01-31"
                    in refused.stdout + refused.stderr, f"expired: {refused.stdout}{refused.stderr}")
        lab.stop_densd()

        put_calibration(lab, version="5")
        lab.start_densd()
        second, _ = run(lab)
        versions = {name: [pin["version"] for pin in night.run_record(lab, name)["calibrations"]
                           if pin["place"] == "thermocouple"] for name in (record["run"], second["run"])}
        night.check(list(versions.values()) == [["4"], ["5"]], f"each run keeps its own: {versions}")


if __name__ == "__main__":
    sys.exit(night.main(test))
