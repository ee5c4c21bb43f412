#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run with three sections, end to end at scale 120, and SIGTERM after it.

usage: whole_run.py BUILD SOURCE
"""
import signal
import sys

import night

# A busy machine makes a step late, and densim's answer: after its question's time it is one to drain.
OF_THE_MACHINE = ("step-late", "bus-desync")


def test(build, source):
    with night.Lab(build, source, scale=120) as lab:
        run = night.submit(lab, night.WITH_SCANS)
        record = night.wait_run(lab, run, 120)
        night.check(record["densification"] == "completed", f"densification completed: {record}")
        night.check(record["calorimetry"] == "completed", "calorimetry completed")
        # The analysis follows the last trace; Ea follows the last pair.
        lab.wait_until(lambda: any(r["kind"] == "kissinger" for r in lab.json("results", run)), 10,
                       "Ea of the three rates, with a number or a reason")
        results = lab.json("results", run)
        pairs = [r for r in results if r["kind"] == "pair" and not r.get("refused")]
        lab.wait_until(lambda: sum(r["kind"] == "running" for r in lab.json("results", run)) == len(pairs), 10,
                       "the state's energy after each scan")
        results = lab.json("results", run)
        running = [r for r in results if r["kind"] == "running"]
        night.check([r["section"] for r in running] == [r["section"] for r in pairs], f"one a scan, in order: {running}")
        night.check([r["n_sections"] for r in running] == [1, 2, 3], f"each knows what came before it: {running}")
        night.check(running[0]["refused"] and running[0]["class"] == "undecided", f"undecided at first: {running[0]}")
        night.check(len(pairs) == 3, f"three pairs were analysed: {results}")
        for topic in ("state", "alarm", "scan", "result", "sample"):
            holes = night.missing(m["seq"] for m in night.replay(lab, topic))
            night.check(not holes, f"the stored sequence of {topic} has no hole: {holes[:5]}")
        alarms = [(a["alarm"], a["text"]) for a in night.replay(lab, "alarm") if a["alarm"] not in OF_THE_MACHINE]
        night.check(not alarms, f"a healthy run raises no alarm of its own: {alarms}")
        lab.densd.send_signal(signal.SIGTERM)
        night.check(lab.densd.wait(10) == 0, "SIGTERM ends densd with exit code 0")


if __name__ == "__main__":
    sys.exit(night.main(test))
