#!/usr/bin/env python3
"""Figures of the whole stack: densim, densd and its workers, a pyzmq client.

usage: stack.py BUILD SOURCE ramp|scaled|start|latency|lateness

Prints lines "name: value unit (goal ...)". Exit code 1: it could not be measured.
"""
import json
import math
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from lab import Lab, LabError  # noqa: E402

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")

SHORT = """densd: protocol/1
name: benchmark
material: {name: Vit4, Tg: 596 K}
densification:
  pressure: 1 GPa
  temperature: 420 K
  isotherm: 3 min
"""


def figure(name, value, unit, goal=""):
    print(f"{name}: {value:.4g} {unit}{f' (goal {goal})' if goal else ''}", flush=True)


def subscribe(lab, *topics):
    import zmq
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 200)
    for topic in topics:
        socket.setsockopt_string(zmq.SUBSCRIBE, topic)
    socket.connect(lab.telemetry)
    return socket


def messages(socket, seconds):
    """(topic, message, time of arrival) for @seconds."""
    import zmq
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            frames = socket.recv_multipart()
        except zmq.Again:
            continue
        yield frames[0].decode(), json.loads(frames[1]), time.time()


def submit(lab, text):
    path = os.path.join(lab.folder, "benchmark.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    lab.densctl("submit", path, check=0)
    lab.wait_until(lambda: lab.state()["phase"] not in ("idle", "queued"), 20, "the run begins")
    if lab.state()["phase"] == "wait-capsule":
        lab.densctl("confirm", "capsule", check=0)


def rms(values):
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else math.nan


def value_of(message, name):
    value = (message.get(name) or {}).get("value")
    return math.nan if value is None else value


def ramp(build, source):
    """A short run at scale 10: tracking after the first minute of a ramp, isotherm band, soak timer, overshoot."""
    rows, soak, phase = [], {}, None
    with Lab(build, source, scale=10) as lab:
        socket = subscribe(lab, "sample", "state")
        submit(lab, SHORT)
        for topic, message, _ in messages(socket, 400):
            if topic == "state":
                if message["phase"] == "isotherm" and (message["soak_s"] or 0) > 0:
                    soak["soak"] = message["t_lab"] - message["soak_s"]
                if message["phase"] != phase:
                    phase = message["phase"]
                    soak.setdefault(phase, message["t_lab"])
                if phase == "done":
                    break
                continue
            rows.append((phase, message["t_lab"], value_of(message, "temperature_k"), message["programme_k"],
                         value_of(message, "pressure_gpa"), message["programme_gpa"]))
    if phase != "done":
        raise LabError(f"the run did not end: {phase}")
    report_ramp(rows, soak)


def report_ramp(rows, begun):
    heat = [r for r in rows if r[0] == "heat" and r[1] - begun["heat"] > 60]
    compress = [r for r in rows if r[0] == "compress" and r[1] - begun["compress"] > 60]
    isotherm = [r for r in rows if r[0] == "isotherm"]
    settled = [r for r in isotherm if r[1] - begun["isotherm"] > 30]
    figure("heating ramp, T against programme, RMS", rms([r[2] - r[3] for r in heat]), "K", "0.5")
    figure("compression ramp, P against programme, RMS", rms([r[4] - r[5] for r in compress]), "GPa", "0.01")
    figure("isotherm, largest deviation", max(abs(r[2] - 420) for r in settled), "K", "1")
    figure("overshoot", max(r[2] for r in rows if r[2] == r[2]) - 420, "K", "2")
    figure("soak timer, time in band less 3 min", begun["cool"] - begun["soak"] - 180, "s", "1")


def scaled(build, source):
    """The highest scale at which the short run still ends as completed."""
    best = 0
    for scale in (120, 300, 600):
        with Lab(build, source, scale=scale) as lab:
            begun = time.monotonic()
            submit(lab, SHORT)
            lab.wait_until(lambda lab=lab: lab.state()["phase"] in ("done", "idle", "tripped", "hold"), 120, "the run ends")
            state = lab.state()
            print(f"scale {scale}: {state['phase']} ({state['densification']}) in {time.monotonic() - begun:.1f} s")
            if state["densification"] == "completed":
                best = scale
    if not best:
        raise LabError("no scale worked")
    figure("whole stack, laboratory time against real time", best, "x", ">= 300")


def resident_kib(pid, field):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith(field))


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
        fields = stream.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def start(build, source):
    with Lab(build, source, scale=1) as lab:
        figure("start to READY", lab.ready_s, "s", "<= 0.5")
        submit(lab, SHORT)
        pids = [lab.densd.pid, *lab.workers()]
        before, begun = sum(map(cpu_ticks, pids)), time.monotonic()
        time.sleep(20)
        used = (sum(map(cpu_ticks, pids)) - before) / CLOCK_TICKS
        figure("processor at 1x, during compression", 100 * used / (time.monotonic() - begun), "% of one core", "<= 3")
        figure("resident memory, all processes, shared pages once (PSS)", sum(resident_kib(p, "Pss:") for p in pids) / 1024,
               "MiB", "<= 40")
        figure("resident memory, all processes, shared pages each time (RSS)",
               sum(resident_kib(p, "Rss:") for p in pids) / 1024, "MiB")


BARE = """
import sys, time, zmq
s = zmq.Context().socket(zmq.PUB)
s.setsockopt(zmq.LINGER, 0)
s.bind(sys.argv[1])
while True:
    time.sleep(0.1)
    s.send_multipart([b"sample", b"%.9f %s" % (time.time(), b"x" * int(sys.argv[2]))])
"""


def bare_latency(folder, size):
    """One way over ipc between two processes, at densd's own pace and message size."""
    import zmq
    endpoint = f"ipc://{folder}/bare"
    process = subprocess.Popen([sys.executable, "-c", BARE, endpoint, str(size)])
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 5000)
    socket.setsockopt_string(zmq.SUBSCRIBE, "sample")
    socket.connect(endpoint)
    try:
        found = []
        for _ in range(100):
            _, body = socket.recv_multipart()
            found.append(time.time() - float(body.split()[0]))
        return statistics.median(found)
    finally:
        process.kill()
        process.wait()


def measured_at(message):
    """When the older of the two values was read, on the boot-time clock: at scale 1 the lab clock is that clock."""
    ages = [(message.get(name) or {}).get("age_s") for name in ("temperature_k", "pressure_gpa")]
    return None if None in ages else message["t_lab"] - max(ages)


def latency(build, source):
    with Lab(build, source, scale=1) as lab:
        socket = subscribe(lab, "sample")
        submit(lab, SHORT)
        found, size = [], 0
        for _, message, _ in messages(socket, 15):
            arrived = time.clock_gettime(time.CLOCK_BOOTTIME)
            if measured_at(message) is not None:
                found.append(arrived - measured_at(message))
            size = len(json.dumps(message))
        if len(found) < 20:
            raise LabError(f"only {len(found)} samples in 15 s")
        bare = bare_latency(lab.folder, size)
    taken = statistics.median(found)
    figure("last answer of the instruments to client, median", 1e3 * taken, "ms")
    figure("bare ZeroMQ one way, same size and pace, median", 1e3 * bare, "ms")
    figure("ratio", taken / bare, "x", "<= 3")


def burn(seconds):
    """A busy process a core."""
    loop = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: sum(range(1000))"
    return [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(os.cpu_count() or 1)]


def lateness(build, source):
    """The control step with both cores busy, beside an empty event loop; 1000 steps, so the largest is the p99.9."""
    seconds = 100
    with Lab(build, source, scale=1) as lab:
        socket = subscribe(lab, "heartbeat")
        submit(lab, SHORT)
        busy = burn(seconds + 5)
        bare = subprocess.Popen([os.path.join(build, "tests", "bench", "bare_loop"), str(seconds)],
                                stdout=subprocess.PIPE, text=True)
        try:
            beats = [m["step_late_ms_max"] for _, m, _ in messages(socket, seconds)]
            reference = [float(line) for line in bare.communicate(timeout=20)[0].split()]
        finally:
            for process in busy:
                process.kill()
                process.wait()
    if len(beats) < seconds * 0.9:
        raise LabError(f"only {len(beats)} heartbeats in {seconds} s")
    figure("control step, lateness of the worst of 1000 steps, cores busy", max(beats), "ms",
           "<= 10 without real-time priority, <= 1 with it")
    figure("control step, median of each second's worst", statistics.median(beats), "ms")
    figure("empty sd-event loop without priority, worst of 1000 steps", max(reference), "ms")
    figure("ratio", max(beats) / max(reference), "x")


def main():
    benchmarks = {"ramp": ramp, "scaled": scaled, "start": start, "latency": latency,
                  "lateness": lateness}
    build, source, which = sys.argv[1:4]
    try:
        benchmarks[which](build, source)
    except (LabError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{which}: could not be measured: {error}")


if __name__ == "__main__":
    main()
