# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of the machines (tests/search), all models side by side."""
import subprocess

from campaigns import progress


def arguments(parser):
    parser.add_argument("--deep", action="store_true", help="the larger alphabet: troubles with T and P crosswise")
    parser.add_argument("--states", type=int, default=50_000_000, help="stop a model at so many states")


def list_models(program):
    done = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def run_model(program, model, flags):
    command = [program, "--model", model, "--json", *flags]
    return progress.run_json(command) | {"replay": " ".join(command)}


def run(options):
    program = progress.find_built(options.build, "tests/search/search")
    flags = ["--states", str(options.states)] + (["--deep"] if options.deep else [])
    state = progress.State(options.state, "search" + " deep" * options.deep)
    jobs = {model: (program, model, flags) for model in list_models(program)}
    progress.run_jobs(state, jobs, run_model, options.jobs,
                      lambda s: f"{s.total('states')} states, {s.total('transitions') / 1e6:.0f} million transitions")
    bad = [result for result in state.done.values() if not result["complete"]]
    for result in state.done.values():
        print(f"{result['model']}: {result['states']} states, {result['transitions']} transitions, "
              f"depth {result['depth']}, {result['seconds']:.0f} s")
    for result in bad:
        print("\n".join(result["told"]) or "stopped at the limit of states", f"\nreplay: {result['replay']}")
    violated = sum(result["violated"] != "" for result in bad)
    print(f"models {', '.join(state.done)}: {state.total('states')} states, {state.total('transitions')} transitions, "
          f"{violated} violations, {len(bad) - violated} not complete")
    return 1 if bad else 0
