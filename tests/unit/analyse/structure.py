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


EOS_KEYS = {"K_GPa", "K_sd_GPa", "K_ci95_GPa", "K_prime", "K_prime_sd", "n", "compression_at_max"}
T95_5 = 2.5705818366  # Student t, 97.5 %, 5 degrees of freedom


def pressure(c, k, k_prime):
    """Birch-Murnaghan, third order; c = V0/V."""
    return 1.5 * k * (c ** (7 / 3) - c ** (5 / 3)) * (1 + 0.75 * (k_prime - 4) * (c ** (2 / 3) - 1))


def compression(p, k, k_prime):
    """The inverse, by bisection."""
    low, high = 1.0, 2.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if pressure(middle, k, k_prime) < p else (low, middle)
    return low


LOADS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.5, 7.0]


def table(bench, name, values, *more, names=(), **how):
    """Nine decimals: six would round the compression by more than the checks allow."""
    cells = [[f"{v:.9f}" for v in column] for column in (LOADS, values, *more)]
    return s.write(bench.path(), ("P_GPa", name, *names), *cells, **how)


def exact_modulus(bench):
    c = [compression(p, 102, 4) for p in LOADS]
    bench.close(c[-1], 1.0627, 5e-5, "the test's own inverse at 7 GPa")
    forms = {"q1_per_A": [2.6285 * v ** (1 / 3) for v in c], "V_ratio": [1 / v for v in c],
             "V": [14.2 / v for v in c], "density": [6.1 * v for v in c]}
    for name, values in forms.items():
        found = bench.number(name, "eos", table(bench, name, values))
        bench.check(EOS_KEYS <= set(found), f"keys missing: {EOS_KEYS - set(found)}")
        bench.close(found["K_GPa"], 102, 0.01, f"K from {name}")
        bench.check(found["K_prime"] == 4 and found["K_prime_sd"] is None and found["n"] == 7, f"{name}: {found}")
        bench.close(found["compression_at_max"], 0.0627, 5e-5, f"compression at 7 GPa from {name}")
    soft = [6.1 * compression(p, 90, 5.5) for p in LOADS]
    free = bench.number("free", "eos", table(bench, "density", soft), "--k-prime", "free")
    bench.close(free["K_GPa"], 90, 0.05, "K with K' free")
    bench.close(free["K_prime"], 5.5, 0.05, "K'")
    bench.check(free["K_prime_sd"] is not None, "sd of a fitted K'")
    held = bench.number("held at 5.5", "eos", table(bench, "density", soft), "--k-prime", "5.5")
    bench.close(held["K_GPa"], 90, 0.01, "K with K' held at its truth")


def noisy_modulus(bench):
    chance, inside = random.Random(4), 0
    for _ in range(20):
        q = [2.6285 * compression(p, 102, 4) ** (1 / 3) + chance.gauss(0, 0.0005) for p in LOADS]
        found = bench.number("noise", "eos", table(bench, "q1_per_A", q))
        low, high = found["K_ci95_GPa"]
        inside += low <= 102 <= high
        bench.close((high - low) / 2 / found["K_sd_GPa"], T95_5, 1e-6, "half width over sd")
    bench.check(inside >= 16, f"only {inside} of 20 95 % intervals hold the truth")  # 15 or fewer: 1 in 390
    weighted = bench.number("weighted", "eos", table(bench, "q1_per_A", q, [0.0005] * 7, names=("sq1_per_A",)))
    bench.close(weighted["K_GPa"], found["K_GPa"], 1, "equal weights are no weights")
    bench.check(weighted["residual_sd"] is None, "weighted: no scatter of its own")
    picture = bench.path(".svg")
    done = bench.run("eos", table(bench, "q1_per_A", q), "--svg", picture)
    bench.check(done.returncode in (0, 4) and "K' " in done.stdout, f"text: {done.stdout} {done.stderr}")
    if done.returncode == 0:
        with open(picture, encoding="utf-8") as stream:
            bench.check("Birch-Murnaghan" in stream.read(), "the picture lacks its key")


def refuse_tables(bench):
    c = [6.1 * compression(p, 102, 4) for p in LOADS]

    def refused(code, names, *columns, words=(), extra=()):
        bench.refused(code, "eos", s.write(bench.path(), names, *columns), *extra, words=words)

    refused("bad_header", ("P", "density"), LOADS, c, words=["P_GPa"])
    refused("bad_header", ("P_GPa", "rho"), LOADS, c, words=["q1_per_A", "density"])
    refused("bad_header", ("P_GPa", "density", "V"), LOADS, c, c, words=["leave one"])
    refused("bad_header", ("P_GPa", "density", "sV"), LOADS, c, c, words=["sdensity"])
    refused("bad_value", ("P_GPa", "density"), LOADS, [-1.0] + c[1:], words=[":2:", "above 0"])
    refused("bad_value", ("P_GPa", "density"), [-1.0] + LOADS[1:], c)
    refused("bad_value", ("P_GPa", "density", "sdensity"), LOADS, c, [0.0] + c[1:])
    refused("too_few_points", ("P_GPa", "density"), LOADS[:3], c[:3])
    refused("too_few_points", ("P_GPa", "density"), LOADS[:4], c[:4], extra=("--k-prime", "free"))
    refused("constant_signal", ("P_GPa", "density"), LOADS, [6.1] * 7)
    done = bench.run("eos", table(bench, "density", c), "--k-prime", "soft")
    bench.check(done.returncode == 2 and "free" in done.stderr, f"--k-prime soft: {done.stderr}")


if __name__ == "__main__":
    run_parts("densctl analyse fsdp and eos", exact_peak, noisy_peak, against_reference, range_chooses, refuse_curves,
              exact_modulus, noisy_modulus, refuse_tables)
