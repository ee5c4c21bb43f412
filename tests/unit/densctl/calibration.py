#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""densctl calibration: what is made out of measured points is what was worked out by hand, densd's reader takes it, and a
table that is none is refused at its line.

usage: calibration.py DENSCTL REPOSITORY
"""
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

from checks import expect

BISMUTH = """# a Tuesday
branch,oil_bar,point
loading,640,Bi I-II
loading,652,Bi I-II
loading,2210,Bi III-V
unloading,520,Bi I-II
"""
# With semicolons a comma is a decimal comma.
METALS = """reading_K;point;true_K;sd_K
273,3;H2O;;
430,4;In;;
506,2;Sn;;
600,0;our own oven;598,5;0,4
694,3;Zn;;
"""
BAD = [  # (kind, table, words of the message)
    ("press", "oil_bar,point\n640,Bi I-II\n", [":1: error", "branch"]),
    ("press", "branch,oil_bar,point\nup,640,Bi I-II\n", [":2: error", "loading or unloading"]),
    ("press", "branch,oil_bar,point\nloading,640,Tl II-III\n", [":2: error", "'Tl II-III' needs its GPa and sd_GPa", "Bi III-V"]),
    ("press", "branch,oil_bar,point\nloading,much,Bi I-II\n", [":2: error", "no number"]),
    ("press", "branch,oil_bar,point\nloading,2210,Bi I-II\nloading,640,Bi III-V\nunloading,500,Bi I-II\n", ["must rise"]),
    ("press", "branch,oil_bar,point\nloading,640,Bi I-II\nloading,2210,Bi III-V\n", [":2: error", "no row with branch 'unloading'"]),
    ("press", "branch,oil_bar,point\nloading,640,Bi I-II\nloading,2210,Bi III-V\nunloading,700,Bi I-II\n", ["below the loading branch"]),
    ("thermocouple", "reading_K,point\n430,In\n", ["2 to 16"]),
    ("thermocouple", "reading_K,point\n430,In\n560,Sn\n", ["up to 20 K"]),
]


def as_json(call, made, points):
    """The same, for programs: show, check and make, with the fields of a run's record."""
    shown, = json.loads(call("show", "--json", made).stdout)
    expect((shown["file"], shown["id"], shown["kind"], shown["by"], shown["good"], shown["why"], shown["simulated"]) ==
           (made, "belt-7", "press", "a person", True, "", False), f"show --json: {shown}")
    expect(shown["loading"][1][:2] == [646, 2.55] and shown["points"] == [] and shown["lag_s"] is None, f"its tables: {shown}")
    expect(len(shown["sha256"]) == 64 and re.match(r"20\d\d-\d\d-\d\dT", shown["valid_until"]), f"its head: {shown}")
    done = call("make", "press", points, "--json")
    proposed = json.loads(done.stdout)
    expect(done.returncode == 0 and "file" not in proposed and not proposed["good"] and "nobody yet" in proposed["why"],
           f"make --json: {proposed}")
    expect(proposed["loading"] == shown["loading"] and proposed["unloading"] == shown["unloading"], "and the same numbers")
    done = call("check", "--json", made, made + ".none")
    expect(done.returncode == 4 and json.loads(done.stdout)[0]["good"], f"check --json: {done.stdout}{done.stderr}")


def main():
    densctl, top = sys.argv[1:]

    def call(*arguments):
        return subprocess.run([densctl, "calibration", *arguments], capture_output=True, text=True, timeout=60, check=False)

    with tempfile.TemporaryDirectory(prefix="densd-test-") as folder:
        def put(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            return path

        made = os.path.join(folder, "belt-7.yaml")
        done = call("make", "press", put("bi.csv", BISMUTH), "--name", "belt-7", "--out", made)
        expect(done.returncode == 0, f"make press: {done.stderr}")
        with open(made, encoding="utf-8") as stream:
            text = stream.read()
        # mean 646 bar; scatter 8.485 bar, of the mean 6 bar x 7.7 GPa / 2210 bar = 0.0209, with 0.01: 0.0232 GPa
        for line in ("id: belt-7", "date: " + datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
                     "- [0 bar, 0 GPa, 0.01 GPa]", "- [646 bar, 2.55 GPa, 0.023 GPa] # Bi I-II, mean of 2, scatter 8.5 bar",
                     "- [520 bar, 2.55 GPa, 0.01 GPa]", "- [2210 bar, 7.7 GPa, 0.2 GPa] # turned around"):
            expect(line in text, f"'{line}' is not in\n{text}")
        expect(text.count("- [0 bar") == 2 and text.count("- [2210 bar") == 2, f"both branches begin and end together:\n{text}")
        expect("by: nobody yet" in text and "put who measured it behind 'by:'" in done.stderr, f"it asks for a name: {done.stderr}")
        done = call("check", made)
        expect(done.returncode == 1 and "says 'by: nobody yet'" in done.stderr and "good" not in done.stdout,
               f"nobody's is not good: {done.stdout}{done.stderr}")
        text = text.replace("by: nobody yet", "by: a person")
        put("belt-7.yaml", text)
        done = call("check", made)
        expect(done.returncode == 0 and "good, 'belt-7' 1 of a press" in done.stdout, f"check: {done.stdout}{done.stderr}")
        as_json(call, made, put("bi.csv", BISMUTH))
        done = call("show", made)
        expect(re.search(r"^ +646 +2\.55 +0\.023$", done.stdout, re.MULTILINE), f"show: {done.stdout}")

        done = call("make", "thermocouple", put("metals.csv", METALS))
        expect(done.returncode == 0, f"make thermocouple: {done.stderr}")
        for line in ("- [273.3 K, 273.16 K, 0.01 K] # H2O", "- [600 K, 598.5 K, 0.4 K] # our own oven",
                     "- [694.3 K, 692.677 K, 0.01 K] # Zn", "# In: freezing point, ITS-90"):
            expect(line in done.stdout, f"'{line}' is not in\n{done.stdout}")

        for kind, table, words in BAD:
            done = call("make", kind, put("bad.csv", table), "--out", os.path.join(folder, "bad.yaml"))
            expect(done.returncode == 4 and all(word in done.stderr for word in words), f"{table!r}: {done.returncode} {done.stderr}")
            expect(not os.path.exists(os.path.join(folder, "bad.yaml")), "nothing is written of what is refused")

        old = put("old.yaml", re.sub(r"^date: .*", "date: 2020-02-29", text, flags=re.MULTILINE))
        done = call("check", old)
        expect(done.returncode == 1 and "was good until 2021-02-28" in done.stderr, f"an old one: {done.returncode} {done.stderr}")
        future = put("future.yaml", re.sub(r"^date: .*", "date: 2199-01-01", text, flags=re.MULTILINE))
        done = call("check", future, made)
        expect(done.returncode == 1 and "still to come" in done.stderr and "good" in done.stdout, f"{done.stderr}")
        done = call("check", os.path.join(folder, "none.yaml"))
        expect(done.returncode == 4 and "No such file" in done.stderr, f"a missing one: {done.stderr}")
        done = call("check", os.path.join(top, "config/calibrations/densim-press.yaml"))
        expect(done.returncode == 0, f"densim's: {done.stderr}")


if __name__ == "__main__":
    main()
