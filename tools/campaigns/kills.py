# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of densd and its workers against densim at high scale (tests/system/kills.py), one seed a run."""
import collections
import math
import subprocess
import sys

from campaigns import progress

DRIVER = progress.SOURCE / "tests/system/kills.py"
KILLS_A_RUN = 12  # about


def arguments(parser):
    parser.add_argument("--kills", type=int, default=10000, help="kills in all (default 10000)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")


def run(options):
    kills = progress.import_system_test("kills")
    probe = subprocess.run([sys.executable, DRIVER, options.build, progress.SOURCE, "--kills", "0"], capture_output=True, check=False)
    if probe.returncode:
        sys.exit(f"campaign: no built tree in {options.build}: meson setup {options.build} && ninja -C {options.build}")
    state = progress.State(options.state, f"kills from seed {options.first}")
    while state.total("kills") < options.kills:
        first = options.first + len(state.done)
        runs = math.ceil((options.kills - state.total("kills")) / KILLS_A_RUN)
        known = {key: () for key in state.done}
        jobs = {str(seed): (options.build, str(progress.SOURCE), seed) for seed in range(options.first, first + runs)}
        progress.run_jobs(state, {**known, **jobs}, kills.run_seed, options.jobs,
                          lambda s: f"{s.total('kills')} kills, {violated(s)} runs with violations")
    return report(state, options, kills)


def violated(state):
    return sum(bool(result["violations"]) for result in state.done.values())


def report(state, options, kills):
    for result in state.done.values():
        if result["violations"]:
            kills.tell(result, kills.replay_command(options.build, ".", result["seed"]))
    ends = collections.Counter(result["ended"] for result in state.done.values())
    print(f"seeds {options.first}..{options.first + len(state.done) - 1}: {state.total('kills')} kills "
          f"({state.total('control')} of control) in {len(state.done)} runs "
          f"({', '.join(f'{count} {name}' for name, count in ends.most_common())}), {violated(state)} with violations")
    return 1 if violated(state) else 0
