#!/usr/bin/env python3
"""densctl analyse pair on measured scans: PMMA, conventional DSC, 3, 10 and 20 K/min, against the same steps here.

usage: measured.py DENSCTL FOLDER      ($DENSD_DATA is taken instead of FOLDER when set; 77 when there are no scans)

Both scans of one piece were cooled alike, so Tf and Tf_ref must lie close to the glass transition of PMMA and to each
other. The truth is an analysis written out below: lines by least squares, trapezoids, the root nearer the transition.
With windows found by densctl the same truth must lie within twice the standard deviation it states; the first scans
drift against the second up to 380 K, so that the coldest part of a pair is no common glass.
"""
import csv
import json
import math
import os
import subprocess
import sys

GLASS, LIQUID = (345.0, 365.0), (413.0, 421.0)
RATES = (3, 10, 20)
AGREE_K = 0.4  # two ways to weight the alignment and to end the trapezoids
SD_USEFUL_K = 6.0  # a wider standard deviation covers anything


def load(path):
    with open(path, encoding="utf-8") as stream:
        rows = [(float(r["T_K"]), float(r["hf"])) for r in csv.DictReader(stream)]
    return [r[0] for r in rows], [r[1] for r in rows]


def line(points):
    """Intercept and slope by least squares."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    return my - slope * mx, slope


def inside(kelvin, *windows):
    return any(low <= kelvin <= high for low, high in windows)


def interpolate(kelvins, values, kelvin):
    i = next(j for j in range(1, len(kelvins)) if kelvins[j] >= kelvin)
    share = (kelvin - kelvins[i - 1]) / (kelvins[i] - kelvins[i - 1])
    return values[i - 1] + share * (values[i] - values[i - 1])


def root(kelvins, values, glass, liquid):
    """Tf of one aligned scan by eq. 1; the quadratic's root."""
    a, b = liquid[0] - glass[0], liquid[1] - glass[1]
    rows = [(k, y - glass[0] - glass[1] * k) for k, y in zip(kelvins, values) if GLASS[0] <= k <= LIQUID[1]]
    area = sum((k1 - k0) * (y0 + y1) / 2 for (k0, y0), (k1, y1) in zip(rows, rows[1:]))
    top = rows[-1][0]
    c = area - a * top - b * top * top / 2
    wide = math.sqrt(a * a - 2 * b * c)
    return min(((-a + wide) / b, (-a - wide) / b), key=lambda kelvin: abs(kelvin - 390))


def truth(first, reference):
    kelvins, ref = zip(*[(k, y) for k, y in zip(*reference) if first[0][0] <= k <= first[0][-1]])
    one = [interpolate(*first, k) for k in kelvins]
    tilt = line([(k, r - f) for k, r, f in zip(kelvins, ref, one) if inside(k, GLASS, LIQUID)])
    one = [f + tilt[0] + tilt[1] * k for k, f in zip(kelvins, one)]
    glass, liquid = (line([(k, y) for k, y in zip(kelvins, ref) if inside(k, window)]) for window in (GLASS, LIQUID))
    return root(kelvins, one, glass, liquid), root(kelvins, ref, glass, liquid)


def analyse(densctl, pair, *options):
    done = subprocess.run([densctl, "analyse", "pair", *pair, *options, "--json"], capture_output=True, text=True,
                          timeout=20, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, json.loads(done.stdout)


def window(low_high):
    return f"{low_high[0]}:{low_high[1]}"


def faults_found(densctl, pair, rate, tf, tf_ref):
    """Windows found: below the transition, and the result no further off than it says."""
    code, found = analyse(densctl, pair)
    if code != 0:
        return [f"{rate} K/min, windows found: exit {code}: {found}"]
    glass, liquid = found["windows"]["glass"], found["windows"]["liquid"]
    print(f"{'':9}  found {glass[0]:.0f}:{glass[1]:.0f} {liquid[0]:.0f}:{liquid[1]:.0f}: Tf {found['Tf_K']:.2f} +- "
          f"{found['Tf_sd_K']:.2f} K, Tf - Tf_ref {found['delta_Tf_K']:.2f} +- {found['delta_Tf_sd_K']:.2f} K")
    wanted = [("Tf", found["Tf_K"], tf, found["Tf_sd_K"]),
              ("Tf - Tf_ref", found["delta_Tf_K"], tf - tf_ref, found["delta_Tf_sd_K"])]
    return [f"{rate} K/min, windows found: {name} {value} +- {sd}, wanted {near}" for name, value, near, sd in wanted
            if not (abs(value - near) <= 2 * sd and sd < SD_USEFUL_K)]


def faults_of(densctl, pair, rate):
    code, found = analyse(densctl, pair, "--glass", window(GLASS), "--liquid", window(LIQUID))
    if code != 0:
        return [f"{rate} K/min: exit {code}: {found}"]
    tf, tf_ref = truth(*[load(path) for path in pair])
    print(f"{rate:3} K/min: Tf {found['Tf_K']:.2f} +- {found['Tf_sd_K']:.2f} K (here {tf:.2f}), "
          f"Tf_ref {found['Tf_ref_K']:.2f} K (here {tf_ref:.2f})")
    wanted = [("Tf", found["Tf_K"], tf, AGREE_K), ("Tf_ref", found["Tf_ref_K"], tf_ref, AGREE_K),
              ("Tf against the transition", found["Tf_K"], 392, 10)]
    given = [f"{rate} K/min: {name} {value}, wanted {near} +- {within}" for name, value, near, within in wanted
             if abs(value - near) > within]
    return given + faults_found(densctl, pair, rate, tf, tf_ref)


def main():
    densctl, folder = sys.argv[1], os.environ.get("DENSD_DATA") or sys.argv[2]
    pairs = {rate: [os.path.join(folder, f"pmma_UMET_DSC_N2_{rate}K_1_heat{i}.csv") for i in (1, 2)] for rate in RATES}
    if not all(os.path.exists(path) for pair in pairs.values() for path in pair):
        print(f"skipped: no measured scans in {folder}; DENSD_DATA may name their folder")
        sys.exit(77)
    faults = [fault for rate, pair in pairs.items() for fault in faults_of(densctl, pair, rate)]
    print("\n".join(faults) or "the measured pairs agree")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
