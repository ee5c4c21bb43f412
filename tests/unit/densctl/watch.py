#!/usr/bin/env python3
"""What densctl shows of telemetry: ages and qualities in each form, an alarm once and with its time.

usage: watch.py DENSCTL
"""
import json
import subprocess
import sys
import tempfile
import time

import zmq

from checks import expect

PUBLISHER, OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"


def measured(value, age_s=0.1, quality="good", cause="none"):
    return {"value": value, "age_s": age_s, "quality": quality, "cause": cause}


def message(topic, seq=1, publisher=PUBLISHER, **fields):
    return topic, {"topic": topic, "seq": seq, "publisher": publisher, "t_wall": "2026-11-27T03:11:20.391Z", "t_lab": 1, **fields}


STATE = message("state", phase="hold", run="", ask="", cause="", alarms_active=[], progress=0.1, remaining_s=60)
SAMPLE = message("sample", temperature_k=measured(332.1, 68.2), pressure_gpa=measured(1.5, 0.1, "bad", "sensor-break"))


def alarm(seq, text, **more):
    return message("alarm", seq, alarm="bus-lost", raised=True, text=text, **more)


class Publisher:
    """densd's telemetry socket: everything again for whoever has just come."""

    def __init__(self, folder):
        self.endpoint = f"ipc://{folder}/telemetry"
        self.socket = zmq.Context.instance().socket(zmq.XPUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 10000)
        self.socket.bind(self.endpoint)

    def wait_subscribed(self, topic):
        while self.socket.recv() != b"\x01" + topic.encode():
            pass

    def send(self, *messages):
        for topic, body in messages:
            self.socket.send_multipart([topic.encode(), json.dumps(body).encode()])


def run(densctl, publisher, messages, *arguments, seconds=None, beat=True):
    """What it printed; @seconds: then it is interrupted, else it ends by itself. @beat: a heartbeat of the sample's time."""
    with subprocess.Popen([densctl, *arguments, "--telemetry", publisher.endpoint], stdout=subprocess.PIPE,
                          text=True) as process:
        publisher.wait_subscribed("heartbeat")
        publisher.send(*messages, *([message("heartbeat")] if beat else []))
        if seconds:
            time.sleep(seconds)
            process.terminate()
        return process.communicate(timeout=20)[0]


def an_old_value_is_never_shown_as_fresh(densctl, publisher):
    for shown in (run(densctl, publisher, [SAMPLE, STATE], "watch", "--lines", seconds=1),
                  run(densctl, publisher, [SAMPLE, STATE], "status")):
        expect("332.1 K (68.2 s OLD)" in shown, f"the age: {shown}")
        expect("1.500 GPa (bad: sensor-break)" in shown, f"the quality: {shown}")


def an_alarm_is_told_once_with_its_time(densctl, publisher):
    shown = run(densctl, publisher, [SAMPLE, STATE, alarm(7, "first"), alarm(7, "first"), alarm(8, "second"), alarm(7, "first"),
                                     alarm(1, "new store", publisher=OTHER)], "watch", "--lines", seconds=1)
    told = [line for line in shown.splitlines() if "ALARM" in line]
    expect(told == [f"2026-11-27T03:11:20Z ALARM bus-lost: {text}" for text in ("first", "second", "new store")], f"{shown}")


def status_says_when_it_began(densctl, publisher):
    shown = run(densctl, publisher, [alarm(7, "Device silent."), STATE, SAMPLE], "status")
    expect("last alarm   2026-11-27T03:11:20Z bus-lost: Device silent." in shown, f"{shown}")


def an_acknowledged_alarm_is_told_from_a_new_one(densctl, publisher):
    state = (STATE[0], {**STATE[1], "alarms_active": ["bus-lost", "restarted"], "alarms_acknowledged": ["restarted"]})
    unread = (SAMPLE[0], {**SAMPLE[1], "temperature_k": measured(None, None, "none")})
    shown = run(densctl, publisher, [state, unread], "status")
    expect(" ALARM bus-lost: " in shown and " acknowledged alarm restarted: " in shown, f"{shown}")
    expect("- K (no reading yet)" in shown, f"{shown}")


def a_phase_says_what_is_held_and_how_it_ended(densctl, publisher):
    for fields, words in (({"phase": "hold", "resume_phase": "heat"}, "hold in heat"),
                          ({"phase": "done", "outcome": "aborted"}, "done: aborted"), ({"phase": "heat"}, "heat")):
        shown = run(densctl, publisher, [(STATE[0], {**STATE[1], **fields}), SAMPLE], "status")
        expect(row(shown, "state").split(" (")[0] == words, f"{words}: {shown}")


def a_latched_trip_is_said_when_its_alarm_is_over(densctl, publisher):
    for latched, words in ((True, "none any more; the trip stays latched until ack and reset"), (False, "none")):
        shown = run(densctl, publisher, [(STATE[0], {**STATE[1], "phase": "tripped", "latched": latched}), SAMPLE], "status")
        expect(row(shown, "alarms") == words, f"{words}: {shown}")


def a_programme_of_0_k_is_none(densctl, publisher):
    state = (STATE[0], {**STATE[1], "run": OTHER, "target_k": 400})
    for value, words in ((0, "setpoint -"), (298.0, "setpoint 298.0")):
        shown = run(densctl, publisher, [state, (SAMPLE[0], {**SAMPLE[1], "programme_k": value})], "status")
        expect(words + " " in row(shown, "temperature"), f"{words}: {shown}")


def switch(value, age_s=0.1):
    return {"value": value, "age_s": age_s}


def sampled(**fields):
    return SAMPLE[0], {**SAMPLE[1], "output_pct": measured(0.0), "press_contactor": switch("open"), "press_lock": switch("locked"),
                       "coupler_contactor": switch("none", None), **fields}


def row(shown, label):
    return next((line[15:] for line in shown.splitlines() if line.startswith(f"  {label} ")), "")


def is_the_heater_really_off(densctl, publisher):
    shown = run(densctl, publisher, [sampled(), STATE], "status")
    expect(row(shown, "heater").lstrip().startswith("0 %, read 0.1 s ago"), shown)
    expect(row(shown, "contactor") == "open, read 0.1 s ago", shown)
    expect(row(shown, "press lock") == "LOCKED, read 0.1 s ago", shown)
    shown = run(densctl, publisher, [sampled(press_contactor=switch(None, 34.0), press_lock=switch("free"),
                                             coupler_contactor=switch("closed", 0.2)), STATE], "status")
    expect(row(shown, "contactor") == "press: not known, last read 34.0 s ago; coupler: closed, read", shown)
    expect("\n               0.2 s ago\n" in shown, shown)
    expect(row(shown, "press lock") == "free, read 0.1 s ago", shown)
    shown = run(densctl, publisher, [SAMPLE, STATE], "status")  # of a densd that does not say
    expect(row(shown, "contactor") == "not known, never read" and row(shown, "press lock") == "not known, never read", shown)


def an_idle_densd_measures_seldom_and_the_ages_say_so(densctl, publisher):
    later = message("heartbeat", t_lab=9.5)
    shown = run(densctl, publisher, [sampled(), later, STATE], "status", beat=False)
    expect(row(shown, "contactor") == "open, read 8.6 s ago" and "0 %, read 8.6 s ago" in shown, shown)


def a_line_a_change_of_contactor_or_lock(densctl, publisher):
    other = sampled(press_contactor=switch("closed"), press_lock=switch(None, 30))
    lines = run(densctl, publisher, [sampled(), STATE, other], "watch", "--lines", seconds=1).splitlines()
    expect("heater 0 %  contactor open  press LOCKED" in lines[0] and "contactor closed  press not known" in lines[-1], f"{lines}")
    both = sampled(coupler_contactor=switch("closed"))
    lines = run(densctl, publisher, [both, STATE], "watch", "--lines", seconds=1).splitlines()
    expect("contactor open/closed  press LOCKED" in lines[0], f"{lines}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        publisher = Publisher(folder)
        for test in (an_old_value_is_never_shown_as_fresh, an_alarm_is_told_once_with_its_time, status_says_when_it_began,
                     an_acknowledged_alarm_is_told_from_a_new_one, a_phase_says_what_is_held_and_how_it_ended,
                     a_programme_of_0_k_is_none,
                     a_latched_trip_is_said_when_its_alarm_is_over,
                     is_the_heater_really_off,
                     an_idle_densd_measures_seldom_and_the_ages_say_so, a_line_a_change_of_contactor_or_lock):
            test(sys.argv[1], publisher)
            print(f"ok: {test.__name__}", flush=True)


if __name__ == "__main__":
    main()
