"""scripts/reproduce: all published values are met or known to differ; one that is not makes it fail; it replaces nothing
that it did not write."""

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from lib_cli import MEMWALL, check, run_parts  # noqa: E402

SCRIPT = os.path.join(ROOT, "scripts", "reproduce")
EXPECTED = os.path.join(ROOT, "scripts", "reproduce.csv")
TABLES = ("trends", "transformer", "transformer-analytic", "transformer-latency", "plan", "claims")
FIGURES = ("hardware", "models", "training", "memory", "prediction", "transformer")


def reproduce(*words, program=MEMWALL, path=None):
    env = dict(os.environ, MEMWALL=program, **({"PATH": path} if path else {}))
    done = subprocess.run([SCRIPT, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                          timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def rows(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def write(path, table):
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, table[0].keys(), lineterminator="\n")
        w.writeheader()
        w.writerows(table)


class scratch:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="reproduce-")
        return self.folder

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def everything_is_met():
    with scratch() as folder:
        out = os.path.join(folder, "out")
        rc, text, err = reproduce(out)
        check(rc == 0 and not err, rc, text, err)
        check(max(map(len, text.replace(out, "OUT").splitlines())) <= 100, text)
        checks = rows(os.path.join(out, "checks.csv"))
        expected = rows(EXPECTED)
        check(len(checks) == len(expected), len(checks), len(expected))
        check({r["verdict"] for r in checks} == {"PASS", "KNOWN"}, {r["verdict"] for r in checks})
        check(all(r["note"] and r["tolerance"].startswith("known:") for r in checks if r["verdict"] == "KNOWN"), "known, but not why")
        check({r["table"] for r in checks} == set(TABLES), {r["table"] for r in checks})
        profile = [r for r in rows(os.path.join(ROOT, "reports", "data", "transformer_profile.csv")) if "latency" not in r["metric"]]
        check(len([r for r in checks if r["table"] == "transformer"]) == len(profile), "cells of the case study", len(profile))
        with open(os.path.join(out, "README.md"), encoding="utf-8") as f:
            page = f.read()
        check(len(re.findall(r"^\| (PASS|KNOWN) ", page, re.M)) == len(checks), page[:300])
        with open(os.path.join(out, "references.bib"), encoding="utf-8") as f:
            bib = f.read()
        entries = re.findall(r"^@(\w+)\{(\w+),$", bib, re.M)
        check(bib.count("{") == bib.count("}") and len(entries) == len(set(entries)) >= 6, entries)
        for name in FIGURES if shutil.which("gnuplot") else ():
            with open(os.path.join(out, f"wall-{name}.pdf"), "rb") as f:
                check(f.read(5) == b"%PDF-", name)
            check(len(rows(os.path.join(out, f"wall-{name}.csv"))) >= 6, name)
            check(all(r.get("latency", "1") and r.get("intensity", "1") for r in rows(os.path.join(out, f"wall-{name}.csv"))), name)
        for name in os.listdir(out):
            with open(os.path.join(out, name), "rb") as f:
                check(ROOT.encode() not in f.read(), name, "names a folder of this machine")
        os.chdir(folder)
        os.symlink(MEMWALL, "memwall")
        shutil.copy(EXPECTED, "own.csv")
        rc, text, err = reproduce("--expected=own.csv", "out", program="./memwall")
        check(rc == 0, "again, into its own folder, by relative names", rc, text, err)
        os.chdir(ROOT)


def one_that_is_not_met_fails():
    wrong = [  # table, row, column of the file, new text, what the line on the terminal says
        ("trends", "series=hw_flops", "published", "3.1", "published 3.1"),
        ("trends", "series=dram_bw", "tolerance", "0.01%", "tolerance 0.01%"),
        ("trends", "series=training_memory.AlexNet", "tolerance", "known:1.3", "tolerance known:1.3"),
        ("transformer-latency", "model=gpt2;seq=128", "tolerance", "x1.1", "tolerance x1.1"),
        ("plan", "case=second-order", "tolerance", "3.5..4", "3.5..4"),
        ("claims", "id=C01", "published", "differs", "published differs"),
        ("plan", "case=int4", "tolerance", "about", "unknown tolerance"),
        ("plan", "case=int4", "row", "case=nothing", "no such row"),
        ("plan", "case=int4", "column", "nothing", "no such column"),
    ]
    with scratch() as folder:
        for i, (table, row, column, text, said) in enumerate(wrong):
            expected = rows(EXPECTED)
            at = next(r for r in expected if r["table"] == table and r["row"] == row
                      and (column != "tolerance" or not text.startswith("known") or r["tolerance"].startswith("known")))
            at[column] = text
            mutant = os.path.join(folder, "expected.csv")
            write(mutant, [at])
            rc, out, err = reproduce("--expected=" + mutant, os.path.join(folder, f"out{i}"))
            check(rc == 1 and "FAIL" in out and said in out, (table, row, column, text), rc, out, err)
            check(not err, err)


def another_value_of_the_program_fails():
    with scratch() as folder:
        program = os.path.join(folder, "memwall")
        with open(program, "w") as f:
            f.write(f"#!/bin/sh\n'{MEMWALL}' \"$@\" | sed 's/^hw_flops,37,3\\.02/hw_flops,37,3.12/'\n")
        os.chmod(program, 0o755)
        rc, out, err = reproduce(os.path.join(folder, "out"), program=program)
        check(rc == 1 and "FAIL  trends series=hw_flops rate_per_2yr: published 3.0, computed 3.12" in out, rc, out, err)


def nothing_of_others_is_replaced():
    with scratch() as folder:
        own = os.path.join(folder, "own")
        os.mkdir(own)
        with open(os.path.join(own, "trends.csv"), "w") as f:
            f.write("mine\n")
        rc, out, err = reproduce(own)
        check(rc == 2 and "did not write" in err and err.count("\n") == 1, rc, out, err)
        check(os.listdir(own) == ["trends.csv"], os.listdir(own))
        out = os.path.join(folder, "out")
        check(reproduce(out)[0] == 0, "the first time")
        with open(os.path.join(out, "README.md"), "a") as f:
            f.write("my notes\n")
        rc, _, err = reproduce(out)
        check(rc == 2 and "README.md" in err, rc, err)
        with open(os.path.join(out, "README.md")) as f:
            check(f.read().endswith("my notes\n"), "the notes are gone")


def bad_usage_is_told():
    with scratch() as folder:
        file = os.path.join(folder, "file")
        open(file, "w").close()
        for words, said in ((), "no folder"), (("a", "b"), "one folder"), (("--to=x", folder), "unknown option --to=x"), \
                (("--expected=/nonexistent", folder), "/nonexistent"), ((file,), "not a folder"), \
                (("--expected=" + file, os.path.join(folder, "out")), "expected the columns"):
            rc, out, err = reproduce(*words)
            check(rc == 2 and said in err and err.count("\n") == 1 and not out, words, rc, out, err)
        rc, _, err = reproduce(os.path.join(folder, "out"), program="/nonexistent/memwall")
        check(rc == 2 and "/nonexistent/memwall" in err, rc, err)


run_parts([everything_is_met, one_that_is_not_met_fails, another_value_of_the_program_fails, nothing_of_others_is_replaced,
           bad_usage_is_told])
