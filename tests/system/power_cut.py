#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes: every process at once, and the instruments. Afterwards it is another boot.

Another boot is made as the kernel would make it: densd starts in a time namespace whose CLOCK_BOOTTIME begins anew, with
another /proc/sys/kernel/random/boot_id. Needs root; without it the test is skipped and says so.

usage: power_cut.py BUILD SOURCE
"""
import os
import subprocess
import sys
import time
import uuid

import night
from lab import SKIP
from night import check

SINCE_BOOT_S = 40  # what CLOCK_BOOTTIME shows when densd starts again


class Rebooted(night.Lab):
    """A laboratory whose densd can be started on the next boot."""

    boots = 0

    def boot_command(self):
        identity = os.path.join(self.folder, f"boot-{self.boots}")
        with open(identity, "w", encoding="utf-8") as stream:
            stream.write(f"{uuid.uuid4()}\n")
        offset_s = SINCE_BOOT_S - int(time.clock_gettime(time.CLOCK_BOOTTIME))
        return ["unshare", "--mount", "--time", "--boottime", str(offset_s), "sh", "-c",
                f"mount --bind {identity} /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh"]

    def start_program(self, name, arguments, **more):
        if name != "densd" or not self.boots:
            return super().start_program(name, arguments, **more)
        with open(self.log(name), "ab") as log:
            return subprocess.Popen([*self.boot_command(), self.program(name), *arguments], stdout=log, stderr=log,
                                    stdin=subprocess.DEVNULL, **more)

    def cut_power(self):
        """kill -9 of everything, the mains of the instruments gone; back, and the next boot."""
        workers = self.workers()
        for pid in workers:
            os.kill(pid, 9)
        night.kill_control(self)
        self.densim_ctl("fault", "set", "power-fail")
        time.sleep(0.5)
        self.densim_ctl("fault", "clear", "power-fail")
        self.boots += 1
        self.start_densd(20)


def may_reboot():
    probe = ["unshare", "--mount", "--time", "--boottime", "100", "true"]
    return os.geteuid() == 0 and subprocess.run(probe, capture_output=True, check=False).returncode == 0


def recovery_row(lab, row):
    lab.wait_until(lambda: lab.json("recovery")["row"] == row, 30, f"row {row}, not {lab.json('recovery')}")
    return lab.json("recovery")


def cut_while_hot(lab):
    """In the isotherm, with `recovery: continue`: no continuing after a power cut (R15)."""
    run = night.submit(lab, night.PRESS_ONLY + "recovery: continue\n")
    lab.wait_phase("isotherm", 90)
    lab.cut_power()
    found = recovery_row(lab, "R15")
    check(not found["same_boot"] and found["controller_reset"], f"another boot, the controllers were reset: {found['text']}")
    state = lab.state()
    check(state["phase"] == "cool" and "power-cut" in state["alarms_active"], f"cools, and says why: {state['alarms_active']}")
    lab.densctl("abort", check=0)
    record = night.wait_run(lab, run, 180)
    check(record["densification"] == "aborted" and record["interrupted"], f"ended: {record['cause']}")
    check(0 < record["outage_s"] < 3600, f"the outage is in the record: {record['outage_s']:.0f} s")


def cut_while_tripped(lab):
    """A latched trip outlives the cut, twice, and the way out is the same."""
    run = night.submit(lab, night.PRESS_ONLY)
    lab.wait_phase("heat", 90)
    lab.densim_ctl("fault", "set", "heater-open")
    night.wait_state(lab, lambda s: s["latched"], 60, "a latched trip")
    lab.densim_ctl("fault", "clear", "heater-open")
    for cut in (1, 2):
        lab.cut_power()
        found = recovery_row(lab, "R2")
        state = lab.state()
        check(state["latched"] and state["phase"] == "tripped" and found["latched"], f"still latched after cut {cut}")
        check(not found["same_boot"], "on another boot")
    lab.densctl("ack", check=0)
    lab.densctl("reset", check=0)
    lab.densctl("abort", check=0)
    record = night.wait_run(lab, run, 180)
    check(record["densification"] == "tripped" and "not-heating" in record["cause"], f"ended: {record['cause']}")
    states = night.replay(lab, "state")
    check(not night.missing(m["seq"] for m in states), "the state's numbers have no hole over four boots")


def test(build, source):
    edits = ((r"^recovery: .*", "recovery: continue"),)
    with Rebooted(build, source, scale=60, site_edits=edits) as lab:
        cut_while_hot(lab)
        cut_while_tripped(lab)


if __name__ == "__main__":
    if not may_reboot():
        print("skipped: a time namespace of our own needs root and a kernel with them")
        sys.exit(SKIP)
    sys.exit(night.main(test))
