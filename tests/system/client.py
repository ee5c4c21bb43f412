# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of densd's sockets: listens to everything it publishes, asks as WIRE.md says.

    with Client(lab) as client:
        client.listen(1.0)
        client.ask("hold")
"""
import itertools
import json
import os
import time

import zmq

REPLY_S = 5
ASKED = itertools.count(1)


class NoAnswer(Exception):
    """densd did not answer in time, several times."""


class Client:
    """One thread only. `state` is the newest state; `samples` is {(seq, t_lab): time of arrival} of all heard."""

    def __init__(self, lab):
        self.lab = lab
        self.context = zmq.Context()
        self.telemetry = self.context.socket(zmq.SUB)
        self.telemetry.setsockopt(zmq.LINGER, 0)
        self.telemetry.setsockopt(zmq.RCVHWM, 0)
        self.telemetry.setsockopt(zmq.RECONNECT_IVL, 20)
        for topic in ("sample", "state", "alarm", "scan", "heartbeat"):
            self.telemetry.setsockopt_string(zmq.SUBSCRIBE, topic)
        self.telemetry.connect(lab.telemetry)
        self.commands = None
        self.state, self.state_at = {}, 0.0
        self.samples, self.alarms, self.phases = {}, {}, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.telemetry.close(0)
        self.close_commands()
        self.context.term()

    def close_commands(self):
        if self.commands:
            self.commands.close(0)
        self.commands = None

    def open_commands(self):
        self.commands = self.context.socket(zmq.DEALER)
        self.commands.setsockopt(zmq.LINGER, 0)
        self.commands.setsockopt(zmq.RECONNECT_IVL, 20)
        self.commands.connect(self.lab.commands)

    # telemetry

    def take(self, frames):
        message, now = json.loads(frames[1]), time.monotonic()
        if message["topic"] == "sample":
            self.samples[message["seq"], message["t_lab"]] = now
        elif message["topic"] == "alarm":
            self.alarms[message["seq"]] = message
        elif message["topic"] == "state":
            self.state, self.state_at = message, now
            if not self.phases or self.phases[-1] != message["phase"]:
                self.phases.append(message["phase"])

    def listen(self, seconds, until=lambda: False):
        """Takes what comes for @seconds, or until until() is true; its last value."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return until()
            if self.telemetry.poll(min(left, 0.05) * 1000):
                self.take(self.telemetry.recv_multipart())
        return True

    # commands

    def ask_once(self, request, seconds):
        if not self.commands:
            self.open_commands()
        self.commands.send_multipart([b"", json.dumps(request).encode()])
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.listen(0)
            if self.commands.poll(min(left, 0.05) * 1000):
                reply = json.loads(self.commands.recv_multipart()[-1])
                if reply.get("id") == request["id"]:
                    return reply
            while self.telemetry.poll(0):
                self.take(self.telemetry.recv_multipart())
        self.close_commands()
        return None

    def ask(self, command, patience_s=3 * REPLY_S, **fields):
        """The reply; the same id is sent again when none comes, or when densd was busy."""
        request = {"id": f"{os.getpid()}-{next(ASKED)}-{time.time_ns()}", "command": command, **fields}
        end, reply = time.monotonic() + patience_s, None
        while time.monotonic() < end:
            reply = self.ask_once(request, REPLY_S)
            if reply and reply["code"] != "busy":
                return reply
            self.listen(0.1)
        raise NoAnswer(f"{command}: in {patience_s} s {'no answer' if reply is None else reply['why']}")
