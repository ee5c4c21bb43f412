# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole densifications with scans through each emulated instrument (tests/system/devices.py), a seed a round."""
import os
import sys
import time

from campaigns import progress


def arguments(parser):
    parser.add_argument("--rounds", type=int, default=10, help="seeds for each profile (default 10)")
    parser.add_argument("--scale", type=int, default=50, help="laboratory seconds in a real one (default 50)")
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help="in config/devices (default: all that run)")


def run_round(devices, options, profile, seed):
    began = time.monotonic()
    try:
        devices.run_once(os.path.abspath(options.build), str(progress.SOURCE), profile, options.scale, seed, scans=True)
    except (devices.night.Failed, devices.night.LabError) as failure:
        return {"failed": 1, "why": str(failure).splitlines()[0], "seconds": time.monotonic() - began}
    return {"failed": 0, "why": "", "seconds": time.monotonic() - began}


def run(options):
    devices = progress.import_system_test("devices")
    for module in (devices, devices.night):
        module.print = lambda *_, **__: None  # the test's own words: here the results count
    profiles = options.profiles or [name for name in devices.WIRING if name != "oven"]
    unknown = [name for name in profiles if name not in devices.WIRING]
    if unknown:
        print(f"campaign: {unknown} is not known: {' '.join(devices.WIRING)}", file=sys.stderr)
        return 2
    state = progress.State(options.state, f"devices, scale {options.scale}")
    jobs = {f"{profile} {seed}": (devices, options, profile, seed)
            for profile in profiles for seed in range(1, options.rounds + 1)}
    progress.run_jobs(state, jobs, run_round, options.jobs, lambda done: f"{done.total('failed')} failed")
    for profile in profiles:
        results = [state.done[f"{profile} {seed}"] for seed in range(1, options.rounds + 1)]
        print(f"{profile}: {sum(not r['failed'] for r in results)} of {len(results)} runs completed")
        for seed, result in enumerate(results, 1):
            if result["failed"]:
                print(f"  seed {seed}: {result['why']}; again: rm {options.state}, then campaign --build {options.build} "
                      f"devices --rounds {seed} --scale {options.scale} {profile}")
    return 1 if state.total("failed") else 0
