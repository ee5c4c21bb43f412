# SPDX-License-Identifier: GPL-3.0-or-later
"""What every campaign shares: programs that are built, a state file that is taken up again, jobs side by side, progress with the
time left."""
import concurrent.futures
import importlib
import json
import os
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def find_built(build, place):
    """The path of what the build has made, or the end with what to do."""
    path = os.path.join(build, place)
    if not os.path.exists(path):
        sys.exit(f"campaign: {path} is not there: meson setup {build} && ninja -C {build}")
    return path


def import_system_test(name):
    """A program of tests/system, which finds beside it the laboratory that it drives."""
    sys.path.insert(0, str(SOURCE / "tests/system"))
    return importlib.import_module(name)


def split_seeds(seeds, count):
    """(first, last) of each @count of a range of seeds."""
    return [(first, min(first + count, seeds.stop) - 1) for first in seeds[::count]]


def run_json(command):
    """The last line of a program that found violations or none, and what it told before; its other ends are an error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode not in (0, 1) or not lines:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(lines[-1]) | {"told": lines[:-1]}


class State:
    """What is done: {job's key: its result}, in a file that is replaced whole after each job."""

    def __init__(self, path, campaign):
        self.path, self.campaign, self.done = path, campaign, {}
        try:
            with open(path, encoding="utf-8") as stream:
                stored = json.load(stream)
        except FileNotFoundError:
            return
        if stored.get("campaign") != campaign:
            sys.exit(f"campaign: {path} is of another campaign ({stored.get('campaign')}, not {campaign}); "
                     "give another --state or delete it")
        self.done = stored["done"]

    def add(self, key, result):
        self.done[key] = result
        with open(self.path + ".new", "w", encoding="utf-8") as stream:
            json.dump({"campaign": self.campaign, "done": self.done}, stream)
        os.replace(self.path + ".new", self.path)

    def total(self, field):
        return sum(result[field] for result in self.done.values())


def run_jobs(state, jobs, work, workers, summary):
    """Does work(*arguments) for each {key: arguments} of jobs that is not done yet; summary(state) is a short text."""
    began, done_before, total = time.monotonic(), sum(key in state.done for key in jobs), len(jobs)
    done = done_before
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(work, *arguments): key for key, arguments in jobs.items() if key not in state.done}
        try:
            for future in concurrent.futures.as_completed(waiting):
                state.add(waiting[future], future.result())
                done += 1
                left = (total - done) * (time.monotonic() - began) / (done - done_before)
                print(f"\r{done} of {total}, {summary(state)}, {left / 60:.0f} min left   ", end="",
                      file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit("\ncampaign: stopped; the same command goes on from here")
    print(file=sys.stderr)
