#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole short densification with an emulated instrument in place of densim's own.

usage: devices.py BUILD SOURCE [PROFILE...]

Without a name every profile runs, and the worked example of config/README.md; two at a time, about a minute.
"""
import concurrent.futures
import json
import os
import re
import sys
import tempfile
import time

import night
from lab import free_port

SCALE = 200
AGAIN_SCALE = 50  # a processor that was busy elsewhere is no fault of a profile
# How each instrument is wired: the line that is taken out of the shipped site, and what comes in.
FURNACE_RTU = ((r"unit: 1, profile: densim-furnace", "unit: 1, profile: {profile}"),)
FLOW_RTU = ((r"unit: 2, profile: densim-nitrogen", "unit: 2, profile: {profile}"),)
PRESS_TCP = ((r"unit: 1, profile: densim-press", "unit: 1, profile: {profile}"),)
FURNACE_TCP = ((r"^.*profile: densim-furnace.*\n", ""),
               (r"^( *)- (.name: press, unit: 1, profile: densim-press.)",
                r"\1- {{name: furnace, unit: 2, profile: {profile}}}" + "\n" + r"\1- \2"))
# A pump or pressure controller plays the press: no watchdog, no contactor, and only as far as it reaches.
PUMP = ((r"^accept_no_watchdog: .*", "accept_no_watchdog: nothing here has one, and this is densim\n"
         "accept_no_contactor: densim's heater hangs on nothing, and this is densim"),
        (r"machine_pressure_gpa: .*", "machine_pressure_gpa: {reach} GPa"),
        (r"protocol_pressure_gpa: .*", "protocol_pressure_gpa: {pressure} GPa"))
PUMP_TCP = PUMP + PRESS_TCP
PUMP_SERIAL = PUMP + PRESS_TCP + ((r"kind: modbus-tcp\n    host: .*\n    port: .*\n",
                                   "kind: serial\n    path: press\n    baud: 9600\n"),)
TEXT_PORT = free_port()
PUMP_SOCKET = PUMP + PRESS_TCP + ((r"kind: modbus-tcp\n    host: (.*)\n    port: .*\n",
                                   r"kind: text-tcp\n    host: \1\n    port: {text_port}\n"),)
# A coupler carries the heater's contactor, beside a controller and a pump that switch none. It answers on the pump's port,
# under another name: one line has one master.
CONTACTOR = (PUMP[0][0], "accept_no_watchdog: pump and nitrogen have none, and this is densim")
COUPLER = ((CONTACTOR,) + PUMP[1:] + ((PRESS_TCP[0][0], "unit: 1, profile: isco-pump-modbus"),
           (r"port: (\d+)\n([\s\S]*?)unit: 1, profile: densim-furnace", r"port: \1" "\n" r"\2unit: 1, profile: omron-e5cc, "
            "contactor: {{profile: {profile}, host: \"::ffff:127.0.0.1\", " r"port: \1, unit: 4, coil: 0}}")))
FLOW_SERIAL = ((r"^.*profile: densim-nitrogen.*\n", ""),
               (r"^  - name: chip\n", "  - name: flow\n    kind: serial\n    path: flow\n    baud: 19200\n    devices:\n"
                "      - {{name: nitrogen, unit: 1, profile: {profile}}}\n  - name: chip\n"))
WIRING = {
    "eurotherm-2400": FURNACE_RTU, "eurotherm-3216": FURNACE_RTU, "eurotherm-3504": FURNACE_RTU,
    "eurotherm-nanodac": FURNACE_TCP, "watlow-f4t": FURNACE_TCP, "omron-e5cc": FURNACE_RTU,
    "generic-controller": FURNACE_RTU, "alicat-flow": FLOW_RTU, "bronkhorst-flow": FLOW_RTU, "oven": FURNACE_RTU,
    "generic-plc-press": PRESS_TCP, "isco-pump-modbus": PUMP_TCP, "isco-pump-dasnet": PUMP_SERIAL,
    "druck-pace": PUMP_SERIAL, "druck-pace tcp": PUMP_SOCKET, "alicat-flow-ascii": FLOW_SERIAL,
    "beckhoff-ek9000": COUPLER,
}
BESIDE = {"beckhoff-ek9000": ("omron-e5cc", "isco-pump-modbus")}
PRESSURE_GPA = {"druck-pace": 0.6, "druck-pace tcp": 0.6}  # 1 GPa unless the instrument ends before
OWN_RAMP = ("eurotherm-2400", "eurotherm-3504", "eurotherm-nanodac")
OWN_RAMP_WRITES = 120  # a stream of one a second makes 600 and more
AT_ONCE = 2
QUIET = ("step-late", "stale-value")


def edits(profile):
    pressure = PRESSURE_GPA.get(profile, 1)
    return [(pattern, replacement.format(profile=profile.split()[0], pressure=pressure, reach=1.2 * pressure,
                                         text_port=TEXT_PORT))
            for pattern, replacement in WIRING[profile]]


def emulation(profile):
    """What tells densim to be that instrument; 'NAME tcp' is NAME on a socket."""
    name, *wire = profile.split()
    beside = BESIDE.get(name, ())
    return (*(word for other in beside for word in ("--device", other)), "--device", name, *(("--text-port", str(TEXT_PORT)) if wire else ()))


def run_once(build, source, profile, scale, seed=1, scans=False):
    begun = time.monotonic()
    pressure = PRESSURE_GPA.get(profile, 1)
    with night.Lab(build, source, scale=scale, site_edits=edits(profile),
                   densim_arguments=(*emulation(profile), "--seed", str(seed))) as lab:
        # The purge flows while sections are scanned, and only then.
        scans = scans or WIRING[profile] in (FLOW_RTU, FLOW_SERIAL)
        protocol = night.WITH_SCANS if scans else night.PRESS_ONLY
        run = night.submit(lab, protocol.replace("pressure: 1 GPa", f"pressure: {pressure} GPa"))
        try:
            record = night.wait_run(lab, run, 12000 / scale)
        except night.LabError:
            state = lab.state()
            raise night.LabError(f"{profile} is in {state['phase']} after {12000 / scale:.0f} s: {state['cause']}\n"
                                 + lab.log_end("densd", 60)) from None
        if record["densification"] != "completed":
            raise night.LabError(f"{profile} {record['densification']}: {record['cause']} " + "; ".join(
                alarm["text"] for alarm in night.replay(lab, "alarm") if alarm["alarm"] not in QUIET))
        print(f"ok: {profile}: densification completed: {record['cause']}", flush=True)
        if scans:
            night.check(record["calorimetry"] == "completed", f"{profile}: purged scans completed: {record['cause']}")
        status = json.loads(lab.densim_ctl("status"))
        night.check(status["recovered"]["batch"] == 1, f"{profile}: densim recovered the batch")
        night.check(abs(status["recovered"]["T_max_K"] - 400) < 5
                    and abs(status["recovered"]["P_max_GPa"] - pressure) < 0.1,
                    f"{profile}: the capsule saw 400 K and {pressure} GPa: {status['recovered']}")
        night.check(status["eeprom_writes"] == 0, f"{profile}: nothing was written to a memory that wears")
        if profile in OWN_RAMP:
            night.check(status["setpoint_writes"] <= OWN_RAMP_WRITES,
                        f"{profile}: its own ramp took {status['setpoint_writes']} setpoint writes")
    print(f"{profile}: {time.monotonic() - begun:.1f} s", flush=True)


def run_one(build, source, profile):
    """A run that only comes to no end in time is run again, slower and so less in need of the processor."""
    try:
        run_once(build, source, profile, SCALE)
    except night.LabError as late:
        print(f"{profile}: once more at scale {AGAIN_SCALE}, for {str(late).splitlines()[0]}", flush=True)
        run_once(build, source, profile, AGAIN_SCALE)


def write_example(source, folder):
    """The fenced profile of config/README.md as FOLDER/devices/oven.yaml."""
    with open(os.path.join(source, "config/README.md"), encoding="utf-8") as stream:
        examples = re.findall(r"^```yaml\n(.*?)^```$", stream.read(), flags=re.MULTILINE | re.DOTALL)
    night.check(len(examples) == 1, "config/README.md has one worked example")
    os.mkdir(os.path.join(folder, "devices"))
    with open(os.path.join(folder, "devices/oven.yaml"), "w", encoding="utf-8") as stream:
        stream.write(examples[0])


def test(build, source):
    with tempfile.TemporaryDirectory(prefix="densd-test-") as folder:
        write_example(source, folder)
        os.environ["DENSD_CONFIG"] = folder
        wanted = sys.argv[3:] or list(WIRING)
        unknown = [profile for profile in wanted if profile not in WIRING]
        if unknown:
            raise night.Failed(f"{unknown} is not known: {' '.join(WIRING)}")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(run_one, build, source, profile) for profile in wanted]:
                done.result()


if __name__ == "__main__":
    sys.exit(night.main(test))
