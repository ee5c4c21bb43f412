"""Runs `densctl analyse` on files made for a test and collects what is wrong with the answers."""
import collections
import json
import os
import subprocess
import sys
import tempfile


class Bench:
    def __init__(self, densctl, folder):
        self.densctl, self.folder = densctl, folder
        self.faults, self.count, self.files = [], 0, 0

    def path(self, ending=".csv"):
        self.files += 1
        return os.path.join(self.folder, f"{self.files}{ending}")

    def run(self, *arguments):
        return subprocess.run([self.densctl, "analyse", *arguments], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL, check=False)

    def check(self, good, what):
        self.count += 1
        if not good:
            self.faults.append(what)

    def close(self, value, wanted, within, what):
        self.check(value is not None and abs(value - wanted) <= within, f"{what}: {value}, wanted {wanted} +- {within}")

    def number(self, what, *arguments):
        """The JSON of an analysis that must succeed; {} when it does not."""
        done = self.run(*arguments, "--json")
        self.check(done.returncode == 0, f"{what}: exit {done.returncode}: {done.stderr.strip()}")
        if done.returncode != 0:
            return collections.defaultdict(lambda: None)
        self.check("NaN" not in done.stdout and "nan" not in done.stdout, f"{what}: NaN in JSON")
        return json.loads(done.stdout)

    def refused(self, code, *arguments, words=()):
        done = self.run(*arguments, "--json")
        what = f"{code} {' '.join(os.path.basename(a) for a in arguments)}"
        self.check(done.returncode == 3, f"{what}: exit {done.returncode}: {done.stdout[:80]} {done.stderr.strip()}")
        if done.returncode != 3:
            return
        answer = json.loads(done.stdout)
        self.check(list(answer) == ["refused"] and set(answer["refused"]) == {"code", "why"}, f"{what}: {answer}")
        self.check(answer["refused"]["code"] == code, f"{what}: {answer['refused']}")
        for word in words:
            self.check(word in answer["refused"]["why"], f"{what}: the reason lacks '{word}': {answer['refused']['why']}")
        self.check(code in done.stderr, f"{what}: nothing readable is said")


def run_parts(what, *parts):
    """Each part gets a Bench in a folder of its own; ends the process."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(sys.argv[1], folder)
        for part in parts:
            part(bench)
    print("\n".join(bench.faults) or f"{bench.count} checks of {what}")
    sys.exit(1 if bench.faults else 0)
