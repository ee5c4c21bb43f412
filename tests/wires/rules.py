#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ten rules of a line, in the table of drivers/README.md, name functions and tests that there are.

usage: rules.py REPOSITORY
"""
import glob
import os
import re
import sys

ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def read_all(top, pattern):
    text = ""
    for path in sorted(glob.glob(os.path.join(top, pattern))):
        with open(path, encoding="utf-8") as stream:
            text += stream.read()
    return text


def names(cell):
    return re.findall(r"`([a-z0-9_]+)`", cell)


def main():
    top = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    with open(os.path.join(top, "drivers/README.md"), encoding="utf-8") as stream:
        rows = ROW.findall(stream.read())
    code, tests = read_all(top, "drivers/*.c"), read_all(top, "tests/unit/drivers/*.c")
    faults = [f"no row for rule {number}" for number in range(1, 11) if str(number) not in [row[0] for row in rows]]
    for number, _, where, proof in rows:
        faults += [f"rule {number}: no function {name} in drivers/" for name in names(where)
                   if not re.search(rf"^[a-z].*\b{name}\(", code, re.MULTILINE)]
        faults += [f"rule {number}: no unit test {name}" for name in names(proof) if f"cmocka_unit_test({name})" not in tests]
        if not names(where) or not names(proof):
            faults.append(f"rule {number}: names no function or no test")
    print("\n".join(faults) or f"{len(rows)} rows, their functions and tests are there")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
