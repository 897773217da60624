"""`mpirun -n 2 memwall interconnect`: one process prints and writes, both end alike; without a launcher it says how."""

import csv
import io
import json
import os
import shutil
import subprocess

from lib_cli import MEMWALL, OUT, ROOT, VARIANT, check, run, run_parts, scratch, skip, without

LAUNCHERS = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK")
REFERENCE = os.path.join(ROOT, "results", "reference", "run-1.json")
FEW = ("--profile=tiny", "--max-time=5", "--sizes=8,64K")


def without_a_launcher():
    for name in LAUNCHERS:
        os.environ.pop(name, None)
    rc, out, err = run("interconnect")
    check(rc == 3 and out == "" and err.count("\n") == 1 and "mpirun -n 2 memwall interconnect" in err, rc, out, err)
    # Another process than the first says nothing at all, also of what is wrong with its words.
    for words, want in ((("interconnect", "--sizes=9"), 2), (("interconnect", "--nonsense"), 2)):
        rc, out, err = run(*words)
        check(rc == want and err.count("\n") == 1, words, rc, err)
        rc, out, err = run(*words, env={"PMI_RANK": "1"})
        check(rc == want and out == "" and err == "", words, rc, out, err)
    with scratch() as empty:
        rc, out, err = run("interconnect", env={"PMI_RANK": "0", "MEMWALL_MODULES": empty})
        check(rc == 3 and "no module mpi.so" in err, rc, err)


def launch(n, *words, env=None):
    """(exit status, lines of memwall on stdout, those on stderr)"""
    launcher = shutil.which("mpirun")
    if not os.path.exists(os.path.join(OUT, "modules", "mpi.so")):
        skip("no MPI when memwall was built")
    if not launcher:
        skip("no mpirun")
    version = subprocess.run([launcher, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    options = ["-n", str(n)]
    if "Open MPI" in version or "OpenRTE" in version:
        options += ["--oversubscribe"] + (["--allow-run-as-root"] if os.geteuid() == 0 else [])
    leaks = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"} if VARIANT == "asan" else {}
    done = subprocess.run([launcher, *options, MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, env={**os.environ, **leaks, **(env or {})})
    err = [line for line in done.stderr.decode().splitlines() if line.startswith("memwall:")]
    return done.returncode, done.stdout.decode(), err


def two_processes():
    rc, out, err = launch(2, "interconnect", *FEW, "--format=csv")
    if rc != 0 and not err:
        skip("mpirun cannot start two processes here")
    check(rc == 0 and not err, rc, err)
    rows = list(csv.DictReader(io.StringIO(out)))
    check(out.count("bench,case,metric") == 1, "more than one process printed", out)
    measured = {(r["case"], r["params"].split(";")[0]) for r in rows if r["provenance"] == "measured"}
    want = {("ping-pong", "message=8")} | {(c, f"message={s}") for c in ("one-way", "both-ways", "all-reduce") for s in (8, 65536)}
    check(measured == want, measured)
    check(all(float(r["value"]) > 0 for r in rows if r["provenance"] == "measured"), rows)
    missing = [r for r in rows if r["provenance"] == "unavailable"]
    check(len(missing) == 2 and all("no other process" in r["note"] for r in missing), missing)


def one_file_is_written():
    with scratch() as folder:
        path = os.path.join(folder, "out.csv")
        rc, out, err = launch(2, "interconnect", *FEW, "--format=csv", "--out-file=" + path)
        check(rc == 0 and out == "" and not err, rc, out, err)
        with open(path, encoding="utf-8") as f:
            check(f.read().count("bench,case,metric") == 1, "written twice")
        check(os.listdir(folder) == ["out.csv"], os.listdir(folder))


def failures_are_told_once():
    rc, out, err = launch(1, "interconnect", *FEW)
    check(rc == 3 and out == "" and len(err) == 1 and "needs two" in err[0], rc, out, err)
    rc, out, err = launch(2, "interconnect", "--sizes=9")
    check(rc == 2 and out == "" and len(err) == 1 and "multiple of 8" in err[0], rc, out, err)
    rc, out, err = launch(2, "interconnect", *FEW, "--out-file=/nonexistent/folder/out")
    check(rc != 0 and out == "" and len(err) == 1, rc, out, err)


def a_run_of_two_feeds_trends_and_the_page():
    """One folder, of the first process; its records reach other results with --interconnect."""
    with scratch() as folder:
        links = os.path.join(folder, "links")
        run_words = ("run", "--profile=tiny", "--max-time=5", "--only=interconnect")
        rc, out, err = launch(2, *run_words, "--output=" + links)
        check(rc == 0 and out.count("/results.json") == 1, rc, out, err)
        with open(os.path.join(links, "results.json"), encoding="utf-8") as f:
            results = json.load(f)
        benches = {r["bench"] for r in results["records"] if r["provenance"] == "measured"}
        check(benches == {"interconnect"} and not results["skipped"], benches)
        rc, out, err = launch(2, *run_words, "--output=" + os.path.join(folder, "plan"), "--dry-run", "--format=csv")
        check(rc == 0 and out.count("interconnect") == 1 and sorted(os.listdir(folder)) == ["links"], rc, out, err)
        rc, out, err = launch(2, *run_words, "--output=" + links, "--resume")
        check(rc == 2 and out == "" and len(err) == 1 and "begins anew" in err[0], rc, out, err)
        # Reference results do not name their host.
        rc, out, err = run("trends", REFERENCE, "--interconnect=" + links, "--format=csv", "--select=host.interconnect*")
        rows = list(csv.DictReader(io.StringIO(out)))
        check(rc == 0 and rows[0]["provenance"] == "measured" and float(rows[0]["value"]) > 0, rc, out, err)
        page = os.path.join(folder, "page.html")
        rc, out, err = run("report", REFERENCE, "--interconnect=" + links, "-o", page)
        check(rc == 0 and "Ridge of the interconnect" in out, rc, out, err)
        with open(page, encoding="utf-8") as f:
            text = f.read()
        check("of another run: " + links in text and "between processes on" in text, "the page lacks the interconnect")
        # A run's folder keeps its own results.
        other = os.path.join(folder, "other")
        rc, out, err = run("run", "--profile=tiny", "--max-time=3", "--only=gemm,bandwidth", "--output=" + other)
        check(rc == 0, rc, err)
        rc, out, err = run("report", other, "--interconnect=" + links)
        check(rc == 0 and "Ridge of the interconnect" in out, rc, out, err)
        with open(os.path.join(other, "results.json"), encoding="utf-8") as f:
            check('"interconnect' not in f.read(), "records of another run were written into results.json")


def interconnect_of_what_holds_none():
    for words in (("trends", REFERENCE), ("report", REFERENCE, "-o", "/dev/null")):
        rc, out, err = run(*words, "--interconnect=" + REFERENCE)
        check(rc == 2 and err.count("\n") == 1 and "--interconnect" in err and "no records" in err, words, rc, err)
    with scratch() as empty:
        rc, out, err = run("trends", "--interconnect=" + REFERENCE, cwd=empty)
        check(rc == 2 and "goes with results of a run" in err, rc, err)


if VARIANT == "tsan":
    without("interconnect", "MPI libraries are not built for the thread sanitizer")
run_parts((without_a_launcher, interconnect_of_what_holds_none) + (() if VARIANT == "tsan" else (two_processes, one_file_is_written, failures_are_told_once, a_run_of_two_feeds_trends_and_the_page)))
