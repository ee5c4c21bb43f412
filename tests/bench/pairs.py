#!/usr/bin/env python3
"""Pairs on disk against the clock: densctl over 1,000 pairs in one process, and one 10,000-point pair beside numpy and scipy.

usage: pairs.py BENCH_PAIR DENSCTL PAIRS

The numpy/scipy version does the same steps with the same windows: lines, alignment, area, root, Savitzky-Golay, peak,
onset. It looks for no windows and judges none, so its time is a lower bound.
"""
import math
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

ROWS = 1100  # an FDSC scan of 300 to 850 K in steps of 0.5 K
RATES = (100, 150, 200, 300, 500, 1000)


def bell(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def write_pairs(folder, count):
    """A step with overshoot, and an exotherm in the first scan; every pair with noise of its own, at one of six rates."""
    chance = random.Random(1)
    kelvins = [300.25 + 0.5 * i for i in range(ROWS)]
    with open(os.path.join(folder, "series.csv"), "w", encoding="ascii") as series:
        series.write("first,reference,rate_K_s\n")
        for pair in range(count):
            rate = RATES[pair % len(RATES)]
            centre = 690 + 14 * math.log(rate / 200)
            both = [24 + 0.006 * (k - 600) + 16 * (0.5 * (1 + math.tanh((k - centre) / 12)) + 1.5 * bell((k - centre) / 12 - 1.5))
                    for k in kelvins]
            for name, exotherm in (("first", 40), ("reference", 0)):
                with open(os.path.join(folder, f"{name}{pair}.csv"), "w", encoding="ascii") as stream:
                    stream.write("T_K,hf\n")
                    stream.writelines(f"{k:.3f},{y - exotherm * bell((k - centre) / 12 + 9) + chance.gauss(0, 0.03):.6f}\n"
                                      for k, y in zip(kelvins, both))
            series.write(f"first{pair}.csv,reference{pair}.csv,{rate}\n")


def bench_disk(densctl, count):
    with tempfile.TemporaryDirectory() as folder:
        write_pairs(folder, count)
        command = [densctl, "analyse", "series", os.path.join(folder, "series.csv"), "--json"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # the files are in memory from here on
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"pairs from disk, 2 x {ROWS} rows, 200 replicates each: {count / cpu:.0f} pairs/s of a core (goal 500), "
          f"{count / wall:.0f} by the clock")


def read_columns(np, path):
    return np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)


def analyse(np, savgol_filter, find_peaks, t, first, reference, glass, liquid):
    """Tf, Tp and onset of one pair; the windows are given."""
    g, l = (np.flatnonzero((t >= w[0]) & (t <= w[1])) for w in (glass, liquid))
    whole = slice(g[0], l[-1] + 1)
    line_g, line_l = np.polyfit(t[g], reference[g], 1), np.polyfit(t[l], reference[l], 1)
    off_g, off_l = (reference[g] - first[g]).mean(), (reference[l] - first[l]).mean()
    tilt = (off_l - off_g) / (t[l].mean() - t[g].mean())
    y = first + off_g + tilt * (t - t[g].mean())
    area = np.trapz(y[whole] - np.polyval(line_g, t[whole]), t[whole])
    b, a = line_l - line_g
    top = t[l[-1]]
    tf = [root.real for root in np.roots([b / 2, a, area - a * top - b * top * top / 2]) if 0 < root.real < 2 * top]
    z = (y[whole] - np.polyval(line_g, t[whole])) / np.polyval(line_l - line_g, t[whole])
    step = (t[-1] - t[0]) / (len(t) - 1)
    window = 2 * round(4 / step) + 1
    smooth, slope = savgol_filter(z, window, 3), savgol_filter(z, window, 3, deriv=1, delta=step)
    peaks, found = find_peaks(smooth, prominence=0.03)
    peak = peaks[np.argmax(found["prominences"])]
    part = slice(peak - window // 2, peak + window // 2 + 1)
    bend = np.polyfit(t[whole][part] - t[whole][peak], smooth[part], 2)
    steep = np.argmax(slope[:peak])
    return min(tf, key=lambda k: abs(k - 650)), t[whole][peak] - bend[1] / (2 * bend[0]), t[whole][steep] - smooth[steep] / slope[steep]


def median_ms(work, runs):
    each = []
    for _ in range(runs):
        began = time.process_time()
        work()
        each.append(time.process_time() - began)
    return 1e3 * sorted(each)[runs // 2]


def numbers_of(pattern, text):
    return [float(number) for number in re.search(pattern, text).groups()]


def bench_numpy(folder, printed):
    try:
        import numpy as np
        from scipy.signal import find_peaks, savgol_filter
    except ImportError:
        print("numpy/scipy: skipped, python3-numpy and python3-scipy are not installed")
        return
    t, first = read_columns(np, os.path.join(folder, "first.csv"))
    reference = read_columns(np, os.path.join(folder, "reference.csv"))[1]
    windows = [numbers_of(name + r" ([0-9.]+) to ([0-9.]+) K", printed) for name in ("glass", "liquid")]
    own_ms, = numbers_of(r"10,000 points[^:]*: ([0-9.]+) ms", printed)
    tf, tp, onset = analyse(np, savgol_filter, find_peaks, t, first, reference, *windows)
    ms = median_ms(lambda: analyse(np, savgol_filter, find_peaks, t, first, reference, *windows), 60)
    print(f"the same steps in numpy/scipy {np.__version__}, windows given: {ms:.2f} ms, {ms / own_ms:.1f} times as long; "
          f"Tf {tf:.3f} K, Tp {tp:.2f} K, onset {onset:.2f} K")


def main():
    bench_pair, densctl, count = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([bench_pair, folder], capture_output=True, text=True, check=True)
        print(done.stdout, end="")
        bench_numpy(folder, done.stdout)
    bench_disk(densctl, int(count))


if __name__ == "__main__":
    main()
