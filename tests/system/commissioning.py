#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""probe and commission against densim, with a technician on standard input, and a densd that requires the record.

usage: commissioning.py BUILD SOURCE
"""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time

import contactor as coupler
import devices
import night
from lab import Lab

SCALE = 10
REQUIRED = ((r"^limits:.*", "commissioning:\n  record: commissioning.yaml\n  valid_days: 90\n\nlimits:"),)
SIGNED = "A. Technician\n"


class Technician:
    """Answers a commissioning as its questions come; acts on the panel (densim's switches) when it is told to."""

    def __init__(self, lab, device, *options):
        self.lab, self.text = lab, ""
        self.process = subprocess.Popen(
            [lab.program("densctl"), "commission", "--site", lab.site, device, *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.read_to = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while chunk := os.read(self.process.stdout.fileno(), 4096):
            self.text += chunk.decode("utf-8", "replace")

    def wait(self, words, seconds=30):
        end = time.monotonic() + seconds
        while words not in self.text[self.read_to:]:
            if time.monotonic() > end or not self.reader.is_alive():
                raise night.Failed(f"commission never said {words!r}:\n{self.text}")
            time.sleep(0.02)
        self.read_to = self.text.index(words, self.read_to) + len(words)

    def say(self, answer):
        self.process.stdin.write(answer + "\n")
        self.process.stdin.flush()

    def answer(self, answers):
        """Answers each question by the first of (word in it, answer), until the program ends."""
        while self.reader.is_alive():
            new = self.text[self.read_to:]
            found = sorted((new.index(word), word, answer) for word, answer in answers if word in new)
            if found:
                at, word, answer = found[0]
                self.read_to += at + len(word)
                self.say(answer)
            time.sleep(0.02)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(60)
        self.reader.join(10)
        return code


def furnace(lab):
    """All nine steps, the panel's included."""
    technician = Technician(lab, "furnace")
    technician.wait("display agree")
    technician.say("perhaps")
    technician.wait("'yes' or 'no' is wanted")
    technician.say("yes")
    technician.wait("why it is skipped:")
    technician.say("no")
    technician.wait("A reason in words is wanted")
    technician.say("")
    technician.wait("Switch the controller to manual")
    lab.densim_ctl("fault", "set", "furnace-manual")
    technician.wait("Switch it back")
    lab.densim_ctl("fault", "clear", "furnace-manual")
    lab.densim_ctl("automatic")
    technician.wait("why it is skipped:")
    technician.say("")
    technician.wait("Take one wire of the thermocouple off")
    lab.densim_ctl("fault", "set", "tc-break")
    technician.wait("Connect it again")
    lab.densim_ctl("fault", "clear", "tc-break")
    technician.wait("Your name")
    technician.say("A. Technician")
    code = technician.end()
    night.check(code == 0, f"the furnace is commissioned: exit {code}\n{technician.text}")
    night.check("sensor break and a bad value seen, whole again seen" in technician.text, "the broken thermocouple was seen")


def device(lab, name, answers):
    done = subprocess.run([lab.program("densctl"), "commission", "--site", lab.site, name], input=answers,
                          capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, done.stdout + done.stderr


def press(lab):
    lab.densim_ctl("fault", "set", "press-local")
    code, text = device(lab, "press", "yes\n")
    night.check(code == 1 and "FAILED" in text and "nothing is recorded" in text,
                f"a press in LOCAL fails its commissioning: exit {code}")
    lab.densim_ctl("fault", "clear", "press-local")
    code, text = device(lab, "press", "yes\nthe key is with its owner\n" + SIGNED)
    night.check(code == 0, f"the press is commissioned: exit {code}\n{text}")
    found = re.search(r"after ([0-9.]+) s contactor open, press locked, WATCHDOG_TRIPPED 1", text)
    night.check(found and 5 < float(found.group(1)) < 20, f"the PLC's watchdog was tripped for real: {found and found.group(0)}")
    night.check("LOCK read back: yes; trip cleared: yes" in text, "the press is left locked")


def probe(lab):
    done = subprocess.run([lab.program("densctl"), "probe", "--site", lab.site, "--json"], capture_output=True,
                          text=True, timeout=60, check=False)
    devices = {entry["device"]: entry for entry in json.loads(done.stdout)}
    night.check(done.returncode == 0 and set(devices) == {"press", "furnace", "nitrogen", "chip"},
                f"probe sees four devices: exit {done.returncode}")
    value = next(r for r in devices["furnace"]["registers"] if r["register"] == "process_value")
    night.check(15 < value["value"] < 30 and value["order_proven"], f"the furnace reads {value['value']:.1f} degC")
    night.check(all(entry["driver"]["online"] for entry in devices.values()), "the drivers see all of them online")
    done = subprocess.run([lab.program("densctl"), "probe", "--site", lab.site, "rtu", "--units", "1:3", "--json"],
                          capture_output=True, text=True, timeout=60, check=False)
    units = {entry["unit"]: entry["profiles"] for entry in json.loads(done.stdout)}
    night.check(set(units) == {1, 2} and "eurotherm-2400" in units[1] and "densim-nitrogen" in units[2],
                f"two units answer, by identity: {units}")


def play(lab, paths, when):
    """Each report is the one of then, from the first on: the capture begins with what the drivers knew."""
    for bus, path in paths.items():
        played = subprocess.run([lab.program("densctl"), "playback", path], capture_output=True, text=True, timeout=20,
                                check=False)
        said = (played.stdout + played.stderr)[-300:].strip()
        found = re.search(rf"(\d+) cycles of bus {bus}: (\d+) reports as recorded, 0 otherwise; 0 answers taken from the profile, "
                          "0 questions that the recording does not hold", said)
        night.check(played.returncode == 0 and found and int(found.group(1)) >= 50 and not played.stderr,
                    f"what densd's worker recorded {when} is played back: {said}")


def text_sources(build, source):
    """Pumps and controllers that speak text, captured while they compress; a run of theirs has no commissioning."""
    for profile in ("isco-pump-dasnet", "druck-pace tcp"):
        with Lab(build, source, scale=SCALE, site_edits=devices.edits(profile), densim_arguments=devices.emulation(profile)) as lab:
            pressure = devices.PRESSURE_GPA.get(profile, 1)
            night.submit(lab, night.PRESS_ONLY.replace("pressure: 1 GPa", f"pressure: {pressure} GPa"))
            lab.wait_phase("compress", 30)
            play(lab, lab.capture(("press",), 1, 10), f"while a {profile} compresses")


def capture(lab):
    """The traffic of a line that densd has, recorded while it runs."""
    done = lab.densctl("capture", "furnaces", "--for", "1")
    night.check(done.returncode == 1 and "has no bus" in done.stderr, "a bus that is not there is refused by name")
    lab.wait_phase("compress", 30)
    play(lab, lab.capture(("press", "rtu", "chip"), 1, 10), "in the middle of a compression")


def submit(lab):
    path = os.path.join(lab.folder, "protocol.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(night.PRESS_ONLY)
    return lab.densctl("submit", path)


def refuse(lab, words):
    lab.start_densd()
    done = submit(lab)
    night.check(done.returncode == 1 and words in done.stdout + done.stderr,
                f"no run is accepted: {words} ({(done.stdout + done.stderr).strip()[:160]})")
    lab.densd.terminate()
    lab.densd.wait(10)


def days_left(lab):
    return {entry["name"]: entry["commissioning_days_left"] for entry in lab.json("devices")}


def without_a_restart(lab, record):
    """densd takes a new record as it comes, whole or not at all."""
    with open(record, encoding="utf-8") as stream:
        good = stream.read()

    def put(text):
        with open(record + ".new", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.rename(record + ".new", record)

    def said(words):
        done = submit(lab)
        return done.returncode == 1 and words in done.stdout + done.stderr

    left = days_left(lab)
    night.check(set(left) == {"press", "furnace", "nitrogen", "chip"} and all(89 < days <= 90 for days in left.values()),
                f"densctl devices has the days left: {left}")
    put(re.sub(r'date: "\d{4}', 'date: "2020', good, count=1))
    lab.wait_until(lambda: said("is older than the site's 90 days"), 10, "an old date counts without a restart")
    night.check(sorted(days_left(lab).values())[0] < -300, "and densctl devices shows it")
    put(good[:len(good) // 2])
    lab.wait_until(lambda: said("the record of commissioning, line"), 10, "so does half a record")
    os.unlink(record)
    lab.wait_until(lambda: said("cannot be read"), 10, "and none")
    put(good)
    lab.wait_until(lambda: submit(lab).returncode == 0, 10, "a good one is accepted without a restart")


def pump(build, source):
    """A pump has no watchdog to arm or prove; the rest is commissioned."""
    profile = "isco-pump-modbus"
    lab = Lab(build, source, scale=SCALE, site_edits=devices.edits(profile), densim_arguments=devices.emulation(profile))
    try:
        lab.start_densim()
        lab.write_site()
        technician = Technician(lab, "press", "--out", os.path.join(lab.folder, "record.yaml"))
        technician.answer((("agree", "yes"), ("why it is skipped:", "no hands at the panel"), ("Verified:", "yes"),
                           ("Your name", "the technician")))
        code = technician.end()
        night.check(code == 0 and "watchdog none" in technician.text, f"a pump is commissioned: exit {code}"
                    + (technician.text if code else ""))
        with open(os.path.join(lab.folder, "record.yaml"), encoding="utf-8") as stream:
            marks = stream.read().count('- {step: "verified", result: passed')
        night.check(marks == technician.text.count("Verified:") > 0, f"the {marks} lines that were verified stay in the record")
    finally:
        lab.stop()


def contactor(build, source):
    """A furnace whose contactor hangs on a coupler: the coupler's own watchdog opens it, or nothing is recorded."""
    profile = "beckhoff-ek9000"
    lab = Lab(build, source, scale=SCALE, site_edits=devices.edits(profile), densim_arguments=devices.emulation(profile))
    answers = (("display agree", "yes"), ("why it is skipped:", "no hands at the panel"), ("Verified:", "yes"),
               ("Your name", "the technician"))
    record = os.path.join(lab.folder, "record.yaml")
    try:
        lab.start_densim()
        lab.write_site()
        with coupler.connect(lab) as other:
            coupler.put(other, coupler.write(coupler.SETTINGS["fallback"], 1))
        technician = Technician(lab, "furnace", "--out", record)
        technician.answer(answers)
        code = technician.end()
        night.check(code == 1 and "fall-back is not 0" in technician.text and not os.path.exists(record),
                    f"a coupler that freezes fails its commissioning: exit {code}")
        with coupler.connect(lab) as other:
            coupler.put(other, coupler.write(coupler.SETTINGS["fallback"], 0))
        technician = Technician(lab, "furnace", "--out", record)
        technician.answer(answers)
        code = technician.end()
        found = re.search(r"nobody wrote: open after ([0-9.]+) s; heat asked for: stayed open; armed anew: closed, then open",
                          technician.text)
        night.check(code == 0 and found and 5 < float(found.group(1)) < 20,
                    f"the coupler's watchdog was tripped for real: {found and found.group(0)}" + (technician.text if not found else ""))
        night.check("the two words of the watchdog reset" in technician.text, "the coupler's own marks were asked for")
        status = json.loads(lab.densim_ctl("status"))
        night.check(status["coupler"]["fallbacks"] >= 1 and not status["contactor"], f"and is left open: {status['coupler']}")
        with open(record, encoding="utf-8") as stream:
            night.check("open after" in stream.read(), "it is in the record")
    finally:
        lab.stop()


def test(build, source):
    pump(build, source)
    contactor(build, source)
    text_sources(build, source)
    lab = Lab(build, source, scale=SCALE, site_edits=REQUIRED)
    record = os.path.join(lab.folder, "commissioning.yaml")
    try:
        lab.start_densim()
        lab.write_site()
        probe(lab)
        refuse(lab, "cannot be read")
        furnace(lab)
        refuse(lab, "device 'press' has never been commissioned")
        press(lab)
        code, text = device(lab, "nitrogen", "the bubbler is elsewhere\n" + SIGNED)
        night.check(code == 0, f"the nitrogen is commissioned: exit {code}\n{text if code else ''}")
        code, text = device(lab, "chip", "")
        night.check(code == 1 and "not signed: nothing is recorded" in text, f"without a name nothing is recorded: exit {code}")
        code, text = device(lab, "chip", "yes\n" + SIGNED)
        with open(record, encoding="utf-8") as stream:
            night.check('by: "yes"' not in stream.read(), "an answer is no name")
        night.check(code == 0, f"the chip is commissioned: exit {code}\n{text if code else ''}")
        lab.start_densd()
        done = submit(lab)
        night.check(done.returncode == 0, f"a run is accepted: {done.stdout}{done.stderr}")
        capture(lab)
        without_a_restart(lab, record)
        code, text = device(lab, "furnace", "")
        night.check(code == 1 and "another program has it" in text, "two masters on one line are refused")
        lab.densd.terminate()
        lab.densd.wait(10)
        with contextlib.closing(sqlite3.connect(os.path.join(lab.folder, "store/journal.db"))) as journal:
            notes = [text for text, in journal.execute("SELECT text FROM transitions") if text.startswith("commissioning:")]
        night.check(len(notes) == 4 and "every device is signed off until 20" in notes[-1], f"each reading is in the journal: {notes}")
        with open(record, encoding="utf-8") as stream:
            text = stream.read()
        with open(record, "w", encoding="utf-8") as stream:
            stream.write(re.sub(r'date: "\d{4}', 'date: "2020', text, count=1))
        refuse(lab, "is older than the site's 90 days")
    finally:
        lab.stop()


if __name__ == "__main__":
    sys.exit(night.main(test))
