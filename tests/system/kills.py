#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of densd and its workers at random times, and what must be true afterwards, whatever was killed when.

usage: kills.py BUILD SOURCE [--kills N] [--first SEED] [--jobs N]    runs of consecutive seeds until N kills (default 50)
       kills.py BUILD SOURCE --seed SEED [--json]                     one run

A seed is one laboratory with one short run at a clock scale of 120 to 300, with or without scans, under `recovery: hold`
or `continue`, with an operator who resumes or aborts what a restart left waiting. Afterwards densim's own record, the
store and what was published are compared. A violation is told with the command that replays its seed.
"""
import argparse
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import sys
import time

from client import Client, NoAnswer
from lab import SKIP, Lab, LabError
from record import PHASE_ABORTING, PHASE_TRIPPED, UNDER_WAY, Record, missing
from truth import Truth

PROTOCOL = """densd: protocol/1
name: killed, 1 GPa, 400 K
material: {name: Vit4, Tg: 596 K}
recovery: %s
densification: {pressure: 1 GPa, temperature: 400 K, isotherm: 1 min}
"""
SCANS = "calorimetry: {heating_rates: [500 K/s, 1000 K/s], sections_per_rate: 2}\n"
ISOTHERM_S = 60
SCALES = (120, 160, 200, 240, 300)
VICTIMS = (("control", 3), ("bus", 4), ("recorder", 2), ("gateway", 1))
BETWEEN_S = 0.45       # mean pause between kills
KILLS_MOST = 16        # of one run, so that it comes to an end
RUN_S = 60             # real time in which a run that is no longer disturbed must have ended
COMMIT_S = 2.0         # what was published longer ago than this before control died is on disk
KILLS_FOR_A_GAP = 3    # in one run: then the pause before the next start has grown to seconds
# Hazards whose reaction ends a run otherwise than completed; see the table of interlocks.
REASONS = {2, 3, 4, 18, 39, 53}


class Killer:
    """One laboratory, one run, one seed."""

    def __init__(self, build, source, seed):
        self.random = random.Random(seed)
        self.policy = self.random.choice(("hold", "continue"))
        self.scans = self.random.random() < 0.6
        self.abort_chance = self.random.choice((0, 0, 0.1, 0.3))
        self.victims = self.choose_victims()
        self.kills, self.control_deaths, self.aborted, self.run = [], [], False, ""
        self.refusals = 0
        scale = self.random.choice(SCALES)
        self.lab = Lab(build, source, scale=scale, site_edits=((r"^recovery: .*", f"recovery: {self.policy}"),),
                       densim_arguments=("--seed", str(seed)))
        self.lab.densim_arguments += ("--track", self.track())
        self.client = None

    def track(self):
        return os.path.join(self.lab.folder, "track.csv")

    def choose_victims(self):
        """All of them, or in every fourth run one of the workers alone: then the run should end as completed."""
        if self.random.random() < 0.75:
            return VICTIMS
        return (self.random.choice(VICTIMS[1:]),)

    # one kill

    def worker(self, name):
        found = self.lab.pids_of("densd-" + name)
        return self.random.choice(found) if found else None

    def kill_one(self):
        name = self.random.choices([v[0] for v in self.victims], [v[1] for v in self.victims])[0]
        at = self.client.state.get("phase", "?")
        if name == "control":
            self.kill_control()
        else:
            pid = self.worker(name)
            if pid is None:
                return
            os.kill(pid, signal.SIGKILL)
        self.kills.append(f"{name} in {at}")

    def kill_control(self):
        workers = self.lab.workers()
        self.lab.densd.kill()
        self.lab.densd.wait()
        self.control_deaths.append(time.monotonic())
        end = time.monotonic() + 10
        while (left := [pid for pid in workers if os.path.exists(f"/proc/{pid}")]) and time.monotonic() < end:
            self.client.listen(0.02)
        if left:
            raise LabError(f"workers {left} outlive control by 10 s")
        self.client.close_commands()
        self.lab.start_densd(timeout_s=20)

    # the operator

    def resume_or_abort(self):
        offered = "densctl resume" in self.client.state["ask"]
        if not offered or self.refusals >= 3 or self.random.random() < self.abort_chance:
            self.abort()
        elif self.client.ask("resume")["code"] == "done":
            self.refusals = 0
        else:
            self.refusals += 1

    def abort(self):
        if self.client.ask("abort")["code"] == "done":
            self.aborted = True

    def operate(self):
        state = self.client.state
        if state.get("latched"):
            self.client.ask("ack")
            self.client.ask("reset")
        elif "densctl abort" in state.get("ask", ""):
            self.resume_or_abort()

    # one run

    def has_ended(self):
        record = next((r for r in self.client.ask("runs").get("runs") or [] if r["run"] == self.run), {})
        wanted = ("densification", "calorimetry") if record.get("sections_total") else ("densification",)
        return all(record.get(key) not in (None, "none") for key in wanted)

    def live(self):
        """Kills at random times until the run has ended."""
        quiet_at = None
        while True:
            pause_s = self.random.expovariate(1 / BETWEEN_S)
            self.client.listen(min(pause_s, 3))
            if self.client.state.get("phase") in ("idle", "done") and self.has_ended():
                return
            if len(self.kills) < KILLS_MOST:
                self.kill_one()
            elif quiet_at is None:
                quiet_at = time.monotonic()
            elif time.monotonic() - quiet_at > RUN_S:
                raise LabError(f"undisturbed for {RUN_S} s and not ended: {self.client.state}")
            self.client.listen(0.1)
            self.operate()

    def submit(self):
        self.client.listen(5, lambda: self.client.state != {})
        text = PROTOCOL % self.policy + (SCANS if self.scans else "")
        self.run = self.client.ask("submit", text=text)["runs"][0]
        self.client.listen(10, lambda: self.client.state.get("run") == self.run)

    def judge(self):
        self.client.listen(0.3)
        self.lab.stop_programs()
        record = Record(os.path.join(self.lab.folder, "store"))
        try:
            return list(judge_record(self, record)) + list(judge_truth(self, record, Truth(self.track())))
        finally:
            record.close()

    def go(self):
        """(violations, how it ended)"""
        with self.lab, Client(self.lab) as self.client:
            self.submit()
            try:
                self.live()
            except (LabError, NoAnswer, subprocess.TimeoutExpired) as failure:
                return [str(failure)], "not ended"
            violations = self.judge()
            if violations:
                violations.append(f"kills: {', '.join(self.kills)}")
            return violations, self.ended


def lost_samples(killer, record):
    """Published rows that are not in the store and were published long enough before control died."""
    stored = record.samples()
    lost = []
    for (seq, t_lab), heard in killer.client.samples.items():
        if seq in stored and abs(stored[seq] - t_lab) < 1e-6 * max(1, abs(t_lab)):
            continue
        if not any(death - COMMIT_S < heard < death + 1 for death in killer.control_deaths):
            lost.append(seq)
    return lost


def judge_samples(killer, record):
    """At scale 200 control's ring holds four seconds: a recorder that is killed again and again is away for longer. What the
    ring lost stands in table gaps, and without such kills there is no gap."""
    gaps = record.sample_gaps()
    holes, lost = set(missing(record.samples())) - gaps, set(lost_samples(killer, record)) - gaps
    if holes:
        yield f"samples: {len(holes)} rows missing, the first {min(holes)}"
    if lost:
        yield f"samples: {len(lost)} published rows are not in the store, the first {min(lost)}"
    if gaps and sum(kill.startswith("recorder") for kill in killer.kills) < KILLS_FOR_A_GAP:
        yield f"samples: {len(gaps)} rows given up, though the recorder was not killed {KILLS_FOR_A_GAP} times"


def judge_record(killer, record):
    yield from (f"store: {damage}" for damage in record.damage())
    yield from (f"intent {intent} has no outcome" for intent in record.open_intents())
    yield from judge_samples(killer, record)
    for topic in ("state", "alarm", "scan", "result"):
        if record.holes(topic):
            yield f"{topic}: numbers {record.holes(topic)[:5]} missing"
    counters = [row[2] for row in record.scans()]
    if len(counters) != len(set(counters)):
        yield f"scans: one counter stored twice: {record.scans()}"


def judge_outcome(killer, record, truth):
    outcome, calorimetry, cause, interrupted = record.outcome(killer.run)
    phases, alarms = record.phases(), record.alarms()
    killer.ended = outcome
    reason = killer.aborted or alarms & REASONS or PHASE_TRIPPED in phases
    if outcome == "completed":
        soak_s = truth.soak_s(400, 1)
        if soak_s < ISOTHERM_S - 2:
            yield f"completed, but the cell was at 400 K and 1 GPa for {soak_s:.0f} s only"
        if phases & {PHASE_ABORTING, PHASE_TRIPPED}:
            yield f"completed, but the journal has an abort or a trip ({cause})"
    elif outcome == "aborted" and PHASE_ABORTING not in phases:
        yield "aborted without an abort in the journal"
    elif outcome == "tripped" and PHASE_TRIPPED not in phases:
        yield "tripped without a trip in the journal"
    elif outcome not in ("aborted", "tripped", "failed"):
        yield f"the run ended as {outcome}"
    if outcome != "completed" and not reason and not killer.control_deaths:
        yield f"{outcome} ({cause}) though no hazard was met and control never died"
    if UNDER_WAY & set(record.restarts()) and not interrupted:
        yield f"control died under way and the run's record says nothing of it ({outcome}, {cause})"
    if killer.scans and outcome == "completed" and calorimetry != "completed":
        yield f"calorimetry ended as {calorimetry}"


def judge_sections(record, truth):
    sections = record.sections()
    ends = list(sections.values())
    first, scans = truth.last()["first_scans"], truth.last()["scans"]
    if not ends.count("scanned") <= first <= len([end for end in ends if end != "none"]):
        yield f"densim fired {first:.0f} first scans for {sections}"
    if scans > record.fire_intents():
        yield f"densim fired {scans:.0f} scans, the journal knows {record.fire_intents()} intents"
    if ends and set(ends) == {"scanned"} and scans != 2 * len(ends):
        yield f"densim fired {scans:.0f} scans for {len(ends)} sections"


def judge_truth(killer, record, truth):
    yield from judge_outcome(killer, record, truth)
    yield from judge_sections(record, truth)
    yield from truth.setpoint_jumps()[:3]
    yield from truth.hot_releases()[:3]
    yield from truth.loose_heat(0.85)[:3]
    last = truth.last()
    if last["P_GPa"] > 0.02 or last["T_K"] > 310 or last["contactor"]:
        yield f"the run has ended and densim is not at rest: {last}"


def one(build, source, seed):
    begun = time.monotonic()
    killer = Killer(build, source, seed)
    violations, ended = killer.go()
    return {"seed": seed, "kills": len(killer.kills), "control": len(killer.control_deaths), "ended": ended,
            "seconds": round(time.monotonic() - begun, 1), "scale": killer.lab.scale, "violations": violations}


def replay_command(build, source, seed):
    return f"/usr/bin/python3 {os.path.relpath(__file__)} {build} {source} --seed {seed}"


def run_seed(build, source, seed):
    """one() in a process of its own."""
    done = subprocess.run([sys.executable, __file__, build, source, "--seed", str(seed), "--json"], capture_output=True,
                          text=True, timeout=600, check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        return {"seed": seed, "kills": 0, "control": 0, "ended": "not run", "seconds": 0, "scale": 0,
                "violations": [f"the driver ended with {done.returncode}: {done.stderr.strip()[-800:]}"]}


def tell(result, command):
    print(f"seed {result['seed']}: {result['kills']} kills ({result['control']} of control) at scale {result['scale']}, "
          f"{result['ended']}, {result['seconds']} s", flush=True)
    for violation in result["violations"]:
        print(f"  VIOLATION: {violation}")
    if result["violations"]:
        print(f"  replay: {command}", flush=True)


def many(options):
    """Seed after seed until enough kills are done."""
    kills = violations = 0
    seed = options.first
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = set()
        while running or kills < options.kills:
            while kills < options.kills and len(running) < options.jobs:
                running.add(pool.submit(run_seed, options.build, options.source, seed))
                seed += 1
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for result in (future.result() for future in done):
                tell(result, replay_command(options.build, options.source, result["seed"]))
                kills += result["kills"]
                violations += bool(result["violations"])
    print(f"seeds {options.first}..{seed - 1}: {kills} kills, {violations} runs with violations")
    return 1 if violations else 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("source")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    if not os.path.exists(os.path.join(options.build, "tools/densim/densim")):
        print("skipped: densim is not built")
        return SKIP
    if options.seed is None:
        return many(options)
    result = one(options.build, options.source, options.seed)
    if options.json:
        print(json.dumps(result))
    else:
        tell(result, replay_command(options.build, options.source, options.seed))
    return 1 if result["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
