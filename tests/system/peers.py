#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that are not ours must agree with us: pymodbus as a controller over TCP and RTU and as a client of densim,
mbpoll as a reader and as a second master.

usage: peers.py BUILD SOURCE
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time

import night
from lab import SKIP, Lab, free_port

SYSTEM_PYTHON = "/usr/bin/python3"
GENERIC_TCP = ((r"^.*profile: densim-furnace.*\n", ""),)


class Peers:
    """Programs started here and ended here, by process id."""

    def __init__(self):
        self.started = []

    def start(self, arguments, word=None):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(process)
        line = process.stdout.readline() if word else ""
        if word and word not in line:
            raise night.Failed(f"{arguments[:3]} is not ready: {line}{process.stdout.read()}")
        return process

    def stop(self):
        for process in reversed(self.started):
            process.terminate()
            process.wait(10)
        self.started = []


def mbpoll(port, unit, *arguments):
    done = subprocess.run(["mbpoll", "-m", "tcp", "-p", str(port), "-a", str(unit), "-0", "-1", "-q", *arguments[:-1],
                           "127.0.0.1", *(arguments[-1] or ())], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise night.Failed(f"mbpoll {arguments}: {done.stdout}{done.stderr}")
    return done.stdout


def generic_site(lab, bus):
    """The shipped site with the generic controller on a bus of its own as the furnace."""
    lab.site_edits = ((r"^.*profile: densim-furnace.*\n", ""),
                      (r"^calibrations:", "  - name: oven\n" + bus +
                       "    devices: [{name: furnace, unit: 1, profile: generic-controller}]\n\ncalibrations:"),
                      (r"^limits:.*", "commissioning: {record: commissioning.yaml}\nlimits:"))
    lab.write_site()


def agree_with_controller(lab, where):
    """Through the wire to pymodbus: identity, value, a setpoint written and read back, off."""
    done = lab.densctl("probe", "oven", "--json")
    device = json.loads(done.stdout)[0]
    value = next(r for r in device["registers"] if r["register"] == "process_value")
    night.check(device["identity_ok"] and abs(value["value"] - 23.1) < 1e-9,
                f"{where}: pymodbus says 23.1 degC, densd reads {value['value']}")
    done = subprocess.run([lab.program("densctl"), "commission", "--site", lab.site, "furnace"],
                          input="yes\nno panel on this one\nno thermocouple on this one\nyes\nA. Technician\n",
                          capture_output=True, text=True, timeout=60, check=False)
    wrote = re.search(r"wrote ([0-9.]+) K, read back ([0-9.]+) K, automatic", done.stdout)
    night.check(done.returncode == 0 and wrote and abs(float(wrote.group(1)) - float(wrote.group(2))) < 0.1,
                f"{where}: {wrote.group(0) if wrote else done.stdout + done.stderr}")


def test_tcp(lab, peers):
    port = free_port()
    peers.start([SYSTEM_PYTHON, os.path.join(lab.source, "tests/system/pymodbus_furnace.py"), "tcp", str(port)], "READY")
    generic_site(lab, f"    kind: modbus-tcp\n    host: 127.0.0.1\n    port: {port}\n")
    agree_with_controller(lab, "Modbus TCP")
    shown = mbpoll(port, 1, "-t", "4", "-r", "200", None)
    night.check(re.search(r"\[200\]:\s+231", shown), "mbpoll reads the setpoint that densctl wrote into pymodbus: 231")


def test_rtu(lab, peers):
    ours, theirs = os.path.join(lab.folder, "oven"), os.path.join(lab.folder, "oven-device")
    peers.start(["socat", f"pty,raw,echo=0,link={ours}", f"pty,raw,echo=0,link={theirs}"])
    lab.wait_until(lambda: os.path.exists(ours) and os.path.exists(theirs), 5, "socat's pair of ptys")
    peers.start([SYSTEM_PYTHON, os.path.join(lab.source, "tests/system/pymodbus_furnace.py"), "rtu", theirs], "READY")
    generic_site(lab, f"    kind: modbus-rtu\n    path: {ours}\n    baud: 19200\n")
    agree_with_controller(lab, "Modbus RTU")


CLIENT = """
import json, sys
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]))
client.connect()
print(json.dumps(client.read_holding_registers(0x0100, 12, slave=1).registers))
"""


def test_client(lab):
    """The press block as pymodbus and mbpoll read it, beside what densim says it is."""
    done = subprocess.run([SYSTEM_PYTHON, "-c", CLIENT, str(lab.port)], capture_output=True, text=True, timeout=20,
                          check=False)
    night.check(done.returncode == 0, f"pymodbus reads densim's press: {done.stderr}")
    words = json.loads(done.stdout)
    stroke = struct.unpack(">f", struct.pack(">HH", words[4], words[5]))[0]
    night.check(words[10] == 0xBE17 and words[11] == 1 and abs(stroke - 100) < 0.5,
                f"pymodbus reads identity BE17, map 1, {stroke:.1f} % of the pump's volume")
    shown = mbpoll(lab.port, 1, "-t", "4:float", "-B", "-r", str(0x0104), None)
    night.check(re.search(r"\[260\]:\s+(100|99\.\d+)", shown), "mbpoll reads the same float, high word first")


def test_second_master(build, source):
    """mbpoll writes the press's oil setpoint in the middle of a compression: hazard 21."""
    with Lab(build, source, scale=10) as lab:
        run = night.submit(lab, night.PRESS_ONLY)
        lab.wait_until(lambda: lab.json("status")["state"]["phase"] == "compress", 30, "compress")
        time.sleep(1)
        # The whole write block, as press-map.md asks: heartbeat, REGULATE, 20 bar, 1 bar/s, a watchdog of 10 s.
        words = (999, 1, *struct.unpack(">HHHH", struct.pack(">ff", 20.0, 1.0)), 10)
        end = time.monotonic() + 20
        while time.monotonic() < end and lab.state()["phase"] == "compress":
            mbpoll(lab.port, 1, "-t", "4", "-r", "0", [str(word) for word in words])
            time.sleep(0.05)
        phase, alarms = lab.state()["phase"], lab.densctl("replay", "alarm").stdout
        night.check(phase == "hold" and '"second-master"' in alarms,
                    f"mbpoll as a second master: {phase}, and the alarm second-master of {run}")


def test(build, source):
    for program in ("mbpoll", "socat"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed (tools/packages, group test)")
            sys.exit(SKIP)
    if subprocess.run([SYSTEM_PYTHON, "-c", "import pymodbus, serial"], capture_output=True, check=False).returncode:
        print("skipped: python3-pymodbus or python3-serial is not installed (tools/packages, group test)")
        sys.exit(SKIP)
    lab, peers = Lab(build, source, scale=1), Peers()
    try:
        lab.start_densim()
        test_client(lab)
        test_tcp(lab, peers)
        test_rtu(lab, peers)
    finally:
        peers.stop()
        lab.stop()
    test_second_master(build, source)


if __name__ == "__main__":
    sys.exit(night.main(test))
