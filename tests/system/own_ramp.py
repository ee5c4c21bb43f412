#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A furnace controller that ramps by itself: a hold freezes it, a dead densd leaves a bounded ramp, and one that ramps
otherwise than it was told is held.

usage: own_ramp.py BUILD SOURCE
"""
import json
import sys
import time

import devices
import night

PROFILE = "eurotherm-2400"
SCALE = 20
AHEAD_K = 20.0  # 20 K/min for the profile's ramp_ahead of 60 s
SLACK_K = 1.5   # what control's setpoint moves between two looks, and the controller's own overshoot


def look(lab):
    return json.loads(lab.densim_ctl("status"))


def start(build, source):
    return night.Lab(build, source, scale=SCALE, site_edits=devices.edits(PROFILE), densim_arguments=("--device", PROFILE))


def hotter_than(lab, kelvin):
    def reached():
        lab.attend()
        return look(lab)["working_setpoint_K"] > kelvin
    lab.wait_until(reached, 60, f"a working setpoint above {kelvin} K")


def frozen(lab):
    """The target stands where the ramp is, and both stay."""
    lab.wait_until(lambda: abs(look(lab)["setpoint_K"] - look(lab)["working_setpoint_K"]) < 0.1, 5, "a frozen ramp")
    before = look(lab)["setpoint_K"]
    time.sleep(60 / SCALE)
    return before, look(lab)["setpoint_K"]


def hold_and_kill(build, source):
    with start(build, source) as lab:
        night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("heat", 60)
        hotter_than(lab, 325)
        seen = look(lab)
        night.check(seen["setpoint_K"] - seen["working_setpoint_K"] > 5, "the controller ramps by itself, its target is ahead")
        lab.densctl("hold", check=0)
        before, after = frozen(lab)
        night.check(before == after < 345, f"a hold freezes the controller's own ramp, at {after:.1f} K")
        lab.densctl("resume", check=0)
        hotter_than(lab, after + 15)
        last = look(lab)
        night.kill_control(lab)
        most_k = 0.0
        for _ in range(20):
            time.sleep(120 / SCALE / 20)
            seen = look(lab)
            most_k = max(most_k, seen["working_setpoint_K"], seen["T_K"])
        night.check(last["working_setpoint_K"] < most_k <= last["working_setpoint_K"] + AHEAD_K + SLACK_K and most_k < 395,
                    f"two minutes after densd died at {last['working_setpoint_K']:.1f} K: at most {most_k:.1f} K, "
                    f"no further than {AHEAD_K:.0f} K")
        night.check(not seen["contactor"], "and the PLC's watchdog has opened the contactor")


def wrong_rate(build, source, factor):
    with start(build, source) as lab:
        night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("compress", 60)
        lab.densim_ctl("fault", "set", "ramp-wrong", str(factor))
        state = night.wait_state(lab, lambda s: s["phase"] == "hold" and "setpoint" in s["cause"], 60,
                                 f"a hold for a ramp {factor} times as fast as told")
        seen = look(lab)
        night.check(seen["T_K"] < 315, f"a ramp {factor} times as fast as told is held at {seen['T_K']:.1f} K: {state['cause']}")


def test(build, source):
    hold_and_kill(build, source)
    wrong_rate(build, source, 60)
    wrong_rate(build, source, 0.02)


if __name__ == "__main__":
    sys.exit(night.main(test))
