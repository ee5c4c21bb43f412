#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""densctl probe: a line that cannot be opened is told from one on which nothing answers, with its path, the reason and what
to do; and a pipe gets no terminal's codes.

usage: probe.py DENSCTL REPOSITORY
"""
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import tty

from checks import expect

NOBODY = 65534
# what a peer answers to "read N registers": the rest of the frame behind the unit
ANSWERS = {
    "stranger": lambda function, count: bytes((function, 2 * count)) + bytes(2 * count),
    "refuses": lambda function, count: bytes((function | 0x80, 2)),
}


def serve(listening, answer):
    """Modbus TCP by hand: each connection, each question."""
    def talk(connection):
        with connection, contextlib.suppress(OSError):
            while len(head := connection.recv(12, socket.MSG_WAITALL)) == 12:
                rest = answer(head[7], int.from_bytes(head[10:12], "big"))
                connection.sendall(head[:4] + (len(rest) + 1).to_bytes(2, "big") + head[6:7] + rest)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def answer_text(master):
    """Something that speaks, and no chip controller."""
    with contextlib.suppress(OSError):
        while os.read(master, 64):
            os.write(master, b"WEIGHT 12.3 g\n")


def main():
    densctl, top = sys.argv[1:]
    with open(os.path.join(top, "config/sites/densim.yaml"), encoding="utf-8") as stream:
        shipped = stream.read()

    with tempfile.TemporaryDirectory(prefix="densd-test-") as folder, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: refused
        os.chmod(folder, 0o755)
        site = os.path.join(folder, "site.yaml")

        def probe(line, *arguments, port=closed.getsockname()[1], chip=os.path.join(folder, "no/chip"), **more):
            text = re.sub("/run/densim/rtu", line, shipped)
            text = re.sub("port: 15020", f"port: {port}", text)
            with open(site, "w", encoding="utf-8") as stream:
                stream.write(text.replace("/run/densim/chip", chip))
            return subprocess.run([densctl, "probe", "--site", site, *arguments], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "DENSD_CONFIG": os.path.join(top, "config"), "LC_ALL": "C.UTF-8"},
                                  check=False, **more)

        def shut(line, words, *arguments, **more):
            done = probe(line, *arguments, **more)
            expect(done.returncode == 4 and all(word in done.stderr for word in ("cannot be opened", *words)),
                   f"{line}: exit {done.returncode}: {done.stdout}{done.stderr}")
            expect("nothing answers" not in done.stdout + done.stderr and "\033" not in done.stderr and "\r" not in done.stderr,
                   f"{line}: {done.stdout}{done.stderr}")
            return done

        missing = os.path.join(folder, "ttyUSB7")
        shut(missing, [missing, "No such file", "/dev/serial/by-id"], "rtu")
        shut(missing, [missing, "No such file"], "rtu", "--units", "1:3")
        shut(missing, ["bus 'press'", "Connection refused", "listens on that port"], "press")
        shut(missing, ["bus 'chip'", "no/chip: No such file"], "chip")
        plain = os.path.join(folder, "plain")
        with open(plain, "w", encoding="utf-8"):
            shut(plain, [plain, "no serial line"], "rtu")
        os.chmod(plain, 0o600)
        if os.geteuid() == 0:  # root may open anything, and nobody perhaps not run what lies in root's folders
            with contextlib.suppress(PermissionError):
                shut(plain, [plain, "Permission denied", "root:root, mode 600", "sudo -u densd"], "rtu", user=NOBODY,
                     group=NOBODY, extra_groups=[])
        devices = json.loads(shut(missing, [], "--json").stdout)
        expect(len(devices) == 4 and all(d["line_open"] is False and d["line_why"] for d in devices), f"--json: {devices}")

        master, slave = os.openpty()
        done = probe(os.ttyname(slave), "rtu", "--units", "1")
        expect(done.returncode == 5 and "no unit from 1 to 1 answers" in done.stderr and "\033" not in done.stderr
               and "\r" not in done.stderr, f"a silent line: exit {done.returncode}: {done.stdout}{done.stderr!r}")
        os.close(master)
        os.close(slave)
        # One that answers, and not rightly, is told from one that is silent.
        for verdict, (code, words) in {"stranger": (1, "it answers, but is another device"),
                                       "refuses": (1, "refuses each of these registers")}.items():
            with socket.create_server(("127.0.0.1", 0)) as peer:
                serve(peer, ANSWERS[verdict])
                done = probe(missing, "press", port=peer.getsockname()[1])
                expect(done.returncode == code and words in done.stdout and "NOT online" in done.stdout,
                       f"a press that is {verdict}: exit {done.returncode}: {done.stdout}{done.stderr}")
                expect(sum(other in done.stdout for other in ("is another device", "refuses each", "nothing answers")) == 1,
                       f"one verdict: {done.stdout}")
                done = probe(missing, "press", "--json", port=peer.getsockname()[1])
                expect(done.returncode == code and json.loads(done.stdout)[0]["verdict"] == verdict, f"--json: {done.stdout}")
        for verdict, code in {"stranger": 1, "silent": 5}.items():
            master, slave = os.openpty()
            tty.setraw(slave)
            if verdict == "stranger":
                threading.Thread(target=answer_text, args=(master,), daemon=True).start()
            done = probe(missing, "chip", "--json", chip=os.ttyname(slave))
            expect(done.returncode == code and json.loads(done.stdout)[0]["verdict"] == verdict,
                   f"a chip that is {verdict}: exit {done.returncode}: {done.stdout}{done.stderr}")
    print("lines that are shut, and one that is silent, each told as it is")


if __name__ == "__main__":
    main()
