"""Helpers for the scripts of this folder: a small made-up run, `report` on it, and substitutes for gnuplot."""

import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from lib_cli import MEMWALL, check, scratch as new_folder, skip  # noqa: E402

FIGURES = {"latency": "latency", "bandwidth": "bandwidth", "gemm": "roofline", "offload": "offload"}  # by benchmark
OWN_FIGURES = 6  # of every page: section "The wall"
HANG_S = 60

if not shutil.which("gnuplot"):
    skip("gnuplot is not installed")


class scratch:
    """A folder that vanishes, as its path."""

    def __enter__(self):
        self.folder = new_folder()
        return self.folder.name

    def __exit__(self, *_):
        self.folder.cleanup()


def fixture():
    """The browser check's run with fewer sizes: quick to read and to draw, every kind of record is left."""
    done = subprocess.run([os.path.join(ROOT, "tests", "browser", "make-fixture")], stdout=subprocess.PIPE, check=True)
    document = json.loads(done.stdout)
    kept = {}
    for r in document["records"]:
        kept.setdefault((r["bench"], r["case"], r["metric"], r["params"].get("threads"), r["params"].get("dtype")), []).append(r)
    document["records"] = [r for group in kept.values() for r in (group[:2] + group[-2:] if len(group) > 4 else group)]
    return document


def stand_in(folder, script):
    """A folder with a shell script in gnuplot's place."""
    where = os.path.join(folder, "bin")
    os.makedirs(where, exist_ok=True)
    path = os.path.join(where, "gnuplot")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + script + "\n")
    os.chmod(path, 0o755)
    return where


def report(path, *options):
    """(exit status, stdout, stderr); standard input is a pipe that stays open."""
    p = subprocess.Popen([MEMWALL, "report", path, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    try:
        p.wait(timeout=HANG_S)  # the little that it prints fits into the pipes
    except subprocess.TimeoutExpired:
        p.kill()
        check(False, "no end:", path, options)
    out, err = p.stdout.read(), p.stderr.read()
    for f in (p.stdin, p.stdout, p.stderr):
        f.close()
    return p.returncode, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape")


def figures_of(html):
    """The benchmarks whose section holds a figure."""
    sections = re.findall(r'<section id="([^"]*)">(.*?)</section>', html, re.S)
    return {bench for bench, name in FIGURES.items() if any(s == name and "<figure>" in body for s, body in sections)}
