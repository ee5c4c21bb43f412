#!/usr/bin/env python3
"""densctl analyse mass on scans whose step, and so whose mass, is known in closed form.

usage: mass.py DENSCTL
"""
import os

from bench import run_parts
import synthetic as s

RATE, DELTA_CP = 200.0, 0.25  # K/s, J/(g K)
MG = 8e-3  # 8 ug
STEP_MW = DELTA_CP * RATE * MG  # Delta Q = Delta Cp * Phi * m
KELVINS = s.temperatures()
OVERSHOOT = ((60.0, 662.0, 6.0),)
KEYS = {"mass_ug", "mass_sd_ug", "step_mW", "at_K", "windows"}


def flow(noise=0.0, seed=1, slope=0.0):
    """mW; the liquid line runs parallel to the glass line, or steeper by slope x (T - 640 K) of the step."""
    scale = STEP_MW / s.STEP
    scan = s.scan(KELVINS, 640.0, OVERSHOOT, noise=noise, seed=seed)
    return [scale * (y + slope * s.STEP * (k - 640) * s.rise(k, 640, 6)) for k, y in zip(KELVINS, scan)]


def write(bench, values, names=("T_K", "heat_flow_mW"), **how):
    return s.write(bench.path(), names, KELVINS, [f"{v:.9f}" for v in values], **how)


def weigh(bench, what, path, *more):
    return bench.number(what, "mass", path, "--rate", "200", "--delta-cp-J-per-gK", "0.25", *more)


def known_mass(bench):
    found = weigh(bench, "exact", write(bench, flow()))
    bench.check(KEYS <= set(found), f"keys missing: {KEYS - set(found)}")
    bench.close(found["mass_ug"], 8, 0.01, "mass")
    bench.close(found["step_mW"], STEP_MW, 5e-4, "step")
    bench.check(600 < found["at_K"] < 660, f"the midpoint is {found['at_K']}")
    low, high = found["windows"]["liquid"]
    bench.check(670 < low < high <= 850 and found["windows"]["liquid_found"], f"liquid window {low} to {high}")
    noisy = weigh(bench, "noisy", write(bench, flow(noise=0.15, seed=4)))
    bench.close(noisy["mass_ug"], 8, 4 * noisy["mass_sd_ug"], "mass with noise")
    bench.check(0 < noisy["mass_sd_ug"] < 0.5, f"sd {noisy['mass_sd_ug']}")
    upward = write(bench, [-v for v in flow()], names=("T_K", "heat_flow_mW_exo_up"))
    bench.close(weigh(bench, "exothermic up", upward)["mass_ug"], 8, 0.01, "mass, exothermic up")
    timed = s.write(bench.path(), ("t_s", "T_K", "heat_flow_mW"), [(k - KELVINS[0]) / RATE for k in KELVINS], KELVINS, flow())
    found = bench.number("rate from t_s", "mass", timed, "--delta-cp-J-per-gK", "0.25")
    bench.close(found["mass_ug"], 8, 0.01, "mass without --rate")


def options(bench):
    path = write(bench, flow(slope=1e-3))
    windows = ("--glass", "330:450", "--liquid", "720:830")
    for at, wanted in ((640, 8.0), (700, 8.0 * 1.06)):
        found = weigh(bench, f"at {at}", path, "--at", str(at), *windows)
        bench.close(found["mass_ug"], wanted, 0.01, f"mass from the step at {at} K")
    bench.check(found["windows"]["glass"] == [330, 450], f"windows {found['windows']}")
    with_sd = weigh(bench, "with the sd of the step", path, "--at", "640", "--delta-cp-sd", "0.025", *windows)
    bench.close(with_sd["mass_sd_parts_ug"]["delta_cp"], 0.8, 1e-3, "the part of Delta Cp")
    bench.check(0.8 <= with_sd["mass_sd_ug"] < 0.82, f"sd {with_sd['mass_sd_ug']}")
    chip = [40 - 0.02 * k + 5e-5 * (k - 600) ** 2 for k in KELVINS]
    both = write(bench, [a + b for a, b in zip(flow(), chip)])
    bench.close(weigh(bench, "empty", both, "--empty", write(bench, chip))["mass_ug"], 8, 0.02, "mass after the empty chip")
    text = bench.run("mass", path, "--rate", "200", "--delta-cp-J-per-gK", "0.25").stdout
    bench.check("ug" in text and "glass line" in text, f"text: {text}")


def refusals(bench):
    good, cp = write(bench, flow()), ("--delta-cp-J-per-gK", "0.25")
    rate = ("--rate", "200")
    for name in ("cp_J_molK", "cp_J_gK", "cp", "hf"):
        bench.refused("bad_header", "mass", write(bench, flow(), names=("T_K", name)), *rate, *cp, words=["heat_flow_mW"])
    bench.refused("bad_value", "mass", good, *cp, words=["--rate"])
    bench.refused("bad_value", "mass", good, "--rate", "-200", *cp)
    bench.refused("bad_value", "mass", good, *rate, "--delta-cp-J-per-gK", "0", words=["above 0"])
    bench.refused("bad_value", "mass", good, *rate, *cp, "--delta-cp-sd", "-1", words=["negative"])
    bench.refused("bad_value", "mass", good, *rate, *cp, "--at", "1200", words=["within the scan"])
    bench.refused("no_step", "mass", write(bench, [s.glass(k) + 0.03 * ((i * 7919) % 13 - 6) for i, k in enumerate(KELVINS)]),
                  *rate, *cp)
    bench.refused("no_liquid", "mass", good, *rate, *cp, "--liquid", "900:950")
    for code, arguments, word in ((2, (good, *rate), "--delta-cp-J-per-gK"), (2, (good, *rate, *cp, "--svg", "x"), "not an"),
                                  (4, (os.path.join(bench.folder, "none"), *rate, *cp), "No such file"), (0, ("--help",), "")):
        done = bench.run("mass", *arguments)
        bench.check(done.returncode == code and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")


if __name__ == "__main__":
    run_parts("densctl analyse mass", known_mass, options, refusals)
