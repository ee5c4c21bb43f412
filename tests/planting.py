# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults planted into copies of the sources, for tests/search/plants.py and tests/wires/plants.py.

A plant is (name, file, what is there, what is planted, ...): one place of one file of a folder. All objects are compiled
once; a plant replaces one.
"""
import concurrent.futures
import glob
import os
import subprocess
import tempfile

FLAGS = ["-std=gnu17", "-O1", "-w", "-D_GNU_SOURCE"]


def spoil(top, folder, plant):
    """The text of the plant's file with its fault, or None and what is wrong with the plant."""
    name, file, there, planted = plant[:4]
    with open(os.path.join(top, folder, file), encoding="utf-8") as stream:
        text = stream.read()
    if text.count(there) != 1:
        return None, f"{name}: {folder}/{file} holds {there!r} {text.count(there)} times: bring the plant up to date"
    return text.replace(there, planted), None


class Bench:
    """@flags and @libraries are what compiler and linker get besides; @home is the folder that is planted in."""

    def __init__(self, top, folder, home, patterns, flags, libraries):
        self.top, self.folder, self.home, self.flags, self.libraries = top, folder, home, flags, libraries
        sources = [path for pattern in patterns for path in sorted(glob.glob(os.path.join(top, pattern)))]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(lambda path: self.compile(path, os.path.relpath(path, top).replace("/", "-") + ".o"), sources)
            self.objects = dict(zip(sources, made))

    def compile(self, source, name):
        ret = os.path.join(self.folder, name)
        subprocess.run(["cc", *FLAGS, *self.flags, "-I" + self.top, "-I" + os.path.join(self.top, self.home), "-c", source, "-o", ret],
                       check=True)
        return ret

    def link(self, name, instead=None):
        """The program of all objects, those of @instead in the place of their own."""
        program = os.path.join(self.folder, name)
        subprocess.run(["cc", "-o", program, *(self.objects | (instead or {})).values(), *self.libraries], check=True)
        return program

    def plant(self, number, plant):
        """The program with the fault, or None and what is wrong with the plant."""
        text, fault = spoil(self.top, self.home, plant)
        if fault:
            return None, fault
        copy = os.path.join(self.folder, f"plant{number}.c")
        with open(copy, "w", encoding="utf-8") as stream:
            stream.write(text)
        path = os.path.join(self.top, self.home, plant[1])
        return self.link(f"plant{number}", {path: self.compile(copy, f"plant{number}.o")}), None


def find_all(make_bench, checks_of, found):
    """Runs checks_of(bench), calls that return None or what is wrong, side by side; @found says how it went well. The exit code."""
    with tempfile.TemporaryDirectory() as folder:
        checks = checks_of(make_bench(folder))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            faults = [fault for fault in pool.map(lambda check: check(), checks) if fault]
    print("\n".join(faults) or found)
    return 1 if faults else 0
