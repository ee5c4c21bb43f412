#!/usr/bin/env python3
"""densctl against a ROUTER of somebody else: the request on the wire, a repeated id, late answers, refusals.

usage: client.py DENSCTL
"""
import json
import os
import subprocess
import sys
import threading

import zmq

from checks import expect, run_each

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Daemon(threading.Thread):
    """Answers the n-th request with @answers[n]: a dict to reply with (its id filled in), or None for silence.

    As densd does, a request that comes again though it was answered (the client was slow to read) gets that answer again.
    """

    def __init__(self, folder, answers):
        super().__init__(daemon=True)
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 5000)  # the last answer goes out although the socket is closed behind it
        self.socket.setsockopt(zmq.RCVTIMEO, 12000)
        self.socket.bind(f"ipc://{folder}/commands")
        self.answers, self.requests = answers, []
        self.start()

    def run(self):
        answered = {}
        for answer in self.answers:
            try:
                client, request = self.receive()
                while request["id"] in answered:
                    self.send(client, answered[request["id"]])
                    client, request = self.receive()
            except zmq.Again:
                break
            self.requests.append(request)
            replies = [reply if isinstance(reply, bytes) else json.dumps({"id": request["id"], **reply}).encode()
                       for reply in (answer if isinstance(answer, list) else [answer]) if reply is not None]
            if isinstance(answer, dict) and answer.get("code") != "busy":
                answered[request["id"]] = replies
            self.send(client, replies)
        self.socket.close()

    def receive(self):
        client, *_, text = self.socket.recv_multipart()
        return client, json.loads(text)

    def send(self, client, replies):
        for reply in replies:
            self.socket.send_multipart([client, reply])


def call(densctl, folder, answers, *arguments):
    daemon = Daemon(folder, answers)
    done = subprocess.run([densctl, arguments[0], "--socket", f"ipc://{folder}/commands", *arguments[1:]],
                          capture_output=True, text=True, timeout=20, check=False)
    daemon.join(15)
    os.unlink(f"{folder}/commands")
    return done, daemon.requests


OK = {"ok": True, "code": "done", "why": "", "state": {"phase": "hold", "ask": ""}}
REFUSED = {"ok": False, "code": "refused", "why": "nothing runs", "state": {"phase": "idle"}}


def done_and_refused(densctl, folder):
    done, requests = call(densctl, folder, [OK], "hold", "--run", RUN)
    expect(done.returncode == 0 and "hold" in done.stdout, f"hold: {done}")
    expect(requests[0]["command"] == "hold" and requests[0]["run"] == RUN, f"hold on the wire: {requests}")
    expect(len(requests[0]["id"]) >= 16, "the id names the request")
    done, _ = call(densctl, folder, [REFUSED], "resume")
    expect(done.returncode == 1 and "nothing runs" in done.stderr, f"resume: {done}")
    done, _ = call(densctl, folder, [REFUSED], "resume", "--json")
    expect(done.returncode == 1 and json.loads(done.stdout)["code"] == "refused", f"resume --json: {done}")


def every_command_has_its_own_id(densctl, folder):
    ids = {call(densctl, folder, [OK], "ack")[1][0]["id"] for _ in range(3)}
    expect(len(ids) == 3, f"ids: {ids}")


def silence_repeats_the_same_id(densctl, folder):
    done, requests = call(densctl, folder, [None, OK], "abort")
    expect(done.returncode == 0, f"abort: {done}")
    expect(len(requests) == 2 and requests[0] == requests[1], f"not the same request again: {requests}")


def silence_ends_with_5(densctl, folder):
    done, _ = call(densctl, folder, [None], "abort", "--timeout", "1")
    expect(done.returncode == 5 and "did not answer in time" in done.stderr and "no role" in done.stderr.replace("\n", " "), f"silence: {done}")


def other_answers_are_dropped(densctl, folder):
    late = json.dumps({**OK, "id": "another"}).encode()
    for noise in (late, b"", b"not JSON", b"[]", b"3", b'{"id": 7}', b'{"id": null}', b"\xff\xfe", b"{" * 400):
        done, _ = call(densctl, folder, [[noise, OK]], "cool")
        expect(done.returncode == 0, f"after {noise[:20]!r}: {done}")


def busy_is_asked_again(densctl, folder):
    done, requests = call(densctl, folder, [{"ok": False, "code": "busy", "why": "later"}, OK], "resume")
    expect(done.returncode == 0 and requests[0] == requests[1], f"busy: {done} {requests}")


def a_bad_protocol_ends_with_4(densctl, folder):
    path = os.path.join(folder, "night.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("densd: protocol/1\n")
    refusal = {"ok": False, "code": "invalid", "why": "the protocol has 1 errors",
               "diagnostics": [{"level": "error", "line": 4, "column": 13, "text": "what, why"}]}
    done, requests = call(densctl, folder, [refusal], "submit", path)
    expect(requests[0]["text"] == "densd: protocol/1\n" and requests[0]["file"] == "night.yaml", f"{requests}")
    expect(done.returncode == 4 and "night.yaml:4:13: error: what, why" in done.stderr, f"diagnostics: {done}")


def replay_goes_through_the_pages(densctl, folder):
    pages = [{"ok": True, "messages": [{"seq": 1}, {"seq": 2}]}, {"ok": True, "messages": [{"seq": 3}]},
             {"ok": True, "messages": []}]
    done, requests = call(densctl, folder, pages, "replay", "state")
    expect([json.loads(line)["seq"] for line in done.stdout.splitlines()] == [1, 2, 3], f"pages: {done}")
    expect([request["from"] for request in requests] == [1, 3, 4], f"pages asked for: {requests}")


def energies_are_said(densctl, folder):
    running = {"kind": "running", "section": RUN + "/r200/s1", "refused": False, "reference": False, "pressure_gpa": 7,
               "temperature_k": 643, "n_sections": 5, "tf_k": 595.7, "tf_spread_k": 0.4, "ea_kj_per_mol": 205.1,
               "ea_se_kj_per_mol": 6.4, "ea_ci95_kj_per_mol": [184.7, 225.5], "ea_over_rtg": 41.4, "n": 5, "n_rates": 3,
               "class": "undecided"}
    early = {**running, "refused": True, "why": "2 distinct rates", "reference": True, "ea_kj_per_mol": None}
    done, _ = call(densctl, folder, [{"ok": True, "results": [early, running]}], "results")
    expect("state 7 GPa, 643 K: Tf 595.7 K (5 sections, spread 0.4 K); Ea 205.1 +- 6.4 kJ/mol (95 %: 184.7 to 225.5) = "
           "41.4 R Tg, undecided, from 5 scans at 3 rates" in done.stdout, f"a running Ea: {done}")
    narrow = {**running, "n_rates_planned": 6, "provisional": True, "class": "alpha"}
    done, _ = call(densctl, folder, [{"ok": True, "results": [narrow]}], "results")
    expect("; provisional Ea 205.1 +- 6.4 kJ/mol (95 %: 184.7 to 225.5) = 41.4 R Tg, alpha so far, from 5 scans at 3 of 6 "
           "planned rates: the apparent Ea of that narrow range" in done.stdout, f"a provisional Ea: {done}")
    gave_up = {**narrow, "n_rates": 5, "provisional": False}
    done, _ = call(densctl, folder, [{"ok": True, "results": [gave_up]}], "results")
    expect("; Ea 205.1" in done.stdout and "R Tg, alpha, from 5 scans at 5 of 6 planned rates\n" in done.stdout, f"given up: {done}")
    done, _ = call(densctl, folder, [{"ok": True, "results": [early]}], "results")
    pair = {"kind": "pair", "run": RUN, "section": RUN + "/r200/s1", "rate_k_per_s": 200, "tf_k": 595.7}
    told, _ = call(densctl, folder, [{"ok": True, "results": [pair]}], "results")
    expect(told.stdout.splitlines()[0] == "run " + RUN, f"the run is said once: {told}")
    head, line = told.stdout.splitlines()[1:3]
    expect(line.startswith("r200/s1 ") and line.index("595.70") + 6 == head.index("Tf/K") + 4, f"columns under their heads: {told}")
    told, _ = call(densctl, folder, [{"ok": True, "results": [pair]}], "results", "--csv")
    expect(told.stdout.splitlines()[1].startswith(RUN + "/r200/s1,200,595.7"), f"whole names for programs: {told}")
    first = {**early, "provisional": True, "n_sections": 1, "tf_spread_k": None}
    told, _ = call(densctl, folder, [{"ok": True, "results": [first]}], "results")
    expect("Tf 595.7 K (1 section); Ea not known yet: 2 distinct rates" in told.stdout, f"first: {told}")
    expect("state 1 atm, 643 K" in done.stdout and "; no Ea: 2 distinct rates" in done.stdout, f"early: {done}")


def a_sentence_is_one_line_of_events(densctl, folder):
    rows = [("alarm", "52.596", "Thermocouple broken."), ("note", "52.597", "Thermocouple broken."),
            ("intent", "52.597", "Thermocouple broken."), ("command", "53.1", "uid-0: ack done"),
            ("command", "53.2", "uid-0: ack done"), ("note", "54.0", "Thermocouple broken.")]
    events = [{"what": what, "t_wall": f"2026-11-27T11:21:{second}Z", "t_lab": 1, "text": text} for what, second, text in rows]
    done, _ = call(densctl, folder, [{"ok": True, "events": events}], "events", RUN)
    shown = [line.split()[1] for line in done.stdout.splitlines()[1:]]
    expect(shown == ["alarm", "command", "command", "note"], f"events: {done.stdout}")
    done, _ = call(densctl, folder, [{"ok": True, "events": events}], "events", RUN, "--json")
    expect(len(json.loads(done.stdout)) == 6, f"events --json keeps all: {done.stdout}")


def a_run_without_scans_has_no_calorimetry(densctl, folder):
    run = {"run": RUN, "name": "press", "densification": "completed", "calorimetry": "none", "started": True,
           "sections_done": 0, "sections_total": 0, "pressure_gpa": 1, "temperature_k": 400, "cause": "complete"}
    for command in (["runs"], ["runs", RUN]):
        done, _ = call(densctl, folder, [{"ok": True, "runs": [run]}], *command)
        expect(done.stdout.count("completed") == 1, f"{command}: {done.stdout}")


def a_run_that_stands_still_says_so(densctl, folder):
    run = {"run": RUN, "name": "press", "densification": "none", "calorimetry": "none", "started": True,
           "sections_done": 0, "sections_total": 0, "pressure_gpa": 1, "temperature_k": 400}
    for cause, shown in (("heat", "running"), ("isotherm: resumed", "running"), ("hold in heat: the furnace is in manual", "held in heat"),
                         ("hold in isotherm: paused at the end of a segment, as the operator asked", "paused in isotherm"),
                         ("hold in heat: held by the operator", "held in heat"), ("holding", "running"),
                         ("tripped in isotherm: runaway", "tripped in isotherm"), ("aborting: aborted by the operator", "aborting"), ("", "running")):
        for command in ("queue", "runs"):
            done, _ = call(densctl, folder, [{"ok": True, command: [{**run, "cause": cause}]}], command)
            expect(f"  {shown:<19}  -" in done.stdout, f"{command}, {cause}: {done.stdout}")
    done, _ = call(densctl, folder, [{"ok": True, "runs": [{**run, "cause": "hold in heat: x"}]}], "runs", RUN)
    expect("press                  held in heat\n" in done.stdout, f"runs RUN: {done.stdout}")


def an_ended_run_is_not_done_twice(densctl, folder):
    ended = {**OK, "why": "the run has ended", "state": {"phase": "done", "ask": ""}}
    done, _ = call(densctl, folder, [ended], "hold")
    expect(done.stdout == "done: the run has ended\n", f"hold: {done}")
    done, _ = call(densctl, folder, [{**ended, "why": ""}], "ack")
    expect(done.stdout == "done: no run is on the press any more\n", f"ack: {done}")


def events_between_the_runs(densctl, folder):
    events = [{"what": "alarm", "t_wall": "2026-11-27T11:21:52Z", "t_lab": 1, "text": "no answer of the press"}]
    done, requests = call(densctl, folder, [{"ok": True, "events": events}], "events")
    expect("run" not in requests[0] and "alarm          no answer of the press" in done.stdout, f"{requests}: {done}")


def odd_replies_do_not_crash(densctl, folder):
    for reply in ({}, {"ok": "yes"}, {"ok": True, "state": 3}, {"ok": True, "state": {"phase": []}}, {"ok": False, "why": 1}):
        done, _ = call(densctl, folder, [reply], "queue")
        expect(done.returncode in (0, 1), f"{reply}: {done}")


def main():
    densctl = sys.argv[1]
    tests = [done_and_refused, every_command_has_its_own_id, silence_repeats_the_same_id, silence_ends_with_5,
             other_answers_are_dropped, busy_is_asked_again, a_bad_protocol_ends_with_4,
             replay_goes_through_the_pages, energies_are_said, a_sentence_is_one_line_of_events,
             a_run_without_scans_has_no_calorimetry, a_run_that_stands_still_says_so, an_ended_run_is_not_done_twice,
             events_between_the_runs, odd_replies_do_not_crash]
    run_each(tests, densctl)


if __name__ == "__main__":
    main()
