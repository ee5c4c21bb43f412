#!/usr/bin/env python3
"""densctl analyse series on pairs whose Tf is a closed form and whose peaks lie where the test finds them.

usage: series.py DENSCTL
"""
import math
import os

from bench import run_parts
import synthetic as s

R, TG = 8.314462618, 596.0
RATES = (100.0, 200.0, 500.0, 1000.0)
KELVINS = s.temperatures(310.0, 850.0, 0.5)
REFERENCE_TF = 610.0
T95 = {2: 4.302652730, 6: 2.446911851}  # Student t, 97.5 %


def center(rate, ea_rtg):
    """Where the bell of the endotherm stands: on a Kissinger line of this Ea through 670 K at 200 K/s."""
    low, high = 300.0, 1200.0
    for _ in range(80):
        tp = (low + high) / 2
        left = math.log(rate / 200 * (670 / tp) ** 2)
        low, high = (tp, high) if left > ea_rtg * TG * (1 / 670 - 1 / tp) else (low, tp)
    return low


def endotherm(rate, tf, ea_rtg):
    """The bell's area makes up for the difference between where the step stands and Tf."""
    where = center(rate, ea_rtg)
    step_at = where - 18
    return step_at, ((s.STEP * (step_at - tf), where, 7.0),)


def true_peak(step_at, peaks):
    """Maximum of z = rise + bell / step, on a fine grid around the bell, then between its neighbours."""
    def z(kelvin):
        return s.rise(kelvin, step_at, 6.0) + s.bell(kelvin, *peaks[0]) / s.STEP
    low, high = peaks[0][1] - 25, peaks[0][1] + 25
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (a, high) if z(a) < z(b) else (low, b)
    return (low + high) / 2


def regression(points):
    """Ea in kJ/mol and its standard error from (rate, Tp), by the textbook."""
    x = [1 / tp for _, tp in points]
    y = [math.log(rate / tp ** 2) for rate, tp in points]
    n, mx, my = len(x), sum(x) / len(x), sum(y) / len(y)
    sxx = sum((v - mx) ** 2 for v in x)
    slope = sum((v - mx) * (w - my) for v, w in zip(x, y)) / sxx
    rest = sum((w - my - slope * (v - mx)) ** 2 for v, w in zip(x, y))
    return -slope * R / 1000, math.sqrt(rest / (n - 2) / sxx) * R / 1000


def effective(points, errors):
    """The effective-variance fit: rows weighed by their error of Tp, and a scatter common to all that brings chi2 to n - 2."""
    x, y = [1 / tp for _, tp in points], [math.log(rate / tp ** 2) for rate, tp in points]

    def fit(slope, scatter2):
        weights = [1 / (((slope / tp - 2) / tp * sd) ** 2 + scatter2) for (_, tp), sd in zip(points, errors)]
        total = sum(weights)
        mx, my = (sum(w * v for w, v in zip(weights, values)) / total for values in (x, y))
        sxx = sum(w * (v - mx) ** 2 for w, v in zip(weights, x))
        found = sum(w * (v - mx) * (u - my) for w, v, u in zip(weights, x, y)) / sxx
        chi2 = sum(w * (u - my - found * (v - mx)) ** 2 for w, v, u in zip(weights, x, y))
        return found, math.sqrt(1 / sxx), chi2
    slope = -regression(points)[0] * 1000 / R
    for _ in range(30):
        low, high = 0.0, 1.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if fit(slope, middle)[2] > len(points) - 2 else (low, middle)
        slope, se, _ = fit(slope, high)
    return -slope * R / 1000, se * R / 1000


def write_pair(bench, rate, tf, ea_rtg, seed):
    step_at, peaks = endotherm(rate, tf, ea_rtg)
    first, second = bench.path(), bench.path()
    s.write(first, ("T_K", "cp_J_molK"), KELVINS, s.scan(KELVINS, step_at, peaks, noise=0.03, seed=seed))
    s.write(second, ("T_K", "cp_J_molK"), KELVINS, s.scan(KELVINS, REFERENCE_TF, noise=0.03, seed=seed + 1))
    return os.path.basename(first), os.path.basename(second), true_peak(step_at, peaks)


class Table:
    def __init__(self, bench):
        self.bench, self.rows, self.peaks, self.seed = bench, [], {}, 0

    def add_state(self, pressure, temperature, tf, ea_rtg, sections=2):
        for rate in RATES:
            for _ in range(sections):
                self.seed += 2
                first, second, peak = write_pair(self.bench, rate, tf, ea_rtg, self.seed)
                self.rows.append((first, second, f"{rate:g}", f"{temperature:g}", f"{pressure:g}"))
                self.peaks.setdefault((pressure, temperature), []).append((rate, peak))

    def write(self, columns=5):
        names = ("first", "reference", "rate_K_s", "T_dens_K", "P_GPa")[:columns]
        return s.write(self.bench.path(), names, *list(zip(*self.rows))[:columns])


def one_glass(bench):
    """Scans of one state: nothing but first, reference, rate_K_s; the numbers of Ea stand at the top."""
    table = Table(bench)
    table.add_state(7, 643, 620.0, 40.0)
    path = table.write(columns=3)
    found = bench.number("one glass", "series", path, "--Tg", "596", "--bootstrap", "20")
    ea, _ = regression(table.peaks[(7, 643)])
    bench.check({"Ea_kJ_per_mol", "Ea_se_kJ_per_mol", "Ea_ci95_kJ_per_mol", "Ea_over_RTg", "class", "n", "n_rates", "r2",
                 "peaks", "states"} <= set(found), f"keys: {sorted(found)}")
    bench.close(found["Ea_kJ_per_mol"], ea, 0.02 * ea, "Ea against the regression of the true peaks")
    bench.check(found["n"] == 8 and found["n_rates"] == 4 and len(found["peaks"]) == 8, f"counts: {found['n']}")
    bench.check(all(abs(p["Tf_K"] - 620.0) < 1.5 for p in found["peaks"]), f"Tf: {[p['Tf_K'] for p in found['peaks']]}")
    for peak, (_, truth) in zip(found["peaks"], table.peaks[(7, 643)]):
        bench.close(peak["Tp_K"], truth, 0.6, f"Tp at {peak['rate_K_per_s']} K/s")
    # both fits are regressions of the peaks that are printed, to the last digit
    peaks = [(p["rate_K_per_s"], p["Tp_K"]) for p in found["peaks"]]
    ea, se = regression(peaks)
    bench.close(found["Ea_ols_kJ_per_mol"], ea, 1e-5 * ea, "unweighted Ea of the printed peaks")
    bench.close(found["Ea_ols_se_kJ_per_mol"], se, 1e-5 * se, "its standard error")
    ea, se = effective(peaks, [p["Tp_own_sd_K"] for p in found["peaks"]])
    bench.check(found["weighted"], "every peak has its error")
    bench.close(found["Ea_kJ_per_mol"], ea, 1e-4 * ea, "Ea by the errors of the peaks")
    bench.close(found["Ea_se_kJ_per_mol"], se, 1e-2 * se, "its standard error")
    half = (found["Ea_ci95_kJ_per_mol"][1] - found["Ea_ci95_kJ_per_mol"][0]) / 2
    bench.check(1.95 * se < half < T95[6] * math.hypot(se, 0.02 * ea), f"its interval: {half} of {se}")
    sharp = bench.number("no common errors", "series", path, "--Tg", "596", "--bootstrap", "0", "--lag-sd-s", "0", "--calibration-sd", "0")
    bench.close(sharp["Ea_kJ_per_mol"], found["Ea_kJ_per_mol"], 1e-6, "common errors leave Ea")
    bench.check(sharp["Ea_ci95_kJ_per_mol"][0] > found["Ea_ci95_kJ_per_mol"][0], "and widen its interval")
    moved = regression([(q, t - 5e-4 * q) for q, t in peaks])[0] - regression(peaks)[0]
    wide = (found["Ea_ci95_kJ_per_mol"][1] - found["Ea_kJ_per_mol"]) ** 2 - (sharp["Ea_ci95_kJ_per_mol"][1] - sharp["Ea_kJ_per_mol"]) ** 2
    bench.close(math.sqrt(wide), 1.96 * abs(moved), 0.1 * abs(moved), "by what half a millisecond of lag does")
    indium = s.write(bench.path(), ("rate_K_s", "onset_K"), [100, 200, 500, 1000], [429.95, 430.15, 430.75, 431.75])
    calibrated = bench.number("with indium", "series", path, "--indium", indium, "--bootstrap", "0")
    for before, after in zip(found["peaks"], calibrated["peaks"]):
        bench.close(before["Tp_K"] - after["Tp_K"], 0.002 * before["rate_K_per_s"], 0.05, "indium takes the lag off")
    both = bench.run("series", path, "--indium", indium, "--lag-s", "0.002")
    bench.check(both.returncode == 2 and "give one" in both.stderr, f"two lags: {both.stderr}")
    lagged = bench.number("with a lag", "series", path, "--lag-s", "0.002", "--bootstrap", "0")
    for before, after in zip(found["peaks"], lagged["peaks"]):
        bench.close(before["Tp_K"] - after["Tp_K"], 0.002 * before["rate_K_per_s"], 0.05, "the lag shifts Tp")


def campaign(bench):
    table = Table(bench)
    for temperature, tf, ea in ((513, 640.0, 32.0), (583, 622.0, 38.0), (625, 606.0, 40.0), (643, 602.0, 41.0), (693, 602.0, 41.0)):
        table.add_state(7, temperature, tf, ea)
    for temperature, tf, ea in ((513, 625.0, 33.0), (583, 610.0, 40.0), (600, 604.0, 41.5), (643, 604.0, 41.5)):
        table.add_state(0.000101325, temperature, tf, ea)
    found = bench.number("campaign", "series", table.write(), "--Tg", "596", "--older", "3.6", "--bootstrap", "0")
    states = {(state["P_GPa"], state["T_dens_K"]): state for state in found["states"]}
    bench.check(len(states) == 9, f"states: {list(states)}")
    bench.close(states[(7, 583)]["Tf_K"], 622.0, 0.5, "Tf of a state")
    bench.check(states[(7, 583)]["n_sections"] == 8 and states[(7, 583)]["Tf_spread_K"] is not None, "sections of a state")
    high = found["pressures"][1]
    bench.check(high["Tg_bracket_K"] == [625, 643] and high["Tg_K"]["value"] == 634, f"Tg(7 GPa): {high['Tg_K']}")
    bench.close(found["dTg_dP_K_per_GPa"]["in_situ"]["value"], 38 / 7, 1e-6, "in situ slope")
    bench.check(found["dTg_dP_K_per_GPa"]["older_work"]["value"] == 3.6, "older work is carried along")
    ratio = {r["T_dens_K"]: r for r in found["ratios"]}
    bench.close(ratio[583]["Tf_ratio"], 622 / 610, 1e-3, "ratio of Tf")
    regions = [states[(7, t)]["region"] for t in (513, 583, 625, 643, 693)]
    bench.check(regions == ["II", "II", "II", "III", "III"], f"regions: {regions}")
    text = bench.run("series", table.rows and table.write(), "--Tg", "596", "--bootstrap", "0").stdout
    bench.check("in situ" in text and "5.43" in text and "7 GPa" in text and "nan" not in text, f"text: {text}")
    return table


def empty_chip(bench):
    """A parabola in both scans, and its own scan in a column of the table: taken off where it is given."""
    table = Table(bench)
    table.add_state(7, 643, 620.0, 40.0, sections=1)
    bowl = [2e-4 * (kelvin - 600) ** 2 for kelvin in KELVINS]
    empty = s.write(bench.path(), ("T_K", "cp_J_molK"), KELVINS, bowl)
    rows, seed = [], 900
    for rate in RATES:
        step_at, peaks = endotherm(rate, 620.0, 40.0)
        names = []
        for scan in (s.scan(KELVINS, step_at, peaks, noise=0.03, seed=seed), s.scan(KELVINS, REFERENCE_TF, noise=0.03, seed=seed + 1)):
            names.append(os.path.basename(s.write(bench.path(), ("T_K", "cp_J_molK"), KELVINS, [a + b for a, b in zip(scan, bowl)])))
        rows.append((*names, f"{rate:g}", os.path.basename(empty)))
        seed += 2
    names = ("first", "reference", "rate_K_s", "empty")
    found = bench.number("empty chip", "series", s.write(bench.path(), names, *zip(*rows)), "--bootstrap", "0")
    bench.check(all(abs(p["Tf_K"] - 620) < 1.5 for p in found["peaks"]), f"Tf: {[p['Tf_K'] for p in found['peaks']]}")
    rows[1] = (*rows[1][:3], "")
    found = bench.number("blank in one row", "series", s.write(bench.path(), names, *zip(*rows)), "--bootstrap", "0")
    off = [p["refused"] or abs(p["Tf_K"] - 620) > 1.5 for p in found["peaks"]]
    bench.check(off == [False, True, False, False], f"only the row without it is off: {[p['Tf_K'] for p in found['peaks']]}")
    rows[1] = (*rows[1][:3], "nowhere.csv")
    done = bench.run("series", s.write(bench.path(), names, *zip(*rows)))
    bench.check(done.returncode == 4 and "nowhere.csv" in done.stderr, f"a missing file: {done.stderr}")


def refused_rows(bench):
    table = Table(bench)
    table.add_state(7, 643, 620.0, 40.0, sections=1)
    flat = s.write(bench.path(), ("T_K", "cp_J_molK"), KELVINS, [30.0] * len(KELVINS))
    table.rows.append((os.path.basename(flat), table.rows[0][1], "200", "643", "7"))
    odd = s.write(bench.path(), ("T_K", "voltage"), KELVINS, KELVINS)
    table.rows.append((os.path.basename(odd), table.rows[0][1], "200", "643", "7"))
    found = bench.number("refused rows", "series", table.write(), "--bootstrap", "0")
    codes = [p["code"] for p in found["peaks"] if p["refused"]]
    bench.check(codes == ["constant_signal", "bad_header"], f"codes: {codes}")
    bench.check(found["states"][0]["n_refused"] == 2 and found["states"][0]["n_sections"] == 4, f"{found['states']}")
    text = bench.run("series", table.write(), "--bootstrap", "0").stdout
    bench.check("refused" in text and "constant_signal" in text, f"the text lists what was refused: {text}")
    only = s.write(bench.path(), ("first", "reference", "rate_K_s"), [flat], [table.rows[0][1]], ["200"])
    bench.refused("too_few_points", "series", only, words=["constant_signal"])


def tables(bench):
    table = Table(bench)
    table.add_state(7, 643, 620.0, 40.0, sections=1)
    rows = list(zip(*table.rows))
    bench.refused("bad_header", "series", s.write(bench.path(), ("first", "second", "rate_K_s"), *rows[:3]), words=["reference"])
    bench.refused("bad_value", "series", s.write(bench.path(), ("first", "reference", "rate_K_s"), *rows[:2], ["-1"] * 4),
                  words=["above 0"])
    bench.refused("bad_value", "series", s.write(bench.path(), ("first", "reference", "rate_K_s", "T_dens_K"), *rows[:3],
                                                 ["643", "", "643", "643"]), words=["in all or in none"])
    bench.refused("bad_value", "series", s.write(bench.path(), ("first", "reference", "rate_K_s"), [""] * 4, *rows[1:3]),
                  words=["missing"])
    bench.refused("bad_value", "series", s.write(bench.path(), ("first", "reference", "rate_K_s", "T_dens_K"), *rows[:3],
                                                 ["70"] * 4), words=["150 to 2500 K"])
    missing = s.write(bench.path(), ("first", "reference", "rate_K_s"), ["nowhere.csv"], [rows[1][0]], ["200"])
    for code, arguments, word in ((4, (missing,), "nowhere.csv"), (2, (table.write(), "--picture", "moon"), "curves-liquid"),
                                  (2, (table.write(), "--rate", "200"), "not an option"), (0, ("--help",), ""),
                                  (3, (table.write(), "--bootstrap", "0", "--picture", "ratio", "--svg", bench.path(".svg")),
                                   "nothing to show: it takes two T_dens")):
        done = bench.run("series", *arguments)
        bench.check(done.returncode == code and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")


def pictures(bench):
    path = campaign(bench).write()
    for name, word in (("tf", "7 GPa"), ("ea", "95 % intervals"), ("master", "rms between"), ("ratio", "1"),
                       ("kissinger", "583 K, 1 atm"), ("curves-glass", "200 K/s"), ("curves-liquid", "reference scan")):
        svg = bench.path(".svg")
        done = bench.run("series", path, "--Tg", "596", "--bootstrap", "0", "--picture", name, "--svg", svg)
        if "gnuplot" in done.stderr and done.returncode == 4:
            continue  # not installed here: it was said
        bench.check(done.returncode == 0, f"{name}: {done.returncode} {done.stderr}")
        with open(svg, encoding="utf-8") as stream:
            drawn = stream.read()
        bench.check('<svg xml:space="preserve"' in drawn, f"{name}: blanks beside italics are kept by every viewer")
        bench.check("</svg>" in drawn and word in drawn.replace("&#160;", " "), f"{name} lacks '{word}'")


def pressures(bench):
    """A pressure with one temperature is a point over pressure and no curve over temperature."""
    table = Table(bench)
    for pressure in (0.000101325, 2, 4, 7):
        table.add_state(pressure, 643, 600 - pressure, 41.0, sections=1)
    for pressure in (0.000101325, 7):
        table.add_state(pressure, 693, 600 - pressure, 41.0, sections=1)
    for name, word, absent in (("tf", "7 GPa", "4 GPa"), ("ea", "7 GPa", "2 GPa"), ("kissinger", "693 K, 7 GPa", "4 GPa"),
                               ("pressure-tf", "643 K", "693 K"), ("pressure-ea", "643 K", "693 K")):
        svg = bench.path(".svg")
        done = bench.run("series", table.write(), "--Tg", "596", "--bootstrap", "0", "--picture", name, "--svg", svg)
        if "gnuplot" in done.stderr and done.returncode == 4:
            continue
        with open(svg, encoding="utf-8") as stream:
            drawn = stream.read().replace("&#160;", " ")
        bench.check(word in drawn and absent not in drawn, f"{name}: '{word}' and no '{absent}': {done.stderr}")


if __name__ == "__main__":
    run_parts("densctl analyse series", one_glass, campaign, empty_chip, refused_rows, tables, pictures, pressures)
