"""Scan pairs whose fictive temperature is known in closed form, as the rows of a CSV file.

Glass line g, liquid line l = g + D, both straight; a scan is g + D S(T - T0) with a symmetric S from 0 to 1, plus peaks.
The area over the glass is D (T1 - T0) + (area of the peaks), so eq. 1 gives Tf = T0 - (area of the peaks) / D exactly.
"""
import math
import random

STEP = 15.0  # D, J/(mol K)


def temperatures(low=310.0, high=850.0, step=0.5):
    return [low + step * i for i in range(int(round((high - low) / step)) + 1)]


def glass(kelvin):
    return 24.0 + 0.006 * (kelvin - 600)


def rise(kelvin, center, width):
    return 0.5 * (1 + math.tanh((kelvin - center) / width))


def bell(kelvin, area, center, width):
    """A Gaussian of this area; the exotherm of a rejuvenated glass has a negative one."""
    return area / (width * math.sqrt(2 * math.pi)) * math.exp(-0.5 * ((kelvin - center) / width) ** 2)


def scan(kelvins, center, peaks=(), width=6.0, noise=0.0, seed=1):
    """peaks: (area, center, width) each."""
    chance = random.Random(seed)
    return [glass(k) + STEP * rise(k, center, width) + sum(bell(k, *peak) for peak in peaks) + chance.gauss(0, noise)
            for k in kelvins]


def fictive(center, peaks=()):
    return center - sum(area for area, _, _ in peaks) / STEP


def write(path, names, *columns, separator=",", comma=False, ending="\n", head=""):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(head + separator.join(names) + ending)
        for row in zip(*columns):
            cells = [cell if isinstance(cell, str) else f"{cell:.6f}" for cell in row]
            text = separator.join(cells)
            stream.write((text.replace(".", ",") if comma else text) + ending)
    return path
