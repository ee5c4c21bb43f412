#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault drills: each hazard that a device can cause, in each phase where it can happen, on the built densd at scale 10.

usage: drills.py BUILD SOURCE [DRILL...] [--jobs N] [--json]    all of them, or those whose name contains a word
       drills.py --list

A drill brings a run into its phase, sets densim's switch and asserts densd's reaction: alarm, phase, heater, press. From
densim's own record it then takes the lab seconds from the instant at which the hazard's row says that it is detected to
heater zero on the wire (manual and 0 %, or the contactor open). That figure is printed, never judged here.
"""
import argparse
import concurrent.futures
import json
import os
import sys
import time

from client import Client, NoAnswer
from lab import SKIP, Lab, LabError
from truth import Truth

SCALE = 10
ATTEMPTS = 2  # to get a run into its phase
REACTION_S = 60  # lab seconds after its detection in which a reaction must have come
PROTOCOL = """densd: protocol/1
name: drill
material: {name: Vit4, Tg: 596 K}
densification: {pressure: %s, temperature: %g K, isotherm: %s, compression_rate: 0.6 GPa/min,
                heating_rate: 30 K/min, decompression_rate: 0.3 GPa/min}
"""
SCANS = "calorimetry: {heating_rates: [100 K/s], sections_per_rate: 1}\n"
WARM_K, HOT_K, COLD_K, PRESSURE_GPA = 330, 400, 298, 0.5
PROGRAMMES = {  # pressure, temperature, isotherm
    "warm": ("0.5 GPa", WARM_K, "60 min"), "hot": ("0.5 GPa", HOT_K, "60 min"), "short": ("0.5 GPa", WARM_K, "5 s"),
    "cold": ("0.5 GPa", COLD_K, "5 s"), "scans": ("1 atm", COLD_K, "5 s"),
}

# When a row says that it is detected, from the rows of densim's record since the fault.


def at_once(rows):
    return rows[0]["lab_s"]


def after(seconds):
    return lambda rows: rows[0]["lab_s"] + seconds


def held(condition, seconds):
    def find(rows):
        since = None
        for row in rows:
            since = (row["lab_s"] if since is None else since) if condition(row) else None
            if since is not None and row["lab_s"] - since >= seconds:
                return row["lab_s"]
        return None
    return find


def first_of(*finders):
    def find(rows):
        return min((found for finder in finders if (found := finder(rows)) is not None), default=None)
    return find


def fell_by(kelvin, within_s):
    def find(rows):
        for i, row in enumerate(rows):
            recent = [r["T_measured_K"] for r in rows[:i + 1] if row["lab_s"] - r["lab_s"] <= within_s]
            if row["output_pct"] > 20 and max(recent) - row["T_measured_K"] > kelvin:
                return row["lab_s"]
        return None
    return find


RUNAWAY = first_of(held(lambda r: r["T_measured_K"] > r["setpoint_K"] + 15, 10),
                   held(lambda r: r["T_measured_K"] > WARM_K + 10, 0))
WELDED = held(lambda r: r["output_pct"] < 0.5, 60)
NOT_HEATING = held(lambda r: r["output_pct"] >= 50 and r["setpoint_K"] - r["T_measured_K"] >= 3, 120)
OVER_PRESSURE = held(lambda r: r["P_GPa"] > PRESSURE_GPA + 0.1, 0)

# What densd has to do: phases it may be in afterwards, heater zero, press locked (None: either).
TRIP = (("tripped",), True, True)
SAFE_HOLD = (("hold",), True, True)
HEATER_OFF = (("hold",), True, None)
HOLD = (("hold",), None, None)
HOLD_LOCKED = (("hold",), True, True)
ABORTING = (("aborting",), True, None)
GOES_ON = (None, None, None)
# Values that make no sense at a start: whatever densd makes of them, it never arms.
NOT_ARMED = (("preflight", "recovery-wait", "tripped"), True, None)

# hazard, switch (several: steps with the real seconds between), phases, alarms (any of), reaction, detection, programme
TABLE = (
    (2, "relay-welded 60", "heat isotherm hold cool aborting", {2}, TRIP, RUNAWAY, "warm"),
    (3, "relay-welded 5.5", "isotherm", {3}, TRIP, WELDED, "warm"),
    (4, "heater-open", "heat isotherm", {4}, TRIP, NOT_HEATING, "warm"),
    (5, "tc-break", "compress heat isotherm cool hold", {5}, HEATER_OFF, at_once, "warm"),
    (5, "tc-break", "decompress", {5}, HOLD_LOCKED, at_once, "cold"),
    (5, "tc-break", "aborting", {5}, ABORTING, at_once, "warm"),
    (6, "tc-slip 0.2", "isotherm", {6}, HEATER_OFF, fell_by(20, 30), "hot"),
    (7, "tc-freeze", "heat", {7}, HEATER_OFF, after(90), "hot"),
    (8, "bus-lost rtu", "heat isotherm hold cool", {8, 14}, SAFE_HOLD, after(10), "warm"),
    (8, "bus-lost press", "compress heat cool", {8, 14}, SAFE_HOLD, after(10), "warm"),
    (8, "bus-lost press", "decompress", {8, 14}, HOLD, after(10), "cold"),
    (9, "answers-corrupt 3 rtu", "heat", {9}, GOES_ON, at_once, "warm"),
    (9, "answers-late 150 rtu", "heat", {8, 9, 14}, SAFE_HOLD, after(10), "warm"),
    (10, "false-ack", "heat", {10}, HOLD, after(10), "warm"),
    (12, "stranger press", "heat", {12}, SAFE_HOLD, after(5), "warm"),
    (12, "stranger furnace; answers-corrupt 1 rtu; 0.2; clear answers-corrupt", "heat", {12}, HOLD, after(5), "warm"),
    (13, "units-changed", "heat", {13}, HEATER_OFF, at_once, "warm"),
    (14, "power-fail", "heat", {8, 14}, HOLD, at_once, "warm"),
    (15, "adapter-gone rtu", "heat", {15}, SAFE_HOLD, after(10), "warm"),
    (16, "answers-trickle 40 rtu", "heat", {8, 9, 14, 16}, SAFE_HOLD, after(10), "warm"),
    (17, "valve-stuck", "compress", {17}, HOLD, after(60), "warm"),
    (17, "valve-stuck", "decompress", {17}, HOLD, after(60), "cold"),
    (18, "gasket-blowout", "compress heat isotherm cool", {18}, TRIP, at_once, "warm"),
    (18, "gasket-leak 0.3", "heat", {18}, TRIP, at_once, "warm"),
    (19, "pump-runaway 30", "heat isotherm", {19}, SAFE_HOLD, OVER_PRESSURE, "warm"),
    (20, "pump-low 3", "compress heat", {20}, HOLD, at_once, "warm"),
    (21, "second-master furnace", "heat isotherm", {21}, HOLD, at_once, "warm"),
    (21, "second-master press", "compress heat", {21}, HOLD, at_once, "warm"),
    (22, "furnace-manual", "heat isotherm", {22}, HOLD, at_once, "warm"),
    (22, "press-local", "compress heat", {22}, HOLD, at_once, "warm"),
    (22, "press-local", "decompress", {22}, HOLD, at_once, "cold"),
    (11, "words-swapped both", "start", {2, 5, 50}, NOT_ARMED, after(10), "warm"),
    (37, "chip-open", "purge", {37}, GOES_ON, at_once, "scans"),
    (38, "nitrogen-loss", "purge", {38}, GOES_ON, after(30), "scans"),
)


class Failed(Exception):
    """A reaction that was not the right one."""


class Drill:
    def __init__(self, hazard, switch, phase, alarms, reaction, detected, programme):
        self.hazard, self.switch, self.phase, self.alarms = hazard, switch, phase, alarms
        self.phases, self.heater_zero, self.locked = reaction
        self.detected = detected
        self.programme = "short" if phase == "cool" else programme
        self.name = f"{hazard} {switch.split(';')[0]} in {phase}"

    # into the phase

    def submit(self, client):
        client.listen(5, lambda: client.state != {})
        text = PROTOCOL % PROGRAMMES[self.programme] + (SCANS if self.programme == "scans" else "")
        client.ask("submit", text=text)

    def wait(self, client, what, true, lab_s=900):
        if not client.listen(lab_s / SCALE, lambda: true() or client.state.get("phase") == "hold") or not true():
            raise LabError(f"{self.name}: {what}: not in {lab_s} lab s: {client.state}")

    def in_phase(self, client, phase):
        self.wait(client, f"phase {phase}", lambda: client.state.get("phase") == phase)

    def reach(self, lab, client):
        if self.phase == "start":
            lab.stop_densd()
            return
        self.submit(client)
        if self.phase == "purge":
            self.wait(client, "purge", lambda: client.state.get("scan_phase") == "purge")
            return
        stopped = {"hold": "hold", "aborting": "abort"}.get(self.phase)
        self.in_phase(client, "isotherm" if stopped else self.phase)
        client.listen(1.5 if self.phase == "compress" else 3)
        if stopped:
            client.ask(stopped)
            self.in_phase(client, self.phase)
            client.listen(1)

    # the fault

    def set_switch(self, lab, client):
        for step in self.switch.split(";"):
            words = step.split()
            if words[0] == "clear":
                lab.densim_ctl("fault", *words)
            elif words[0][0].isdigit():
                client.listen(float(words[0]))
            else:
                lab.densim_ctl("fault", "set", *words)

    def has_reacted(self, client):
        raised = {message["hazard"] for message in client.alarms.values() if message["raised"]}
        return bool(raised & self.alarms) and (self.phases is None or client.state.get("phase") in self.phases)

    def patience_s(self):
        """Longest row, its reaction, and what a late physics adds."""
        return 240 + REACTION_S

    # what densim saw

    def measure(self, truth):
        """Lab seconds from detection to heater zero; None: it was zero already, or the row does not ask for it."""
        rows = [row for row in truth.rows if row["faults"]]
        start = truth.rows[truth.rows.index(rows[0]) - 1] if rows else None
        if not rows or is_zero(start):
            return None
        rows = truth.rows[truth.rows.index(rows[0]):]
        zero = next((row["lab_s"] for row in rows if is_zero(row)), None)
        detected = self.detected(rows)
        if zero is None or detected is None:
            return None
        return round(zero - detected, 2)

    def judge(self, truth):
        last = truth.last()
        if self.heater_zero and not is_zero(last):
            raise Failed(f"the heater is not off: {last}")
        if self.locked is not None and bool(last["locked"]) != self.locked:
            raise Failed(f"the press is {'locked' if last['locked'] else 'not locked'}: {last}")
        found = truth.hot_releases() + truth.setpoint_jumps()
        if found and self.hazard not in (13, 18, 21):  # there densim itself moves setpoint or pressure
            raise Failed(found[0])

    def act(self, lab, client):
        self.reach(lab, client)
        self.set_switch(lab, client)
        if self.phase == "start":
            lab.start_densd()
            self.submit(client)
        if not client.listen(self.patience_s() / SCALE, lambda: self.has_reacted(client)):
            alarms = sorted(message["alarm"] for message in client.alarms.values() if message["raised"])
            raise Failed(f"alarms {alarms}, phase {client.state.get('phase')}: {client.state.get('cause')}")
        client.listen(2)
        # The other master goes on writing: what it heats, another row ends.
        if client.state.get("phase") not in (self.phases or ()) + ("tripped",) * (self.hazard == 21) and self.phases:
            raise Failed(f"the reaction did not last: {client.state.get('phase')}")

    def run(self, build, source):
        lab = Lab(build, source, scale=SCALE)
        track = os.path.join(lab.folder, "track.csv")
        lab.densim_arguments = ("--track", track)
        with lab:
            with Client(lab) as client:
                self.act(lab, client)
            lab.stop_programs()
            truth = Truth(track)
        self.judge(truth)
        return self.measure(truth) if self.heater_zero else None


def is_zero(row):
    return not row["contactor"] or (row["manual"] and row["manual_pct"] == 0)


def drills(words=()):
    for hazard, switch, phases, *rest in TABLE:
        for phase in phases.split():
            drill = Drill(hazard, switch, phase, *rest)
            if not words or any(word in drill.name for word in words):
                yield drill


def one(drill, build, source):
    """A result as JSON: the name, what went wrong (none: null), the figure (null: none)."""
    begun, figure, wrong = time.monotonic(), None, None
    for attempt in range(ATTEMPTS):
        try:
            figure, wrong = drill.run(build, source), None
            break
        except Failed as failure:
            wrong = str(failure)
            break
        except (LabError, NoAnswer) as failure:  # a busy machine did not get it there
            wrong = f"attempt {attempt + 1}: {failure}"
    return {"name": drill.name, "hazard": drill.hazard, "switch": drill.switch.split(";")[0], "phase": drill.phase,
            "heater_zero_s": figure, "wrong": wrong, "seconds": round(time.monotonic() - begun, 1)}


def tell(result):
    figure = "" if result["heater_zero_s"] is None else f", heater zero {result['heater_zero_s']:+.2f} s after detection"
    print(f"{'FAILED' if result['wrong'] else 'ok'}: {result['name']}{figure} ({result['seconds']} s)", flush=True)
    if result["wrong"]:
        print(f"  {result['wrong']}\n  replay: /usr/bin/python3 tests/system/drills.py BUILD . '{result['name']}'", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?")
    parser.add_argument("source", nargs="?")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    if options.list:
        print("\n".join(drill.name for drill in drills()))
        return 0
    if not options.source or not os.path.exists(os.path.join(options.build, "tools/densim/densim")):
        print("skipped: densim is not built")
        return SKIP
    chosen = list(drills(options.words))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(one, drill, options.build, options.source) for drill in chosen]
        results = []
        for future in concurrent.futures.as_completed(waiting):
            results.append(future.result())
            print(json.dumps(results[-1])) if options.json else tell(results[-1])
    failed = sum(bool(result["wrong"]) for result in results)
    print(f"{len(results)} drills, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
