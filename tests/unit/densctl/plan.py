#!/usr/bin/env python3
"""densctl plan on the shipped protocols: the dry run completes, and its segments last what the rates say.

usage: plan.py DENSCTL REPOSITORY
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

from checks import expect

# 7 GPa, 643 K at 0.3 GPa/min and 20 K/min: phase, least and most seconds
SEGMENTS = {"compress": (1395, 1410), "heat": (1030, 1045), "isotherm": (600, 620), "cool": (1030, 1150),
            "decompress": (1395, 1480)}


def call(densctl, *arguments):
    return subprocess.run([densctl, *arguments], capture_output=True, text=True, timeout=60, check=False)


def autotune(densctl, top):
    """What a relay will do: ceiling, steps and time of the protocol, in words and numbers; nothing of it in another run."""
    path = os.path.join(top, "config/protocols/autotune-500k.yaml")
    text = call(densctl, "plan", path).stdout
    for words in ("10 % above that and 10 % below", "499.5 and 500.5 K", "5 cycles alike, after 2", "above 506 K", "after 30 min",
                  "densctl tune RUN", "nothing is written"):
        expect(words in text, f"'{words}' is not in\n{text}")
    tune = json.loads(call(densctl, "plan", "--json", path).stdout)[0]["autotune"]
    expect((tune["amplitude_pct"], tune["ceiling_k"], tune["cycles"], tune["limit_s"]) == (10, 506, 5, 1800), f"{tune}")
    expect(tune["dry_run_relay_cycles"] >= 7 and 10 < tune["dry_run_relay_s"] < 1800 and 500.5 < tune["dry_run_most_k"] < 506,
           f"the dry run's relay: {tune}")
    other = os.path.join(top, "config/protocols/vit4-7gpa-643k.yaml")
    expect("autotune" not in call(densctl, "plan", other).stdout, "no autotune where there is none")
    expect(json.loads(call(densctl, "plan", "--json", other).stdout)[0]["autotune"] is None, "nor in its JSON")


def main():
    densctl, top = sys.argv[1:]
    os.environ["DENSD_CONFIG"] = os.path.join(top, "config")
    protocols = sorted(glob.glob(os.path.join(top, "config/protocols/*.yaml")))
    expect(len(protocols) >= 5, "the shipped protocols are not there")
    for path in protocols:
        done = call(densctl, "plan", "--json", path)
        expect(done.returncode == 0, f"{path}: exit {done.returncode}: {done.stderr}")
        for plan in json.loads(done.stdout):
            expect(plan["outcome"] == "completed", f"{path}: {plan['name']}: {plan['outcome']}")
    done = call(densctl, "plan", "--json", os.path.join(top, "config/protocols/vit4-7gpa-643k.yaml"))
    plan = json.loads(done.stdout)[0]
    for segment in plan["segments"]:
        least, most = SEGMENTS.get(segment["phase"], (0, 10))
        expect(least <= segment["duration_s"] <= most, f"{segment}: {least} to {most} s was expected")
    expect(91 * 60 < plan["total_s"] < 97 * 60, f"total {plan['total_s']} s")
    expect(plan["scans"] == 12 and plan["furnace_setpoint_writes"] > 0, f"scans or writes: {plan}")
    autotune(densctl, top)
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, "bad.yaml")
        with open(bad, "w", encoding="utf-8") as stream:
            stream.write("nonsense: 1\n")
        done = call(densctl, "submit", "--json", "--site", os.path.join(top, "config/sites/densim.yaml"), bad)
        told = json.loads(done.stdout)
        expect(done.returncode == 4 and told["code"] == "invalid" and not told["ok"], f"refused here as by densd: {done}")
        expect(told["diagnostics"][0]["line"] == 1 and "nonsense" in told["diagnostics"][0]["text"], f"where and what: {told}")
    with tempfile.TemporaryDirectory() as folder:
        svg = os.path.join(folder, "plan's.svg")
        done = call(densctl, "plan", "--svg", svg, protocols[0])
        expect(done.returncode == 0 and "total" in done.stdout and "TTT" in done.stdout, f"text: {done}")
        with open(svg, encoding="utf-8") as stream:
            expect("</svg>" in stream.read(), "the drawing is not whole")
        done = call(densctl, "plan", "--svg", os.path.join(folder, "no/such/folder.svg"), protocols[0])
        expect(done.returncode == 4 and "not drawn: No such file" in done.stderr and "gnuplot" not in done.stderr
               and "<svg" not in done.stdout, f"a folder that is not there: {done}")
    print(f"{len(protocols)} protocols, each dry run completes")


if __name__ == "__main__":
    main()
