"""Wrong values of every option that `memwall help` shows: exit 2, one line that names option or value, nothing measured or written.

The options are read from the help, so that a new one is tested without being named here. That nothing was measured: the time limit is
11 days, so that whatever begins to measure does not come back within the patience of this test.
"""

import os
import re
import subprocess

from lib_cli import check, run, scratch

PATIENCE = 300
LINE = re.compile(r"^  (-\w|  ) --([a-z-]+)(?:=(\S+))? ")
# What a command needs besides the option under test, which replaces its own.
REST = {
    "pim eval": ["--op=and", "--in=a64", "--in=b64", "--out=new"],
    "pim compile": ["a & b"],
    "plan": ["gpt2"],
    "report": ["there"],
    "transformer": ["--analytic"],
    "run": ["--output=new"],
}
# Refused wherever a number, a word, a list, a device or an expression is expected.
WORDS = ["", " ", ",", "zz?", "1,,2", "nan", "inf", "-inf", "1e999", "9" * 40, "-" + "9" * 40, "1 ", " 1", "1;2", "0x", "1\t", "\u00e9", "%n"]
PLACES = ["", "no/such/folder/x", "x" * 5000]


def commands():
    rc, out, err = run("help")
    check(rc == 0, err)
    head = out.split("\nGlobal options")[0]
    return re.findall(r"^  ((?:pim )?[a-z]+) {2,}\S", head, re.M)


def options(command):
    """Letter, name and argument of each; whether the command measures."""
    rc, out, err = run("help", *command.split())
    check(rc == 0, err)
    return [(m[1], m[2], m[3]) for m in map(LINE.match, out.split("\n")) if m], "--profile=" in out


def tree(folder):
    return sorted((p, tuple(d), tuple(f)) for p, d, f in os.walk(folder))


def refused(folder, before, command, measures, name, words, value):
    rest = [w for w in REST.get(command, []) if not w.startswith(f"--{name}=")]
    if measures:
        rest += [w for w in ("--profile=full", "--max-time=1e6") if not w.startswith(f"--{name}=")]
    words = [*command.split(), *rest, *words]
    try:
        rc, out, err = run(*words, cwd=folder, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        rc, out, err = None, "", "it measures\n"
    check(rc == 2, words, "exit", rc, err)
    check(err.count("\n") == 1 and err.endswith("\n"), words, "is not one line:", err)
    check(out == "", words, "wrote to stdout:", out)
    named = f"--{name}" in err or f"'{value}'" in err or (len(value) > 4 and value[:40] in err)
    named = named or (name == "device" and " a device" in err)  # bytes that are not echoed
    check(named, words, "names neither the option nor the value:", err)
    check(tree(folder) == before, words, "left something behind")


def main():
    tested = 0
    with scratch() as folder:
        for name in ("a64", "b64"):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(bytes(64))
        os.mkdir(os.path.join(folder, "there"))
        before = tree(folder)
        for command in commands():
            known, measures = options(command)
            for letter, name, arg in known:
                if not arg:
                    refused(folder, before, command, measures, name, [f"--{name}=1"], "")
                    tested += 1
                    continue
                place = arg in ("FILE", "DIR")
                if command == "report" and name == "out-file":
                    values = [""]  # `there` is no run: its page is not written anyway
                elif arg == "PATTERN":
                    values = ["", " "]  # any other text may match an id, which only the records tell
                else:
                    values = PLACES if place else WORDS
                for value in values:
                    refused(folder, before, command, measures, name, [f"--{name}={value}"], value)
                    tested += 1
                refused(folder, before, command, measures, name, [f"--{name}"], "")
                if letter != "  ":
                    refused(folder, before, command, measures, name, [letter, ""], "")
        check({"run", "gemm", "list", "pim eval", "help"} <= set(commands()), "not all commands:", commands())
        check(tested > 400, "only", tested, "values tested")
        print(tested, "wrong values refused")


main()
