#!/usr/bin/env python3
"""Reads every #include of the repository and fails on an edge the design does not allow.

usage: include_edges.py REPOSITORY

daemon/base rests on nothing; protocol, drivers and daemon/calorimetry on base alone; config on base, protocol
and drivers; the rest of daemon, and tools, each on all of these but not on one another. Tests see everything.
"""
import os
import re
import sys

ALLOWED = {
    "daemon/base": set(),
    "protocol": {"daemon/base"},
    "drivers": {"daemon/base"},
    "daemon/calorimetry": {"daemon/base"},
    "config": {"daemon/base", "protocol", "drivers"},
    "daemon": {"daemon/base", "protocol", "drivers", "daemon/calorimetry", "config"},
    "tools": {"daemon/base", "protocol", "drivers", "daemon/calorimetry", "config"},
}
# Pure modules: no library, no system call beyond the C library's arithmetic and text.
PURE = {"protocol", "daemon/calorimetry"}
IMPURE = re.compile(r"^(sys/|unistd|fcntl|poll|zmq|sqlite3|modbus|yaml|json|systemd/|pthread|time\.h|signal)")
# What the control process may never link: the libraries that block, abort or parse.
CONTROL_FORBIDDEN = re.compile(r"^(zmq|sqlite3|modbus|yaml|json-c/|libserialport)")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def module(path):
    """The module a repository path belongs to: the longest name in ALLOWED, or the top folder."""
    parts = path.split("/")
    two = "/".join(parts[:2])
    return two if two in ALLOWED else parts[0]


def sources(top):
    for folder in sorted({name.split("/")[0] for name in ALLOWED} | {"tests"}):
        for root, folders, files in os.walk(os.path.join(top, folder)):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(root, name), top)


def faults_of(top, path):
    here = module(path)
    with open(os.path.join(top, path), encoding="utf-8") as stream:
        text = stream.read()
    for kind, target in INCLUDE.findall(text):
        if kind == "<":
            if here in PURE and IMPURE.match(target):
                yield f"{path}: <{target}>: {here} is pure"
            if path.startswith("daemon/control/") and CONTROL_FORBIDDEN.match(target):
                yield f"{path}: <{target}>: control links no library that can block, abort or parse"
            continue
        if here == "tests":
            continue
        if not os.path.exists(os.path.join(top, target)):
            yield f'{path}: "{target}": includes are named from the repository root'
        elif module(target) not in ALLOWED[here] | {here}:
            yield f'{path}: "{target}": {here} may not rest on {module(target)}'


def main():
    top = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    paths = list(sources(top))
    faults = [fault for path in paths for fault in faults_of(top, path)]
    print("\n".join(faults) or f"{len(paths)} files, every edge allowed")
    if not paths:
        sys.exit("no source was found")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
