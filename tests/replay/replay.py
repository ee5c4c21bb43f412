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
COUPLER = "beckhoff-ek9000"
# Recording, what is changed on the wire, and what a report of its playback must then say.
ALTERED = (
    ("densim-furnace", r" 41B[0-9A-F] ", " 41C8 ", "recorded:"),
    (COUPLER, r"(?m)^(K 4 read-coil .*) 0001$", r"\1 0000", "contactor=opened"),  # the output never closes
    (COUPLER, r"(?m)^(K 4 read 0 0 4129 1 .*) 0001$", r"\1 0000", "contactor=armed"),  # a fall-back not counted
    (COUPLER, r"(?m)^(K 4 read 0 0 4384 1 .*) 2710$", r"\1 03E8", "contactor=differs"),  # its watchdog is not set
    (COUPLER, r"(?m)^(K 4 read 0 0 4386 1 .*) 0000$", r"\1 0007", "contactor=stranger"),
    (COUPLER, r"(?m)^(K 4 read 0 0 4387 1 .*) 0000$", r"\1 0001", "contactor=freezes"),
    (COUPLER, r"(?m)^(K 4 read-coil .*) > \S+ 0 .*$", r"\1 > 0.4 2 0 1 0", "contactor-silent"),
    (COUPLER, r"(?m)^(K 4 write 4384 .*) > \S+ 0 0 1 0$", r"\1 > 0.0002 3 3 1 0", "contactor=locked"),
    (COUPLER, r"(?m)^(K .*) > 0\.0\d+ 0 ", r"\1 > 0.2 0 ", "contactor=opened"),  # so slow that it is not armed in one cycle
    (COUPLER, r"(?m)^(C \d+ \S+) \S+$", r"\1 20", "contactor=unarmed"),         # old demands arm nothing
)
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
    "densd-capture/1\nbus rtu modbus-rtu 1\ncontactor 4 0\n": "3: not a contactor",
    "densd-capture/1\nbus rtu modbus-rtu 1\ncontactor 4 0 10 no-such-profile x\n": "3: the profile of this device",
    "densd-capture/1\nbus rtu modbus-rtu 1\ncontactor 4 0 10 omron-e5cc x\n": "3: the profile of this contactor",
    "densd-capture/1\nbus rtu modbus-rtu 1\nW 0 x=1\n": "3: not a memory",
    "densd-capture/1\nbus rtu modbus-rtu 1\nline X 1 0\n": "3: not a line of a capture: 'line LETTER",
    "densd-capture/1\nbus rtu modbus-rtu 1\nmono 0\n": "3: not the clock",
    "densd-capture/1\nbus rtu modbus-rtu 1\npressure-rate 0\n": "3: not a rate",
    "\xff\xfe": "not a capture",
}
CUTS = 4  # of each recording
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


def play(densctl, text):
    with tempfile.NamedTemporaryFile("w", suffix=".capture", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        return subprocess.run([densctl, "playback", stream.name], capture_output=True, text=True, timeout=60, check=False)


def altered(densctl, folder):
    """A driver that reported anything else would be seen: words changed on the wire change the reports."""
    for name, pattern, replacement, words in ALTERED:
        text, count = re.subn(pattern, replacement, (folder / f"{name}.capture").read_text(encoding="ascii"))
        done = play(densctl, text)
        found = [line for line in done.stdout.splitlines() if words in line and (words == "recorded:" or "recorded" not in line)]
        check(count and done.returncode == 1 and found, f"{name}: {count} answers as {replacement!r} change the reports to {words}")


def contactor(lines):
    """What the report says of the contactor is what the coil said last; the profile's settings were read back before."""
    coil, seen, settings = None, set(), {}
    for line in lines:
        read = re.match(r"K 4 (read|read-coil) 0 0 (\d+) 1 > \S+ 0 \d+ \d+ \d+ ([0-9A-F]{4})$", line)
        if read and read.group(1) == "read-coil":
            coil = int(read.group(3), 16)
        elif read:
            settings[int(read.group(2))] = int(read.group(3), 16)
        report = re.match(r"R 0 .* contactor=(\S+)( contactor-closed)?$", line)
        if report:
            state = report.group(1), bool(report.group(2))
            seen.add(state)
            if state[1] != bool(coil):
                check(False, f"{COUPLER}: the coil reads {coil}, the report says {state}")
            if state[0] == "armed" and [settings.get(at) for at in (0x1120, 0x1122, 0x1123, 0x1124)] != [10000, 0, 0, 1]:
                check(False, f"{COUPLER}: armed with {settings}")
    check(seen == {("unarmed", False), ("armed", False), ("armed", True), ("opened", False)},
          f"{COUPLER}: armed, closed, fallen back and armed anew, as the coil and the settings say")


def begin_at(lines, state):
    """The capture as if it had begun once all were known and a report said @state: its demands are said in its first cycle."""
    cycles = [at for at, line in enumerate(lines) if line.startswith("C ")]
    last = max(line.split()[1] for line in lines if line.startswith("R "))
    known = next(at for at, line in enumerate(lines) if line.startswith(f"R {last} ") and " online=1 " in line)
    report = next(at for at, line in enumerate(lines) if at >= known and line.endswith(state))
    first = max(at for at in cycles if at < report)
    demands = {line.split()[1]: line for line in lines[:report] if line.startswith("D ")}
    begun = [line for line in lines[first + 1:report] if not line.startswith("D ")]
    return "\n".join(lines[:cycles[0]] + [lines[first], *demands.values(), *begun] + lines[report:]) + "\n"


def middle(densctl, folder):
    """A capture that begins in the middle of a night, on the lines' third connection, as after two cables pulled."""
    for name, state in ((COUPLER, "contactor=armed"), (COUPLER, "contactor=armed contactor-closed"),
                        (COUPLER, "contactor=opened"), ("densim-press", "contactor watchdog-armed")):
        text = begin_at((folder / f"{name}.capture").read_text(encoding="ascii").splitlines(), state)
        done = play(densctl, re.sub(r"(?m)^([MK] .* > \S+ \d+ \d+) 1 0", r"\1 3 2", text))
        check(done.returncode == 0, f"{name}: begun with {state}: {(done.stdout or done.stderr).splitlines()[-1]}")


def parts(densctl, path):
    """A recording begun at any cycle, with what the drivers and lines knew by then, is played to the same reports."""
    lines = path.read_text(encoding="ascii").splitlines()
    cycles = [line.split()[1] for line in lines if line.startswith("C ")]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for cycle in cycles[1::max(1, len(cycles) // CUTS)]:
            part = str(pathlib.Path(folder) / f"{cycle}.capture")
            cut = subprocess.run([densctl, "playback", path, "--from", cycle, "--out", part], capture_output=True, timeout=60, check=False)
            played = subprocess.run([densctl, "playback", part], capture_output=True, text=True, timeout=60, check=False)
            count = len(cycles) - cycles.index(cycle)
            if cut.returncode or played.returncode or f"{count} cycles" not in played.stdout or played.stderr:
                wrong.append((cycle, played.stdout[-200:] + played.stderr))
    check(not wrong, f"{path.stem}: begun at any of {CUTS} cycles it is the same {wrong[:1]}")


def memory(densctl, folder):
    """What is said of the beginning counts; what cannot be is refused; another version's is told."""
    path = folder / "densim-furnace.capture"
    with tempfile.TemporaryDirectory() as scratch:
        part = pathlib.Path(scratch) / "part.capture"
        subprocess.run([densctl, "playback", path, "--from", "40", "--out", part], capture_output=True, timeout=60, check=True)
        text = part.read_text(encoding="ascii")
        again = subprocess.run([densctl, "playback", path, "--from", "40", "--out", part], capture_output=True, text=True, timeout=60, check=False)
        check(again.returncode == 4 and "File exists" in again.stderr, "a part is not written over another file")
        none = subprocess.run([densctl, "playback", path, "--from", "6000", "--out", part.with_name("none")], capture_output=True, text=True,
                              timeout=60, check=False)
        check(none.returncode == 4 and "no cycle 6000" in none.stderr and not part.with_name("none").exists(), "a part that is not there")
    for pattern, replacement, code, words in (
            (r"good_cycles=3", "good_cycles=0", 1, "recorded:"), (r"(?m)^(line M \d+) ", r"\g<1>7 ", 1, "recorded:"),
            (r"identity_ok=1", "identity_ok=2", 4, "a value of this memory is none that the driver furnace can have"),
            (r" seen_k=", " unseen_k=", 0, "another version of the driver furnace (1 values are not there, 1 are unknown)")):
        changed, count = re.subn(pattern, replacement, text)
        done = play(densctl, changed)
        check(count and done.returncode == code and words in done.stdout + done.stderr, f"memory with {replacement!r}: exit {done.returncode}")


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
    check(len(recordings) >= len(TRUTH) and folder / f"{COUPLER}.capture" in recordings, f"{len(recordings)} recordings")
    for path in recordings:
        done = subprocess.run([densctl, "playback", path], capture_output=True, text=True, timeout=60, check=False)
        summary = done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr
        check(done.returncode == 0, f"{path.stem}: {summary}")
        lines = path.read_text(encoding="ascii").splitlines()
        parts(densctl, path)
        if path.stem in TRUTH:
            decode(path.stem, lines)
        if path.stem == COUPLER:
            contactor(lines)
    altered(densctl, folder)
    middle(densctl, folder)
    memory(densctl, folder)
    malformed(densctl)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
