"""Bad input: one clear line on stderr, exit 2 (3: named, but not available), nothing on stdout, nothing written. The lines are in errors.golden,
where <any> stands for what depends on the machine.

`errors.py --print` prints what the program says now.
"""

import os
import re
import shlex
import sys

from lib_cli import check, run, scratch

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "errors.golden")


def tree(folder):
    return sorted((p, f, os.path.getsize(os.path.join(p, f))) for p, _, files in os.walk(folder) for f in files) + sorted(
        p for p, _, _ in os.walk(folder)
    )


def same(got, expected):
    patterns = [".*".join(re.escape(part) for part in line.split("<any>")) for line in expected]
    return len(got) == len(patterns) and all(re.fullmatch(p, g) for p, g in zip(patterns, got))


def fixtures(folder):
    for name, size in (("a64", 64), ("b64", 64), ("c32", 32), ("empty", 0)):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(bytes(i & 0xFF for i in range(size)))
    os.mkdir(os.path.join(folder, "there"))
    with open(os.path.join(folder, "there", "notes"), "w") as f:
        f.write("no run's folder\n")


def main():
    with open(GOLDEN) as f:
        blocks = [b for b in f.read().split("\n\n") if b.strip() and not b.startswith("#")]
    printing = sys.argv[1:] == ["--print"]
    with scratch() as folder:
        fixtures(folder)
        before = tree(folder)
        for block in blocks:
            lines = block.strip().split("\n")
            command, expected = lines[0], lines[1:]
            words = shlex.split(command)
            check(words[:2] == ["$", "memwall"], "not a command line:", command)
            rc, out, err = run(*words[2:], cwd=folder)
            got = [f"exit {rc}", *err.rstrip("\n").split("\n")]
            if printing:
                print("\n".join([command, *got, *(["STDOUT: " + out] if out else [])]), end="\n\n")
                continue
            check(same(got, expected), "\n".join([command, "expected:", *expected, "got:", *got]))
            check(out == "", command, "wrote to stdout:", out)
            check(rc in (2, 3) and len(got) == 2, command, "is not one line and exit 2 (3: a named thing is unavailable)")
            check(tree(folder) == before, command, "left something behind")
        check(len(blocks) >= 20, "only", len(blocks), "cases")


main()
