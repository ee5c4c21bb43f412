# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of densctl share: an expectation, and tests that each have a folder of their own."""
import subprocess
import sys
import tempfile


def expect(true, what):
    if not true:
        raise AssertionError(what)


def run_each(tests, densctl):
    """Runs test(densctl, folder) for each, whatever became of the one before, and ends with 0, or 1 where one failed."""
    failed = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(densctl, folder)
                print(f"ok {test.__name__}")
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"not ok {test.__name__}: {error}")
    sys.exit(1 if failed else 0)
