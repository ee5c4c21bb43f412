#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C glass beside the reference model that is run here: Tf within 0.02 K over the whole table, and between its rows.

usage: reference.py GLASS_TABLE FOLDER      (FOLDER has vit4model.py; 77 where it, or numpy, is missing)
"""
import os
import subprocess
import sys

LIMIT_K = 0.02
TABLE_K = (298, 400, 440, 480, 513, 540, 572, 583, 596, 609, 625, 643, 665, 693)
BETWEEN = ((1, 583), (3, 513), (5, 643), (2, 600))  # the pressure series


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def main():
    program, folder = sys.argv[1:3]
    if not os.path.exists(os.path.join(folder, "vit4model.py")):
        skip(f"no vit4model.py in {folder}")
    try:
        import numpy  # noqa: F401
    except ImportError:
        skip("no numpy here (package python3-numpy)")
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    import vit4model

    cases = [(gpa, kelvin) for gpa in (0, 7) for kelvin in TABLE_K] + list(BETWEEN)
    text = "".join(f"{gpa} {kelvin}\n" for gpa, kelvin in cases)
    found = subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.split("\n")
    worst = 0.0
    for (gpa, kelvin), line in zip(cases, found):
        glass = vit4model.as_spun(1)
        vit4model.densify(glass, float(gpa), float(kelvin))
        wanted, tf_k = float(numpy_scalar(glass.tf())), float(line.split()[2])
        worst = max(worst, abs(tf_k - wanted))
        if abs(tf_k - wanted) > LIMIT_K:
            print(f"{gpa} GPa, {kelvin} K: Tf {tf_k:.4f} K, the reference has {wanted:.4f} K")
    print(f"{len(cases)} histories, the largest difference is {worst:.4f} K (allowed: {LIMIT_K} K)")
    sys.exit(worst > LIMIT_K)


def numpy_scalar(value):
    """The model has one value a sample; here there is one sample."""
    return value[0] if getattr(value, "ndim", 0) else value


if __name__ == "__main__":
    main()
