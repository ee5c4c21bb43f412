#!/usr/bin/env python3
"""densctl analyse fsdp and eos on curves and tables that follow their formula exactly, and on those that are refused.

usage: structure.py DENSCTL
"""
import math
import os
import random

from bench import run_parts
import synthetic as s

FSDP_KEYS = {"q1_per_A", "q1_sd_per_A", "fwhm_per_A", "fwhm_sd_per_A", "area", "area_sd", "y0", "y0_sd", "fitted_range",
             "n"}
LN2 = math.log(2)


def gauss(q, q1, width, area, y0):
    return y0 + area / (width * math.sqrt(math.pi / (4 * LN2))) * math.exp(-4 * LN2 * ((q - q1) / width) ** 2)


def positions(low=1.8, high=3.6, step=0.004):
    return [low + step * i for i in range(int(round((high - low) / step)) + 1)]


def curve(bench, q1, width=0.36, area=800.0, y0=120.0, noise=0.0, seed=1, names=("q_1/A", "I"), **how):
    chance = random.Random(seed)
    q = positions()
    return s.write(bench.path(), names, q, [gauss(x, q1, width, area, y0) + chance.gauss(0, noise) for x in q], **how)


def exact_peak(bench):
    found = bench.number("exact peak", "fsdp", curve(bench, 2.624))
    bench.check(FSDP_KEYS <= set(found), f"keys missing: {FSDP_KEYS - set(found)}")
    bench.close(found["q1_per_A"], 2.624, 1e-6, "q1")
    bench.close(found["fwhm_per_A"], 0.36, 1e-5, "width")
    bench.close(found["area"], 800, 0.02, "area")
    bench.close(found["y0"], 120, 0.02, "y0")
    bench.check("q1_cubed_ratio" not in found, "no ratio without a reference")
    low, high = found["fitted_range"]
    # the upper half above the constant is one width across, half of it on each side
    bench.close(low, 2.624 - 0.18, 0.02, "lower end of what is fitted")
    bench.close(high, 2.624 + 0.18, 0.02, "upper end of what is fitted")
    bench.close(found["n"], 0.36 / 0.004, 8, "points fitted")
    other = bench.number("other names and signs", "fsdp", curve(bench, 2.624, names=("q", "intensity"), separator=";",
                                                                 comma=True))
    bench.close(other["q1_per_A"], 2.624, 1e-6, "q1 with decimal commas")


def noisy_peak(bench):
    """The error quoted covers the distance to the truth: three sd, over several seeds."""
    for seed in range(1, 6):
        found = bench.number(f"noise {seed}", "fsdp", curve(bench, 2.6285, noise=20, seed=seed))
        bench.check(0 < found["q1_sd_per_A"] < 0.01, f"sd of q1 {found['q1_sd_per_A']}")
        bench.close(found["q1_per_A"], 2.6285, 3.5 * found["q1_sd_per_A"], f"q1 with noise {seed}")
        bench.close(found["fwhm_per_A"], 0.36, 4 * found["fwhm_sd_per_A"], f"width with noise {seed}")


def against_reference(bench):
    reference, picture = curve(bench, 2.6285, noise=3, seed=2), bench.path(".svg")
    found = bench.number("against a reference", "fsdp", curve(bench, 2.624, noise=3, seed=3), "--reference", reference)
    ratio, first, other = (2.624 / 2.6285) ** 3, found["q1_sd_per_A"], found["reference"]["q1_sd_per_A"]
    bench.close(found["q1_cubed_ratio"], ratio, 1e-3, "ratio of the cubes")
    bench.close(found["q1_cubed_ratio_sd"], 3 * ratio * math.hypot(first / 2.624, other / 2.6285), 1e-6, "its sd")
    text = bench.run("fsdp", curve(bench, 2.624), "--reference", reference, "--svg", picture)
    bench.check(text.returncode in (0, 4) and "packing density" in text.stdout, f"text: {text.stdout} {text.stderr}")
    if text.returncode == 0:
        with open(picture, encoding="utf-8") as stream:
            bench.check("fitted to the upper half" in stream.read(), "the picture lacks its key")
    else:
        bench.check("gnuplot" in text.stderr, f"not drawn: {text.stderr}")


def range_chooses(bench):
    q = positions()
    both = s.write(bench.path(), ("q", "I"), q, [gauss(x, 2.2, 0.2, 300, 50) + gauss(x, 3.0, 0.3, 900, 0) for x in q])
    bench.close(bench.number("highest", "fsdp", both)["q1_per_A"], 3.0, 1e-3, "the highest peak")
    bench.close(bench.number("ranged", "fsdp", both, "--range", "1.9:2.5")["q1_per_A"], 2.2, 2e-3, "the peak in the range")


def refuse_curves(bench):
    def refused(code, names, *columns, words=(), extra=()):
        bench.refused(code, "fsdp", s.write(bench.path(), names, *columns), *extra, words=words)

    q = positions()
    y = [gauss(x, 2.624, 0.36, 800, 120) for x in q]
    refused("bad_header", ("Q", "I"), q, y, words=["q_1/A or q"])
    refused("bad_header", ("q", "counts"), q, y, words=["I or intensity"])
    refused("bad_header", ("q", "q_1/A", "I"), q, q, y, words=["leave one"])
    refused("bad_value", ("q", "I"), q, ["much"] + y[1:], words=[":2:", "'much'"])
    refused("bad_value", ("q", "I"), q, y, extra=("--range", "3:2"), words=["low to high"])
    refused("not_monotonic", ("q", "I"), q[::-1], y, words=["rise"])
    refused("nan_fraction", ("q", "I"), q, ["nan" if i % 4 == 0 else v for i, v in enumerate(y)])
    refused("too_few_points", ("q", "I"), q[:5], y[:5])
    refused("no_peak", ("q", "I"), q, [5.0 + x for x in q])
    refused("no_peak", ("q", "I"), q, y, extra=("--range", "2.7:3.2"))
    bad = s.write(bench.path(), ("q", "I"), q, [5.0 + x for x in q])
    bench.refused("no_peak", "fsdp", curve(bench, 2.624), "--reference", bad, words=[os.path.basename(bad)])


if __name__ == "__main__":
    run_parts("densctl analyse fsdp", exact_peak, noisy_peak, against_reference, range_chooses, refuse_curves)
