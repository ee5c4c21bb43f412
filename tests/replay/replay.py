#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recording, played into the drivers, gives the reports of then; and those are what the words on the wire say,
decoded here by hand from the manuals' facts.

usage: replay.py DENSCTL FOLDER
"""
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ZERO_C = 273.15


def high(words):
    return struct.unpack(">f", struct.pack(">HH", *words[:2]))[0]


def low(words):
    return struct.unpack(">f", struct.pack(">HH", words[1], words[0]))[0]


def signed(words):
    return struct.unpack(">h", struct.pack(">H", words[0]))[0]


def ieee(parameter):
    """Where a Eurotherm keeps the float of a parameter."""
    return 2 * parameter + 0x8000


# profile: (unit, address of the value on the wire, field of the report, what its words are in the report's unit)
TRUTH = {
    "densim-furnace": (1, ieee(1), "T", lambda w: high(w) + ZERO_C),
    "eurotherm-2400": (1, ieee(1), "T", lambda w: high(w) + ZERO_C),
    "eurotherm-3216": (1, ieee(1), "T", lambda w: high(w) + ZERO_C),
    "eurotherm-3504": (1, ieee(1), "T", lambda w: high(w) + ZERO_C),
    "eurotherm-nanodac": (2, ieee(512), "T", lambda w: high(w) + ZERO_C),
    "watlow-f4t": (2, 2820, "T", lambda w: low(w) + ZERO_C),
    "omron-e5cc": (1, 0x2000, "T", lambda w: signed(w) / 10 + ZERO_C),
    "generic-controller": (1, 100, "T", lambda w: signed(w) / 10 + ZERO_C),
    "densim-press": (1, 0x0100, "oil", high),
    "generic-plc-press": (1, 206, "oil", high),
    "densim-nitrogen": (2, 0x20, "flow", lambda w: w[0] / 320),
    "bronkhorst-flow": (2, 0x20, "flow", lambda w: w[0] / 320),
    "alicat-flow": (2, 1208, "flow", high),
}
EXCHANGE = re.compile(r"M (\d+) (read|read-input|write-read) \d+ \d+ (\d+) (\d+).* > \S+ (\d+) \d+ \d+ \d+((?: [0-9A-F]{4})*)$")
MALFORMED = {
    "": "ends before its first cycle",
    "densd-capture/2\n": "1: not a capture",
    "densd-capture/1\nbus rtu modbus 1\n": "2: not a bus",
    "densd-capture/1\nbus rtu modbus-rtu 0\n": "2: not a bus",
    "densd-capture/1\nbus rtu modbus-rtu 1\ndevice 1 f 1 densim-furnace x\n": "3: not a device",
    "densd-capture/1\nbus rtu modbus-rtu 1\ndevice 0 f 1 no-such-profile x\n": "3: the profile of this device",
    "densd-capture/1\nbus rtu modbus-rtu 1\nX 1\n": "3: not a line of a capture",
    "densd-capture/1\nbus rtu modbus-rtu 1\nloading one\n": "3: not a point",
    "\xff\xfe": "not a capture",
}
failures = []


def check(condition, what):
    print(("ok: " if condition else "FAILED: ") + what)
    if not condition:
        failures.append(what)


def readings(lines, unit, address, field):
    """(the value's words, the report's number) of each cycle that has both."""
    words = None
    for line in lines:
        exchange = EXCHANGE.match(line)
        if exchange and exchange.group(5) == "0" and int(exchange.group(1)) == unit:
            offset, read = address - int(exchange.group(3)), [int(word, 16) for word in exchange.group(6).split()]
            if 0 <= offset < len(read):
                words = read[offset:]
        report = re.match(rf"R \d+ \S+ .* {field}=([^/ ]+)/good", line)
        if report and words:
            yield words, float(report.group(1))
            words = None


def decode(profile, lines):
    unit, address, field, meaning = TRUTH[profile]
    compared = 0
    for words, value in readings(lines, unit, address, field):
        truth = meaning(words)
        if abs(truth - value) > 1e-5 * max(1, abs(truth)):
            check(False, f"{profile}: the wire says {truth}, the report {value}")
            return
        compared += 1
    check(compared >= 8, f"{profile}: {compared} reports are what the words on the wire say")


def malformed(densctl):
    for text, expected in MALFORMED.items():
        with tempfile.NamedTemporaryFile("w", suffix=".capture", encoding="latin-1") as stream:
            stream.write(text)
            stream.flush()
            done = subprocess.run([densctl, "playback", stream.name], capture_output=True, text=True, timeout=20,
                                  check=False)
            check(done.returncode == 4 and expected in done.stderr, f"refused: {expected} ({done.stderr.strip()[-80:]})")


def main():
    densctl, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    recordings = sorted(folder.glob("*.capture"))
    check(len(recordings) >= len(TRUTH), f"{len(recordings)} recordings")
    for path in recordings:
        done = subprocess.run([densctl, "playback", path], capture_output=True, text=True, timeout=60, check=False)
        summary = done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr
        check(done.returncode == 0, f"{path.stem}: {summary}")
        lines = path.read_text(encoding="ascii").splitlines()
        if path.stem in TRUTH:
            decode(path.stem, lines)
    # A driver that reported anything else would be seen: one word changed.
    text = (folder / "densim-furnace.capture").read_text(encoding="ascii")
    with tempfile.NamedTemporaryFile("w", suffix=".capture", encoding="ascii") as stream:
        stream.write(re.sub(r" 41B[0-9A-F] ", " 41C8 ", text))
        stream.flush()
        done = subprocess.run([densctl, "playback", stream.name], capture_output=True, text=True, timeout=60, check=False)
        check(done.returncode == 1 and "recorded:" in done.stdout, "a changed word on the wire changes the reports")
    malformed(densctl)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
