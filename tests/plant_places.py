#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every planted fault of tests/search and tests/wires still has the one place in the code that it changes.

usage: plant_places.py REPOSITORY

Planting and searching takes a minute and comes late; that a line has moved is seen here, in the fast tests.
"""
import os
import runpy
import sys

HOMES = {"tests/search/plants.py": "protocol", "tests/wires/plants.py": "drivers"}


def misplaced(top):
    """One sentence for each plant whose text is not there exactly once."""
    for script, folder in HOMES.items():
        for name, file, there, *_ in runpy.run_path(os.path.join(top, script))["PLANTS"]:
            with open(os.path.join(top, folder, file), encoding="utf-8") as stream:
                count = stream.read().count(there)
            if count != 1:
                yield f"{script}: {name}: {folder}/{file} holds {there!r} {count} times: bring the plant up to date"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    faults = list(misplaced(sys.argv[1]))
    print("\n".join(faults) or "every plant has its place")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
