#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire contract as somebody else's client sees it: every message that densd sends during a run has the fields and types
of its example in daemon/WIRE.md, live and replayed agree, sequences have no holes, a late subscriber gets the last values,
the heartbeat knows the last numbers, and the example subscriber works.

usage: wire.py BUILD SOURCE
"""
import json
import os
import re
import subprocess
import sys
import time

import night
import zmq
from night import check

STORED = ("state", "alarm", "scan", "result", "sample")
TOPICS = (*STORED, "heartbeat")
ANNEALED = night.WITH_SCANS.replace("400 K", "583 K")  # hot enough for an endotherm


def read_examples(source):
    """{heading: example} of daemon/WIRE.md."""
    with open(os.path.join(source, "daemon/WIRE.md"), encoding="utf-8") as stream:
        parts = re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", stream.read(), re.MULTILINE | re.DOTALL)
    found = {}
    for name, text in parts:
        block = re.search(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        found[name] = json.loads(block.group(1))
    return found


def kind(value):
    """Integers and reals are one type on the wire; null stands for a number or a text that does not exist."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def differences(example, sent, where=""):
    """Where @sent has other fields or types than @example: a list of sentences."""
    if "null" in (kind(example), kind(sent)) and kind(example) in ("null", "number", "str"):
        return []
    if kind(example) != kind(sent):
        return [f"{where}: {kind(sent)} where the page has {kind(example)}"]
    if isinstance(example, dict):
        found = [f"{where}.{name}: not in what is sent" for name in example.keys() - sent.keys()]
        found += [f"{where}.{name}: not on the page" for name in sent.keys() - example.keys()]
        for name in example.keys() & sent.keys():
            # last_seq has the topics, the state of a reply is the body of a state: both are compared by themselves
            found += [] if name in ("last_seq", "state") else differences(example[name], sent[name], f"{where}.{name}")
        return found
    if isinstance(example, list) and example:
        return [text for entry in sent[:50] for text in differences(example[0], entry, f"{where}[]")]
    return []


def example_name(message):
    if message["topic"] != "result":
        return message["topic"]
    return "result of a " + {"pair": "pair", "kissinger": "run", "running": "state"}[message["kind"]]


class Listener:
    """A subscriber that keeps all it hears."""

    def __init__(self, lab, *topics):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        for topic in topics:
            self.socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        self.socket.connect(lab.telemetry)
        self.heard = []

    def listen(self, seconds, enough=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not enough():
            if self.socket.poll(50):
                topic, text, *payload = self.socket.recv_multipart()
                message = json.loads(text)
                if topic.decode() != message["topic"] or payload:
                    raise night.Failed(f"frames: {topic}, {len(payload)} more, {text[:80]}")
                self.heard.append(message)

    def topics(self):
        return {message["topic"] for message in self.heard}


class Client:
    def __init__(self, lab):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 5000)
        self.socket.connect(lab.commands)
        self.count = 0

    def send(self, text):
        self.socket.send(text if isinstance(text, bytes) else text.encode())
        return json.loads(self.socket.recv())

    def ask(self, command, **fields):
        self.count += 1
        return self.send(json.dumps({"id": f"q{self.count}", "command": command, **fields}))


def late_subscriber(lab, expected):
    late = Listener(lab, "")
    late.listen(3, lambda: late.topics() >= expected)
    check(late.topics() >= expected, f"a new subscriber gets the last value of {sorted(expected)} at once: {late.topics()}")


def subscriber_runs(lab, source):
    """The example in daemon/gateway prints real messages."""
    path = os.path.join(source, "daemon/gateway/subscriber.py")
    with open(path, encoding="utf-8") as stream:
        check(len(stream.readlines()) <= 22, "the example subscriber is short")
    process = subprocess.Popen([sys.executable, path, lab.telemetry, "state", "heartbeat"], stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(4)]
    finally:
        process.kill()
        process.wait()
    words = [line.split(" ", 1) for line in lines]
    check(all(topic in ("state", "heartbeat") and json.loads(text)["seq"] > 0 for topic, text in words),
          "subscriber.py prints what is published, and only the topics it was asked for")


def wrong_requests(client, examples):
    for text in (b"", b"{", b"\xff", b'{"id":"w","command":"fly"}', b'{"id":"w","command":"hold","force":1}'):
        reply = client.send(text)
        wanted = {key: value for key, value in examples["refusal"].items() if key != "diagnostics"}
        check(not reply["ok"] and reply["code"] == "invalid" and reply["why"] and not differences(wanted, reply),
              f"{text} is refused with a reason: {reply['why']}")
    reply = client.ask("submit", text="densd: protocol/1\n", file="x.yaml")
    check(not differences(examples["refusal"], reply), f"a bad protocol: {differences(examples['refusal'], reply)}")


def held_and_resumed(client, examples):
    request = json.dumps({"id": "once", "command": "hold"})
    first, again = client.send(request), client.send(request)
    faults = differences(examples["reply"], first) + differences(examples["state"], {
        **{key: examples["state"][key] for key in ("topic", "seq", "publisher", "t_wall", "t_lab")}, **first["state"]})
    check(first["ok"] and not faults, f"the reply is as on the page: {faults}")
    # the answer is repeated; the state beside it is that of now
    same = {key: value for key, value in first.items() if key not in ("state", "repeated")}
    check(again["repeated"] and same.items() <= again.items() and again["state"]["phase"] == "hold",
          f"a repeated id gets the first answer: {same}")
    check(client.ask("resume")["ok"], "and the run goes on")


def make_alarm(lab):
    lab.densim_ctl("fault", "set", "furnace-manual")
    night.wait_state(lab, lambda s: s["phase"] == "hold" and "manual-mode" in s["alarms_active"], 30, "HOLD by hazard 22")
    lab.densim_ctl("fault", "clear", "all")
    night.wait_state(lab, lambda s: "manual-mode" not in s["alarms_active"], 30, "the furnace in automatic again")
    lab.wait_until(lambda: lab.densctl("resume").returncode == 0, 30, "resume")


def csv_pages(client, run):
    """Every page of the samples with the name of its example; together they are one file, with one head."""
    pages, rest = [], {}
    while not pages or "next" in pages[-1]:
        rest = {"from": pages[-1]["next"]} if pages else {}
        pages.append(client.ask("samples", run=run, format="csv", **rest))
    lines = "".join(page["csv"] for page in pages).splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    check(sum(line.startswith("t_wall") for line in lines) == 1 and len({line.count(",") for line in lines}) == 1,
          f"{len(lines)} lines of samples in {len(pages)} pages are one table")
    return [("csv page" if "next" in page else "csv", page) for page in pages]


def questions(client, run, examples):
    section = f"{run}/r300/s1"
    for name, reply, field in (
            ("run", client.ask("runs", run=run), "runs"), ("event", client.ask("events", run=run), "events"),
            ("sample", client.ask("samples", run=run), "samples"), ("state", client.ask("replay", topic="state"), "messages"),
            ("device", client.ask("devices"), "devices"), ("recovery", client.ask("recovery"), "recovery")):
        found = reply[field] if field == "recovery" else reply[field][0]
        faults = differences(examples[name], found)
        check(reply["ok"] and not faults, f"{field} are as on the page: {faults}")
    for name, reply in (("trace", client.ask("trace", section=section)), ("csv", client.ask("trace", section=section, format="csv")),
                        *csv_pages(client, run)):
        faults = differences(examples[name], reply)
        check(reply["ok"] and not faults, f"{name}: {faults}")
    check(client.ask("queue")["queue"] == [], "nothing is queued after the run")


def live_as_on_the_page(heard, examples):
    names = {example_name(message) for message in heard}
    wanted = {*TOPICS, "result of a pair", "result of a run", "result of a state"} - {"result"}
    check(names == wanted, f"every kind of message was heard: {names}")
    faults = {text for message in heard for text in differences(examples[example_name(message)], message, message["topic"])}
    check(not faults, f"{len(heard)} live messages are as on the page: {sorted(faults)[:5]}")
    for message in heard:
        if message["topic"] == "heartbeat" and set(message["last_seq"]) != set(TOPICS):
            raise night.Failed(f"last_seq has {message['last_seq']}")


def peaks_have_errors(heard):
    """What has a value has its error, and what all scans share is a part of it."""
    pairs = [m for m in heard if m["topic"] == "result" and m["kind"] == "pair" and not m["refused"]]
    check(any(m["tp_k"] is not None for m in pairs), "there are peaks")
    for message in pairs:
        for value, error in (("tf_k", "tf_sd_k"), ("tf_ref_k", "tf_ref_sd_k"), ("tp_k", "tp_sd_k"), ("tp_k", "tp_own_sd_k"),
                             ("tp_sub_k", "tp_sub_sd_k"), ("tg_onset_k", "tg_onset_sd_k"), ("t_mid_k", "t_mid_sd_k")):
            if (message[value] is None) != (message[error] is None) or not (message[error] is None or 0 < message[error] < 50):
                raise night.Failed(f"{value} {message[value]} has {error} {message[error]}")
        if not 0 < message["tf_common_sd_k"] < message["tf_sd_k"]:
            raise night.Failed(f"{message['tf_common_sd_k']} of {message['tf_sd_k']} K is common")
    energies = [m for m in heard if m["topic"] == "result" and m["kind"] != "pair" and not m["refused"]]
    check(energies and all(m["weighted"] and m["ea_ols_kj_per_mol"] > 0 for m in energies), "Ea by the errors, and unweighted")


def provisional_until_the_last_rate(heard):
    """While rates of the protocol are to come Ea says so, and not afterwards."""
    states = [m for m in heard if m["topic"] == "result" and m["kind"] == "running"]
    planned = {m["n_rates_planned"] for m in states}
    wrong = [m for m in states if m["provisional"] != (m["n_rates"] < m["n_rates_planned"])]
    check(len(planned) == 1 and states[0]["provisional"] and not states[-1]["provisional"] and not wrong,
          f"Ea is provisional until the last of {planned} rates: {wrong[:1]}")


def live_without_holes(heard):
    for topic in TOPICS:
        last = None
        for message in (m for m in heard if m["topic"] == topic):
            if last is not None and message["seq"] > last and message["seq"] - last - 1 != message.get("skipped", 0):
                raise night.Failed(f"{topic}: {last} then {message['seq']}, skipped {message.get('skipped')}")
            last = max(message["seq"], last or 0)
    check(True, "no live sequence has a hole")
    highest = {}
    for message in heard:
        topic, number = message["topic"], message["seq"]
        if number <= highest.get(topic, 0):
            continue  # a last value, sent again for somebody else
        # the first heartbeat is a last value, older than those of the other topics
        if topic == "heartbeat" and topic in highest:
            behind = {t: (n, highest[t]) for t, n in message["last_seq"].items() if t != topic and n < highest.get(t, 0)}
            if behind:
                raise night.Failed(f"the heartbeat is behind what was heard: {behind}")
        highest[topic] = number
    check(True, "every heartbeat has the last number of each topic")


def replay_agrees(lab, heard):
    for topic in STORED:
        stored = {message["seq"]: message for message in night.replay(lab, topic)}
        live = [message for message in heard if message["topic"] == topic]
        other = [m for m in live if {**stored.get(m["seq"], {}), "skipped": 0} != {**m, "skipped": 0}]
        check(not other, f"{len(live)} live messages of {topic} replay as they were: {other[:1]}")
        check(not night.missing(stored), f"the stored {topic} messages have no hole")


def test(build, source):
    examples = read_examples(source)
    with night.Lab(build, source, scale=30) as lab:
        listener, client = Listener(lab, ""), Client(lab)
        listener.listen(1)
        wrong_requests(client, examples)
        run = client.ask("submit", text=ANNEALED, file="night.yaml")["runs"][0]
        listener.listen(20, lambda: any(m["topic"] == "state" and m["phase"] == "compress" for m in listener.heard))
        held_and_resumed(client, examples)
        make_alarm(lab)
        subscriber_runs(lab, source)
        for _ in range(240):
            listener.listen(1, lambda: any(m["topic"] == "result" and m["kind"] == "kissinger" for m in listener.heard))
            if listener.heard[-1].get("kind") == "kissinger":
                break
            night.attend(lab)
        night.wait_run(lab, run, 30)
        late_subscriber(lab, set(TOPICS))
        listener.listen(2)
        live_as_on_the_page(listener.heard, examples)
        peaks_have_errors(listener.heard)
        provisional_until_the_last_rate(listener.heard)
        live_without_holes(listener.heard)
        questions(client, run, examples)
        replay_agrees(lab, listener.heard)


if __name__ == "__main__":
    sys.exit(night.main(test))
