#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs out: disk in mid-run, a store that cannot be written, the gateway's descriptors, memory at a start.

usage: resources.py BUILD SOURCE [PART...]     parts: disk read-only descriptors memory

Each fails with a clear message, without a crash, a hang or something half-done. disk and read-only mount a small file
system, which takes root. memory fails every allocation of control's and a bus worker's start; of the site's reading,
of the recorder (SQLite) and of the gateway (ZeroMQ), which make thousands, the first twelve and then each a quarter
further on. tools/campaign memory takes every one of every program.
"""
import contextlib
import itertools
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

import night
from lab import SKIP, end_process
from night import check
from record import Record

DISK_MIB = 48
FLOOD = 100
DESCRIPTORS = 64
FAIL_CODE = 97  # of a program whose allocation failed by order, when it was not told
LIMIT_S = 20
PROGRAMS = ("densd", "densd-bus", "densd-config", "densd-recorder", "densd-gateway")
SAMPLED = PROGRAMS[2:]


class OnSmallDisk(night.Lab):
    """A laboratory whose store is a file system of its own."""

    def __enter__(self):
        self.mount = os.path.join(self.folder, "store")
        os.mkdir(self.mount)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "densd-test", self.mount], check=True)
        return super().__enter__()

    def remount(self, option):
        subprocess.run(["mount", "-o", f"remount,{option}", self.mount], check=True)

    def stop(self):
        self.stop_programs()
        subprocess.run(["umount", "-l", self.mount], check=False)
        super().stop()


def fill(folder, leave_bytes=0):
    """All of the disk but so many bytes."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - leave_bytes
            if free <= 0:
                break
            stream.write(b"\0" * min(free, 1 << 20))
    return path


def alarms(lab):
    return lab.state()["alarms_active"]


def crashes(lab):
    """Lines of the log that no shortage may cause."""
    return [line for line in lab.log_end("densd", 5000).splitlines()
            if re.search(r"assert|signal 6|signal 11|SIGABRT|SIGSEGV|core dumped", line)]


def disk(build, source):
    """ENOSPC in mid-run: an alarm, HOLD before the next segment; room again, and the run completes."""
    edits = ((r"^minimum_free_mib: .*", "minimum_free_mib: 1"),)
    with OnSmallDisk(build, source, scale=60, site_edits=edits) as lab:
        run = night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("compress", 60)
        filler = fill(lab.mount)
        night.wait_state(lab, lambda s: "store" in s["alarms_active"], 60, "the store's alarm")
        state = night.wait_state(lab, lambda s: s["phase"] == "hold", 90, "hold before the next segment")
        check("journal cannot record the start" in state["cause"], f"on a full disk the run holds: {state['cause']}")
        check(lab.densd.poll() is None and len(lab.workers()) >= 5, "every process is alive")
        os.unlink(filler)
        night.wait_state(lab, lambda s: "store" not in s["alarms_active"], 30, "the alarm's end")
        lab.densctl("resume", check=0)
        record = night.wait_run(lab, run, 180)
        check(record["densification"] == "completed", f"with room again it completes: {record['cause']}")
        check(not crashes(lab), f"nothing crashed: {crashes(lab)}")
        lab.stop_programs()
        stored = Record(lab.mount)
        check(not stored.damage() and not stored.open_intents(), "the store is sound, every intent has its outcome")
        gaps = stored.sample_gaps()
        check(bool(gaps), f"samples were dropped before the journal, {len(gaps)} gaps are recorded")
        stored.close()


def read_only(build, source):
    """A store that cannot be written at a start: said clearly, no start; writable again, densd starts as before."""
    with OnSmallDisk(build, source, scale=60) as lab:
        lab.stop_densd()
        lab.remount("ro")
        log_before = os.path.getsize(lab.log("densd"))
        lab.densd = lab.start_program("densd", ["--site", lab.site])
        try:
            code = lab.densd.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            code = None
        with open(lab.log("densd"), encoding="utf-8", errors="replace") as stream:
            said = stream.read()[log_before:]
        check(code is not None and code > 0, f"densd does not start on a read-only store: exit {code}")
        check("Read-only file system. densd writes there before it acts" in said,
              f"it says why: {next((line for line in said.splitlines() if 'store' in line), said)}")
        check(not crashes(lab), f"and does not crash: {crashes(lab)}")
        lab.remount("rw")
        lab.start_densd()
        check(lab.state()["phase"] == "idle", "writable again, densd starts as before")


def keep_knocking(path, peers):
    """Silent peers up to FLOOD. A full door sends the rest away until the gateway has let some in: call again."""
    while len(peers) < FLOOD:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.setblocking(False)
        try:
            peer.connect(path)
        except OSError:
            peer.close()
            return
        peers.append(peer)


def descriptors(build, source):
    """A hundred silent peers at a limit of 64 descriptors: told, control unaffected, clients again afterwards."""
    with night.Lab(build, source, scale=60) as lab:
        gateway, = lab.pids_of("densd-gateway")
        resource.prlimit(gateway, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        run = night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("compress", 60)
        peers = []
        told = re.compile(r"alarm 33 connection-flood raised: .*")

        def flood_is_told():
            keep_knocking(lab.commands.removeprefix("ipc://"), peers)
            return told.search(lab.log_end("densd", 500))

        lab.wait_until(flood_is_told, 20, "the flood is told")
        check(lab.densd.poll() is None, f"control lives: {told.search(lab.log_end('densd', 500))[0]}")
        for peer in peers:
            peer.close()
        lab.wait_until(lambda: lab.densctl("status").returncode == 0, 60, "clients are served again")
        check(True, "clients are served again when the flood is over")
        record = night.wait_run(lab, run, 180)
        check(record["densification"] == "completed", f"the run never noticed: {record['cause']}")
        check(gateway in lab.workers(), "the gateway is the one that began: libzmq did not end it")


def start_failing_at(lab, program, number):
    """Starts densd with allocation @number of @program failing; (exit code or None while it runs, what was said)."""
    log = os.path.join(lab.folder, "memory.log")
    notify = os.path.join(lab.folder, "notify-memory")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(notify)
    environment = {**os.environ, "LD_PRELOAD": os.path.join(lab.build, "tests/system/libfail_allocation.so"),
                   "FAIL_PROGRAM": program, "FAIL_AT": str(number), "NOTIFY_SOCKET": notify}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, open(log, "wb") as stream:
        listener.bind(notify)
        listener.settimeout(0.05)
        process = subprocess.Popen([lab.program("densd"), "--site", lab.site], stdout=stream, stderr=stream,
                                   stdin=subprocess.DEVNULL, env=environment)
        end, ready = time.monotonic() + LIMIT_S, False
        while time.monotonic() < end and process.poll() is None and not ready:
            with contextlib.suppress(TimeoutError):
                ready = b"READY=1" in listener.recv(4096)
        end_process(process)
    with open(log, encoding="utf-8", errors="replace") as stream:
        return process.returncode, ready, stream.read()


def wrong_start(program, number, code, ready, said):
    """What is wrong, or None: a start ends ready or refused with a reason, never by a signal or in silence."""
    reasons = [line for line in said.splitlines() if not re.search(r"started, pid|^allocations? ", line)]
    # ZeroMQ ends its process by an assertion of its own; control starts another gateway.
    fatal = program != "densd-gateway" and re.search(r"by signal (4|6|7|8|11)\b|[Aa]ssert|AddressSanitizer", said)
    if code < 0 and code != -signal.SIGTERM or code == FAIL_CODE or fatal or not ready and not (code > 0 and reasons):
        return (f"{program}: allocation {number}: exit {code}, {'ready' if ready else 'not ready'}\n{said[-1500:]}")
    return None


def memory_of(lab, program, numbers):
    """Starts with each of these allocations failing, to the end of a start: {tried, refused, end, wrong: [...]}."""
    result = {"tried": 0, "refused": 0, "end": False, "wrong": []}
    for number in numbers:
        code, ready, said = start_failing_at(lab, program, number)
        result["end"] = f"allocation {number} of {program} fails" not in said
        if result["end"]:
            break
        wrong = wrong_start(program, number, code, ready, said)
        result["tried"] += 1
        result["refused"] += not ready
        result["wrong"] += [wrong] if wrong else []
    return result


def sampled():
    """1 to 12, then each a quarter further on."""
    number = 1
    while True:
        yield number
        number = number * 5 // 4 if number >= 12 else number + 1


@contextlib.contextmanager
def only_densim(build, source):
    lab = night.Lab(build, source, scale=60)
    try:
        lab.start_densim()
        lab.write_site()
        yield lab
    finally:
        lab.stop()


def count_allocations(lab, program):
    """How many a start makes, and its end: more than any that can fail before READY."""
    _, _, said = start_failing_at(lab, program, 1 << 40)
    return max(int(n) for n in re.findall(rf"allocations of {program}: (\d+)", said))


def memory(build, source):
    with only_densim(build, source) as lab:
        for program, numbers in ((name, sampled() if name in SAMPLED else itertools.count(1)) for name in PROGRAMS):
            result = memory_of(lab, program, numbers)
            check(not result["wrong"] and result["tried"] and result["end"],
                  f"{program}: {result['tried']} {'' if program in SAMPLED else '(all) '}allocations of a start failed: "
                  f"{result['refused']} starts refused with a reason, {result['tried'] - result['refused']} got over it"
                  f"{' '.join(['', *result['wrong']])}")


def memory_range(build, source, program, first, last):
    """A job of the campaign: allocations first to last of this program."""
    with only_densim(build, source) as lab:
        return memory_of(lab, program, range(first, last + 1)) | {"program": program}


PARTS = {"disk": disk, "read-only": read_only, "descriptors": descriptors, "memory": memory}
AS_ROOT = ("disk", "read-only")


def test(build, source):
    for name in sys.argv[3:] or PARTS:
        if name in AS_ROOT and os.geteuid() != 0:
            print(f"skipped: {name} mounts a file system, which takes root")
            continue
        PARTS[name](build, source)


if __name__ == "__main__":
    if all(name in AS_ROOT for name in sys.argv[3:] or PARTS) and os.geteuid() != 0:
        sys.exit(SKIP)
    sys.exit(night.main(test))
