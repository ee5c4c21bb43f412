#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that is in no profile, served by pymodbus: a profile is written for it and lies beside the site file; a
technician's slips in it are told by probe; then it takes a whole densification, and a capture of its ramp plays back.

usage: own_controller.py BUILD SOURCE
"""
import os
import re
import shutil
import subprocess
import sys
import time

import night
from lab import SKIP, Lab
from peers import SYSTEM_PYTHON, Peers

SCALE = 20
PROFILE = """densd: profile/1
name: tx7
maker: nobody
source: tests/system/pymodbus_oven.py, its own words
kind: furnace
protocol: modbus
worst_latency: 0.5 s
response_timeout: 1 s
setpoint_period: 1 s
setpoint_step: 0.2
setpoint_low: 0
setpoint_high: 450
watchdog: false
registers:
  process_value: {address: 0x0200, type: f32-low-first, unit: degC, space: input}
  output: {address: 0x0202, unit: "%", scale: 0.1, space: input}
  sensor_break: {address: 0x0203, bit: 2, space: input}
  setpoint: {address: 0x0300, type: s16, unit: degC, scale: 0.1, writable: true}
  mode: {address: 0x0301, writable: true}
  identity: {address: 0x0400, type: u32-low-first, space: input}
identity: [{register: identity, value: 0x00545837}]
off: [{register: mode, value: 0}]
automatic: [{register: mode, value: 1}]
blacklist: [0x0500]
"""
# What a technician gets wrong, what probe says of it, and what commission says where it gets so far.
SLIPS = (
    ("f32-low-first", "f32", r"other word order: 23, and that makes sense", "the word order"),
    ("0x00545837", "0x00545838", r"0 of 1", "the identity"),
    ("0x0300", "0x0310", r"exception 2", "the setpoint's address"),
    ("scale: 0.1, space", "scale: 0.1, bit: 16, space", r"tx7\.yaml:16:\d+: 'bit: 16' must be", "a bit that is none"),
    ("degC", "K", r"23\.0\d* K", "the unit: 23 K where the display says 23"),
)


COMMISSION_SLIPS = (
    ("f32-low-first", "f32", "no value proves the declared word order: densctl probe shows"),
    ("0x00545837", "0x00545838", "FAILED: another device, settings or address: densctl probe shows it"),
    ("degC", "K", "is the unit the panel's, K or degC?"),
)


class OvenLab(Lab):
    """densim, with the oven on a line of its own in the place of its furnace."""

    def __init__(self, build, source):
        super().__init__(build, source, scale=SCALE)
        self.oven = os.path.join(self.folder, "oven")
        self.peers = Peers()
        self.site_edits = ((r"^.*profile: densim-furnace.*\n", ""), (r"^calibrations:",
                           f"  - name: oven\n    kind: modbus-rtu\n    path: {self.oven}\n    baud: 19200\n"
                           "    devices: [{name: furnace, unit: 7, profile: tx7}]\n\ncalibrations:"))

    def start_densim(self):
        super().start_densim()
        theirs = self.oven + "-device"
        self.peers.start(["socat", f"pty,raw,echo=0,link={self.oven}", f"pty,raw,echo=0,link={theirs}"])
        self.wait_until(lambda: os.path.exists(self.oven) and os.path.exists(theirs), 5, "socat's pair of ptys")
        self.peers.start([SYSTEM_PYTHON, os.path.join(self.source, "tests/system/pymodbus_oven.py"), theirs, str(SCALE)],
                         "READY")
        self.write_site()
        self.write_profile(PROFILE)
        tell_slips(self)

    def write_profile(self, text):
        folder = os.path.join(self.folder, "devices")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "tx7.yaml"), "w", encoding="utf-8") as stream:
            stream.write(text)

    def stop(self):
        self.peers.stop()
        super().stop()


def tell_slips(lab):
    for right, wrong, words, what in SLIPS:
        lab.write_profile(PROFILE.replace(right, wrong))
        done = lab.densctl("probe", "oven")
        night.check(done.returncode and re.search(words, done.stdout + done.stderr),
                    f"a slip in {what} is told: exit {done.returncode}"
                    + ("" if done.returncode else f"\n{done.stdout}{done.stderr}"))
    for right, wrong, words in COMMISSION_SLIPS:
        lab.write_profile(PROFILE.replace(right, wrong))
        done = lab.densctl("commission", "furnace", "--out", os.path.join(lab.folder, "record.yaml"))
        night.check(done.returncode == 1 and words in done.stdout, f"and stops a commissioning: {words}"
                    + ("" if words in done.stdout else f"\n{done.stdout}{done.stderr}"))
    lab.write_profile(PROFILE)
    done = lab.densctl("probe", "oven", "--units", "6:8")
    night.check(re.search(r"unit 7 answers; identity fits:.* tx7", done.stdout) and "unit 6" not in done.stdout,
                f"a scan finds unit 7 and knows its profile: {done.stdout.strip()}")


def play_capture(lab):
    path = lab.capture(("oven",), 2, 15)["oven"]
    done = subprocess.run([lab.program("densctl"), "playback", path], capture_output=True, text=True, check=False,
                          env={**os.environ, "DENSD_CONFIG": lab.folder})
    night.check(done.returncode == 0, f"a capture of the ramp plays back as it was: {done.stdout[-300:]}{done.stderr}")


def test(build, source):
    if not shutil.which("socat") or subprocess.run([SYSTEM_PYTHON, "-c", "import pymodbus, serial"], capture_output=True,
                                                   check=False).returncode:
        print("skipped: socat, python3-pymodbus or python3-serial is not installed (tools/packages, group test)")
        sys.exit(SKIP)
    lab = OvenLab(build, source)
    with lab:
        run = night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("heat", 120)
        time.sleep(3)  # 20 K of the ramp
        play_capture(lab)
        record = night.wait_run(lab, run, 300)
        night.check(record["densification"] == "completed" and abs(record["peak_k"] - 400) < 3,
                    f"a whole densification with the invented controller: {record['densification']}, peak "
                    f"{record['peak_k']:.1f} K: {record['cause']}")


if __name__ == "__main__":
    sys.exit(night.main(test))
