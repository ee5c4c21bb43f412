#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the simulation deterministic, and does its checker find what is wrong?

usage: self_test.py SIM

Runs a seed of each level twice, and alone and after another one, and compares; spoils densd in fourteen ways on purpose, each of which one invariant must find.
"""
import json
import subprocess
import sys

# How densd is spoilt, the seeds that may be tried one by one until it is found, the invariant that finds it, and how. Which
# night meets the spoilt thing changes with everything that moves a night; that some night does must not.
PLANTS = [
    ("release", "1..40", "I1", ()),
    ("ramp", "1..40", "I5", ()),
    ("intent", "1..40", "I8", ()),
    ("latch", "1..80", "I10", ()),
    ("heater", "1..80", "I2", ()),
    ("stranger", "1..40", "I14", ()),
    ("wall", "1..40", "I15", ("--twin", "--hours", "3")),
    ("lock", "1..20", "I3", ("--level", "frames", "--hours", "1")),
    ("outcome", "1..40", "I9", ()),
    ("wear", "1..40", "I19", ()),
    ("halfway", "1..60", "I18", ()),
    ("leak", "1..20", "I20", ()),
    ("output", "1..80", "I2", ()),
    ("watchdog", "1..20", "I16", ()),
]


def run(sim, *arguments):
    return subprocess.run([sim, *arguments], capture_output=True, text=True, check=False)


def summary(sim, seed):
    done = run(sim, "--seed", str(seed), "--hours", "3", "--json")
    return json.loads(done.stdout.splitlines()[-1])


def check_same(sim):
    first, second, other = summary(sim, 7), summary(sim, 7), summary(sim, 8)
    for each in (first, second, other):
        del each["hours_per_s"]
    if first != second:
        return f"seed 7 gave {first}, then {second}"
    if first["hash"] == other["hash"]:
        return f"seeds 7 and 8 gave the same hash {first['hash']}"
    return None


def check_trail(sim):
    """The whole story of a night with bytes, crashes and a real store, line by line, twice."""
    order = ("--level", "frames", "--seed", "7", "--hours", "1", "--trail")
    first, second = run(sim, *order).stdout.splitlines(), run(sim, *order).stdout.splitlines()
    told = [line for line in first if not line.startswith("seeds ")]
    if len(told) < 50:
        return f"sim {' '.join(order)} told only {len(told)} lines"
    for line, again in zip(told, second):
        if line != again:
            return f"sim {' '.join(order)} told first: {line}, then: {again}"
    return None


def tell(sim, level, seeds):
    order = ("--level", level, "--seeds", seeds, "--hours", "1", "--trail")
    return [line for line in run(sim, *order).stdout.splitlines() if not line.startswith("seeds ")]


def check_alone(sim, level):
    """A night begins from nothing: after another one it is told as it is alone."""
    alone, after = tell(sim, level, "6..6") + tell(sim, level, "7..7"), tell(sim, level, "6..7")
    for line, again in zip(alone, after):
        if line != again:
            return f"--level {level}: seed 6 and 7 alone tell {line}, after one another {again}"
    return None if len(alone) == len(after) else f"--level {level}: {len(alone)} lines alone, {len(after)} after one another"


def check_plant(sim, plant, seeds, invariant, more):
    first, last = (int(seed) for seed in seeds.split(".."))
    for seed in range(first, last + 1):
        done = run(sim, "--plant", plant, "--seeds", f"{seed}..{seed}", *more)
        if done.returncode == 0:
            continue
        if done.returncode != 1 or f"first {invariant}:" not in done.stdout:
            return f"--plant {plant} --seeds {seed}..{seed}: not found by {invariant}:\n{done.stdout}{done.stderr}"
        if "replay: sim " not in done.stdout:
            return f"--plant {plant}: no command to replay it:\n{done.stdout}"
        return None
    return f"--plant {plant} --seeds {seeds}: {invariant} found nothing"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    sim = sys.argv[1]
    faults = [check_same(sim), check_trail(sim), check_alone(sim, "values"), check_alone(sim, "frames")]
    faults += [check_plant(sim, *plant) for plant in PLANTS]
    faults = [fault for fault in faults if fault]
    print("\n".join(faults) or f"same seed, same bytes, alone or after others; {len(PLANTS)} planted faults found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
