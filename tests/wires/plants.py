#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the campaign find what it claims to find? One rule of the bus taken out at a time.

usage: plants.py BUILD REPOSITORY [NAME]

Each plant changes one place of a copy of one file of drivers/; misbehave, linked to the rest as it ships, has to find it.
"""
import functools
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import planting  # noqa: E402

HOME = "drivers"
WRAPS = ["clock_mono_ns", "modbus_connect", "modbus_flush", "line_lock_take", "nanosleep", "tcgetattr", "tcsetattr", "tcflush",
         "ppoll", "open64", "ioctl", "socket", "connect"]
LIBRARIES = ["config/libconfig.a", "protocol/libprotocol.a", "tools/densim/libdensim_core.a"]
SEEDS = "1..16"
# name, file, what is there, what is planted, the campaign's options, which count has to find it
PLANTS = [
    ("asked again before the answer can be there", "modbus_line.c",
     "context->failed_ns + (int64_t)(latest_ms(context) * 1e6), clock_mono_ns());", "context->failed_ns, clock_mono_ns());",
     "--only LATE", "misattributed"),
    ("asked again without another question between", "modbus_line.c", "\t\tr = settle(context, peer);", "\t\tr = 0;", "--only LATE",
     "misattributed"),
    ("settled by a read of the same length", "modbus_doubt.c", "\t\t    !modbus_doubt_is_missing(doubt,", "\t\t    (true ||", "--only LATE",
     "misattributed"),
    ("a text instrument asked again at once", "text_session.c",
     "return cause == CAUSE_TIMEOUT ? fmax(session->latency_ms, session->late_ms)", "return cause == CAUSE_MAX ? session->late_ms",
     "--only LATE", "misattributed"),
    ("no quarantine", "modbus_line.c", "\tbegin_quarantine(context, peer->worst_latency_ms);", "", "--seeds 1..100 --line rtu-omron",
     "misattributed"),
    ("a quarantine ends while the line speaks", "text_stream.c", "drain(stream) > 0 &&", "drain(stream) > 9999 &&",
     "--only TRICKLE --questions 100000", "misattributed"),
    ("a quarantine ends within a trickle", "text_stream.c", "#define LATEST_END_MS 15000.0", "#define LATEST_END_MS 3000.0",
     "--only TRICKLE --questions 100000 --line pace", "misattributed"),
    ("no silence before a question", "line_silence.c", "if (ppoll(&wait, 1, &limit, NULL) <= 0", "if (true", "--only TWICE",
     "misattributed"),
    ("no 3.5 characters", "line_silence.c", "fmax(left_ns, 0)", "0", "--only TWICE", "misattributed"),
    ("what is broken is taken", "modbus_request.c", "\t\treturn CAUSE_CRC;", "\t\treturn 0;", "--only BITS", "misattributed"),
    ("another question's line is taken", "pace.c", "if (toupper((unsigned char)*line) != toupper((unsigned char)*header))",
     "if (*line == ' ')", "--only FUNCTION --line pace", "misattributed"),
    ("no checksum", "dasnet.c", "take_hex(frame + length - TAIL_LENGTH) != dasnet_checksum(frame, length - TAIL_LENGTH)", "false",
     "--only BITS --line dasnet", "misattributed"),
    ("an acknowledged setpoint is read back", "furnace_values.c",
     "\t\tif (!furnace_setpoint_ramps_itself(furnace))\n\t\t\treport->setpoint_k = reading;",
     "\t\treport->setpoint_k = reading;\n\t\tif (!isnan(furnace->written_k)) report->setpoint_k.value = furnace->written_k;",
     "--only NOT_DONE", "misattributed"),
    ("an acknowledged LOCK is believed", "press.c", "report->locked = block->status & PRESS_LOCKED;",
     "report->locked = press->wrote ? press->written_mode == PRESS_MODE_LOCK : block->status & PRESS_LOCKED;", "--only NOT_DONE",
     "false_words"),
    ("an acknowledged program is believed", "chip_job.c", "\tif (!ok)\n\t\tsnprintf(ret_error, CHIP_ERROR, \"the program reads",
     "\tok = true;\n\tif (!ok)\n\t\tsnprintf(ret_error, CHIP_ERROR, \"the program reads", "--only NOT_DONE --line chip",
     "false_words"),
]


def make_bench(build, top, folder):
    return planting.Bench(
        top, folder, HOME, ("drivers/*.c", "daemon/base/*.c", "tests/wires/*.c", "tests/simulation/chance.c"),
        ["-D_FILE_OFFSET_BITS=64", "-I/usr/include/modbus", f'-DWIRES_PROFILES="{top}/config/devices"'],
        ["-Wl,--start-group", *(os.path.join(build, library) for library in LIBRARIES), "-Wl,--end-group",
         *(f"-Wl,--wrap={name}" for name in WRAPS), "-lmodbus", "-lyaml", "-lcrypto", "-lm"])


def run(program, options):
    return subprocess.run([program, *(options if "--seeds" in options else f"--seeds {SEEDS} {options}").split(), "--json"],
                          capture_output=True, text=True, timeout=100, check=False)


def check_clean(bench):
    done = run(bench.link("clean"), "")
    return None if done.returncode == 0 else f"as it ships: {done.stdout}{done.stderr}"


def check(bench, number, plant):
    """What is wrong with the campaign, or None."""
    name, _, _, _, options, expected = plant
    program, fault = bench.plant(number, plant)
    if fault:
        return fault
    done = run(program, options)
    lines = done.stdout.splitlines()
    found = json.loads(lines[-1])[expected] if lines and lines[-1].startswith("{") else 0
    if done.returncode != 1 or found == 0 or not any("replay: misbehave " in line for line in lines):
        return f"{name}: misbehave {options} found nothing: {done.stdout[-400:]}{done.stderr}"
    print(f"{name}: {found} {expected}: {lines[0].split(': ', 2)[-1][:120]}", flush=True)
    return None


def checks_of(chosen, bench):
    return [functools.partial(check_clean, bench), *(functools.partial(check, bench, *one) for one in enumerate(chosen))]


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    chosen = [plant for plant in PLANTS if len(sys.argv) == 3 or plant[0] == sys.argv[3]]
    if not chosen:
        print(f"no plant is called {sys.argv[3]!r}", file=sys.stderr)
        return 2
    return planting.find_all(functools.partial(make_bench, *(os.path.abspath(path) for path in sys.argv[1:3])),
                             functools.partial(checks_of, chosen), f"{len(chosen)} planted faults found, none in what ships")


if __name__ == "__main__":
    sys.exit(main())
