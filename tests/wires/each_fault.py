#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault alone, in one answer of twenty on every line that knows it: met often, and nothing misattributed; same seed, same bytes.

usage: each_fault.py MISBEHAVE
"""
import json
import subprocess
import sys

LEAST = 50


def run(program, *options):
    done = subprocess.run([program, "--seeds", "1..16", "--questions", "2000", "--json", *options], capture_output=True, text=True,
                          check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program, faults = sys.argv[1], []
    first, second = run(program)[1], run(program)[1]
    if {**first, "took_s": 0} != {**second, "took_s": 0}:
        faults.append(f"the same seeds gave {first}, then {second}")
    for kind in first["met"]:
        code, total, text = run(program, "--only", kind)
        if code != 0:
            faults.append(f"--only {kind}: {text}")
        elif total["met"][kind] < LEAST or sum(total["met"].values()) != total["met"][kind] or total["good"] < 1000:
            faults.append(f"--only {kind}: met {total['met']}, {total['good']} good values")
    print("\n".join(faults) or f"{len(first['met'])} faults, each alone: nothing misattributed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
