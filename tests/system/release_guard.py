#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The press worker itself refuses to lower the pressure without a fresh, cold permit, whatever it is asked.

Control is out of the picture: release_guard (C) speaks the link's protocol to the built densd-bus, and densim's own
record tells what the press was really told.

usage: release_guard.py BUILD SOURCE
"""
import os
import subprocess
import sys

import night
from night import check
from truth import Truth

SCALE = 10
REFUSED = ("none", "not-granted", "hot", "warm", "stale", "never-read", "of-the-future", "unknown", "limit-unknown",
           "limit-beyond-any")
PRESSURE_GPA, LOWER_GPA = 0.3, 0.05


class Guard:
    def __init__(self, lab):
        site = os.path.join(lab.folder, "site.struct")
        with open(site, "wb") as output:
            subprocess.run(["bash", "-c", '"$0" "$1" 3>&1 >/dev/null', os.path.join(lab.build, "config/densd-config"),
                            lab.site], stdout=output, check=True)
        self.process = subprocess.Popen([os.path.join(lab.build, "tests/system/release_guard"), site,
                                         os.path.join(lab.build, "daemon/bus/densd-bus")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, setpoint_gpa, permit, cycles):
        """(release refused, pressure, oil setpoint read back) after so many cycles with this demand."""
        self.process.stdin.write(f"{setpoint_gpa} {permit} {cycles}\n")
        self.process.stdin.flush()
        refused, pressure, setpoint = self.process.stdout.readline().split()
        return refused == "1", float(pressure), float(setpoint)

    def close(self):
        self.process.stdin.close()
        return self.process.wait(10)


def drive(guard):
    """Presses, asks for less in every way that must not do, then in the one that does."""
    refused, pressure, setpoint = guard.ask(PRESSURE_GPA, "none", 500)
    check(pressure > 0.95 * PRESSURE_GPA and not refused, f"pressed without a permit: {pressure} GPa")
    for permit in REFUSED:
        refused, _, now = guard.ask(LOWER_GPA, permit, 40)
        check(refused and now >= setpoint - 0.01, f"permit {permit}: refused, the setpoint stays at {now} bar")
    refused, _, now = guard.ask(LOWER_GPA, "good", 40)
    check(not refused and now < setpoint - 1, f"a fresh, cold permit lowers it to {now} bar")
    refused, _, later = guard.ask(LOWER_GPA, "hot", 40)
    check(refused and later >= now - 0.5, f"hot again: it stops at {later} bar")


def falls(truth):
    return [(before["setpoint_bar"], row["setpoint_bar"]) for before, row, _ in truth.changes("setpoint_bar")
            if row["setpoint_bar"] < before["setpoint_bar"] - 0.01]


def test(build, source):
    lab = night.Lab(build, source, scale=SCALE)
    track = os.path.join(lab.folder, "track.csv")
    lab.densim_arguments = ("--track", track)
    try:
        lab.start_densim()
        lab.write_site()
        guard = Guard(lab)
        try:
            drive(guard)
        finally:
            guard.close()
        lab.stop_programs()
        fallen = falls(Truth(track))
        check(fallen and all(before > after for before, after in fallen), "densim was told lower setpoints in the end")
        check(fallen[0][0] > 0.95 * max(before for before, _ in fallen), "and not one before the good permit")
    finally:
        lab.stop()


if __name__ == "__main__":
    sys.exit(night.main(test))
