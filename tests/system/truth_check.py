#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judges of kills.py find what they are there for: a jump, a hot release, loose heat, a short soak, lost rows."""
import os
import sys
import tempfile
import types

import kills
from truth import Truth

COLUMNS = ("substep,lab_s,T_K,T_measured_K,setpoint_K,output_pct,manual,manual_pct,heater_enable,contactor,P_GPa,oil_bar,"
           "setpoint_bar,active_bar,mode,locked,local,stroke_pct,scans,first_scans,faults")


def truth(**columns):
    """A record of a lab second a row: each column one value, or a list of them."""
    length = max(len(value) for value in columns.values() if isinstance(value, list))
    lines = [COLUMNS]
    for i in range(length):
        row = dict.fromkeys(COLUMNS.split(","), 0) | {"lab_s": i, "substep": 20 * i}
        row |= {key: value[i] if isinstance(value, list) else value for key, value in columns.items()}
        lines.append(",".join(str(row[key]) for key in COLUMNS.split(",")))
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as stream:
        stream.write("\n".join(lines) + "\nhalf a li")
    try:
        return Truth(stream.name)
    finally:
        os.unlink(stream.name)


def jumps(**columns):
    return len(truth(**columns).setpoint_jumps())


def lost(stored, deaths):
    killer = types.SimpleNamespace(client=types.SimpleNamespace(samples={(7, 70.0): 100.0}), control_deaths=deaths)
    return kills.lost_samples(killer, types.SimpleNamespace(samples=lambda: stored))


def main():
    ramp = [300 + i / 3 for i in range(100)]
    cases = [
        ("a ramp is no jump", jumps(setpoint_K=ramp, T_measured_K=ramp), 0),
        ("10 K at once is one", jumps(setpoint_K=[300.0] * 5 + [310.0] * 5, T_measured_K=300), 1),
        ("starting from what is measured is none", jumps(setpoint_K=[300.0] * 5 + [380.0] * 5, T_measured_K=380), 0),
        ("falling is none", jumps(setpoint_K=[400.0] * 5 + [300.0] * 5, T_measured_K=400), 0),
        ("40 bar up is one", jumps(setpoint_bar=[100.0] * 5 + [140.0] * 5, oil_bar=100), 1),
        ("40 bar down is one", jumps(setpoint_bar=[140.0] * 5 + [100.0] * 5, oil_bar=140), 1),
        ("back to the pressure there is none", jumps(setpoint_bar=[140.0] * 5 + [100.0] * 5, oil_bar=100), 0),
        ("a hot release", len(truth(setpoint_bar=[100.0, 90.0], oil_bar=100, T_K=400).hot_releases()), 1),
        ("a cold one", len(truth(setpoint_bar=[100.0, 90.0], oil_bar=100, T_K=300).hot_releases()), 0),
        ("hot and locked", len(truth(setpoint_bar=[100.0, 90.0], oil_bar=100, T_K=400, locked=1).hot_releases()), 0),
        ("heat without pressure", len(truth(contactor=1, output_pct=[50.0], P_GPa=0.1, setpoint_K=400).loose_heat(0.85)), 1),
        ("heat under pressure", len(truth(contactor=1, output_pct=[50.0], P_GPa=1, setpoint_K=400).loose_heat(0.85)), 0),
        ("soak at both", truth(T_K=[400.0] * 31, P_GPa=1).soak_s(400, 1), 30),
        ("soak too cold", truth(T_K=[395.0] * 31, P_GPa=1).soak_s(400, 1), 0),
        ("soak without pressure", truth(T_K=[400.0] * 31, P_GPa=0.5).soak_s(400, 1), 0),
        ("a row that is stored", lost({7: 70.0}, []), []),
        ("a row that is not", lost({6: 60.0}, []), [7]),
        ("another row under its number", lost({7: 71.0}, [50.0]), [7]),
        ("not yet durable when control died", lost({}, [101.0]), []),
    ]
    wrong = [f"{name}: {found}, not {wanted}" for name, found, wanted in cases if found != wanted]
    print("\n".join(wrong) or f"{len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
