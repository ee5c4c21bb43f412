#!/usr/bin/env python3
"""tools/reproduce-report on a series and truths made for it: the table, and the exit code that says agreement.

usage: reproduce_report.py REPORT
"""
import json
import os
import subprocess
import sys
import tempfile

NONE = {"value": None, "sd": None, "why": "not here"}


def state(gpa, kelvin, tf, rtg, region):
    return {"P_GPa": gpa, "T_dens_K": kelvin, "region": region, "Tf_K": tf, "Tf_sd_K": 0.4, "Ea_over_RTg": rtg,
            "Ea_kJ_per_mol": rtg and rtg * 5, "Ea_ci95_kJ_per_mol": [rtg * 5 - 5, rtg * 5 + 5] if rtg else [None, None],
            "class": "alpha" if rtg else None}


def pressure(gpa):
    return {"P_GPa": gpa, "Tg_K": {"value": 634.0, "sd": 5.2, "why": None}, "Tg_bracket_K": [625, 643],
            "onset_shift_K": {"value": 5.9, "sd": 0.2, "why": None}, "crossover_shift_K": NONE}


SERIES = {"states": [state(0.0001, 643, 598.0, 41.0, "III"), state(7, 298, 723.0, None, "I"), state(7, 643, 595.5, 41.5, "III")],
          "ratios": [{"P_GPa": 7, "T_dens_K": 643, "Tf_difference_K": -2.5, "Tf_difference_sd_K": 0.3}],
          "pressures": [pressure(0.0001), pressure(7)],
          "dTg_dP_K_per_GPa": {"in_situ": {"value": 5.43, "sd": 0.7, "why": None}, "ex_situ_onset": NONE, "older_work": NONE},
          "runs": [{"pressure_gpa": 7, "temperature_k": 643, "hold_s": 77}],
          "master_curve": {"rms_against_T_over_Tg_RTg": NONE, "rms_against_T_RTg": NONE}}


def truth(tf, onset):
    return {"Tf_K": tf, "rates": [{"rate_K_per_s": 200, "Tg_onset_K": onset}], "Ea_over_RTg": 41.8}


def run(report, folder, truths):
    for name, entry in truths.items():
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as stream:
            json.dump(entry, stream)
    path = os.path.join(folder, "series.txt")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(SERIES, stream)
    return subprocess.run([report, path, folder], capture_output=True, text=True, timeout=20, check=False)


def main():
    truths = {"1atm-643K": truth(598.2, 690.0), "7GPa-298K": truth(723.1, 640.0), "7GPa-643K": truth(595.8, 695.7)}
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        done = run(sys.argv[1], folder, truths)
        words = ["595.80", "595.50", "-2.5 +- 0.3", "3 to 4 K below", "slightly above", "634.0 +- 5.2", "625 and 643", "5.43",
                 "not the physics", "0.81", " 77 "]  # (695.7 - 690) / 7
        faults += [f"the table lacks {word!r}: {done.stdout}" for word in words if word not in done.stdout]
        odd = run(sys.argv[1], folder, {"7GPa-643K": {**truth(595.8, 695.7), "Ea_over_RTg": -11.2}}).stdout
        faults += ["no activation energy is negative"] if "-11.2" in odd else []
        faults += [] if done.returncode == 0 else [f"they agree, and it says {done.returncode}: {done.stderr}"]
    with tempfile.TemporaryDirectory() as folder:
        done = run(sys.argv[1], folder, {**truths, "7GPa-298K": truth(719.0, 640.0)})
        if done.returncode != 1 or "7 GPa, 298 K" not in done.stdout.splitlines()[-1]:
            faults.append(f"4 K off is 10 standard errors: {done.returncode} {done.stdout[-200:]}")
    with tempfile.TemporaryDirectory() as folder:
        if run(sys.argv[1], folder, {}).returncode != 1:
            faults.append("without truth nothing agrees")
    print("\n".join(faults) or "the table says what was found, and whether it agrees")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
