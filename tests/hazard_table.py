#!/usr/bin/env python3
"""The hazard and restart tables of protocol/README.md are complete and true: their rows name limits, functions and tests that
exist, and the restart rows are those of protocol/recovery.c. Each hazard is counted by the simulation, or its README says which
tests stand for it.

usage: hazard_table.py REPOSITORY
"""
import os
import re
import sys

ROWS = 41
# R22 was added last and is asked first.
RESTARTS = ["R22"] + [f"R{n}" for n in range(1, 22)] + [f"F{n}" for n in range(1, 5)]
TITLE = "| row | hazard | numbers | function | test |"
RESTART_TITLE = "| row | found | decision | function | test |"
ABSENT_TITLE = "| row | why no night can meet it | tests that stand for it |"
PLACE = re.compile(r"`(\w+)` \(([\w./-]+)\)")
LIMIT = re.compile(r"^\tX\((\w+),", re.M)
RESTART = re.compile(r"^\t\{(\d+), RECOVER_", re.M)
CHECK = re.compile(r"^\t\{ALARM_.*\b(check_\w+)\},$", re.M)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


def parse(text, title):
    """The lines below the title as lists of cells."""
    if title not in text:
        return []
    below = text[text.index(title):].splitlines()[2:]
    count = next((i for i, line in enumerate(below) if not line.startswith("|")), len(below))
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in below[:count]]


def is_defined(text, name, path):
    """A definition, not a declaration or a call: at the start of a line, and in C followed by a body."""
    if path.endswith(".py"):
        return re.search(rf"^def {name}\(", text, re.M) is not None
    return re.search(rf"^[a-z][\w *]*\b{name}\([^;{{]*\)\n\{{", text, re.M) is not None


def place_faults(top, row, cell, what):
    places = PLACE.findall(cell)
    if not places or PLACE.sub("", cell).strip(" ,"):
        yield f"row {row}: {what}: not a list of `name` (file): {cell}"
    for name, path in places:
        if not os.path.isfile(os.path.join(top, path)):
            yield f"row {row}: {what}: no file {path}"
        elif not is_defined(read(top, path), name, path):
            yield f"row {row}: {what}: {path} does not define {name}"
        elif what == "test" and not path.startswith("tests/"):
            yield f"row {row}: {path} is not a test"
        elif what == "test" and path.endswith(".c") and len(re.findall(rf"\b{name}\b", read(top, path))) < 2:
            yield f"row {row}: {path} defines {name} and does not run it"


def row_faults(top, cells, limits):
    if len(cells) != 5:
        yield f"not five cells: {' | '.join(cells)[:60]}"
        return
    row, _, numbers, function, test = cells
    if limits is not None and numbers != "-":
        yield from (f"row {row}: no limit {name} in limits.h" for name in re.findall(r"`(\w+)`", numbers)
                    if name not in limits)
    for what, cell in ("function", function), ("test", test):
        yield from place_faults(top, row, cell, what)


def restart_faults(top, text):
    rows = parse(text, RESTART_TITLE)
    if [cells[0] for cells in rows] != RESTARTS:
        yield f"protocol/README.md: the restart rows are {' '.join(cells[0] for cells in rows)}; wanted: {' '.join(RESTARTS)}"
    for cells in rows:
        yield from row_faults(top, cells, None)
    coded = {int(number) for number in RESTART.findall(read(top, "protocol/recovery.c"))}
    yield from (f"protocol/recovery.c: no row R{number}" for number in range(1, 23) if number not in coded)
    yield from (f"protocol/recovery.c: R{number} stands in no table" for number in sorted(coded) if not 1 <= number <= 22)


def counted_rows(top):
    """The hazard rows that expected.c lists: by their alarm, whose number is the row's, or by themselves."""
    text = read(top, "tests/simulation/expected.c")
    alarms = dict(re.findall(r"^\tALARM_(\w+) = (\d+),", read(top, "protocol/alarm.h"), re.M))
    own = re.search(r"hazards\[\] = \{([^}]*)\}", text)
    return ({int(alarms[name]) for name in re.findall(r"\[ALARM_(\w+)\] = [SR]", text)}
            | {int(row) for row in re.findall(r"\[(\d+)\]", own.group(1) if own else "")})


def simulation_faults(top):
    absent = parse(read(top, "tests/simulation/README.md"), ABSENT_TITLE)
    named = {int(cells[0]) for cells in absent if cells[0].isdigit()}
    counted = counted_rows(top)
    for row in range(1, ROWS + 1):
        if (row in named) == (row in counted):
            yield f"row {row}: " + ("counted by the simulation and said to be out of its reach" if row in named else
                                    "neither in tests/simulation/expected.c nor in its README's table")
    for cells in absent:
        yield from place_faults(top, cells[0], cells[-1], "test")


def faults(top):
    text = read(top, "protocol/README.md")
    limits = set(LIMIT.findall(read(top, "protocol/limits.h")))
    rows = parse(text, TITLE)
    numbers = [cells[0] for cells in rows]
    if numbers != [str(n) for n in range(1, ROWS + 1)]:
        yield f"protocol/README.md: the rows are {' '.join(numbers) or 'not there'}; wanted are 1 to {ROWS}, each once"
    for cells in rows:
        yield from row_faults(top, cells, limits)
    table = " ".join(" ".join(cells) for cells in rows)
    for name in CHECK.findall(read(top, "protocol/interlock.c")):
        if f"`{name}`" not in table:
            yield f"protocol/interlock.c: {name} stands in no row of the hazard table"
    yield from restart_faults(top, text)
    yield from simulation_faults(top)


def main():
    top = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    found = list(faults(top))
    print("\n".join(found) or f"{ROWS} hazards and {len(RESTARTS)} restart rows, each with its functions and tests")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
