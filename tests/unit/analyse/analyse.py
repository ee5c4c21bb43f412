#!/usr/bin/env python3
"""densctl analyse on files whose Tf and Ea are known by closed form or by a regression written here; every refusal.

usage: analyse.py DENSCTL
"""
import json
import math
import os
import re

from bench import run_parts
import synthetic as s

R = 8.314462618
RATE = 200.0
# the as-spun glass relaxes (exotherm), then overshoots
PEAKS = ((-900.0, 520.0, 30.0), (160.0, 668.0, 6.0))
REFERENCE_PEAKS = ((120.0, 666.0, 6.0),)

PAIR_KEYS = {"Tf_K", "Tf_sd_K", "Tf_ref_K", "delta_Tf_K", "delta_Tf_sd_K", "Tp_K", "Tp_sub_K", "Tg_onset_K", "T_mid_K",
             "extrapolated", "rate_K_per_s", "windows", "align"}
KISSINGER_KEYS = {"Ea_kJ_per_mol", "Ea_se_kJ_per_mol", "Ea_ci95_kJ_per_mol", "Ea_over_RTg", "class", "n", "n_rates",
                  "r2", "moynihan_kJ_per_mol", "starink_kJ_per_mol", "ozawa_kJ_per_mol", "loo_kJ_per_mol",
                  "next_rate_K_per_s"}

KELVINS = s.temperatures()
FIRST = s.scan(KELVINS, 630.0, PEAKS, noise=0.02, seed=1)
REFERENCE = s.scan(KELVINS, 640.0, REFERENCE_PEAKS, noise=0.02, seed=2)
TF, TF_REF = s.fictive(630.0, PEAKS), s.fictive(640.0, REFERENCE_PEAKS)


def times(kelvins, rate=RATE):
    return [(k - kelvins[0]) / rate for k in kelvins]


def write_pair(bench, names=("T_K", "cp_J_molK"), first=None, reference=None, **how):
    return [s.write(bench.path(), names, KELVINS, y, **how) for y in (first or FIRST, reference or REFERENCE)]


def known_pair(bench):
    pair = [s.write(bench.path(), ("t_s", "T_K", "cp_J_molK"), times(KELVINS), KELVINS, y) for y in (FIRST, REFERENCE)]
    found = bench.number("the known pair", "pair", *pair, "--rate", "200")
    bench.check(PAIR_KEYS <= set(found), f"keys missing: {PAIR_KEYS - set(found)}")
    bench.close(found["Tf_K"], TF, 1.0, "Tf")
    bench.close(found["Tf_ref_K"], TF_REF, 1.0, "Tf_ref")
    bench.close(found["delta_Tf_K"], TF - TF_REF, 1.0, "Tf - Tf_ref")
    bench.check(0.2 < found["Tf_sd_K"] < 6, f"sd of Tf {found['Tf_sd_K']}")
    bench.check(abs(found["Tf_K"] - TF) < 3 * found["Tf_sd_K"], "the truth lies within three sd")
    bench.close(found["rate_K_per_s"], RATE, 0.01, "rate from t_s")
    bench.close(found["Tp_K"], 668, 3, "Tp")
    bench.check(found["extrapolated"] is False, "not extrapolated")
    bench.check(found["align"]["mode"] == "tilt" and found["align"]["k"] == 1, f"alignment {found['align']}")
    low, high = found["windows"]["liquid"]
    bench.check(680 < low < high <= 850, f"liquid window {low} to {high}")
    bench.close(found["enthalpy_difference"], s.STEP * (TF - TF_REF), 30, "enthalpy difference")
    parts = found["Tf_sd_parts_K"]
    bench.check(set(parts) == {"windows", "noise", "curvature", "lag", "calibration"}, f"parts of the sd: {parts}")
    bench.close(math.sqrt(sum(v * v for v in parts.values() if v)), found["Tf_sd_K"], 0.01, "the parts add up to the sd")
    bench.close(parts["calibration"], 0.3, 1e-9, "the part of the calibration")
    again = bench.number("again", "pair", *pair, "--rate", "200")
    bench.check(again == found, "the same seed gives the same bytes")
    other = bench.number("another seed", "pair", *pair, "--seed", "2")
    bench.check(other["Tf_K"] == found["Tf_K"] and other["Tf_sd_K"] != found["Tf_sd_K"], "the seed moves only the sd")
    bench.refused("bad_value", "pair", *pair, "--rate", "150", words=["2 %", "150"])
    bench.refused("bad_value", "pair", *pair, "--rate", "-200")
    lagged = bench.number("with lag", "pair", *pair, "--lag-s", "0.01", "--bootstrap", "0")
    bench.close(lagged["Tf_K"], found["Tf_K"] - 0.01 * RATE, 0.3, "Tf with a lag of 10 ms")


def options(bench):
    pair = write_pair(bench)
    given = bench.number("windows given", "pair", *pair, "--glass", "320:400", "--liquid=700:840", "--bootstrap", "0")
    bench.check(given["windows"]["glass"] == [320, 400] and given["windows"]["liquid"] == [700, 840], "windows kept")
    bench.close(given["Tf_K"], TF, 1, "Tf in the windows given")
    bench.check(given["rate_K_per_s"] is None, "no rate: null")
    scaled = write_pair(bench, first=[0.9 * y for y in FIRST])
    found = bench.number("scale", "pair", *scaled, "--align", "scale", "--glass", "320:400", "--liquid",
                         "700:840", "--bootstrap", "0")
    bench.close((found["align"] or {}).get("k"), 1 / 0.9, 0.02, "gain")
    bench.close(found["Tf_K"], TF, 2, "Tf after scaling")
    tilted = write_pair(bench, first=[y + 3 - 0.004 * k for k, y in zip(KELVINS, FIRST)])
    bench.close(bench.number("tilt", "pair", *tilted, "--bootstrap", "0")["Tf_K"], TF, 1, "Tf after tilting")
    for mode in ("none", "offset"):
        bench.close(bench.number(mode, "pair", *pair, "--align", mode, "--bootstrap", "0")["Tf_K"], TF, 1, mode)
    empty = [40 - 0.02 * k + 5e-5 * (k - 600) ** 2 for k in KELVINS]
    both = write_pair(bench, first=[a + b for a, b in zip(FIRST, empty)],
                      reference=[a + b for a, b in zip(REFERENCE, empty)])
    chip = s.write(bench.path(), ("T_K", "cp_J_molK"), KELVINS, empty)
    found = bench.number("empty chip", "pair", *both, "--empty", chip, "--align", "none", "--bootstrap", "0")
    bench.close(found["Tf_K"], TF, 1, "Tf after the empty chip")


def forms(bench):
    """The same pair in every spelling gives the same Tf."""
    plain = bench.number("plain", "pair", *write_pair(bench), "--bootstrap", "0")["Tf_K"]
    ways = {
        "semicolon, decimal comma": write_pair(bench, separator=";", comma=True),
        "tab, CRLF": write_pair(bench, separator="\t", ending="\r\n"),
        "old Mac line ends": write_pair(bench, ending="\r"),
        "byte order mark, comment": write_pair(bench, head="\ufeff# measured on a Monday\n\n"),
        "quoted": write_pair(bench, names=('"T_K"', '"cp_J_molK"')),
        "mW": write_pair(bench, names=("T_K", "heat_flow_mW")),
        "hf": write_pair(bench, names=("T_K", "hf")),
        "exothermic up": write_pair(bench, names=("T_K", "heat_flow_mW_exo_up"), first=[-y for y in FIRST],
                                    reference=[-y for y in REFERENCE]),
        "Celsius": [s.write(bench.path(), ("T_C", "cp"), [k - 273.15 for k in KELVINS], y) for y in (FIRST, REFERENCE)],
        "another column": [s.write(bench.path(), ("note", "cp", "T_K"), ["b"] * len(y), y, KELVINS)
                           for y in (FIRST, REFERENCE)],
        "8 % missing": [s.write(bench.path(), ("T_K", "cp"), KELVINS, ["NaN" if i % 13 == 0 else v
                                                                       for i, v in enumerate(y)])
                        for y in (FIRST, REFERENCE)],
        "backwards in places": [s.write(bench.path(), ("T_K", "cp"), swap(KELVINS), swap(y)) for y in (FIRST, REFERENCE)],
    }
    for name, pair in ways.items():
        found = bench.number(name, "pair", *pair, "--bootstrap", "0")
        bench.close(found["Tf_K"], plain, 0.3 if "missing" in name else 0.01, name)


def twins(bench):
    """One file given as both: said, not shown as a difference of 0 K."""
    pair = write_pair(bench)
    for files, told in ((pair, False), ((pair[1], pair[1]), True)):
        found = bench.number("twins", "pair", *files, "--bootstrap", "0")
        bench.check(any("the same scan" in w for w in found["warnings"]) == told, f"twins: {found['warnings']}")


def picture(bench):
    """The ordinate has a unit, also where the file has none; the legend names what is to be seen."""
    for name, unit in (("heat_flow_mW", "heat flow / mW"), ("hf", "heat flow / unit of the file"), ("cp_J_molK", "J/(mol K)")):
        svg = bench.path(".svg")
        done = bench.run("pair", *write_pair(bench, names=("T_K", name)), "--bootstrap", "0", "--svg", svg)
        if "gnuplot" in done.stderr and done.returncode == 4:
            print("no gnuplot: pictures were not looked at")
            return
        bench.check(done.returncode == 0, f"picture of {name}: {done.stderr}")
        with open(svg, encoding="utf-8") as stream:
            drawn = stream.read().replace("&#160;", " ")
        words = ("temperature / K", unit, "endothermic up", "first scan, aligned", "liquid line", "equal: first", "and: liquid")
        bench.check(all(word in drawn for word in words), f"picture of {name} lacks {[w for w in words if w not in drawn]}")
        named = re.findall(r"<tspan[^>]*>([^<]*)</tspan></text>", drawn)
        bench.check(named.count("first scan, aligned") == named.count("glass line") == 1, f"each is named once: {named}")


def swap(values):
    """Every tenth pair of rows the wrong way round."""
    values = list(values)
    for i in range(5, len(values) - 1, 20):
        values[i], values[i + 1] = values[i + 1], values[i]
    return values


def stare(bench):
    path = bench.path(".txt")
    with open(path, "w", encoding="latin-1", newline="") as stream:
        for y in (FIRST, REFERENCE):
            stream.write("Curve Name:\r\n  section 1\r\nCurve Values:\r\n  Index  t  Ts  Tr  Value\r\n"
                         "         [s]  [\xb0C]  [\xb0C]  [mW]\r\n")
            for i, (k, t) in enumerate(zip(KELVINS, times(KELVINS))):
                stream.write(f"  {i}  {t:.6f}  {k - 273.15:.4f}  {k - 273.15:.4f}  {-y[i]:.6f}\r\n".replace(".", ","))
            stream.write("Results:\r\n  none\r\n\r\n")
    found = bench.number("STARe", "pair", path, path, "--segment", "1,2", "--bootstrap", "0")
    bench.close(found["Tf_K"], TF, 1, "Tf of a STARe export")
    bench.close(found["rate_K_per_s"], RATE, 0.1, "its rate")
    bench.refused("bad_header", "pair", path, path, words=["2 segments", "--segment"])
    bench.refused("bad_header", "pair", path, path, "--segment", "3", words=["segment 3", "has 2"])


def refuse_files(bench):
    good = write_pair(bench)[1]

    def first(code, names, *columns, words=(), extra=(), **how):
        bench.refused(code, "pair", s.write(bench.path(), names, *columns, **how), good, *extra, words=words)

    n = len(KELVINS)
    first("bad_header", ("T", "cp"), KELVINS, FIRST, words=["T_K or T_C"])
    first("bad_header", ("T_k", "cp"), KELVINS, FIRST, words=["T_K or T_C", "'T_k'"])
    first("bad_header", ("T_K", "heat_flow_W"), KELVINS, FIRST, words=["heat_flow_mW"])
    first("bad_header", ("T_K", "T_C", "cp"), KELVINS, KELVINS, FIRST, words=["T_K", "T_C"])
    first("bad_header", ("T_K", "T_K", "cp"), KELVINS, KELVINS, FIRST, words=["leave one"])
    first("bad_header", ("T_K", "cp", "hf"), KELVINS, FIRST, FIRST, words=["leave one"])
    first("bad_header", ("T_K",), KELVINS, words=["the signal"])
    first("bad_header", ("t_ms", "T_K", "cp_J_molK"), times(KELVINS), KELVINS, FIRST, words=["t_s"])
    first("bad_header", ("300.0", "24.0"), KELVINS, FIRST, words=["header line is missing"])
    first("bad_header", ("T_K", "cp_J_gK"), KELVINS, FIRST, words=["one quantity"])
    first("bad_value", ("T_K", "cp_J_molK"), KELVINS, ["oops" if i == 7 else v for i, v in enumerate(FIRST)],
          words=[":9:", "'oops'", "cp_J_molK"])
    first("too_few_points", ("T_K", "cp_J_molK"), KELVINS[::20], FIRST[::20])
    first("too_few_points", ("T_K", "cp_J_molK"))
    first("nan_fraction", ("T_K", "cp_J_molK"), KELVINS, ["NaN" if i % 5 == 0 else v for i, v in enumerate(FIRST)])
    first("nan_fraction", ("T_K", "cp_J_molK"), KELVINS, ["" if i % 5 == 0 else v for i, v in enumerate(FIRST)])
    first("constant_signal", ("T_K", "cp_J_molK"), KELVINS, [24.0] * n)
    first("columns_swapped", ("cp_J_molK", "T_K"), KELVINS, FIRST)
    first("not_monotonic", ("T_K", "cp_J_molK"), KELVINS[::-1], FIRST[::-1], words=["cooling"])
    first("not_monotonic", ("T_K", "cp_J_molK"), [500 + 80 * math.sin(i) for i in range(n)], FIRST)
    first("bad_value", ("T_K", "cp_J_molK"), [k - 273.15 for k in KELVINS], FIRST, words=["T_C"])
    first("bad_value", ("T_C", "cp_J_molK"), [k * 5 for k in KELVINS], FIRST)
    first("range_mismatch", ("T_K", "cp_J_molK"), [k + 600 for k in KELVINS], FIRST)
    first("range_mismatch", ("T_K", "cp_J_molK"), [k + 250 for k in KELVINS], FIRST)
    first("bad_value", ("t_s", "T_K", "cp_J_molK"), times(KELVINS, 100), KELVINS, FIRST, extra=("--rate", "200"))
    first("bad_value", ("T_K", "cp_J_molK"), KELVINS, FIRST, extra=("--glass", "400:320"), words=["glass window"])
    first("bad_value", ("T_K", "cp_J_molK"), KELVINS, FIRST, extra=("--lag-s", "0.002"), words=["rate"])
    for raw, word in ((b"", "no header"), (b"\xff\xfeT\0_\0K\0", "UTF-16"), (b"T_K,cp\n\0\0\0\n", "NUL"),
                      (b'"T_K,cp\n1,2\n', "quote")):
        path = bench.path()
        with open(path, "wb") as stream:
            stream.write(raw)
        bench.refused("bad_header", "pair", path, good, words=[word])


def refuse_shapes(bench):
    """Both scans are well formed, but there is no Tf in them."""
    def both(code, kelvins, first, reference, **how):
        bench.refused(code, "pair", *[s.write(bench.path(), ("T_K", "cp_J_molK"), kelvins, y)
                                      for y in (first, reference)], **how)

    flat = [[s.glass(k) + 0.05 * math.sin(997 * i * seed) for i, k in enumerate(KELVINS)] for seed in (1, 2)]
    both("no_step", KELVINS, *flat)
    short = s.temperatures(310, 650)
    both("no_liquid", short, *[s.scan(short, c, p, noise=0.02, seed=5)
                               for c, p in ((630.0, PEAKS), (640.0, REFERENCE_PEAKS))])
    both("no_step", s.temperatures(310, 600), *[s.scan(s.temperatures(310, 600), 640.0, noise=0.02, seed=i)
                                                for i in (6, 7)])
    pair = write_pair(bench)
    bench.refused("no_glass", "pair", *pair, "--glass", "200:250", words=["glass"])
    bench.refused("no_liquid", "pair", *pair, "--liquid", "900:950", words=["liquid"])


def regression(rates, peaks, power=2.0):
    """Slope of ln(rate / Tp^power) on 1/Tp with its standard error, written out."""
    u, v = [1 / t for t in peaks], [math.log(q / t ** power) for q, t in zip(rates, peaks)]
    n, mu, mv = len(u), sum(u) / len(u), sum(v) / len(v)
    suu = sum((x - mu) ** 2 for x in u)
    slope = sum((x - mu) * (y - mv) for x, y in zip(u, v)) / suu
    rest = sum((y - mv - slope * (x - mu)) ** 2 for x, y in zip(u, v))
    return -slope * R / 1000, math.sqrt(rest / (n - 2) / suu) * R / 1000, 1 - rest / sum((y - mv) ** 2 for y in v)


RATES = [100.0, 200.0, 300.0, 500.0, 700.0, 1000.0]
TPS = [652.4, 661.0, 666.1, 673.3, 677.6, 682.9]
T95_4 = 2.7764451052  # Student t, 97.5 %, 4 degrees of freedom


def kissinger(bench):
    table = s.write(bench.path(), ("rate_K_s", "Tp_K"), RATES, TPS)
    found = bench.number("Kissinger", "kissinger", table, "--Tg", "596")
    ea, se, r2 = regression(RATES, TPS)
    bench.check(KISSINGER_KEYS <= set(found), f"keys missing: {KISSINGER_KEYS - set(found)}")
    bench.close(found["Ea_kJ_per_mol"], ea, 1e-5 * ea, "Ea")
    bench.close(found["Ea_se_kJ_per_mol"], se, 1e-5 * se, "its standard error")
    bench.close(found["Ea_ci95_kJ_per_mol"][0], ea - T95_4 * se, 1e-4, "lower end")
    bench.close(found["Ea_ci95_kJ_per_mol"][1], ea + T95_4 * se, 1e-4, "upper end")
    bench.close(found["r2"], r2, 1e-8, "R2")
    bench.close(found["Ea_over_RTg"], ea * 1000 / (R * 596), 1e-5, "Ea/(R Tg)")
    bench.close(found["moynihan_kJ_per_mol"], regression(RATES, TPS, 0)[0], 1e-4, "Moynihan")
    bench.close(found["starink_kJ_per_mol"], regression(RATES, TPS, 1.92)[0] / 1.0008, 1e-4, "Starink")
    bench.close(found["ozawa_kJ_per_mol"], regression(RATES, TPS, 0)[0] / 1.052, 1e-4, "Ozawa")
    left = [regression(RATES[:i] + RATES[i + 1:], TPS[:i] + TPS[i + 1:])[0] for i in range(len(RATES))]
    bench.close(found["loo_kJ_per_mol"][0], min(left), 1e-4, "lowest with one left out")
    bench.close(found["loo_kJ_per_mol"][1], max(left), 1e-4, "highest with one left out")
    bench.check((found["n"], found["n_rates"], found["class"]) == (6, 6, "alpha"), f"{found}")
    minutes = s.write(bench.path(), ("Tp_C", "rate_K_min"), [t - 273.15 for t in TPS], [60 * q for q in RATES],
                      separator=";", comma=True)
    same = bench.number("K/min and Celsius", "kissinger", minutes)
    bench.close(same["Ea_kJ_per_mol"], ea, 1e-4 * ea, "Ea in other units")
    bench.check(same["Ea_over_RTg"] is None and same["class"] is None, "without Tg: null")
    gap = s.write(bench.path(), ("rate_K_s", "Tp_K"), RATES + [50.0], TPS + ["nan"])
    found = bench.number("a row without a peak", "kissinger", gap)
    bench.check((found["n"], found["n_without_peak"]) == (6, 1), f"{found['n']} rows used")
    bench.close(found["Ea_kJ_per_mol"], ea, 1e-5 * ea, "Ea without that row")
    even = s.write(bench.path(), ("rate_K_s", "Tp_K", "sTp_K"), RATES, TPS, [1e-3 * t * t / 652.4 for t in TPS])
    bench.check(bench.number("weighted", "kissinger", even)["weighted"] is True, "sTp makes it weighted")


def crystallised(bench):
    """An exotherm above the transition, in one scan or both: the liquid lies before it, and Tf is what it was."""
    kelvins = s.temperatures(310, 850, 0.25)
    bells = ((-6 * s.STEP, 540.0, 15.0),)
    for at in (810.0, 830.0):
        crystal = (-60 * s.STEP, at, 6.0)
        for where in ("first", "reference", "both"):
            paths = [s.write(bench.path(), ("T_K", "cp_J_molK"), kelvins,
                             s.scan(kelvins, 640.0, peaks + ((crystal,) if where in (name, "both") else ()), noise=0.03, seed=seed))
                     for name, peaks, seed in (("first", bells, 1), ("reference", (), 2))]
            found = bench.number(f"crystal at {at} K in {where}", "pair", *paths, "--bootstrap", "0")
            bench.close(found["Tf_K"], 646.0, 0.6, f"Tf, crystal in {where}")
            bench.check(found["windows"]["liquid"][1] < at - 10, f"the liquid ends before it: {found['windows']}")
    turned = [s.write(bench.path(), ("T_K", "hf"), kelvins, [-y for y in s.scan(kelvins, 640.0, peaks, noise=0.03, seed=seed)])
              for peaks, seed in ((bells, 1), ((), 2))]
    bench.refused("no_step", "pair", *turned, words=["endothermic must be up"])


def gains(bench):
    """Another contact: measured whatever the alignment, warned of, and refused beyond 30 %."""
    kelvins = s.temperatures(310, 850, 0.5)
    second = s.write(bench.path(), ("T_K", "cp_J_molK"), kelvins, s.scan(kelvins, 640.0, noise=0.02, seed=2))
    for factor, code in ((1.0, None), (0.85, None), (0.6, "bad_value"), (1.6, "bad_value")):
        first = s.write(bench.path(), ("T_K", "cp_J_molK"), kelvins, [factor * y for y in s.scan(kelvins, 646.0, noise=0.02)])
        if code:
            bench.refused(code, "pair", first, second, words=["k = ", "30 %"])
            continue
        found = bench.number(f"gain {factor}", "pair", first, second, "--bootstrap", "0")
        bench.close(found["align"]["gain"], 1 / factor, 0.02, "the gain")
        bench.check(any("--align scale" in w for w in found["warnings"]) == (factor != 1), f"warned: {found['warnings']}")
        bench.close(bench.number("scaled", "pair", first, second, "--align", "scale", "--bootstrap", "0")["Tf_K"], 646.0, 0.5,
                    "Tf with the gain taken off")


def refuse_tables(bench):
    def table(code, names, *columns, words=(), extra=()):
        bench.refused(code, "kissinger", s.write(bench.path(), names, *columns), *extra, words=words)

    both = ("rate_K_s", "Tp_K")
    table("bad_header", ("rate", "Tp_K"), RATES, TPS, words=["rate_K_s or rate_K_min"])
    table("bad_header", ("rate_K_s", "Tp"), RATES, TPS, words=["Tp_K or Tp_C"])
    table("bad_header", ("rate_K_s", "rate_K_min", "Tp_K"), RATES, RATES, TPS)
    table("bad_header", ("rate_K_s", "Tp_K", "sTp_C"), RATES, TPS, RATES, words=["sTp_K"])
    table("too_few_rates", both, RATES[:2], TPS[:2])
    table("too_few_rates", both, [200.0] * 6, TPS)
    table("too_few_rates", both)
    table("rate_span", both, [200.0, 220.0, 240.0], TPS[:3])
    table("bad_value", both, [-q for q in RATES], TPS, words=["positive"])
    table("bad_value", both, [0.0] + RATES[1:], TPS)
    table("bad_value", both, RATES, [0.0] + TPS[1:])
    table("bad_value", both, RATES, [-t for t in TPS])
    table("bad_value", both, RATES, ["hot"] + TPS[1:], words=[":2:", "'hot'"])
    table("bad_value", both, RATES, [TPS[0] - 273.15] + TPS[1:], words=["Celsius"])
    table("bad_value", both, RATES, [t - 273.15 for t in TPS], extra=("--Tg", "596"), words=["Celsius"])
    table("bad_value", both, RATES, [t - 600 for t in TPS], words=["Tp_C"])
    table("bad_value", both, [""] + RATES[1:], TPS)
    table("bad_value", both, RATES, TPS, extra=("--Tg", "20"))
    table("columns_swapped", both, [652.0, 660.0, 670.0, 680.0], [0.3, 1.0, 3.0, 10.0])
    table("no_peak", both, RATES, ["nan"] * 6)


def usage(bench):
    good = write_pair(bench)
    missing = os.path.join(bench.folder, "nowhere.csv")
    wanted = [(2, ["pair", good[0]], "wanted: FIRST.csv REFERENCE.csv"), (2, ["pair", *good, good[0]], "too many"),
              (2, ["pair", *good, "--glass", "wide"], "A:B"), (2, ["pair", *good, "--align", "sideways"], "tilt, scale"),
              (2, ["pair", *good, "--lag-s", "2ms"], "seconds"), (2, ["pair", *good, "--rate"], "needs a heating rate"),
              (2, ["pair", *good, "--json", "--json"], "twice"), (2, ["pair", *good, "--json=1"], "takes no value"),
              (2, ["pair", *good, "--Tg", "5"], "not an option here"), (2, ["pair", *good, "--seed", "-1"], "whole"),
              (2, ["kissinger"], "TABLE.csv"), (2, ["kissinger", good[0], "--Tg", "hot"], "in K"),
              (2, ["fly"], "pair, kissinger, "), (4, ["pair", good[0], missing, "--json"], "No such file"),
              (4, ["kissinger", bench.folder], "Is a directory"), (4, ["pair", missing, good[0]], "nowhere.csv"),
              (0, ["pair", "--help"], ""), (0, ["kissinger", "--help"], ""), (0, ["--help"], "")]
    for code, arguments, word in wanted:
        done = bench.run(*arguments)
        bench.check(done.returncode == code and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
    unread = json.loads(bench.run("pair", good[0], missing, "--json").stdout)["refused"]
    bench.check(unread["code"] == "unreadable" and "No such file" in unread["why"], f"a file that is not there, as JSON: {unread}")
    text = bench.run("pair", *good, "--bootstrap", "20").stdout
    for word in ("fictive temperature", "Tf_ref", "glass line", "alignment", "found", "+-"):
        bench.check(word in text, f"the text lacks '{word}'")
    help_text = bench.run("pair", "--help").stdout
    for word in ("bad_header", "no_liquid", "--segment", "T_K or T_C", "Exit codes"):
        bench.check(word in help_text, f"pair --help lacks '{word}'")


if __name__ == "__main__":
    run_parts("densctl analyse", known_pair, options, forms, twins, picture, stare, refuse_files, refuse_shapes,
              kissinger, crystallised, gains, refuse_tables,
              usage)
