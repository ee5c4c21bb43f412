#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the search find what it claims to find? One planted bug a property.

usage: plants.py REPOSITORY [NAME]

Each plant changes one line of a copy of one file of protocol/; the search, linked to the rest as it ships, has to
name the property and print a trail.
"""
import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

FLAGS = ["-std=gnu17", "-O1", "-w", "-D_GNU_SOURCE"]
# name, file, what is there, what is planted, model, property that has to find it
PLANTS = [
    ("no dwell", "step.c", "step->now - since >= step->limits->release_dwell_s", "true", "hold", "release"),
    ("hot is cold", "step.c", "step_hottest_k(step) > release_k)", "step_hottest_k(step) > release_k + 50)",
     "hold", "release"),
    ("unknown is cold", "step.c", "if (!step->t_fresh || step_hottest_k(step) > release_k)",
     "if (step_hottest_k(step) > release_k)", "hold", "release"),
    ("late ticks count", "machine.c", "|| gap_s > step->limits->fresh_age_s)", ")", "hold", "release"),
    ("heat first", "machine_segments.c", "if (m->setpoint_gpa < plan->pressure_gpa || pressure_out_of_band(step))",
     "if (m->setpoint_gpa < plan->pressure_gpa)", "hold", "pressure-first"),
    ("no latch", "machine_ends.c", "\tm->latched = true;\n", "", "hold", "latch"),
    ("reset with the cause there", "machine_verbs.c", "\tif (fired) {", "\tif (false && fired) {", "hold", "latch"),
    ("reset without ack", "machine_verbs.c", "if (!step->p->acknowledged) {", "if (false) {", "hold", "latch"),
    ("trip keeps the chip on", "machine_command.c", "act->chip_off = m->phase == PHASE_TRIPPED;", "", "hold", "trip-levels"),
    ("heat before the journal", "machine_segments.c", "phase == PHASE_COMPRESS || phase == PHASE_HEAT ||",
     "phase == PHASE_COMPRESS ||", "hold", "durable"),
    ("a reset gives the run back", "machine_verbs.c",
     "step->p->resume_offered = step->p->resume_offered && step->p->ending != OUTCOME_FAILED;",
     "step->p->resume_offered = true;", "continue", "one-way"),
    ("no soak", "machine_segments.c", "if (m->soak_s >= plan->isotherm_s) {", "if (true) {", "reference",
     "completed"),
    ("a broken sensor is told only", "interlock.c", '"sensor break", REACT_HEATER_OFF,', '"sensor break", REACT_ALARM,',
     "hold", "reaction"),
    ("writes to a stranger", "machine_command.c", "\tif (!step->in->press_identity_ok)\n", "\tif (false)\n", "hold",
     "identity"),
    ("twice the rate", "machine_segments.c", "most_gpa = plan->compression_gpa_per_s * step->dt;",
     "most_gpa = 2 * plan->compression_gpa_per_s * step->dt;", "hold", "ramp"),
    ("ramps past the programme", "machine_command.c", "fmax(step->plan->temperature_k, m->setpoint_k);",
     "step->plan->temperature_k + 50;", "hold", "ramp"),
    ("ramps on in a hold", "machine_command.c", "\tact->target_k = m->setpoint_k;\n",
     "\tact->target_k = step->plan->temperature_k;\n", "hold", "ramp"),
    ("an observer may", "machine_verbs.c", "if (event->role < verb_role(event->verb))\n", "if (false)\n", "hold", "role"),
    ("frozen for ever", "machine_ends.c", "if (step->now - p->clear_since_lab_s < ABORT_CLEAR_S)", "if (true)", "hold",
     "ends"),
    ("an abort waits hot for ever", "machine_ends.c", "\tmachine_stop_trailing(step);\n", "", "hold", "cools"),
    ("an abort waits hot and tells nobody", "interlock.c", "REACT_ABORT, SEGMENTS | IN(PHASE_ABORTING)", "REACT_ABORT, SEGMENTS",
     "hold", "cools"),
    ("a dead end without a plan", "machine.c", "&&\n\t\t       !state->private_state.stay;", ";", "journal", "ends"),
    ("fired twice", "recovery.c", "SCAN_RECOVER_READ_TRACE : SCAN_RECOVER_LOST;",
     "SCAN_RECOVER_READ_TRACE : SCAN_RECOVER_FIRE_AGAIN;", "scan", "first-scan"),
    ("fire before the journal", "scan.c", "[STEP_ARM] = STEP_INTENT,", "[STEP_ARM] = STEP_FIRE,", "scan", "durable"),
    ("reference before the commit", "scan.c", "[STEP_READ] = STEP_COMMIT,", "[STEP_READ] = STEP_DELETE,", "scan",
     "reference"),
    ("no nitrogen", "scan_interlock.c", "\t{ALARM_PURGE, SCAN_REACT_DISARM, purge_is_lost},\n", "", "scan", "purge"),
    ("a fault leaves the chip on", "scan_steps.c", "\tscan_raise(work, ALARM_CHIP, cause);\n\tscan_send(work, SCAN_JOB_OFF);\n",
     "\tscan_raise(work, ALARM_CHIP, cause);\n", "scan", "chip-fault"),
    ("waits for a disarmed chip", "scan_steps.c", "#define NO_ARM_S 10.0", "#define NO_ARM_S 1e9", "scan", "ends"),
]


def compile_file(top, source, ret):
    folder = os.path.join(top, "protocol")
    subprocess.run(["cc", *FLAGS, "-I" + top, "-I" + folder, "-c", source, "-o", ret], check=True)
    return ret


class Bench:
    """All objects, compiled once; a plant replaces one."""

    def __init__(self, top, folder):
        self.top, self.folder = top, folder
        sources = [path for pattern in ("protocol/*.c", "daemon/base/*.c", "tests/search/*.c")
                   for path in sorted(glob.glob(os.path.join(top, pattern)))]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(lambda path: compile_file(top, path, self.object_of(path)), sources)
            self.objects = dict(zip(sources, made))

    def object_of(self, path):
        return os.path.join(self.folder, os.path.relpath(path, self.top).replace("/", "-") + ".o")

    def check(self, number, name, file, there, planted, model, expected):
        """What is wrong with the search, or None."""
        path = os.path.join(self.top, "protocol", file)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        if text.count(there) != 1:
            return f"{name}: protocol/{file} holds {there!r} {text.count(there)} times: bring the plant up to date"
        copy, program = (os.path.join(self.folder, f"plant{number}{end}") for end in (".c", ""))
        with open(copy, "w", encoding="utf-8") as stream:
            stream.write(text.replace(there, planted))
        objects = self.objects | {path: compile_file(self.top, copy, copy + ".o")}
        subprocess.run(["cc", "-o", program, *objects.values(), "-lm", "-lpthread"], check=True)
        done = subprocess.run([program, "--model", model], capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        found = [line for line in lines if line.startswith(f"VIOLATED {expected} ")]
        if done.returncode != 1 or not found:
            return f"{name}: {expected} found nothing in model {model}:\n" + "\n".join(lines[:4])
        print(f"{name}: {found[0]}, {len(lines) - 2} steps", flush=True)
        return None if len(lines) > 2 else f"{name}: found without a trail"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    chosen = [(i, *plant) for i, plant in enumerate(PLANTS) if len(sys.argv) == 2 or plant[0] == sys.argv[2]]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(os.path.abspath(sys.argv[1]), folder)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            faults = [fault for fault in pool.map(lambda plant: bench.check(*plant), chosen) if fault]
    print("\n".join(faults) or f"{len(chosen)} planted bugs found")
    return 1 if faults or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
