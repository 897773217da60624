"""memory_curves.csv of the Mess benchmark: a run leaves it in its folder, and any results give it again."""

import csv
import os

from lib_cli import ROOT, check, run, run_parts, scratch, skip

REFERENCE = os.path.join(ROOT, "results", "reference", "run-1.json")


def a_run_and_its_results_give_the_same_curves():
    with scratch() as folder:
        rc, out, err = run("run", "--profile=tiny", "--max-time=8", "--only=loaded", "--output=r", cwd=folder)
        check(rc in (0, 3), rc, err)
        path = os.path.join(folder, "r", "memory_curves.csv")
        if not os.path.exists(path):
            skip("no curve was measured here")
        with open(path, "rb") as f:
            first = f.read()
        rows = list(csv.DictReader(first.decode().splitlines()))
        check(rows and all(0 < float(r["latency_mean"]) and 0 < float(r["bandwidth_mean"]) for r in rows), rows)
        for source in ("r", "r/results.json"):
            rc, out, err = run("report", source, "--curves=again.csv", "-o", "page.html", cwd=folder)
            check(rc == 0, source, rc, err)
            with open(os.path.join(folder, "again.csv"), "rb") as f:
                check(f.read() == first, source, "gives other curves")
        rc, out, err = run("report", "r/results.json", "--curves=r/results.json", "-o", "page.html", cwd=folder)
        check(rc == 2 and err.count("\n") == 1, "an input was overwritten", rc, err)


def results_without_curves():
    with scratch() as folder:
        rc, out, err = run("report", REFERENCE, "--curves=c.csv", "-o", "page.html", cwd=folder)
        check(rc == 3 and err.count("\n") == 1 and "--curves=c.csv: no curve was measured" in err, rc, err)
        check(os.listdir(folder) == [], os.listdir(folder))
        rc, out, err = run("report", REFERENCE, "--curves=/nowhere/c.csv", "-o", "page.html", cwd=folder)
        check(rc in (2, 3) and err.count("\n") == 1 and "/nowhere" in err, rc, err)


run_parts([a_run_and_its_results_give_the_same_curves, results_without_curves])
