# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of a C file of protocol/, and the bench that shows whether the fast tests of protocol/ notice one.

A mutant is one small change of the meaning of a predicate or of a table row: inverted, always, never, one operand
ignored, a limit moved to the other side of the value itself (< to <=), a row taken out, weakened or given to fewer phases.
"""
import glob
import os
import re
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = ["protocol/interlock*.c", "protocol/scan_interlock.c", "protocol/recovery.c"]
# Addresses are checked: a loop that runs one too far must not pass by luck.
FLAGS = ["-std=gnu17", "-O1", "-w", "-fPIC", "-fsanitize=address", "-D_GNU_SOURCE", "-I" + TOP]
WORDS = {"VERDICT_FIRE": ["VERDICT_CLEAR", "VERDICT_WARN"], "VERDICT_WARN": ["VERDICT_CLEAR", "VERDICT_FIRE"],
         "VERDICT_CLEAR": ["VERDICT_FIRE"], "GUARDED": ["RUNNING"], "RUNNING": ["SEGMENTS"], "SEGMENTS": ["0"],
         "REACT_TRIP": ["REACT_SAFE_HOLD"], "REACT_SAFE_HOLD": ["REACT_HEATER_OFF"],
         "REACT_HEATER_OFF": ["REACT_HOLD"], "REACT_HOLD": ["REACT_HEATER_OFF", "REACT_TRIP"],
         "REACT_ABORT": ["REACT_ALARM"], "REACT_ALARM": ["REACT_HOLD"], "SCAN_REACT_FAULT": ["SCAN_REACT_DISARM"],
         "SCAN_REACT_DISARM": ["SCAN_REACT_FAULT"], "true": ["false"], "false": ["true"], "fmax": ["fmin"], "fmin": ["fmax"],
         "fabs": [""], "AMBIENT": ["ANY"], "PRESSED": ["ANY"], "COLD": ["ANY"], "HOT": ["ANY"], "LOST": ["ANY"],
         "NO_RUN": ["ANY"], "HEATING": ["ANY"], "UNKNOWN": ["AMBIENT"], "T_UNKNOWN": ["COLD"], "ANY": ["0"]}
# What no test can tell from the original, and no simpler code avoids: (file, text of its line, change): the reason.
EQUIVALENT = {
    ("protocol/interlock.c", '"stuck"', "true -> false"):
        "a 1 atm run never regulates the press, so the check is clear whatever its row says",
    ("protocol/interlock.c", "over != 0 && i", "over != 0 ignored"):
        "saves the walk: where nothing is over no row's bit is set and the loop does nothing",
}
OPERATORS = {"&&": ["||"], "||": ["&&"], ">=": ["<", ">"], "<=": [">", "<"], "==": ["!="], "!=": ["=="],
             "<": [">=", "<="], ">": ["<=", ">="]}
OPERATOR = re.compile(r"&&|\|\||(?<!>)>=|(?<!<)<=|==|!=|(?<= )[<>](?= )")
CONDITION = re.compile(r"\b(?:if|while) \(")
BOOLEAN = re.compile(r"\bbool (?:\w+ = )|, \w+ = (?=[^,;]*(?:&&|\|\||[<>]=? |[!=]=))|\breturn (?=[^;]*;)")
RETURNS_BOOL = re.compile(r"^static bool \w+\([^;{]*\)\n\{\n(.*?)^\}", re.S | re.M)
ROW = re.compile(r"^\t\{(?=[^\n])", re.M)


def masked(text):
    """The text with comments, strings and preprocessor lines blanked, every position kept."""
    blank = lambda match: re.sub(r"[^\n]", "\0", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|^#(?!define)[^\n]*(?:\\\n[^\n]*)*|^#define \w+(?:\([^)]*\))?|'
                  r'^_Static_assert[^;]*', blank, text, flags=re.S | re.M)


def matching(code, at):
    """Behind the bracket that closes the one at @at."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(code)


def ends_operand(code, i, stops):
    if code[i] in ";,?:\\" or any(code.startswith(stop, i) or code.startswith(stop, i - 1) for stop in stops):
        return True
    assigns = code[i] == "=" and code[i - 1] not in "=!<>" and code[i + 1] != "="
    return assigns or code.startswith("return", i - 5) and not (code[i - 6].isalnum() or code[i - 6] == "_")


def left_operand(code, at, stops):
    depth, i = 0, at - 1
    while i > 0:
        if code[i] in ")]}":
            depth += 1
        elif code[i] in "([{":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and ends_operand(code, i, stops):
            break
        i -= 1
    begin = i + 1
    return begin + len(code[begin:at]) - len(code[begin:at].lstrip()), code[i - 1:i + 1]


def right_operand(code, at, stops):
    i = at
    while i < len(code):
        if code[i] in "([{":
            i = matching(code, i)
            continue
        if code[i] in ")]}" or code[i] in ";,?" or code[i] == ":" or any(code.startswith(stop, i) for stop in stops):
            break
        i += 1
    return i - (len(code[at:i]) - len(code[at:i].rstrip()))


def operand_mutants(code, match):
    """Each operand of && and || ignored: (begin, end, new, what)."""
    operator = match.group()
    stops = ["&&", "||"] if operator == "&&" else ["||"]
    neutral = "1" if operator == "&&" else "0"
    begin, before = left_operand(code, match.start(), stops)
    if before != operator:
        yield begin, match.start() - 1, neutral, "ignored"
    right = match.end() + len(code[match.end():]) - len(code[match.end():].lstrip())
    yield right, right_operand(code, right, stops), neutral, "ignored"


def forced(code, begin, end):
    for value, word in ("1", "always"), ("0", "never"):
        yield begin, end, value, word


def condition_mutants(code):
    for match in CONDITION.finditer(code):
        yield from forced(code, match.end(), matching(code, match.end() - 1) - 1)
    for match in re.finditer(r" \? ", code):
        yield from forced(code, left_operand(code, match.start(), [])[0], match.start())
    for match in re.finditer(r"\bbool \w+ =\s+", code):
        yield from forced(code, match.end(), right_operand(code, match.end(), []))
    for body in RETURNS_BOOL.finditer(code):
        for match in re.finditer(r"\breturn (?!true|false)", body.group(1)):
            begin = body.start(1) + match.end()
            yield from forced(code, begin, code.index(";", begin))


def spans(code):
    """Yields (begin, end, new text, what)."""
    for match in OPERATOR.finditer(code):
        for new in OPERATORS[match.group()]:
            yield match.start(), match.end(), new, f"-> {new}"
        if match.group() in ("&&", "||"):
            yield from operand_mutants(code, match)
    for match in re.finditer(r"(?<=[\s(])!(?=[\w(])", code):
        yield match.start(), match.end(), "", "taken out"
    for match in re.finditer(r"\b\w+\b", code):
        for new in WORDS.get(match.group(), []):
            yield match.start(), match.end(), new, f"-> {new or 'nothing'}"
    for match in re.finditer(r"\bIN\(PHASE_\w+\)", code):
        yield match.start(), match.end(), "0", "taken out"
        yield match.start(), match.end(), "(~0u)", "-> any phase"
    for match in ROW.finditer(code):
        yield match.start() + 1, matching(code, match.start() + 1) + 1, "", "row taken out"
    yield from condition_mutants(code)


def reason(path, line, what):
    """Why no test can notice this mutant, or None."""
    return next((why for (file, words, change), why in EQUIVALENT.items()
                 if file == path and words in line and change == what), None)


def find(path):
    """The mutants of a file, in its order: [{line, what, begin, end, new, equivalent}], each change once."""
    text = read(path)
    lines = text.splitlines()
    code, found = masked(text), {}
    for begin, end, new, what in spans(code):
        old = re.sub(r"\s+", " ", text[begin:end])
        line = text.count("\n", 0, begin) + 1
        what = f"{old[:60]} {what}"
        found.setdefault((begin, end, new), {"line": line, "what": what, "begin": begin, "end": end, "new": new,
                                             "equivalent": reason(path, lines[line - 1], what)})
    return [found[key] for key in sorted(found)]


def sources(*patterns):
    return [os.path.relpath(path, TOP) for pattern in patterns for path in sorted(glob.glob(os.path.join(TOP, pattern)))]


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def run(command, limit_s=None, **environment):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit_s, check=False,
                              env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"} | environment).returncode
    except subprocess.TimeoutExpired:
        return -1


class Bench:
    """The tests of protocol/, linked once for each file against a library that holds that file and nothing else."""

    def __init__(self, folder, paths):
        self.folder = folder
        self.objects = {path: self.compile(path) for path in sources("protocol/*.c", "daemon/base/*.c")}
        self.rigs = [self.compile(f"tests/unit/protocol/{name}.c") for name in ("plant", "rig", "spoil")]
        self.tests = [self.compile(path) for path in sources("tests/unit/protocol/test_*.c")]
        self.programs, self.limit_s = {}, {}
        for path in paths:
            self.prepare(path)

    def compile(self, path):
        ret = os.path.join(self.folder, path.replace("/", "-") + ".o")
        if run(["cc", *FLAGS, "-c", os.path.join(TOP, path), "-o", ret]) != 0:
            raise RuntimeError(f"{path} does not compile as it is; build densd first")
        return ret

    def library(self, path, text, folder):
        """Builds @text in the place of @path; False when it does not compile."""
        os.makedirs(folder, exist_ok=True)
        source = os.path.join(folder, os.path.basename(path))
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        return run(["cc", *FLAGS, "-shared", "-O0", source, "-o",
                    os.path.join(folder, "libmutant.so")]) == 0

    def prepare(self, path):
        """Links the tests around @path and measures how long they take, the quickest first."""
        folder = os.path.join(self.folder, "plain")
        if not self.library(path, read(path), folder):
            raise RuntimeError(f"{path} does not compile as it is")
        others = [name for key, name in self.objects.items() if key != path]
        timed = []
        for number, test in enumerate(self.tests):
            program = os.path.join(self.folder, f"{os.path.basename(path)}-{number}")
            if run(["cc", "-fsanitize=address", "-rdynamic", test, *self.rigs, *others, "-o", program, "-L" + folder, "-lmutant",
                    "-lcmocka", "-lm"]) != 0:
                raise RuntimeError(f"the tests around {path} do not link")
            began = time.monotonic()
            if run([program], 300, LD_LIBRARY_PATH=folder) != 0:
                raise RuntimeError(f"{os.path.basename(test)} fails without any mutation; mend it first")
            timed.append((time.monotonic() - began, program))
        self.programs[path] = [program for _, program in sorted(timed)]
        self.limit_s[path] = 10 + 10 * max(timed)[0]

    def judge(self, path, mutant):
        """'caught', 'survived', 'equivalent' or 'not compilable'. Threads may judge at the same time."""
        if mutant["equivalent"]:
            return "equivalent"
        text, folder = read(path), os.path.join(self.folder, f"worker-{threading.get_ident()}")
        if not self.library(path, text[:mutant["begin"]] + mutant["new"] + text[mutant["end"]:], folder):
            return "not compilable"
        for program in self.programs[path]:
            if run([program], self.limit_s[path], LD_LIBRARY_PATH=folder) != 0:
                return "caught"
        return "survived"
