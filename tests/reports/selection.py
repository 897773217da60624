"""--select: the records whose id matches, in every format and of every command that prints records. The id that a format
prints selects its record again."""

import csv
import fnmatch
import io
import json
import os
import re
import subprocess

from lib_reports import MEMWALL, check, fixture, scratch

SELECTED = {"bandwidth.*": 20, "latency.dram.latency": 1, "*.speedup{*mode=resident*}": 5, "gemm.best.[fo]*_rate": 5}


def run(*words, folder=None):
    done = subprocess.run([MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                          timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def ids(text, form):
    if form == "csv":
        return [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    if form == "json":
        return [r["id"] for r in json.loads(text)]
    if form == "latex":
        rows = text.split("\\endfoot\n")[1].split("\\end{longtable}")[0].splitlines()
        return [re.sub(r"\\([_{}%&#])", r"\1", row.split(" & ")[0]) for row in rows]
    return [line.split("  ")[0] for line in text.splitlines()[1:]]


def formats(path):
    everything = ids(run("report", path, "--format=csv")[1], "csv")
    for pattern, least in SELECTED.items():
        wanted = [i for i in everything if fnmatch.fnmatchcase(i, pattern) or fnmatch.fnmatchcase(i.split("{")[0], pattern)]
        check(least <= len(wanted) < len(everything), pattern, "names", len(wanted), "of", len(everything))
        for form in ("table", "csv", "json", "latex"):
            for words in (("report", path, "--format=" + form, "--select=" + pattern),
                          ("--select", pattern, "--format", form, "report", path)):
                rc, out, err = run(*words)
                check(rc == 0 and err == "", words, rc, err)
                check(ids(out, form) == wanted, words, "prints", out)
    one = everything[7]
    rc, out, err = run("report", path, "--select=" + one)
    check(rc == 0 and one in ids(out, "table"), "an id does not select its record:", one, out, err)
    check(not os.path.exists(os.path.join(os.path.dirname(path), "report.html")), "--select wrote a page")


def refused(*words, names, folder=None):
    rc, out, err = run(*words, folder=folder)
    check(rc == 2 and out == "" and err.count("\n") == 1, words, "exit", rc, out, err)
    check(all(name in err for name in names), words, "says", err)


def nothing(path, folder):
    """Nothing matches, or there are no records to select from."""
    for form in ("table", "csv", "json", "latex"):
        refused("report", path, "--format=" + form, "--select=latency", names=("--select=latency",))
    target = os.path.join(folder, "rows")
    refused("report", path, "--select=x*", "-o", target, names=("--select=x*",))
    check(not os.path.exists(target), "a file without a record was written")
    refused("report", path, "--select=*", "--figures=png", names=("--figures",))
    for words in (("list",), ("info",), ("help",), ("--version",), ("latency", "--help"), ("pim", "ops"), ("run", "--profile=tiny")):
        refused(*words, "--select=*", names=("--select",), folder=folder)
    check(sorted(os.listdir(folder)) == ["results.json"], "left", os.listdir(folder))


def commands(folder):
    words = ("latency", "--profile=tiny", "--max-time=3")
    rc, out, err = run(*words, "--select=latency.*", "--format=csv", folder=folder)
    check(rc == 0 and ids(out, "csv") and all(i.startswith("latency.") for i in ids(out, "csv")), words, rc, out, err)
    refused(*words, "--select=bandwidth.*", names=("--select=bandwidth.*",), folder=folder)
    with open(os.path.join(folder, "in"), "wb") as f:
        f.write(bytes(4096))
    words = ("pim", "eval", "--device=ambit", "--op=not", "--in=in", "--out=out")
    rc, out, err = run(*words, "--stats", "--select=pim.not.a*p", "--format=json", folder=folder)
    check(rc == 0 and [r["metric"] for r in json.loads(out)] == ["aap", "ap"], words, rc, out, err)
    refused(*words, "--select=pim.*", names=("--select", "--stats"), folder=folder)


def main():
    with scratch() as folder:
        path = os.path.join(folder, "results.json")
        with open(path, "w") as f:
            json.dump(fixture(), f)
        formats(path)
        nothing(path, folder)
        commands(folder)


main()
