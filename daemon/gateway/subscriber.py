#!/usr/bin/env python3
"""Prints what densd publishes and says when something was lost.  usage: subscriber.py [ENDPOINT [TOPIC...]]"""
import json
import sys

import zmq

endpoint = sys.argv[1] if len(sys.argv) > 1 else "ipc:///run/densd/telemetry"
socket = zmq.Context().socket(zmq.SUB)
socket.connect(endpoint)
for topic in sys.argv[2:] or [""]:
    socket.setsockopt_string(zmq.SUBSCRIBE, topic)
last = {}
while True:
    topic, text = (frame.decode() for frame in socket.recv_multipart()[:2])
    message = json.loads(text)
    lost = message["seq"] - last.get(topic, message["seq"] - 1) - 1 - message.get("skipped", 0)
    if lost > 0 and topic in last:
        print(f"{topic}: {lost} messages lost: ask for a replay", file=sys.stderr)
    last[topic] = message["seq"]
    print(topic, text, flush=True)
