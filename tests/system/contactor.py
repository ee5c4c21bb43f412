#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The heater's contactor on a coupler, beside a furnace controller and a pump that have no watchdog: a coupler that would
freeze is refused; one that fell back ends the heating until the operator resumes; a dead densd leaves it open.

usage: contactor.py BUILD SOURCE
"""
import contextlib
import csv
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import devices
import night

SCALE = 20
WATCHDOG_S = 10.0  # device_watchdog_s; at this scale densim's own least is 5 s
CAPTURE_S = 20
STEP_S = 0.05      # of densim
SETTINGS = {"watchdog": 0x1120, "type": 0x1122, "fallback": 0x1123, "lock": 0x1124}


def connect(lab):
    return socket.create_connection(("127.0.0.1", lab.port), 5)


def put(line, pdu):
    """One question to the coupler, and the answer without its head."""
    line.sendall(struct.pack(">HHHB", 1, 0, len(pdu) + 1, 4) + pdu)
    return line.recv(260)[7:]


def write(address, value):
    return struct.pack(">BHH", 6, address, value)


def ask(lab, pdu):
    """By a connection of our own."""
    with connect(lab) as line:
        answer = put(line, pdu)
    if len(answer) < 2 or answer[0] & 0x80:
        raise night.Failed(f"the coupler answers {answer.hex()}")
    return answer


def read_register(lab, address):
    return struct.unpack(">H", ask(lab, struct.pack(">BHH", 3, address, 1))[2:4])[0]


def write_register(lab, address, value):
    ask(lab, write(address, value))


def look(lab):
    return json.loads(lab.densim_ctl("status"))


@contextlib.contextmanager
def start(build, source, *more):
    with night.Lab(build, source, scale=SCALE, site_edits=devices.edits("beckhoff-ek9000"),
                   densim_arguments=(*devices.emulation("beckhoff-ek9000"), *more)) as lab:
        yield lab


def shown(lab):
    """What densd says of the coupler's contactor."""
    return lab.json("status")["sample"]["coupler_contactor"]["value"]


def heat(lab):
    night.submit(lab, night.PRESS_ONLY)
    lab.wait_phase("heat", 60)
    lab.wait_until(lambda: look(lab)["contactor"], 30, "a closed contactor")


def refuse_freeze(build, source):
    """Before densd looks at it the coupler is told to freeze, as a plant with another output on it may want."""
    with start(build, source) as lab:
        lab.stop_densd()
        write_register(lab, SETTINGS["fallback"], 1)
        lab.start_densd()
        night.submit(lab, night.PRESS_ONLY)
        lab.wait_until(lambda: "fall-back is not 0" in lab.log_end("densd", 100), 30, "a refusal in the log")
        state = night.wait_state(lab, lambda s: s["phase"] == "preflight", 30, "preflight")
        time.sleep(1)
        state = lab.state()
        night.check(state["phase"] == "preflight" and not look(lab)["contactor"],
                    f"a coupler that freezes is refused, the run waits in {state['phase']}: {state['cause']}")
        night.check(read_register(lab, SETTINGS["fallback"]) == 1, "and its fall-back is left as it was")
        write_register(lab, SETTINGS["fallback"], 0)
        lab.wait_phase("compress", 60)
        night.check(read_register(lab, SETTINGS["watchdog"]) == 1000 * WATCHDOG_S and
                    read_register(lab, SETTINGS["lock"]) == 1 and read_register(lab, SETTINGS["type"]) == 0,
                    "set to zero it is armed: watchdog on writes, 10 s, write lock on")


def second_master(build, source):
    """The write lock: a master that is there first keeps densd out, and densd keeps out one that comes later."""
    with start(build, source) as lab:
        lab.stop_densd()
        with connect(lab) as other:
            night.check(put(other, write(SETTINGS["lock"], 1))[0] == 6, "another master takes the write lock")
            lab.start_densd()
            night.submit(lab, night.PRESS_ONLY)
            lab.wait_until(lambda: "Another master holds its write lock" in lab.log_end("densd", 100), 30, "a refusal in the log")
            state = night.wait_state(lab, lambda s: "write lock" in s["cause"], 30, "a cause that names the lock")
            night.check(state["phase"] == "preflight" and not look(lab)["contactor"],
                        f"a coupler that another master writes to is refused: {state['cause']}")
        lab.wait_phase("heat", 90)
        lab.wait_until(lambda: look(lab)["contactor"], 30, "a closed contactor")
        with connect(lab) as other:
            answer = put(other, struct.pack(">BHH", 5, 0, 0))
            night.check(answer[0] == 0x85, f"a second master's write is refused by the coupler: {answer.hex()}")
            night.check(put(other, struct.pack(">BHH", 1, 0, 1))[2] & 1 == 1, "it may read, and the contactor is closed")


def begin_capture(lab):
    """In the middle of the heating, the contactor closed."""
    path = lab.json("capture", "rtu", "--for", str(CAPTURE_S))["why"].split(" into ")[1]
    lab.wait_until(lambda: os.path.exists(path), 10, "a capture begun")
    return path


def play_capture(lab, path):
    def ended():
        with open(path, encoding="ascii") as stream:
            return stream.read().endswith("E its time is over\n")
    lab.wait_until(ended, 3 * CAPTURE_S, "the end of the capture")
    with open(path, encoding="ascii") as stream:
        states = set(re.findall(r" contactor=\w+", stream.read()))
    done = subprocess.run([lab.program("densctl"), "playback", path], capture_output=True, text=True, check=False)
    night.check(done.returncode == 0 and {" contactor=armed", " contactor=opened"} <= states,
                f"a capture of the fall-back, begun with the contactor closed, plays back as it was: {done.stdout[-400:]}{done.stderr}")


def fall_back(build, source):
    """Nobody writes for longer than the watchdog waits: all bus workers are stopped for a while."""
    with start(build, source) as lab:
        heat(lab)
        lab.wait_until(lambda: shown(lab) == "closed", 10, "a status that says closed")
        path = begin_capture(lab)
        buses = lab.pids_of("densd-bus")
        for pid in buses:
            os.kill(pid, signal.SIGSTOP)
        lab.wait_until(lambda: look(lab)["coupler"]["fallbacks"] > 0, 10, "a fall-back")
        for pid in buses:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        night.check(not look(lab)["contactor"], "a coupler that nobody writes to opens the contactor")
        lab.wait_until(lambda: lab.state()["phase"] == "hold", 20, "a hold")
        named = [alarm["text"] for alarm in night.replay(lab, "alarm") if "contactor is open" in alarm["text"]]
        night.check(named, f"an alarm names it: {named[:1]}")
        night.check(not look(lab)["contactor"], "and it stays open")
        picture = lab.densctl("status", check=0).stdout
        night.check(shown(lab) == "open" and "contactor    open, read " in picture and "(coupler)" in picture,
                    f"status says so, with its age: {[line for line in picture.splitlines() if 'contactor  ' in line]}")
        lab.wait_until(lambda: lab.densctl("resume").returncode == 0, 30, "a resume")
        lab.wait_until(lambda: look(lab)["contactor"], 30, "a closed contactor")
        night.check(look(lab)["coupler"]["fell_back"] is False, "armed anew with the heater off, it closes after the resume")
        play_capture(lab, path)


def opened_at(track, after_s):
    """Laboratory time of the first line after @after_s whose contactor is open."""
    with open(track, encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if float(row["lab_s"]) > after_s and row["contactor"] == "0":
                return float(row["lab_s"])
    return None


def kill(build, source):
    track = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"densd-contactor-{os.getpid()}.csv")
    try:
        with start(build, source, "--track", track) as lab:
            heat(lab)
            lab.wait_until(lambda: look(lab)["T_K"] > 340, 60, "a furnace above 340 K")
            alive = look(lab)
            night.check(alive["contactor"] and alive["heater_pct"] > 0,
                        f"a controller without a watchdog heats: {alive['T_K']:.0f} K, {alive['heater_pct']:.0f} %")
            killed_s = look(lab)["lab_s"]
            night.kill_control(lab)
            dead_s = look(lab)["lab_s"]
            lab.wait_until(lambda: not look(lab)["contactor"], 10, "an open contactor")
            seen = look(lab)
            lab.stop_programs()
            at_s = opened_at(track, alive["lab_s"])
        night.check(seen["heater_pct"] > 0, f"its controller goes on heating: {seen['heater_pct']:.0f} %")
        night.check(at_s is not None and at_s <= dead_s + WATCHDOG_S + 2 * STEP_S,
                    f"and its contactor was open {at_s - killed_s:.1f} s after the kill, by the coupler's watchdog of "
                    f"{WATCHDOG_S:.0f} s alone")
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(track)


def test(build, source):
    refuse_freeze(build, source)
    second_master(build, source)
    fall_back(build, source)
    kill(build, source)


if __name__ == "__main__":
    sys.exit(night.main(test))
