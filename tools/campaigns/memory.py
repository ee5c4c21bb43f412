# SPDX-License-Identifier: GPL-3.0-or-later
"""Every allocation of a start failing, one at a time, of every program (tests/system/resources.py)."""
from campaigns import progress

STEP = 100  # allocations a job


def arguments(parser):
    parser.add_argument("words", nargs="*", help="only programs whose name contains one of these")


def run(options):
    resources = progress.import_system_test("resources")
    progress.find_built(options.build, "tests/system/libfail_allocation.so")
    programs = [name for name in resources.PROGRAMS if not options.words or any(word in name for word in options.words)]
    with resources.only_densim(options.build, str(progress.SOURCE)) as lab:
        most = {name: resources.count_allocations(lab, name) for name in programs}
    state = progress.State(options.state, "memory")
    jobs = {f"{name} {first}": (options.build, str(progress.SOURCE), name, first, first + STEP - 1)
            for name in programs for first in range(1, most[name] + 1, STEP)}
    progress.run_jobs(state, jobs, resources.memory_range, options.jobs,
                      lambda s: f"{s.total('tried')} starts, {sum(len(r['wrong']) for r in s.done.values())} wrong")
    return report(state, programs)


def report(state, programs):
    for wrong in (text for result in state.done.values() for text in result["wrong"]):
        print(wrong)
    for name in programs:
        results = [result for result in state.done.values() if result["program"] == name]
        tried, refused = (sum(result[key] for result in results) for key in ("tried", "refused"))
        print(f"{name}: {tried} allocations of a start failed one at a time, {refused} starts refused with a reason, "
              f"{tried - refused} got over it")
    wrong = sum(len(result["wrong"]) for result in state.done.values())
    print(f"{state.total('tried')} starts, {wrong} wrong")
    return 1 if wrong else 0
