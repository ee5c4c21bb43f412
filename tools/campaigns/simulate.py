# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated nights (tests/simulation), one seed each, in which everything goes wrong."""
from campaigns import progress

CHUNK = 5  # seeds a process
RAREST = 6  # shown of each table
TABLES = ("edge", "scan edge", "alarm", "hazard row", "restart row", "crash", "outcome", "trouble")


def arguments(parser):
    parser.add_argument("--level", choices=("values", "frames"), default="values",
                        help="values, or frames: bytes and CRC with the real recorder (default values)")
    parser.add_argument("--hours", type=float, help="run-hours in all (default 20000; frames 500)")
    parser.add_argument("--night", type=float, help="hours of one night (default 10; frames 4)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")


def run_chunk(sim, level, first, last, night):
    return progress.run_json([sim, "--level", level, "--seeds", f"{first}..{last}", "--hours", f"{night:g}", "--json"])


def add_counters(chunks):
    """{"edge idle -> preflight": 48, ...} over all chunks; 0: it can be met and never was."""
    sums = {}
    for chunk in chunks:
        for name, hits in chunk["counters"].items():
            sums[name] = sums.get(name, 0) + hits
    return sums


def show_reach(counters):
    """A line a table: what was met, how often at least, and what never."""
    for table in TABLES:
        hits = {name[len(table) + 1:]: count for name, count in counters.items() if name.startswith(table + " ")}
        met = {name: count for name, count in hits.items() if count}
        if not hits:
            continue
        print(f"{table}: {len(met)} of {len(hits)} met")
        if met:
            rarest = sorted(met.items(), key=lambda pair: pair[1])[:RAREST]
            print("  rarest: " + ", ".join(f"{name} {count}" for name, count in rarest))
        if len(met) < len(hits):
            print("  never met: " + ", ".join(name for name, count in hits.items() if not count))


def run(options):
    sim = progress.find_built(options.build, "tests/simulation/sim")
    frames = options.level == "frames"
    night = options.night or (4 if frames else 10)
    hours = options.hours or (500 if frames else 20000)
    seeds = range(options.first, options.first + max(1, round(hours / night)))
    jobs = {f"{first}..{last}": (sim, options.level, first, last, night) for first, last in progress.split_seeds(seeds, CHUNK)}
    state = progress.State(options.state, f"simulate {options.level} {night:g} h")
    progress.run_jobs(state, jobs, run_chunk, options.jobs,
                      lambda s: f"{s.total('hours'):.0f} run-hours, {s.total('violations')} violation(s)")
    for chunk in state.done.values():
        print("\n".join(chunk["told"]), end="\n" if chunk["told"] else "")
    print(f"{options.level}: seeds {seeds.start}..{seeds.stop - 1}: {state.total('nights')} nights, {state.total('hours'):.0f} run-hours, "
          f"{state.total('busy_hours'):.0f} of them with a run, {state.total('starts')} starts of densd, "
          f"{state.total('runs')} runs ended, {state.total('violations')} violations")
    show_reach(add_counters(state.done.values()))
    return 1 if state.total("violations") else 0
