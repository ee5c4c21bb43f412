# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault drills (tests/system/drills.py) again and again: from the detection that a row names to heater zero."""
import math
import statistics

from campaigns import progress

GOAL_S, WORST_S = 1.5, 5.0


def arguments(parser):
    parser.add_argument("--repeat", type=int, default=20, help="how often each drill (default 20)")
    parser.add_argument("words", nargs="*", help="only drills whose name contains one of these")


def run(options):
    drills = progress.import_system_test("drills")
    progress.find_built(options.build, "tools/densim/densim")
    state = progress.State(options.state, "drills")
    jobs = {f"{drill.name} #{i}": (drill, options.build, str(progress.SOURCE))
            for i in range(options.repeat) for drill in drills.drills(options.words)}
    progress.run_jobs(state, jobs, drills.one, options.jobs,
                      lambda s: f"{sum(bool(r['wrong']) for r in s.done.values())} wrong reactions")
    return report(state, drills)


def share(values, p):
    """The p-th part of sorted values: the smallest that so many do not exceed."""
    return values[max(math.ceil(p * len(values)) - 1, 0)]


def line(name, values):
    return f"| {name} | {len(values)} | {statistics.median(values):.2f} | {share(values, 0.999):.2f} | {values[-1]:.2f} |"


def report(state, drills):
    wrong = [result for result in state.done.values() if result["wrong"]]
    for result in wrong:
        drills.tell(result)
    figures = {}
    for result in state.done.values():
        if result["heater_zero_s"] is not None:
            figures.setdefault((result["hazard"], result["switch"], result["phase"]), []).append(result["heater_zero_s"])
    print("| hazard | switch | phase | n | median s | p99.9 s | worst s |\n|---|---|---|---|---|---|---|")
    for (hazard, switch, phase), values in sorted(figures.items()):
        print(line(f"{hazard} | {switch} | {phase}", sorted(values)))
    every = sorted(value for values in figures.values() for value in values)
    if every:
        print(line("all | | ", every))
        print(f"fault to heater zero beyond the row's own time, lab seconds: p99.9 {share(every, 0.999):.2f} "
              f"(goal {GOAL_S}), worst {every[-1]:.2f} (goal {WORST_S})")
    print(f"{len(state.done)} drills, {len(wrong)} wrong reactions")
    return 1 if wrong else 0
