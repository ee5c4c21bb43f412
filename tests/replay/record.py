#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records one commissioning of each instrument, through its emulator, into tests/replay/NAME.capture.

usage: record.py BUILD SOURCE [PROFILE...]      without names: all that have no recording yet
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))

import commissioning  # noqa: E402
import devices  # noqa: E402
from lab import Lab  # noqa: E402

SCALE = 20
OWN = {"densim-press": "press", "densim-furnace": "furnace", "densim-nitrogen": "nitrogen", "densim-chip": "chip"}
UNRECORDED = ("oven",)  # an example
CARRIED = {"beckhoff-ek9000": "furnace"}  # a coupler is recorded with the furnace whose contactor it carries
ANSWERS = (("agree", "yes"), ("why it is skipped:", "recorded without hands at the panel"), ("Verified:", "yes"),
           ("Your name", "the recorder"))


def device_of(profile):
    """The name, in the shipped site, of the device that the profile takes the place of."""
    if profile in OWN:
        return OWN[profile]
    if profile in CARRIED:
        return CARRIED[profile]
    patterns = " ".join(edit[0] for edit in devices.WIRING[profile]).replace("\\", "")
    return next(name for mark, name in OWN.items() if mark in patterns)


def file_of(profile):
    return profile.replace(" ", "-") + ".capture"


def record(build, source, profile):
    own = profile in OWN
    path = os.path.join(source, "tests/replay", file_of(profile))
    lab = Lab(build, source, scale=SCALE, site_edits=() if own else devices.edits(profile),
              densim_arguments=() if own else devices.emulation(profile))
    try:
        lab.start_densim()
        lab.write_site()
        technician = commissioning.Technician(lab, device_of(profile), "--out", os.path.join(lab.folder, "record.yaml"),
                                              "--capture", path)
        technician.answer(ANSWERS)
        code = technician.end()
        print(f"{profile}: {os.path.getsize(path)} bytes" if code == 0 else f"{profile}: exit {code}\n{technician.text}")
        return code
    finally:
        lab.stop()


def main():
    build, source, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    names = names or [name for name in (*OWN, *devices.WIRING) if name not in UNRECORDED and
                      not os.path.exists(os.path.join(source, "tests/replay", file_of(name)))]
    return max([record(build, source, name) for name in names], default=0)


if __name__ == "__main__":
    sys.exit(main())
