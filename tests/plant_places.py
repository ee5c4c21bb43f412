#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every planted fault of tests/search and tests/wires still has the one place in the code that it changes.

usage: plant_places.py REPOSITORY

Planting and searching takes a minute and comes late; that a line has moved is seen here, in the fast tests.
"""
import os
import runpy
import sys

import planting

SCRIPTS = ("tests/search/plants.py", "tests/wires/plants.py")


def misplaced(top):
    """One sentence for each plant whose text is not there exactly once."""
    for script in SCRIPTS:
        module = runpy.run_path(os.path.join(top, script))
        for plant in module["PLANTS"]:
            fault = planting.spoil(top, module["HOME"], plant)[1]
            if fault:
                yield f"{script}: {fault}"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    faults = list(misplaced(sys.argv[1]))
    print("\n".join(faults) or "every plant has its place")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
