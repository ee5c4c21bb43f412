#!/usr/bin/env python3
"""Every folder with sources has a README.md that says something; the top folders are the design's and no others.

usage: readmes.py REPOSITORY
"""
import os
import sys

TOP = {"protocol", "config", "drivers", "daemon", "systemd", "tools", "tests"}
LEAST_BYTES = 150


def is_source(name):
    return not name.startswith(".") and not name.endswith((".pyc", ".log"))


def folders(top):
    for name in sorted(os.listdir(top)):
        path = os.path.join(top, name)
        if not os.path.isdir(path) or name.startswith((".", "build", "demo-out", "reproduce-out")):
            continue
        yield name
        for root, inner, _ in os.walk(path):
            inner[:] = sorted(i for i in inner if not i.startswith((".", "__")) and i != "corpus")
            yield from (os.path.relpath(os.path.join(root, i), top) for i in inner)


def fault(top, folder):
    if "/" not in folder and folder not in TOP:
        return f"{folder}/: not a folder of the design"
    if not any(is_source(name) for name in os.listdir(os.path.join(top, folder))):
        return None
    # one page describes the unit tests of all areas
    if folder.startswith("tests/unit/"):
        return None
    path = os.path.join(top, folder, "README.md")
    if not os.path.exists(path):
        return f"{folder}/: no README.md"
    if os.path.getsize(path) < LEAST_BYTES:
        return f"{folder}/README.md: says nothing"
    return None


def main():
    top = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    checked = list(folders(top))
    faults = [f for f in (fault(top, folder) for folder in checked) if f]
    print("\n".join(faults) or f"{len(checked)} folders, each has its page")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
