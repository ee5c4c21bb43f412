#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway that hangs is replaced: nobody could hold or abort the run through it, and nothing else ends it.

usage: hung_gateway.py BUILD SOURCE
"""
import os
import signal
import sys

import night
from night import check


def gateway(lab):
    return lab.pids_of("densd-gateway")


def test(build, source):
    with night.Lab(build, source, scale=10) as lab:
        night.submit(lab, night.WITH_SCANS)
        lab.wait_phase("compress", 60)
        hung, others = gateway(lab)[0], set(lab.workers()) - set(gateway(lab))
        os.kill(hung, signal.SIGSTOP)
        lab.wait_until(lambda: gateway(lab) and hung not in gateway(lab), 40, "another gateway")
        answer = night.wait_state(lab, lambda s: True, 20, "densd answers again")
        check(answer["phase"] not in ("hold", "recovery-wait"), f"the run went on: {answer['phase']}")
        check(lab.densctl("abort").returncode == 0, "and takes a command")
        check(others <= set(lab.workers()), "no other worker was touched")


if __name__ == "__main__":
    sys.exit(night.main(test))
