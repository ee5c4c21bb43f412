#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole short densification with an emulated instrument in place of densim's own.

usage: devices.py BUILD SOURCE [PROFILE...]

Without a name every profile runs, and the worked example of config/README.md, about four seconds each.
"""
import json
import os
import re
import sys
import tempfile
import time

import night

SCALE = 400
# How each instrument is wired: the line that is taken out of the shipped site, and what comes in.
FURNACE_RTU = ((r"unit: 1, profile: densim-furnace", "unit: 1, profile: {}"),)
FLOW_RTU = ((r"unit: 2, profile: densim-nitrogen", "unit: 2, profile: {}"),)
PRESS_TCP = ((r"unit: 1, profile: densim-press", "unit: 1, profile: {}"),)
FURNACE_TCP = ((r"^.*profile: densim-furnace.*\n", ""),
               (r"^( *)- (.name: press, unit: 1, profile: densim-press.)",
                r"\1- {{name: furnace, unit: 2, profile: {}}}" + "\n" + r"\1- \2"))
WIRING = {
    "eurotherm-2400": FURNACE_RTU, "eurotherm-3216": FURNACE_RTU, "eurotherm-3504": FURNACE_RTU,
    "eurotherm-nanodac": FURNACE_TCP, "watlow-f4t": FURNACE_TCP, "omron-e5cc": FURNACE_RTU,
    "generic-controller": FURNACE_RTU, "alicat-flow": FLOW_RTU, "bronkhorst-flow": FLOW_RTU, "oven": FURNACE_RTU,
    "generic-plc-press": PRESS_TCP,
}


def edits(profile):
    return [(pattern, replacement.format(profile)) for pattern, replacement in WIRING[profile]]


def run_one(build, source, profile):
    begun = time.monotonic()
    with night.Lab(build, source, scale=SCALE, site_edits=edits(profile),
                   densim_arguments=("--device", profile)) as lab:
        # The purge flows while sections are scanned, and only then.
        scans = WIRING[profile] is FLOW_RTU
        run = night.submit(lab, night.WITH_SCANS if scans else night.PRESS_ONLY)
        record = night.wait_run(lab, run, 60)
        night.check(record["densification"] == "completed", f"{profile}: densification completed: {record}")
        if scans:
            night.check(record["calorimetry"] == "completed", f"{profile}: purged scans completed: {record}")
        status = json.loads(lab.densim_ctl("status"))
        night.check(status["recovered"]["batch"] == 1, f"{profile}: densim recovered the batch")
        night.check(abs(status["recovered"]["T_max_K"] - 400) < 5 and abs(status["recovered"]["P_max_GPa"] - 1) < 0.1,
                    f"{profile}: the capsule saw 400 K and 1 GPa: {status['recovered']}")
        night.check(status["eeprom_writes"] == 0, f"{profile}: nothing was written to a memory that wears")
    print(f"{profile}: {time.monotonic() - begun:.1f} s", flush=True)


def write_example(source, folder):
    """The fenced profile of config/README.md as FOLDER/devices/oven.yaml."""
    with open(os.path.join(source, "config/README.md"), encoding="utf-8") as stream:
        examples = re.findall(r"^```yaml\n(.*?)^```$", stream.read(), flags=re.MULTILINE | re.DOTALL)
    night.check(len(examples) == 1, "config/README.md has one worked example")
    os.mkdir(os.path.join(folder, "devices"))
    with open(os.path.join(folder, "devices/oven.yaml"), "w", encoding="utf-8") as stream:
        stream.write(examples[0])


def test(build, source):
    with tempfile.TemporaryDirectory(prefix="densd-test-") as folder:
        write_example(source, folder)
        os.environ["DENSD_CONFIG"] = folder
        for profile in sys.argv[3:] or WIRING:
            if profile not in WIRING:
                raise night.Failed(f"{profile} is not known: {' '.join(WIRING)}")
            run_one(build, source, profile)


if __name__ == "__main__":
    sys.exit(night.main(test))
