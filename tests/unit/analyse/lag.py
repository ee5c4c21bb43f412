#!/usr/bin/env python3
"""densctl analyse lag, and what hangs on units: an indium file known in closed form, and pairs written in other units.

usage: lag.py DENSCTL
"""
import json

from bench import run_parts
import synthetic as s

RATES = (100, 150, 200, 300, 500, 1000)
LAG, OFFSET, MELTING = 0.0021, 0.35, 429.75
KELVINS = s.temperatures()
OVERSHOOT = ((60.0, 662.0, 6.0),)
FIRST = OVERSHOOT + ((-90.0, 520.0, 15.0),)


def write_indium(bench, scatter=0.0, names=("rate_K_s", "onset_K"), rate_unit=1.0, zero=0.0):
    off = (1, -1, 0.5, -0.5, 1, -1)
    onsets = [MELTING + OFFSET + LAG * rate + scatter * o - zero for rate, o in zip(RATES, off)]
    return s.write(bench.path(), names, [rate * rate_unit for rate in RATES], onsets)


def lag_is_found(bench):
    exact = bench.number("exact line", "lag", write_indium(bench))
    bench.close(exact["lag_s"], LAG, 1e-8, "lag")
    bench.close(exact["offset_K"], OFFSET, 1e-5, "offset")
    bench.check(exact["n"] == 6 and exact["n_rates"] == 6 and exact["melting_K"] == MELTING, f"{exact}")
    other = write_indium(bench, names=("rate_K_min", "onset_C"), rate_unit=60.0, zero=273.15)
    bench.close(bench.number("other units", "lag", other)["lag_s"], LAG, 1e-8, "lag from K/min and degC")
    noisy = bench.number("scatter", "lag", write_indium(bench, 0.2))
    bench.check(0 < noisy["lag_se_s"] < 5e-4, f"se {noisy['lag_se_s']}")
    low, high = noisy["lag_ci95_s"]
    bench.check(low < LAG < high, f"interval {low} to {high}")
    moved = bench.number("another standard", "lag", write_indium(bench), "--melting", "430")
    bench.close(moved["offset_K"], OFFSET - 0.25, 1e-5, "offset from another standard")
    bench.check("tau_lag" in bench.run("lag", write_indium(bench)).stdout, "text")


def lag_is_refused(bench):
    bench.refused("too_few_rates", "lag", s.write(bench.path(), ("rate_K_s", "onset_K"), (100, 200), (430, 430.2)))
    bench.refused("rate_span", "lag", s.write(bench.path(), ("rate_K_s", "onset_K"), (100, 110, 120), (430, 430, 430)))
    bench.refused("bad_value", "lag", s.write(bench.path(), ("rate_K_s", "onset_K"), RATES, [157.0] * 6), words=("Celsius",))
    bench.refused("bad_value", "lag", s.write(bench.path(), ("rate_K_s", "onset_K"), (-1, 200, 300), (430, 430, 430)))
    bench.refused("bad_header", "lag", s.write(bench.path(), ("rate_K_s", "Tp_K"), RATES, [430.0] * 6))


def write_scan(bench, peaks, seed, shift=0.0, names=("T_K", "hf"), factor=1.0, zero=0.0, noise=0.02):
    signal = s.scan(KELVINS, 640.0, peaks, noise=noise, seed=seed)
    return s.write(bench.path(), names, [f"{k + shift - zero:.6f}" for k in KELVINS], [f"{factor * y:.12e}" for y in signal])


def pair(bench, what, *more, **how):
    files = [write_scan(bench, peaks, seed, **how) for peaks, seed in ((FIRST, 3), (OVERSHOOT, 4))]
    return bench.number(what, "pair", *files, "--rate", "200", *more)


def indium_corrects_a_pair(bench):
    plain = pair(bench, "as measured without lag")
    for scatter in (0.0, 0.2):
        indium = write_indium(bench, scatter)
        fit = bench.number("the lag", "lag", indium)
        shifted = pair(bench, "with lag", "--indium", indium, shift=fit["offset_K"] + 200 * fit["lag_s"])
        for key in ("Tf_K", "Tf_ref_K", "Tp_K", "Tg_onset_K", "T_mid_K"):
            bench.close(shifted[key], plain[key], 0.05, key)  # the rows lie elsewhere on the grid
        bench.close(shifted["lag_s"], fit["lag_s"], 1e-9, "the lag used")
        bench.close(shifted["Tf_sd_parts_K"]["lag"], 200 * fit["lag_se_s"], 1e-6, "the part of the lag")
        bench.close(shifted["Tf_sd_parts_K"]["calibration"] ** 2, 0.09 + fit["offset_se_K"] ** 2, 1e-6, "of the scale")
    bench.check(bench.run("pair", "a", "b", "--indium", "c", "--lag-s", "0.1").returncode == 2, "--indium beside --lag-s")
    wider = pair(bench, "errors given", "--lag-sd-s", "0.004", "--calibration-sd", "1")
    bench.close(wider["Tf_sd_parts_K"]["lag"], 0.8, 1e-9, "--lag-sd-s")
    bench.close(wider["Tf_sd_parts_K"]["calibration"], 1, 1e-9, "--calibration-sd")


def units_do_not_matter(bench):
    plain = pair(bench, "hf")
    same = {"exo up": pair(bench, "exo up", names=("T_K", "heat_flow_mW_exo_up"), factor=-1.0),
            "mW": pair(bench, "mW", names=("T_K", "heat_flow_mW"), factor=1e3),
            "degC": pair(bench, "degC", names=("T_C", "cp_J_molK"), zero=273.15)}
    for what, found in same.items():
        for key in ("Tf_K", "Tf_sd_K", "delta_Tf_K", "Tp_K", "Tp_sd_K", "Tg_onset_K", "Tg_onset_sd_K", "T_mid_K", "T_mid_sd_K"):
            bench.close(found[key], plain[key], 2e-5, f"{key} in {what}")


def every_quantity_has_its_error(bench):
    found = pair(bench, "errors")
    for value, sd in (("Tf_K", "Tf_sd_K"), ("Tf_ref_K", "Tf_ref_sd_K"), ("delta_Tf_K", "delta_Tf_sd_K"), ("Tp_K", "Tp_sd_K"),
                      ("Tg_onset_K", "Tg_onset_sd_K"), ("T_mid_K", "T_mid_sd_K"),
                      ("enthalpy_difference", "enthalpy_difference_sd")):
        bench.check(found[value] is not None and found[sd] is not None and 0 < found[sd] < 0.2 * abs(found[value]),
                    f"{value} {found[value]} +- {found[sd]}")
    bench.check(found["Tp_sub_K"] is None and found["Tp_sub_sd_K"] is None, f"Tp_sub {found['Tp_sub_K']}")
    bench.close(found["Tf_K"], s.fictive(640, FIRST), 2 * found["Tf_sd_K"], "Tf")


def energy_with_common_errors(bench):
    table = s.write(bench.path(), ("rate_K_s", "Tp_K"), RATES, (702.8, 711.9, 717.3, 725.1, 735.2, 749.6))
    plain = bench.number("plain", "kissinger", table, "--Tg", "596")
    wide = bench.number("wide", "kissinger", table, "--Tg", "596", "--lag-sd-s", "0.0005", "--history", "7 GPa, 643 K")
    bench.close(wide["Ea_kJ_per_mol"], plain["Ea_kJ_per_mol"], 1e-9, "Ea")
    bench.close(wide["Ea_se_kJ_per_mol"], plain["Ea_se_kJ_per_mol"], 1e-9, "se")
    bench.check(plain["Ea_sd_parts_kJ_per_mol"]["lag"] == 0 and plain["history"] is None, json.dumps(plain))
    half = [(found["Ea_ci95_kJ_per_mol"][1] - found["Ea_kJ_per_mol"]) ** 2 for found in (plain, wide)]
    bench.close(half[1], half[0] + (1.959964 * wide["Ea_sd_parts_kJ_per_mol"]["lag"]) ** 2, 1e-6, "half width squared")
    bench.close(wide["Ea_sd_parts_kJ_per_mol"]["lag"] / wide["Ea_kJ_per_mol"], 0.0085, 0.002, "0.85 % for half a millisecond")
    bench.check(wide["history"] == "7 GPa, 643 K", f"history {wide['history']}")
    bench.check("7 GPa" in bench.run("kissinger", table, "--history", "7 GPa").stdout, "history in text")


run_parts("lag, units and errors", lag_is_found, lag_is_refused, indium_corrects_a_pair, units_do_not_matter,
          every_quantity_has_its_error, energy_with_common_errors)
