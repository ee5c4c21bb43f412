#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 densd in the isotherm: the workers follow, the restart decides by reading, abort ends cold and at ambient.

usage: kill_control.py BUILD SOURCE
"""
import re
import sys

import night


def test(build, source):
    with night.Lab(build, source, scale=60) as lab:
        run = night.submit(lab, night.PRESS_ONLY)
        lab.wait_phase("isotherm", 90)
        before = night.replay(lab, "state")
        night.kill_control(lab)
        lab.start_densd()
        state = night.wait_state(lab, lambda s: s["phase"] not in ("isotherm", "idle"), 30, "a decision of the restart table")
        night.check(state["phase"] in ("cool", "hold", "recovery-wait", "tripped", "aborting"),
                    f"the restart does not go on heating by itself: {state['phase']}")
        night.check(state["run"] == run, "the run is still known")
        lab.densctl("abort", check=0)
        record = night.wait_run(lab, run, 180)
        night.check(record["densification"] in ("aborted", "tripped"), f"the run ended: {record}")
        said = lab.densctl("runs", run, check=0).stdout
        night.check(record["interrupted"] and re.search(r"^ +interrupted +yes: densd was away", said, re.MULTILINE),
                    "runs RUN says that densd was away while it ran")
        after = night.replay(lab, "state")
        night.check(after[:len(before)] == before, "what was recorded before the kill is unchanged")
        night.check(not night.missing(m["seq"] for m in after), "the state sequence goes on without a hole")
        lab.densctl("status", check=0)


if __name__ == "__main__":
    sys.exit(night.main(test))
