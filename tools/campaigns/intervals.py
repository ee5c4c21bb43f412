# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the 95 % intervals of Tf, Tp, onset and Ea hold the truth (tests/intervals), over drawn laboratories."""
import json
import math
import subprocess

from campaigns import progress

CHUNK = 50  # laboratories a process
KINDS = {"made": 1, "laboratory": 1, "tables": 10, "weighted": 10}  # laboratories of each, in units of the option
GOAL = (0.93, 0.97)
WITH_GOAL = ("Tf", "Tf - Tf_ref", "Tp", "onset", "Ea")  # and "Tf, 100 K/s"


def arguments(parser):
    parser.add_argument("--laboratories", type=int, default=1000, help="of each kind (default 1000; tables ten times)")
    parser.add_argument("--by-rate", action="store_true", help="each heating rate by itself")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")


def run_chunk(program, kind, first, last, *extra):
    done = subprocess.run([program, kind, "--seeds", f"{first}..{last}", "--json", *extra], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"intervals {kind} --seeds {first}..{last} ended with {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) | {"kind": kind} for line in done.stdout.splitlines()]


def add_up(state):
    """{(kind, quantity): sums}"""
    sums = {}
    for rows in state.done.values():
        for row in rows:
            total = sums.setdefault((row["kind"], row["quantity"]), {})
            for field, value in row.items():
                if not isinstance(value, str):
                    total[field] = total.get(field, 0) + value
    return sums


def show(kind, quantity, row):
    """Prints one line; whether the share misses the goal by more than three standard deviations of the draws."""
    count = row["drawn"] - row["missing"]
    share, (low, high) = row["inside"] / count, GOAL
    squares = row["inside2"] - 2 * share * row["inside_valued"] + share * share * row["valued2"]
    sd = math.sqrt(max(0, squares)) / count  # by the scatter of the laboratories, whose numbers share their errors
    print(f"{kind:10}  {quantity:21}  {row['drawn']:8}  {row['missing']:7}  {100 * share:8.2f}  {196 * sd:4.2f}  {row['off'] / count:8.3f}  "
          f"{math.sqrt(row['off2'] / count):8.3f}  {math.sqrt(row['sd2'] / count):8.3f}")
    binomial = math.sqrt(share * (1 - share) / count)
    slack = 3 * math.sqrt(low * (1 - low) / count) * (max(1, sd / binomial) if binomial else 1)
    return share < low - slack or (quantity.split(",")[0] in WITH_GOAL and share > high + slack)


def run(options):
    program = progress.find_built(options.build, "tests/intervals/intervals")
    jobs = {}
    extra = ["--by-rate"] if options.by_rate else []
    for kind, times in KINDS.items():
        seeds = range(options.first, options.first + times * options.laboratories)
        for first, last in progress.split_seeds(seeds, CHUNK * times):
            jobs[" ".join([f"{kind} {first}..{last}", *extra])] = (program, kind, first, last, *extra)
    state = progress.State(options.state, "intervals")
    progress.run_jobs(state, jobs, run_chunk, options.jobs, lambda s: f"{len(s.done)} chunks")
    print("kind        quantity                  drawn  without  inside/%    +-      bias   rms off    rms sd")
    off = [f"{kind} {quantity}" for (kind, quantity), row in sorted(add_up(state).items()) if show(kind, quantity, row)]
    print(f"seeds from {options.first}, {options.laboratories} laboratories of a kind: {len(off)} violations "
          f"(goal {100 * GOAL[0]:g} to {100 * GOAL[1]:g} % for {', '.join(WITH_GOAL)})" + "".join(f"\n{o}" for o in off))
    return 1 if off else 0
