# SPDX-License-Identifier: GPL-3.0-or-later
"""The bus worker's code against instruments that misbehave on every line (tests/wires), a seed a line."""
import json

from campaigns import progress

CHUNK = 16  # seeds a process: each line once
COUNTS = ("seeds", "questions", "foreign", "good", "discarded", "misattributed", "false_words", "accidents", "previous",
          "exchanged", "misled", "lab_s")


def arguments(parser):
    parser.add_argument("--frames", type=float, default=1e7, help="questions in all (default 1e7)")
    parser.add_argument("--questions", type=int, default=20000, help="of each seed (default 20000)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--json", action="store_true", help="the sums as one line of JSON")


def run_chunk(program, first, last, questions):
    return progress.run_json([program, "--seeds", f"{first}..{last}", "--questions", str(questions), "--json"])


def sums(state):
    kinds = sorted({kind for chunk in state.done.values() for kind in chunk["met"]})
    return ({name: state.total(name) for name in COUNTS}
            | {"previous_most_s": max((chunk["previous_most_s"] for chunk in state.done.values()), default=0),
               "met": {kind: sum(chunk["met"][kind] for chunk in state.done.values()) for kind in kinds}})


def run(options):
    program = progress.find_built(options.build, "tests/wires/misbehave")
    count = -(-int(options.frames) // options.questions)
    seeds = range(options.first, options.first + max(1, count))
    jobs = {f"{first}..{last}": (program, first, last, options.questions) for first, last in progress.split_seeds(seeds, CHUNK)}
    state = progress.State(options.state, f"wires {options.questions} questions a seed")
    progress.run_jobs(state, jobs, run_chunk, options.jobs,
                      lambda s: f"{s.total('questions'):.3g} questions, {s.total('misattributed')} misattributed")
    total = sums(state)
    violations = total["misattributed"] + total["false_words"]
    for chunk in state.done.values():
        print("\n".join(chunk["told"]), end="\n" if chunk["told"] else "")
    if options.json:
        print(json.dumps(total))
        return 1 if violations else 0
    print("faults: " + ", ".join(f"{kind} {number}" for kind, number in total["met"].items()))
    print(f"published as good, and of their question: {total['good']} values; flagged or discarded: {total['discarded']} device cycles")
    print(f"what no check of the wire can tell: {total['accidents']} values damaged with a good check, {total['previous']} of the previous "
          f"answer to the same question, {total['exchanged']} to another of the same shape; {total['misled']} cycles with words from them")
    print(f"wires: seeds {seeds.start}..{seeds.stop - 1}: {total['questions']} questions and {sum(total['met'].values())} faults in "
          f"{total['lab_s'] / 3600:.0f} h of laboratory time: {total['misattributed']} misattributed values, "
          f"{total['false_words']} words that no device said")
    return 1 if violations else 0
