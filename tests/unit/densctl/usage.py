#!/usr/bin/env python3
"""Malformed densctl commands: each ends with its exit code and says what is allowed; none reaches a daemon.

usage: usage.py DENSCTL REPOSITORY
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

# (arguments, words that the message must have)
USAGE = [
    ([], ["command is missing", "--help"]),
    (["fly"], ["'fly' is not a command", "submit", "abort"]),
    (["Hold"], ["'Hold' is not a command"]),
    (["--json"], ["'--json' is not a command"]),
    (["help", "fly"], ["'fly' is not a command"]),
    (["validate"], ["argument is missing", "FILE..."]),
    (["validate", "--wait", "x.yaml"], ["'--wait' is not an option here", "--site FILE"]),
    (["validate", "--site"], ["--site needs a value"]),
    (["validate", "--site=", "x.yaml"], ["--site has an empty value"]),
    (["validate", "--json=yes", "x.yaml"], ["--json takes no value"]),
    (["validate", "--json", "--json", "x.yaml"], ["--json is given twice"]),
    (["plan"], ["argument is missing"]),
    (["plan", "a.yaml", "b.yaml"], ["too many arguments"]),
    (["plan", "-x", "a.yaml"], ["'-x' is not an option here", "--svg FILE"]),
    (["calibration", "show"], ["argument is missing"]),
    (["calibration", "burn", "x.yaml"], ["'burn' is not known", "show, check, make"]),
    (["calibration", "make", "press"], ["press or thermocouple", "a file of points"]),
    (["calibration", "make", "barometer", "x.csv"], ["press or thermocouple"]),
    (["submit"], ["argument is missing"]),
    (["submit", "--socket", "a.yaml"], ["argument is missing"]),
    (["status", "now"], ["takes no arguments", "'now'"]),
    (["status", "--socket", "http://x"], ["ipc:///path is wanted"]),
    (["status", "--timeout", "soon"], ["--timeout is 'soon'", "whole number"]),
    (["status", "--socket", "ipc:///run/other"], ["--telemetry"]),
    (["hold", "now"], ["takes no arguments"]),
    (["hold", "--run", "yesterday"], ["--run is 'yesterday'", "run id"]),
    (["hold", "--timeout", "0"], ["from 1 to 86400"]),
    (["hold", "--timeout", "1.5"], ["whole number"]),
    (["resume", "--force"], ["'--force' is not an option here"]),
    (["abort", "--reason", "x"], ["'--reason' is not an option here"]),
    (["handover"], ["argument is missing", "REASON"]),
    (["handover", "  "], ["reason is empty"]),
    (["handover", "x" * 300], ["longer than"]),
    (["handover", "dead", "sensor"], ["too many arguments"]),
    (["confirm"], ["argument is missing", "capsule | section"]),
    (["confirm", "everything"], ["cannot be confirmed", "capsule, section"]),
    (["confirm", "capsule", "7"], ["a capsule has no name"]),
    (["confirm", "section", "r500/s1"], ["is not a section", "<run>/r<rate>/s<n>"]),
    (["confirm", "section", RUN + "/rfast/s1"], ["is not a section"]),
    (["cancel"], ["argument is missing"]),
    (["cancel", "42"], ["neither a run id", "nor a section"]),
    (["cancel", RUN.lower()], ["neither a run id"]),
    (["devices", "furnace", "press"], ["too many arguments"]),
    (["replaced", "furnace"], ["argument is missing", "DEVICE REASON"]),
    (["replaced", "furnace", "  "], ["reason is empty"]),
    (["runs", "--limit", "0"], ["from 1 to 1000"]),
    (["runs", "--limit", "99999999999999999999"], ["whole number"]),
    (["events", "yesterday", "today"], ["too many"]),
    (["events", "yesterday"], ["is not a run id"]),
    (["results", "latest"], ["is not a run id"]),
    (["results", "--csv", "--json"], ["exclude each other"]),
    (["export"], ["argument is missing"]),
    (["export", "x"], ["is not a run id"]),
    (["export", RUN, "--reference"], ["--reference needs --section"]),
    (["export", RUN, "--section", "first"], ["--section is 'first'", "r500/s1"]),
    (["export", RUN, "--csv", "--json"], ["exclude each other"]),
    (["replay"], ["argument is missing"]),
    (["replay", "temperature"], ["is not stored", "state, alarm, scan, result, sample"]),
    (["replay", "heartbeat"], ["is not stored"]),
    (["replay", "state", "--from", "-1"], ["whole number"]),
    (["replay", "state", "--from", "9", "--to", "3"], ["from 9 to"]),
    (["analyse"], []),
    (["analyse", "everything"], []),
    (["analyse", "pair"], []),
    (["analyse", "pair", "only-one.csv"], []),
    (["analyse", "kissinger"], []),
]

# A well formed command where no daemon is: 5, and how to look for it.
NO_DAEMON = [["status"], ["watch", "--once"], ["hold"], ["abort"], ["confirm", "capsule"], ["queue"], ["runs"],
             ["cancel", RUN], ["results", RUN], ["export", RUN], ["replay", "state"]]


# An option that means something else here than elsewhere: (command, option, words of its line)
NOTES = [("calibration", "--name", "the id in the file"), ("calibration", "--out", "write the file to FILE"),
         ("commission", "--out", "the record"), ("series", "--name", "the runs whose name"), ("playback", "--lines", "every report"),
         ("replay", "--run", "of this run only"), ("status", "--site", "whose sockets"), ("validate", "--site", "shipped densim site")]
WIDEST = 99


def call(densctl, arguments, environment):
    return subprocess.run([densctl, *arguments], capture_output=True, text=True, timeout=20, env=environment,
                          stdin=subprocess.DEVNULL, check=False)


def check(name, done, code, words):
    """Empty when @done is as wanted, else what is wrong."""
    if done.returncode != code:
        return f"{name}: exit {done.returncode}, wanted {code}: {done.stderr.strip()}"
    missing = [word for word in words if word not in done.stderr]
    if missing:
        return f"{name}: the message lacks {missing}: {done.stderr.strip()}"
    if code and not done.stderr.strip():
        return f"{name}: nothing is said"
    return ""


def invalid_files(folder, site):
    """(arguments, words) that must end with 4: the file, not the command line, is wrong."""
    empty = os.path.join(folder, "empty.yaml")
    open(empty, "w", encoding="utf-8").close()
    large = os.path.join(folder, "large.yaml")
    with open(large, "w", encoding="utf-8") as stream:
        stream.write("# " + "x" * 70000 + "\n")
    missing = os.path.join(folder, "missing.yaml")
    for command in ("validate", "plan", "submit"):
        yield [command, "--site", site, missing], ["missing.yaml", "No such file"]
        yield [command, "--site", site, empty], ["empty.yaml"]
        yield [command, "--site", site, large], ["64 KiB"]
        yield [command, "--site", site, folder], [folder]
    yield ["validate", site], ["'densd: site/1' says that this is a site", "named with --site", ": 1 error"]
    yield ["validate", "--site", os.path.join(os.path.dirname(site), "../protocols/vit4-7gpa-643k.yaml"), site], [
        "'densd: protocol/1' says that this is a protocol: allowed is site/1", ": 1 error"]
    yield ["series", os.path.join(folder, "missing.json")], ["missing.json: No such file"]
    yield ["playback", missing], ["densctl playback:", "missing.yaml", "No such file"]
    yield ["validate", "--site", missing, empty], ["site file", "missing.yaml"]
    yield ["validate", "--site", empty, empty], ["empty.yaml"]


def forbidden_faults(densctl):
    """A socket that this user may not write: it says who may. Root may write any."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "commands")
        listening.bind(path)
        os.chmod(path, 0o600 if os.geteuid() == 0 else 0)
        as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            done = subprocess.run([densctl, "hold", "--socket", "ipc://" + path], capture_output=True, text=True, timeout=20,
                                  stdin=subprocess.DEVNULL, check=False, **as_nobody)
        except PermissionError:
            print("densctl lies where nobody but root may run it: a forbidden socket was not tried")
            return
    yield check("a forbidden socket", done, 5, ["Permission denied", "group densd", "roles:"])


def at_a_real_site(folder, top):
    """(arguments, words): well formed, but the site's calibrations are the virtual laboratory's or nobody's: 1, as densd says."""
    with open(os.path.join(top, "config/sites/densim.yaml"), encoding="utf-8") as stream:
        text = stream.read()
    real = re.sub(r"^(simulated|loading):.*\n|^clock:.*\n.*\n", "", text, flags=re.MULTILINE)
    for name, site, words in (("real", real, ["warning: calibration 'densim-press'", "would not take it", "virtual laboratory's"]),
                              ("nobody", text.replace("press: densim-press", "press: example-press"), ["says 'by: nobody'"])):
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(site)
        yield ["validate", "--site", path, os.path.join(top, "config/protocols/vit4-7gpa-643k.yaml")], words


RECORD = """densd: commissioning/1
site: "densim"
devices:
  - device: "furnace"
    profile: "densim-furnace"
    profile_sha256: "0"
    date: "2020-01-01T00:00:00Z"
    by: "A. Technician"
    steps:
      - {step: "identity", result: failed, found: "another instrument"}
"""
# what, a word of where, a word of why, a word of what is allowed: in this order
REASONS = (("commissioning", "device 'press'", "never been commissioned: densctl commission press", "at most 90 days ago"),
           ("commissioning", "device 'furnace'", "with another profile", "the profile's present text"),
           ("commissioning", "device 'furnace'", "failed a step", "signed off"),
           ("commissioning", "device 'nitrogen'", "never been commissioned", "signed off"),
           ("commissioning", "device 'chip'", "never been commissioned", "signed off"),
           ("calibration", "calibrations: press", "says 'by: nobody", "signed by who measured it"))


def reason_faults(densctl, folder, top, environment):
    """All that keeps a site from taking a run, in one order, as text and as JSON; and nothing else."""
    with open(os.path.join(top, "config/sites/densim.yaml"), encoding="utf-8") as stream:
        text = stream.read().replace("press: densim-press", "press: example-press")
    path, record = os.path.join(folder, "reasons.yaml"), os.path.join(folder, "record.yaml")
    protocol = os.path.join(top, "config/protocols/vit4-7gpa-643k.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace("\nlimits:", "\ncommissioning:\n  record: record.yaml\n  valid_days: 90\n\nlimits:"))
    with open(record, "w", encoding="utf-8") as stream:
        stream.write(RECORD)

    def ask(*options):
        return call(densctl, ["validate", "--site", path, protocol, *options], environment)

    told = ask("--json")
    answer = json.loads(told.stdout)[0]
    found = [(one["what"], one["where"], one["why"], one["allowed"]) for one in answer["reasons"]]
    yield None if told.returncode == 1 and answer["why"] == found[0][2] else f"validate --json: {told}"
    yield None if len(found) == len(REASONS) and all(
        a[0] == b[0] and all(word in said for word, said in zip(a[1:], b[1:])) for a, b in zip(REASONS, found)) else f"reasons: {found}"
    lines = ask().stderr.splitlines()
    yield None if "now, for 6 reasons:" in lines[0] and lines[1:] == [
        f"  {what}, {where}: {why}; allowed: {allowed}" for what, where, why, allowed in found] else f"validate: {lines}"
    os.unlink(record)
    lines = [line for line in ask().stderr.splitlines() if "commissioning" in line]
    yield None if len(lines) == 1 and "cannot be read" in lines[0] else f"no record: {lines}"
    planned = call(densctl, ["plan", "--site", path, protocol], environment)
    yield None if planned.returncode == 1 and "cannot be read" in planned.stderr and "says 'by: nobody" in planned.stderr else f"plan: {planned}"


def help_faults(densctl, environment):
    """What is wrong with the help of any command: too wide for a terminal, out of its column, or said of another command."""
    def text(*arguments):
        done = call(densctl, arguments, environment)
        faults.extend(f"{' '.join(arguments)}: exit {done.returncode}" for _ in range(done.returncode != 0))
        faults.extend(f"{' '.join(arguments)}: {len(line)} columns: {line}" for line in done.stdout.splitlines() if len(line) > WIDEST)
        return done.stdout

    faults = []
    rows = re.findall(r"^  ([a-z]+)( +)\S", text("--help"), re.MULTILINE)
    commands = [name for name, _ in rows]
    if len(commands) < 30 or "analyse" not in commands or len({len(name + gap) for name, gap in rows}) != 1:
        faults.append(f"the list of commands is not there, or not in columns: {rows}")
    helps = {name: text(name, "--help") for name in commands}
    analyses = re.findall(r"^  ([a-z]+) +\S", helps.get("analyse", ""), re.MULTILINE)
    if len(analyses) < 7:
        faults.append(f"analyses: {analyses}")
    for name in analyses:
        if not text("analyse", name, "--help") == text("help", "analyse", name) or f"densctl analyse {name} " not in text("help", "analyse", name):
            faults.append(f"help analyse {name} is not analyse {name} --help")
    faults += [f"{name}: {option} does not say '{words}'" for name, option, words in NOTES
               if not re.search(f"^  {option} .*{words}", helps[name], re.MULTILINE)]
    return faults


def main():
    densctl, top = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "DENSD_CONFIG": os.path.join(top, "config"),
                       "DENSD_SOCKET": f"ipc://{folder}/commands", "LC_ALL": "C.UTF-8"}
        # densctl built with the sanitizers looks for these
        environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        wanted = [(a, 2, w) for a, w in USAGE]
        wanted += [(a, 4, w) for a, w in invalid_files(folder, os.path.join(top, "config/sites/densim.yaml"))]
        wanted += [(a, 1, w) for a, w in at_a_real_site(folder, top)]
        wanted += [(a, 5, ["is it running", "--socket"]) for a in NO_DAEMON]
        wanted += [(a, 0, []) for a in (["--help"], ["--version"], ["plan", "--help"], ["help", "submit"])]
        faults = [check(" ".join(["densctl", *a]), call(densctl, a, environment), code, words)
                  for a, code, words in wanted] + help_faults(densctl, environment)
        faults += reason_faults(densctl, folder, top, environment)
    faults = [fault for fault in (*faults, *forbidden_faults(densctl)) if fault]
    print("\n".join(faults) or f"{len(wanted)} commands, each answered as it should be")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
