#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does after a trip, a stop of densd and a restart, with densctl against the built daemon.

A broken heater trips the run; the trip outlives kill -9; ack, reset and abort in that order, each with its answer.
Then SIGTERM in mid-run leaves the devices holding and says so, and a handover ends "handed over" at ambient pressure.

usage: after_a_trip.py BUILD SOURCE
"""
import signal
import sys

import night
from night import check


def refused(lab, words, *arguments):
    done = lab.densctl(*arguments)
    check(done.returncode == 1 and words in done.stderr, f"{arguments} is refused: {done.stderr.strip()}")


def trip(lab):
    run = night.submit(lab, night.PRESS_ONLY)
    lab.wait_phase("heat", 60)
    lab.densim_ctl("fault", "set", "heater-open")
    state = night.wait_state(lab, lambda s: s["latched"], 60, "a latched trip")
    check(state["phase"] == "tripped" and "Heater off" in state["cause"], f"tripped: {state['cause']}")
    return run


def trip_outlives_a_kill(lab):
    night.kill_control(lab)
    lab.start_densd()
    state = night.wait_state(lab, lambda s: s["phase"] == "tripped", 30, "the trip after the restart")
    check(state["latched"], "the trip is still latched after kill -9")
    lab.wait_until(lambda: lab.json("recovery")["row"] != "R5", 30, "the decision of this start")
    recovery = lab.json("recovery")
    check(recovery["row"] == "R2" and recovery["latched"] and recovery["phase"] == "tripped",
          f"densctl recovery: {recovery['row']}, {recovery['text']}")
    check(recovery["pressure"] == "pressed" and 0.9 < recovery["pressure_gpa"] < 1.1, "with the pressure it read")
    text = lab.densctl("recovery", check=0).stdout
    check("row R2" in text and "densctl reset" in text, "in words, with what is asked now")


def out_of_the_trip(lab, run):
    refused(lab, "acknowledge", "reset")
    refused(lab, "trip", "resume")
    lab.densctl("ack", check=0)
    lab.densim_ctl("fault", "clear", "all")
    check("hold" in lab.densctl("reset", check=0).stdout, "reset leads to hold")
    refused(lab, "after a trip", "resume")
    check("aborting" in lab.densctl("abort", check=0).stdout, "abort goes on from there")
    record = night.wait_run(lab, run, 120)
    check(record["densification"] == "tripped", f"the run ended as tripped: {record['cause']}")
    check("tripped by not-heating" in record["cause"], "with its first cause")
    check(record["release_temperature_k"] <= 308, f"released at {record['release_temperature_k']} K")
    check(record["outage_s"] > 0, f"the outage is in the record: {record['outage_s']} s")
    one = lab.json("runs", run)
    check(len(one) == 1 and one[0]["soak_s"] == 0 and one[0]["hold_s"] > 0, "runs RUN tells soak and hold")


def stop_in_mid_run(lab):
    run = night.submit(lab, night.PRESS_ONLY)
    lab.wait_phase("heat", 60)
    lab.densd.send_signal(signal.SIGTERM)
    check(lab.densd.wait(10) == 0, "SIGTERM ends densd in order")
    status = lab.densim_ctl("status")
    check("contactor" in status, "the devices go on without densd")
    lab.start_densd()
    night.wait_state(lab, lambda s: s["run"] == run and s["phase"] not in ("idle", "heat"), 30, "a decision")
    notes = [event["text"] for event in lab.json("events", run)]
    check(any("stops in phase heat; the instruments are left holding" in note for note in notes),
          "the journal says that SIGTERM left the devices holding")
    return run


def hand_over(lab, run):
    check(lab.densctl("handover", "  ").returncode == 2, "a handover needs a reason")
    answer = lab.densctl("handover", "heater broken, released at the panel", check=0).stdout
    check(answer.startswith("known: ") and " GPa" in answer.splitlines()[0], "the known state is shown first")
    check("belongs to its panel" in answer, f"handover: {answer.strip()}")
    state = lab.state()
    check(state["phase"] == "handed-over" and " GPa: heater broken" in state["cause"], f"known state: {state['cause']}")
    refused(lab, "", "resume")
    lab.densim_ctl("fault", "set", "gasket-blowout")  # the panel's valve: the pressure goes without densd
    record = night.wait_run(lab, run, 60)
    check(record["densification"] == "handed-over", f"ended at ambient pressure: {record['cause']}")


def test(build, source):
    with night.Lab(build, source, scale=60) as lab:
        run = trip(lab)
        trip_outlives_a_kill(lab)
        out_of_the_trip(lab, run)
        hand_over(lab, stop_in_mid_run(lab))


if __name__ == "__main__":
    sys.exit(night.main(test))
