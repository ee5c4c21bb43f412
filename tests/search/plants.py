#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the search find what it claims to find? One planted bug a property.

usage: plants.py REPOSITORY [NAME]

Each plant changes one line of a copy of one file of protocol/; the search, linked to the rest as it ships, has to
name the property and print a trail.
"""
import functools
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import planting  # noqa: E402

HOME = "protocol"
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
    ("a trip that is never told", "machine_waits.c", "\tstep->p->wait_mode = WAIT_SAFE_HOLD;\n\tstep_note", "\tstep_note",
     "hold", "assertion"),
    ("a second sensor that breaks is a runaway", "interlock_furnace.c", "(!step->p->broken2 && is_too_hot(",
     "(is_too_hot(", "hold", "reaction"),
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


def make_bench(top, folder):
    return planting.Bench(top, folder, HOME, ("protocol/*.c", "daemon/base/*.c", "tests/search/*.c"), [], ["-lm", "-lpthread"])


def check(bench, number, plant):
    """What is wrong with the search, or None."""
    name, _, _, _, model, expected = plant
    program, fault = bench.plant(number, plant)
    if fault:
        return fault
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
    chosen = [plant for plant in PLANTS if len(sys.argv) == 2 or plant[0] == sys.argv[2]]
    if not chosen:
        print(f"no plant is called {sys.argv[2]!r}", file=sys.stderr)
        return 2
    return planting.find_all(functools.partial(make_bench, os.path.abspath(sys.argv[1])),
                             lambda bench: [functools.partial(check, bench, *one) for one in enumerate(chosen)],
                             f"{len(chosen)} planted bugs found")


if __name__ == "__main__":
    sys.exit(main())
