#!/usr/bin/env python3
"""The unit as installed, in a real systemd: READY, STATUS, a hung control, SIGTERM, the hardening.

usage: systemd_unit.py BUILD SOURCE

Boots systemd-nspawn on an overlay of / with a tmpfs above it, so that the machine is untouched. Needs root, overlay and
tmpfs mounts, and a cgroup of its own; skips with the reason (exit 77) where one is missing.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIP = 77
CLONE_NEWNS = 0x00020000
CGROUP_ROOTS = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
TIMEOUT_S = 120


class Skip(Exception):
    pass


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Skip(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def own_mount_namespace():
    if os.geteuid() != 0:
        raise Skip("needs root")
    if not shutil.which("systemd-nspawn") or not os.path.exists("/lib/systemd/systemd"):
        raise Skip("systemd-nspawn is not installed (package systemd-container)")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise Skip("no mount namespace of its own: " + os.strerror(ctypes.get_errno()))
    run("mount", "--make-rprivate", "/")


def overlay(base):
    """The root of the container: / below, a tmpfs above."""
    run("mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "tmpfs", base)
    for name in ("upper", "work", "root"):
        os.mkdir(os.path.join(base, name))
    root = os.path.join(base, "root")
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={base}/upper,workdir={base}/work", root)
    for stale in ("etc/machine-id", "etc/systemd/system/default.target"):
        if os.path.lexists(os.path.join(root, stale)):
            os.unlink(os.path.join(root, stale))
    return root


def own_cgroups(name):
    """A cgroup in the name=systemd and the unified hierarchy; returns their paths."""
    made = []
    for parent in CGROUP_ROOTS:
        if not os.path.exists(os.path.join(parent, "cgroup.procs")):
            continue
        path = os.path.join(parent, name)
        try:
            os.mkdir(path)
        except OSError as error:
            raise Skip(f"no cgroup of its own: {path}: {error.strerror}") from None
        made.append(path)
    if not made:
        raise Skip("no cgroup hierarchy is mounted in /sys/fs/cgroup")
    return made


def kill_inside(path):
    """What is left of the container, by the process ids in its own cgroup."""
    for root, _, _ in os.walk(path):
        try:
            with open(os.path.join(root, "cgroup.procs"), encoding="ascii") as stream:
                pids = [int(line) for line in stream]
        except OSError:
            continue
        for pid in pids:
            if pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


def remove_cgroups(paths):
    for path in paths:
        kill_inside(path)
        for _ in range(50):
            for root, _, _ in os.walk(path, topdown=False):
                try:
                    os.rmdir(root)
                except OSError:
                    pass
            if not os.path.exists(path):
                break
            time.sleep(0.1)


def write(root, path, text, mode=0o644):
    full = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(full, mode)


def install(root, build, source):
    """densd as a user installs it, a densim beside it, and the checks as the only thing that boots."""
    environment = {**os.environ, "DESTDIR": root}
    run("meson", "install", "-C", build, "--no-rebuild", env=environment)
    here = os.path.dirname(os.path.abspath(__file__))
    shutil.copy(os.path.join(here, "systemd_inside.sh"), os.path.join(root, "inside.sh"))
    options = subprocess.run(["meson", "introspect", "--buildoptions", build], capture_output=True, text=True,
                             check=True).stdout
    prefix = next(option["value"] for option in __import__("json").loads(options) if option["name"] == "prefix")
    write(root, "/etc/systemd/system/probe.service", f"""[Service]
Type=oneshot
Environment=PREFIX={prefix} SOURCE={source} BUILD={build}
StandardOutput=file:/inside.out
StandardError=inherit
ExecStart=/bin/bash /inside.sh
ExecStopPost=/bin/systemctl exit 0
""")
    write(root, "/etc/systemd/system/probe.target", """[Unit]
Requires=basic.target
After=basic.target
Wants=probe.service
""")


def boot(root, cgroups):
    def enter():
        for path in cgroups:
            with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as stream:
                stream.write(str(os.getpid()))

    command = ["systemd-nspawn", "--directory", root, "--boot", "--private-network", "--register=no", "--keep-unit",
               "--quiet", "--console=pipe", "--", "--unit=probe.target"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, preexec_fn=enter)
    try:
        return process.communicate(timeout=TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        # SIGTERM makes nspawn end the container and everything in it
        process.terminate()
        return process.communicate(timeout=30)[0] + f"\nnot over in {TIMEOUT_S} s"


def verdict(root, console):
    path = os.path.join(root, "inside.out")
    if not os.path.exists(path):
        raise Skip("systemd did not boot in a container here: " + console.strip()[-400:])
    with open(path, encoding="utf-8", errors="replace") as stream:
        text = stream.read()
    print(text)
    lines = text.splitlines()
    passed = sum(line.startswith("ok ") for line in lines)
    failed = sum(line.startswith("not ok ") for line in lines)
    print(f"{passed} checks passed, {failed} failed")
    return 0 if passed and not failed and "end of checks" in lines else 1


def main():
    build, source = (os.path.abspath(path) for path in sys.argv[1:3])
    own_mount_namespace()
    base = tempfile.mkdtemp(prefix="densd-unit-")
    cgroups = []
    try:
        root = overlay(base)
        cgroups = own_cgroups(os.path.basename(base))
        install(root, build, source)
        return verdict(root, boot(root, cgroups))
    finally:
        remove_cgroups(cgroups)
        for path in (os.path.join(base, "root"), base):
            subprocess.run(["umount", "-l", path], capture_output=True, check=False)
        os.rmdir(base)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIP)
