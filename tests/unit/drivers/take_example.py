#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the fenced example in a language out of a page: take_example.py PAGE LANGUAGE OUTPUT"""
import re
import sys


def main(page, language, output):
    with open(page, encoding="utf-8") as stream:
        found = re.findall(rf"^```{language}\n(.*?)^```$", stream.read(), flags=re.MULTILINE | re.DOTALL)
    if len(found) != 1:
        sys.exit(f"{page}: {len(found)} examples in {language}, one is expected")
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(found[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
