#!/usr/bin/env python3
"""Makes small edits of the sources, one at a time, and runs the tests that must notice them.

    run.py [--jobs=N] [--work=DIR] [PATTERN...]

A mutant is an entry of tests/mutants/*.mutants:

    mutant depth-ignored
    file bench/storage_io.c
    test storage/*
    - for (; in_flight < s->load->depth; in_flight++)
    + for (; in_flight < 1; in_flight++)

Lines with - are looked for in the file and must be there exactly once (white space at both ends does not count); lines
with + take their place. `test` is a filter of the unit tests or a script; several are run until one fails. A mutant is
killed when a test fails; a mutant that does not compile, or whose lines are not found, is stale and counts as a survivor.
PATTERN selects mutants by name or file (shell wildcards). Ends with the score; exit status 1 below 95 %.
"""
import argparse
import fnmatch
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAST_SCORE = 0.95
TEST_SECONDS = 240


def read_entries():
    """All entries, as dicts with name, file, tests, old and new lines."""
    entries = []
    for path in sorted((ROOT / "tests/mutants").glob("*.mutants")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            word, _, rest = line.partition(" ")
            if not line.strip() or line.startswith("#"):
                continue
            if word == "mutant":
                entries.append({"name": rest.strip(), "tests": [], "old": [], "new": []})
            elif word == "file":
                entries[-1]["file"] = rest.strip()
            elif word == "test":
                entries[-1]["tests"].append(rest.strip())
            elif word in ("-", "+"):
                entries[-1]["old" if word == "-" else "new"].append(rest.strip())
            else:
                sys.exit(f"{path}:{number}: expected mutant, file, test, - or +, found '{word}'")
    names = [e["name"] for e in entries]
    for e in entries:
        missing = [k for k in ("file", "tests", "old") if not e.get(k)]
        if missing or names.count(e["name"]) > 1:
            sys.exit(f"mutant {e['name']}: {'no ' + missing[0] if missing else 'its name is used twice'}")
    return entries


def mutated(text, entry):
    """The text with the entry's old lines replaced; None unless they are there exactly once."""
    lines = text.split("\n")
    stripped = [l.strip() for l in lines]
    n = len(entry["old"])
    found = [i for i in range(len(lines) - n + 1) if stripped[i : i + n] == entry["old"]]
    if len(found) != 1:
        return None
    return "\n".join(lines[: found[0]] + entry["new"] + lines[found[0] + n :])


class Tree:
    """A copy of the sources with a build of its own."""

    def __init__(self, folder):
        self.folder = folder
        names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, text=True, capture_output=True)
        keep = set(names.stdout.split("\n")) - {""}
        for name in keep:
            source, target = ROOT / name, folder / name
            if not source.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                shutil.copy2(source, target)
                os.utime(target)

    def call(self, command, **more):
        return subprocess.run(command, cwd=self.folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)

    def build(self, tests):
        targets = ["build/release/unit-tests"] if all(not is_script(t) for t in tests) else ["all", "tests"]
        return self.call(["make", "--no-print-directory", "DEPS=no", "VARIANT=release", *targets])

    def test(self, test):
        """True when the test passes. Raises when a filter selects no test."""
        env = dict(os.environ, VARIANT="release", OUT=str(self.folder / "build"), MEMWALL=str(self.folder / "build/memwall"), LC_ALL="C",
                   PYTHONPATH=f"{self.folder}/tests/cli:{self.folder}/tests/reports")
        if is_script(test):
            command = ["python3", "-B", test] if test.endswith(".py") else ["sh", test]
        else:
            command = ["build/release/unit-tests", "--filter", test, "--timeout", "60"]
        try:
            done = self.call(command, env=env, timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        if not is_script(test) and "Tested: 0 " in done.stdout:
            raise LookupError(f"the filter {test} selects no test")
        return done.returncode == 0


def is_script(test):
    return test.endswith((".py", ".sh"))


def judge(tree, entry):
    """'killed', 'survived', or 'stale: why'."""
    path = tree.folder / entry["file"]
    if not path.is_file():
        return f"stale: there is no {entry['file']}"
    before = path.read_text()
    after = mutated(before, entry)
    if after is None or after == before:
        return "stale: its lines are not in the file exactly once"
    path.write_text(after)
    try:
        built = tree.build(entry["tests"])
        if built.returncode:
            return "stale: it does not compile: " + " ".join(l for l in built.stdout.splitlines() if "error" in l)[:200]
        return "survived" if all(tree.test(t) for t in entry["tests"]) else "killed"
    finally:
        path.write_text(before)


def worker(folder, work, results, problems):
    try:
        tree = Tree(folder)
        built = tree.call(["make", "--no-print-directory", "DEPS=no", "VARIANT=release", "all", "tests"])
        if built.returncode:
            problems.append("the sources do not build:\n" + built.stdout[-2000:])
            return
        sound = {}
        while not problems:
            entry = work.get_nowait()
            for test in entry["tests"]: # a test that fails anyway would kill every mutant
                if test not in sound: # what is built may still hold the last mutant
                    sound[test] = tree.build([test]).returncode == 0 and tree.test(test)
                if not sound[test]:
                    problems.append(f"{test} fails without a mutant")
                    return
            begin = time.monotonic()
            verdict = judge(tree, entry)
            results.append((entry, verdict))
            print(f"{verdict:<10} {entry['name']} ({entry['file']}, {time.monotonic() - begin:.0f} s)", flush=True)
    except queue.Empty:
        pass
    except LookupError as e:
        problems.append(str(e))


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--work", default=str(ROOT / "build/mutants"))
    options.add_argument("patterns", nargs="*")
    o = options.parse_args()
    entries = read_entries()
    chosen = [e for e in entries if not o.patterns or any(fnmatch.fnmatch(e["name"], p) or fnmatch.fnmatch(e["file"], p) for p in o.patterns)]
    if not chosen:
        sys.exit("no mutant has such a name or file")
    work, results, problems = queue.Queue(), [], []
    for e in sorted(chosen, key=lambda e: (e["tests"], e["file"])):
        work.put(e)
    threads = [threading.Thread(target=worker, args=(pathlib.Path(o.work) / str(i), work, results, problems)) for i in range(max(1, min(o.jobs, len(chosen))))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if problems:
        sys.exit("\n".join(problems))
    killed = sum(v == "killed" for _, v in results)
    for e, v in sorted(results, key=lambda r: r[0]["name"]):
        if v != "killed":
            print(f"not killed: {e['name']} ({e['file']}): {v}")
    print(f"{killed} of {len(results)} mutants killed, {100.0 * killed / len(results):.0f} %")
    return 0 if killed >= LEAST_SCORE * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
