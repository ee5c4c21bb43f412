"""A laboratory of its own for one test: densim and densd in a fresh folder, on free ports, ended by process id.

    with Lab(build, source, scale=10) as lab:
        lab.densctl("status")
"""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SKIP = 77


class LabError(Exception):
    """What the laboratory itself could not do; the message has the end of the log."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_process(process):
    """Ends one that may be stopped, or deaf to being asked."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Lab:
    def __init__(self, build, source, scale=10, site_edits=(), densim_arguments=()):
        self.build, self.source, self.scale = build, source, scale
        self.site_edits, self.densim_arguments = site_edits, densim_arguments
        self.folder = tempfile.mkdtemp(prefix="densd-test-")
        self.port = free_port()
        self.densim = self.densd = None
        self.site = os.path.join(self.folder, "site.yaml")
        self.ready_s = None
        self.telemetry, self.commands = f"ipc://{self.folder}/telemetry", f"ipc://{self.folder}/commands"

    # programs

    def program(self, name):
        places = {"densd": "daemon/control/densd", "densctl": "tools/densctl/densctl", "densim": "tools/densim/densim"}
        return os.path.join(self.build, places[name])

    def log(self, name):
        return os.path.join(self.folder, name + ".log")

    def log_end(self, name, lines=15):
        with contextlib.suppress(OSError), open(self.log(name), encoding="utf-8", errors="replace") as stream:
            return "".join(stream.readlines()[-lines:])
        return ""

    def start_program(self, name, arguments, **more):
        with open(self.log(name), "ab") as log:
            return subprocess.Popen([self.program(name), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                    **more)

    # densim

    def start_densim(self):
        self.densim = self.start_program("densim", ["--dir", self.folder, "--scale", str(self.scale), "--port",
                                                    str(self.port), *self.densim_arguments])
        self.wait_until(lambda: "READY" in self.log_end("densim"), 10, "densim ready")

    def densim_ctl(self, *arguments):
        done = subprocess.run([self.program("densim"), "ctl", "--dir", self.folder, *arguments], capture_output=True,
                              text=True, timeout=10, check=False)
        if done.returncode:
            raise LabError(f"densim ctl {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    # densd

    def write_site(self):
        with open(os.path.join(self.source, "config/sites/densim.yaml"), encoding="utf-8") as stream:
            text = stream.read()
        for pattern, replacement in (*self.default_edits(), *self.site_edits):
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            if not count:
                raise LabError(f"the shipped site has nothing like {pattern!r}")
        with open(self.site, "w", encoding="utf-8") as stream:
            stream.write(text)

    def default_edits(self):
        return ((r"^  scale: .*", f"  scale: {self.scale}"), (r"^    port: .*", f"    port: {self.port}"),
                (r"path: /run/densim/", f"path: {self.folder}/"), (r"^store: .*", f"store: {self.folder}/store"),
                (r"ipc:///run/densd/", f"ipc://{self.folder}/"))

    def start_densd(self, timeout_s=10):
        """Starts densd and waits for READY=1 on a notify socket of our own."""
        path = os.path.join(self.folder, "notify")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(timeout_s)
            begun = time.monotonic()
            self.densd = self.start_program("densd", ["--site", self.site], env={**os.environ, "NOTIFY_SOCKET": path})
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except TimeoutError:
                raise LabError(f"densd was not ready in {timeout_s} s:\n{self.log_end('densd')}") from None
            self.ready_s = time.monotonic() - begun

    def stop_densd(self):
        """SIGTERM, as systemd would; the instruments are left as they are."""
        self.densd.terminate()
        self.densd.wait(10)

    def workers(self):
        """{pid: command name} of densd's children."""
        found = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8") as stream:
                    name, rest = stream.read().split("(", 1)[1].rsplit(")", 1)
                    if int(rest.split()[1]) == self.densd.pid:
                        found[int(entry)] = name
        return found

    def pids_of(self, program):
        """Of densd's children, in order."""
        # The kernel keeps 15 characters of a name.
        return sorted(pid for pid, name in self.workers().items() if name == program[:15])

    # operator

    def densctl(self, *arguments, timeout_s=60, check=None):
        done = subprocess.run([self.program("densctl"), arguments[0], "--site", self.site, *arguments[1:]],
                              capture_output=True, text=True, timeout=timeout_s, check=False)
        if check is not None and done.returncode != check:
            raise LabError(f"densctl {arguments}: exit {done.returncode}: {done.stdout}{done.stderr}\n"
                           f"{self.log_end('densd')}")
        return done

    def json(self, *arguments, timeout_s=60):
        return json.loads(self.densctl(*arguments, "--json", timeout_s=timeout_s, check=0).stdout)

    def state(self):
        return self.json("status")["state"]

    def wait_until(self, true, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return
            time.sleep(0.05)
        raise LabError(f"{what}: not in {seconds} s\n{self.log_end('densim')}{self.log_end('densd')}")

    def capture(self, buses, seconds, limit_s):
        """Records what passes over these lines, at the same time; {bus: its file} once all have ended by themselves."""
        said = [self.json("capture", bus, "--for", str(seconds))["why"] for bus in buses]
        paths = [re.search(r"into (\S+)$", why).group(1) for why in said]

        def ended(path):
            # The bus worker makes the file once control has told it to.
            with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as stream:
                return stream.read().endswith("E its time is over\n")
            return False

        self.wait_until(lambda: all(ended(path) for path in paths), limit_s, "the captures end by themselves")
        return dict(zip(buses, paths))

    def attend(self):
        """What an operator does where a busy machine kept the wires of a fast laboratory waiting: see that they answer, and
        resume. Returns the phase."""
        state = self.state()
        if state["phase"] == "hold" and state["cause"].startswith("No good "):
            print(f"note: held, as this machine is busy: {state['cause']}", flush=True)
            self.densctl("resume")
        return state["phase"]

    def wait_phase(self, phase, seconds):
        self.wait_until(lambda: self.attend() == phase, seconds, f"phase {phase}")

    # beginning and end

    def __enter__(self):
        try:
            self.start_densim()
            self.write_site()
            self.start_densd()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stop_programs()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_programs(self):
        """Ends densd and densim; what they wrote stays until stop()."""
        for process in (self.densd, self.densim):
            if process:
                end_process(process)
