# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of the interlocks and restart tables (tools/mutate): each must be caught by the fast tests of protocol/."""
import hashlib
import tempfile

from campaigns import mutants, progress


def arguments(parser):
    parser.add_argument("--file", action="append", help="file or pattern; default: " + " ".join(mutants.FILES))


def digest():
    """Of everything a verdict rests on: another source or test is another campaign."""
    paths = mutants.sources("protocol/*.[ch]", "daemon/base/*.[ch]", "tests/unit/protocol/*.[ch]", "tools/campaigns/mutants.py")
    return hashlib.sha256("".join(mutants.read(path) for path in paths).encode()).hexdigest()[:12]


def survivors(state):
    return [key for key, result in state.done.items() if result["verdict"] == "survived"]


def run(options):
    paths = mutants.sources(*(options.file or mutants.FILES))
    found = {f"{path}:{mutant['line']}: {mutant['what']} ({mutant['begin']})": (path, mutant)
             for path in paths for mutant in mutants.find(path)}
    state = progress.State(options.state, f"mutate {digest()}")
    with tempfile.TemporaryDirectory(prefix="densd-mutate-") as folder:
        bench = mutants.Bench(folder, paths)
        progress.run_jobs(state, found, lambda path, mutant: {"verdict": bench.judge(path, mutant)}, options.jobs,
                          lambda s: f"{len(survivors(s))} survived")
    left = survivors(state)
    for key in left:
        path, line = key.split(":")[:2]
        print(f"survived: {key}: tools/mutate --file {path} --line {line}")
    for key, (_, mutant) in found.items():
        if mutant["equivalent"]:
            print(f"equivalent: {key}: {mutant['equivalent']}")
    counted = sum(result["verdict"] in ("caught", "survived") for result in state.done.values())
    print(f"mutants of {len(paths)} files: {counted - len(left)} of {counted} caught, "
          f"{len(left)} survived; {len(state.done) - counted} equivalent or not compilable are not counted")
    return 1 if left else 0
