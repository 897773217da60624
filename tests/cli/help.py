"""The list of commands, and help on a word that begins several of them, by every way to ask for it."""

import glob
import os
import re

from lib_cli import ROOT, check, run

# Every command of cli/ that is not hidden, and every benchmark, is listed once.
names = []
for path in glob.glob(os.path.join(ROOT, "cli", "*.c")) + glob.glob(os.path.join(ROOT, "bench", "**", "*.c"), recursive=True):
    with open(path, encoding="utf-8") as f:
        for body in re.findall(r"^const struct (?:command|bench) \w+ = \{\n(.*?)^\};", f.read(), re.M | re.S):
            if ".hidden = true" not in body:
                names += re.findall(r'^\t\.name = "([^"]+)"', body, re.M)
rc, out, err = run("help")
check(rc == 0 and err == "", rc, err)
check(len(names) > 15, names)
for name in names:
    check(len(re.findall(rf"^  {re.escape(name)} ", out, re.M)) == 1, "not listed once:", name, out)
heads = re.findall(r"^[A-Z].*$", out, re.M)
check(len(heads) == len(set(heads)), heads)

text = None
for words in (("pim",), ("help", "pim"), ("pim", "--help"), ("--help", "pim")):
    rc, out, err = run(*words)
    check(rc == 0 and err == "", words, rc, err)
    for name in ("pim ops", "pim eval", "pim devices", "pim compile"):
        check(f"\n  {name} " in out, words, "does not list", name, out)
    check("latency" not in out, words, "lists", out)
    check(text in (None, out), words, "differs:", out)
    text = out
for words in (("help", "pim", "ops"), ("pim", "ops", "--help")):
    rc, out, err = run(*words)
    check(rc == 0 and out.startswith("memwall pim ops: ") and "--sweep=" in out, words, rc, out, err)
rc, out, err = run("help", "pim", "no")
check(rc == 2 and "pim no" in err, rc, err)
