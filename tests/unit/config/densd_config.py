#!/usr/bin/env python3
"""densd-config as a program: exit codes, where the bytes and the words go, and a variant of the shipped site made by sed.

usage: densd_config.py PROGRAM CONFIG_FOLDER
"""
import os
import subprocess
import sys
import tempfile

EDITS = {"/run/densim": "lab", "/run/densd": "/tmp/x", "/var/lib/densd": "store", "port: 15020": "port: 1502",
         "scale: 1\n": "scale: 120\n"}


def run(program, *arguments):
    """Exit code, bytes on descriptor 3, words on standard error."""
    with tempfile.TemporaryFile() as out:
        def on_three():
            os.dup2(out.fileno(), 3)
            os.set_inheritable(3, True)
        done = subprocess.run([program, *arguments], stderr=subprocess.PIPE, text=True, timeout=20, check=False,
                              close_fds=False, preexec_fn=on_three)
        out.seek(0)
        return done.returncode, out.read(), done.stderr


def variant(shipped, folder):
    with open(shipped, encoding="utf-8") as stream:
        text = stream.read()
    for old, new in EDITS.items():
        assert old in text, old
        assert all(line.count(old.strip()) <= 1 for line in text.splitlines()), old
        text = text.replace(old, new)
    path = os.path.join(folder, "site.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def main():
    program, config = sys.argv[1:3]
    shipped = os.path.join(config, "sites/densim.yaml")
    code, size, words = run(program, shipped)
    assert (code, words) == (0, "") and len(size) > 1000, (code, words)
    with tempfile.TemporaryDirectory() as folder:
        code, varied, words = run(program, variant(shipped, folder))
        assert code == 0 and len(varied) == len(size), words
        assert f"{folder}/lab/rtu".encode() in varied and f"{folder}/store".encode() in varied
    code, written, words = run(program, os.path.join(config, "protocols/vit4-7gpa-643k.yaml"))
    assert code == 1 and written == b"" and ":2:8: error: " in words and "site/1" in words, words
    code, written, words = run(program, "/nonexistent")
    assert code == 2 and written == b"" and "/nonexistent" in words
    assert run(program)[0] == 2
    print("densd-config: 5 cases good")


main()
