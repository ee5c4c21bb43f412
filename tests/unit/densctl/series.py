#!/usr/bin/env python3
"""densctl series against a ROUTER of somebody else: what it asks for, the forms it writes, and the file it keeps.

usage: series.py DENSCTL
"""
import csv
import html.parser
import io
import json
import math
import os
import subprocess
import sys

from checks import expect, run_each
from client import call

RUNS = ["01ARZ3NDEKTSV4RRFFQ69G5FA0", "01ARZ3NDEKTSV4RRFFQ69G5FA1", "01ARZ3NDEKTSV4RRFFQ69G5FA2", "01ARZ3NDEKTSV4RRFFQ69G5FA3"]
STATES = [(7, 643, 598.0, 41.0, "completed"), (7, 693, 597.0, 41.0, "completed"), (0.000101325, 643, 600.0, 41.0, "completed"),
          (7, 583, 622.0, 41.0, "aborted")]
RATES = (100.0, 200.0, 500.0)
TG, R = 596.0, 8.314462618


def run_record(at):
    pressure, temperature, _, _, outcome = STATES[at]
    return {"run": RUNS[at], "name": f"series <{at}> & more", "pressure_gpa": pressure, "temperature_k": temperature,
            "densification": outcome, "calorimetry": outcome, "material_tg_k": TG, "queued": "2025-11-23T12:13:20.123Z",
            "protocol_sha256": "ab" * 32, "site_sha256": "cd" * 32, "clock_scale": 120}


def peak(rate, ea_rtg):
    low, high = 300.0, 1500.0
    for _ in range(100):
        tp = (low + high) / 2
        low, high = (tp, high) if math.log(rate / tp ** 2) + ea_rtg * TG / tp > 46 else (low, tp)
    return low


def results(at):
    _, _, tf, ea, _ = STATES[at]
    found = [{"kind": "pair", "run": RUNS[at], "section": f"{RUNS[at]}/r{rate:g}/s1", "refused": False, "code": "", "why": "",
              "rate_k_per_s": rate, "tf_k": tf + off, "tf_sd_k": 0.5, "tf_ref_k": 660.0, "delta_tf_k": tf + off - 660.0,
              "delta_tf_sd_k": 0.2, "tp_k": peak(rate, ea), "tp_sd_k": 0.4, "tp_own_sd_k": 0.1, "tf_common_sd_k": 0.3, "tp_sub_k": None, "tg_onset_k": 640 + rate / 100,
              "t_mid_k": 650.0, "glass_k": [330, 420], "liquid_k": [780, 840], "extrapolated": False}
             for rate, off in zip(RATES, (-0.5, 0.0, 0.5))]
    found.append({**found[0], "section": f"{RUNS[at]}/r100/s2", "refused": True, "code": "no_step", "why": "nothing rises",
                  "tf_k": None, "tp_k": None})
    found.append({"kind": "kissinger", "run": RUNS[at], "section": ""})
    return found


def trace(reference):
    rows = []
    for i in range(1100):
        kelvin = 300 + i / 2
        step = 0.5 * (1 + math.tanh((kelvin - (660 if reference else 640)) / 6))
        bell = 0 if reference else 0.4 * math.exp(-0.5 * ((kelvin - 665) / 7) ** 2)
        rows.append([kelvin, 0.02 + 1e-5 * kelvin + 0.01 * (step + bell) + 2e-6 * math.sin(1.7 * i), i / 400])
    return {"ok": True, "columns": ["T_K", "hf", "t_s"], "rows": rows, "lag_s": 0, "cell_s": 0, "ordered_rate_k_per_s": 200}


def answers(runs, traces):
    replies = [{"ok": True, "version": "9.9.9", "runs": [run_record(at) for at in range(4)]}]
    replies += [{"ok": True, "results": results(at)} for at in runs]
    if traces:
        for _ in runs:
            replies += [trace(False), trace(True)]
    return replies


def numbers(densctl, folder):
    done, requests = call(densctl, folder, answers(range(4), False), "series", "--json")
    expect(done.returncode == 0, f"series --json: {done}")
    expect([r["command"] for r in requests] == ["runs"] + ["results"] * 4, f"asked: {[r['command'] for r in requests]}")
    expect([r["run"] for r in requests[1:]] == RUNS, "the results of each run")
    found = json.loads(done.stdout)
    states = {(s["P_GPa"], s["T_dens_K"]): s for s in found["states"]}
    expect(abs(states[(7, 643)]["Tf_K"] - 598.0) < 1e-9 and states[(7, 643)]["Tf_spread_K"] == 0.5, f"mean and spread: {states}")
    expect(states[(7, 643)]["n_sections"] == 3 and states[(7, 643)]["n_refused"] == 1, f"sections: {states[(7, 643)]}")
    expect(abs(states[(7, 643)]["Ea_over_RTg"] - 41.0) < 1e-5, f"Ea: {states[(7, 643)]['Ea_over_RTg']}")
    expect(states[(7, 643)]["weighted"] and abs(states[(7, 643)]["Ea_ols_kJ_per_mol"] / states[(7, 643)]["Ea_kJ_per_mol"] - 1) < 1e-6,
           f"exact peaks: weights change nothing: {states[(7, 643)]}")
    expect(abs(states[(7, 643)]["Tf_sd_K"] ** 2 - (0.5 ** 2 / 3 + 0.3 ** 2)) < 1e-9, f"shared errors do not average out: {states}")
    expect(found["peaks"][0]["Tp_sd_K"] == 0.4 and found["peaks"][0]["Tp_own_sd_K"] == 0.1, f"{found['peaks'][0]}")
    expect(states[(7, 583)]["n_sections"] == 0, "the glass of an aborted run is not of that state")
    codes = {p["section"]: p["code"] for p in found["peaks"] if p["refused"]}
    expect(codes[RUNS[3] + "/r200/s1"] == "run_not_completed" and codes[RUNS[0] + "/r100/s2"] == "no_step", f"refused: {codes}")
    expect(found["Tg_1atm_K"] == TG and found["densd"] == "9.9.9" and len(found["runs"]) == 4, "provenance")


def analysed_again(densctl, folder):
    """The last result of a section counts, whatever the one before it said."""
    later = results(0)
    later[3] = {**later[3], "refused": False, "code": "", "why": "", "tf_k": 598.0, "tp_k": later[0]["tp_k"]}
    replies = [answers([], False)[0], {"ok": True, "results": results(0) + later}]
    done, _ = call(densctl, folder, replies, "series", RUNS[0], "--json")
    state = json.loads(done.stdout)["states"][0]
    expect(state["n_sections"] == 4 and state["n_refused"] == 0, f"refused, then not: {state}")


def still_scanning(densctl, folder):
    """A state with sections to come says so in every form; an ended run, and an aborted one, has none to come."""
    under_way = {"calorimetry": "none", "sections_total": 12, "sections_done": 4, "sections_lost": 1}
    runs = [run_record(0) | under_way, run_record(1) | under_way | {"calorimetry": "completed"}, run_record(2),
            run_record(3) | under_way]

    def form(*arguments):
        replies = [{"ok": True, "version": "9.9.9", "runs": runs}] + answers(range(4), False)[1:]
        return call(densctl, folder, replies, "series", *arguments)[0].stdout

    to_come = {(s["P_GPa"], s["T_dens_K"]): s["n_to_come"] for s in json.loads(form("--json"))["states"]}
    expect({key: n for key, n in to_come.items() if n} == {(7, 643): 7}, f"json: {to_come}")
    lines = [line for line in form().splitlines() if line.startswith("provisional")]
    expect(lines == ["provisional: 7 GPa, 643 K: 7 sections are still to be scanned"], f"text: {lines}")
    rows = {(row["P_GPa"], row["T_dens_K"]): row["n_to_come"] for row in csv.DictReader(io.StringIO(form("--csv")))}
    expect(rows[("7", "643")] == "7" and rows[("7", "693")] == "0", f"csv: {rows}")


def chosen_runs(densctl, folder):
    _, requests = call(densctl, folder, answers([1, 2], False), "series", RUNS[1], RUNS[2], "--csv")
    expect([r["run"] for r in requests[1:]] == RUNS[1:3], f"the named runs alone: {requests}")
    done, requests = call(densctl, folder, answers([2], False), "series", "--name", "<2>", "--csv")
    expect([r.get("run") for r in requests[1:]] == [RUNS[2]], f"runs by name: {requests}")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    expect(len(rows) == 1 and float(rows[0]["Tf_K"]) == 600.0 and rows[0]["n_sections"] == "3", f"csv: {rows}")
    done, _ = call(densctl, folder, answers([], False), "series", "--name", "none has this", "--json")
    expect(done.returncode == 3 and json.loads(done.stdout)["refused"]["code"] == "too_few_points", f"no runs: {done}")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href") and not v.startswith("#")]

    def handle_data(self, data):
        self.words.append(data)


def one_page(densctl, folder):
    page, kept = os.path.join(folder, "page.html"), os.path.join(folder, "kept.json")
    done, requests = call(densctl, folder, answers(range(4), True), "series", "--html", "--out", page, "--save", kept)
    if done.returncode == 4 and "gnuplot" in done.stderr:
        return  # not installed here: it was said
    expect(done.returncode == 0, f"series --html: {done}")
    asked = [(r["section"].split("/")[1], r["reference"]) for r in requests if r["command"] == "trace"]
    expect(asked == [("r200", False), ("r200", True)] * 4, f"one pair a run, at 200 K/s: {asked}")
    read = Page()
    with open(page, encoding="utf-8") as stream:
        read.feed(stream.read())
    words = " ".join(read.words)
    expect(read.tags.count("svg") >= 3 and "script" not in read.tags and not read.links, f"self-contained: {read.links}")
    for word in ("series <0> & more", RUNS[2], "ab" * 8, "9.9.9", "run_not_completed", "330 to 420", "no evidence for the physics"):
        expect(word in words, f"the page lacks {word!r}")
    again = subprocess.run([densctl, "series", kept, "--json"], capture_output=True, text=True, timeout=20, check=False)
    expect(again.returncode == 0 and len(json.loads(again.stdout)["states"]) == 4, f"from the file: {again}")
    twice = subprocess.run([densctl, "series", kept, kept, "--csv"], capture_output=True, text=True, timeout=20, check=False)
    expect(twice.stdout.splitlines()[1].split(",")[4] == "3", "a section that comes twice counts once")


def usage(densctl, folder):
    broken = os.path.join(folder, "broken.json")
    with open(broken, "w", encoding="utf-8") as stream:
        stream.write('{"runs": []}')
    for arguments, code, word in ((["xx"], 2, "neither a run id"), (["--json", "--csv"], 2, "exclude"), (["--tg", "warm"], 2, "above 0"),
                                  (["--picture", "moon"], 2, "curves-liquid"), ([broken], 4, "--save"), ([broken, RUNS[0]], 2, "alone"),
                                  (["nowhere.json"], 4, "nowhere.json")):
        done = subprocess.run([densctl, "series", *arguments], capture_output=True, text=True, timeout=20, check=False)
        expect(done.returncode == code and word in done.stderr, f"{arguments}: {done}")


def main():
    run_each((numbers, analysed_again, still_scanning, chosen_runs, one_page, usage), sys.argv[1])


if __name__ == "__main__":
    main()
