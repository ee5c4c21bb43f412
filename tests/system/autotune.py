#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay autotune as a run: it proposes, writes nothing, stays below its ceiling, and heats nothing once densd is dead.

usage: autotune.py BUILD SOURCE
"""
import json
import os
import re
import sys
import time

import devices
import night

SCALE = 20
TUNE = """densd: protocol/1
name: autotune at 400 K
material: {name: dummy}
densification: {pressure: 1 atm, temperature: 400 K, isotherm: 30 s}
autotune: {amplitude_pct: 10, hysteresis: 0.5 K, ceiling: 405 K, cycles: 5}
"""
SAID = re.compile(r"Autotune: ultimate gain ([\d.]+) \+- ([\d.]+) %/K, period ([\d.]+) \+- ([\d.]+) s \((\d+) cycles\)")


def look(lab):
    return json.loads(lab.densim_ctl("status"))


def notes(lab, run):
    return lab.densctl("events", run, check=0).stdout


def whole_run(build, source):
    with night.Lab(build, source, scale=SCALE) as lab:
        run = night.submit(lab, TUNE)
        record = night.wait_run(lab, run, 4000 / SCALE)
        night.check(record["densification"] == "completed", f"the autotune's run completed: {record['cause']}")
        night.check(record["peak_k"] < 405, f"it stayed below its ceiling, at most {record['peak_k']:.1f} K")
        said = SAID.search(notes(lab, run))
        night.check(said, "the proposal stands in the run's record")
        gain, gain_sd, period, period_sd, cycles = map(float, said.groups())
        night.check(cycles == 5 and 5 < gain < 15 and 8 < period < 16 and gain_sd < 0.2 * gain and period_sd < 0.1 * period,
                    f"ultimate gain {gain} +- {gain_sd} %/K, period {period} +- {period_sd} s, as the plant has them")
        night.check("Nothing was written." in notes(lab, run), "and nothing was written")
        shown = lab.json("tune", run)
        night.check(shown["period_s"] == period and len(shown["proposals"]) == 2, f"densctl tune: {shown['proposals']}")
        night.check("Tyreus-Luyben" in lab.densctl("results", run, check=0).stdout, "densctl results shows it as well")
        picture = os.path.join(lab.folder, "relay.svg")
        lab.densctl("tune", run, "--svg", picture, check=0)
        with open(picture, encoding="utf-8") as stream:
            night.check(stream.read().count("path") > 4, "and its picture was drawn")


def relays(lab):
    lab.attend()
    seen = look(lab)
    return seen["manual"] and seen["heater_pct"] > 0


def killed(build, source):
    """In manual a controller heats on; what opens the contactor is the PLC."""
    with night.Lab(build, source, scale=SCALE) as lab:
        night.submit(lab, TUNE)
        lab.wait_until(lambda: relays(lab), 4000 / SCALE, "the relay")
        night.kill_control(lab)
        time.sleep(40 / SCALE)
        seen = look(lab)
        night.check(not seen["contactor"] and seen["T_K"] < 405,
                    f"40 s after densd died the contactor is open, at {seen['T_K']:.1f} K")


def held(build, source):
    """A hold gives the temperature back to the controller; a broken thermocouple takes the heater off."""
    with night.Lab(build, source, scale=SCALE) as lab:
        night.submit(lab, TUNE)
        lab.wait_until(lambda: relays(lab), 4000 / SCALE, "the relay")
        lab.densctl("hold", check=0)
        lab.wait_until(lambda: not look(lab)["manual"], 10, "automatic")
        seen = look(lab)
        night.check(abs(seen["setpoint_K"] - 400) < 0.1 and seen["contactor"], f"held in automatic at {seen['setpoint_K']:.1f} K")
        time.sleep(60 / SCALE)
        lab.densctl("resume", check=0)
        lab.wait_until(lambda: relays(lab), 600 / SCALE, "the relay again")
        lab.densim_ctl("fault", "set", "tc-break")
        lab.wait_until(lambda: look(lab)["heater_pct"] == 0, 5, "a heater without output")
        state = night.wait_state(lab, lambda s: s["phase"] == "hold", 5, "a hold")
        night.check("Thermocouple" in state["cause"] and look(lab)["T_K"] < 405, f"broken: {state['cause']}")


def refused(build, source):
    """Nothing that opens the contactor, or a controller that has no manual: no autotune."""
    for profile, why in (("druck-pace", "nothing opens the heater's contactor"), ("omron-e5cc", "cannot set its output")):
        with night.Lab(build, source, scale=SCALE, site_edits=devices.edits(profile),
                       densim_arguments=devices.emulation(profile)) as lab:
            path = f"{lab.folder}/tune.yaml"
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(TUNE)
            done = lab.densctl("submit", path)
            night.check(done.returncode == 1 and why in done.stderr + done.stdout,
                        f"refused with {profile}: {(done.stderr + done.stdout).strip()}")


def test(build, source):
    refused(build, source)
    killed(build, source)
    held(build, source)
    whole_run(build, source)


if __name__ == "__main__":
    sys.exit(night.main(test))
