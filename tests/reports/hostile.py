"""`report` on files that are well-formed and absurd: numbers of drawn records become zero, negative, denormal, huge or
absent. The page is complete each time and no figure is lost. Also inputs that never end, and signals.

The limits of time are there to notice what hangs; nothing is measured."""

import copy
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
import time

from lib_reports import FIGURES, HANG_S, MEMWALL, check, figures_of, fixture, report, scratch, stand_in

NUMBERS = [0, -1, 5e-324, 1e308, -1e308, 1e-300, None]
INTEGERS = [2**63 - 1, -(2**63)]


def drawn(document):
    """Indices: one record of each kind that a figure draws, and the places of its numbers."""
    seen = set()
    for i, r in enumerate(document["records"]):
        kind = r["bench"], r["case"], r["metric"]
        if r["bench"] not in FIGURES or r["provenance"] == "unavailable" or kind in seen:
            continue
        seen.add(kind)
        places = [("value",), ("min",), ("max",)]
        if r["ci95"]:
            places += [("ci95", 0), ("ci95", 1)]
        if r["samples"]["value"]:
            places += [("samples", "value", 0)]
        for group in ("params", "observed"):
            places += [(group, k) for k, v in r[group].items() if not isinstance(v, str)]
        yield i, places


def put(document, i, place, number):
    at = document["records"][i]
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = number


def write(path, document):
    with open(path, "w") as f:
        json.dump(document, f)


def page(path, expected, what):
    rc, _, err = report(path)
    check(rc == 0, what, "exit", rc, err)
    check(err == "", what, "complains:", err)
    with open(os.path.join(os.path.dirname(path), "report.html")) as f:
        html = f.read()
    check(html.endswith("</html>\n"), what, "the page is not complete")
    missing = set(expected) - figures_of(html)
    check(not missing, what, "lost the figures", missing)


def numbers(folder, document):
    """One number of each figure at a time (test_figure.c goes through all of them), then all values of a figure."""
    path = os.path.join(folder, "results.json")
    first = {}
    for i, places in drawn(document):
        first.setdefault(document["records"][i]["bench"], (i, places))
    check(set(first) == set(FIGURES), "the fixture lacks a figure")
    turns = max(len(places) for _, places in first.values())
    for turn in range(turns):
        for number in NUMBERS + INTEGERS:
            damaged, what = copy.deepcopy(document), []
            for bench, (i, places) in first.items():
                place = places[turn % len(places)]
                if number is not None or place[0] != "ci95":  # the schema has null for the whole interval only
                    put(damaged, i, place, number)
                    what.append(f"{bench} {place} = {number}")
            write(path, damaged)
            page(path, FIGURES, "; ".join(what))
    for bench in FIGURES:
        for number in (0, 5e-324, 1e308):
            damaged = copy.deepcopy(document)
            for r in damaged["records"]:
                if r["bench"] == bench and r["provenance"] != "unavailable":
                    r["value"] = number
            write(path, damaged)
            # The roofline needs the memory's bandwidth.
            others = set(FIGURES) - {bench} - ({"gemm"} if bench == "bandwidth" else set())
            page(path, others, f"every value of {bench} = {number}:")


def many(folder, document):
    """Far more series, rows and points than a figure has room for."""
    path = os.path.join(folder, "results.json")
    crowd = copy.deepcopy(document)
    for i, _ in list(drawn(document)):
        for k in range(60):
            r = copy.deepcopy(document["records"][i])
            r["params"].update({"threads": k, "stride": 64 * k, "device": f"device{k}", "size": 1 << (k % 62)})
            crowd["records"].append(r)
    write(path, crowd)
    page(path, FIGURES, "many series:")


def endless(folder):
    """Inputs that never end or that are none are refused with a line."""
    os.mkfifo(os.path.join(folder, "fifo"))
    os.mkdir(os.path.join(folder, "run"))
    os.mkfifo(os.path.join(folder, "run", "records.jsonl"))
    with open(os.path.join(folder, "sparse"), "w") as f:
        f.truncate(1 << 40)
    for name in ("fifo", "run", "sparse", "/dev/zero", "/dev/tty", "/dev/stdin"):
        rc, out, err = report(os.path.join(folder, name))  # stdin is a pipe that nobody closes
        check(rc == 2 and out == "" and err.count("\n") == 1 and err.startswith("memwall: "), name, "exit", rc, out, err)
        check(name in ("sparse", "/dev/tty") or "regular file" in err, name, "is blamed on", err)


def pipe_for_results(folder, document):
    """A pipe in the place of results.json: nobody would ever read what is written to it."""
    run = os.path.join(folder, "run")
    os.mkdir(run)
    with open(os.path.join(run, "records.jsonl"), "w") as f:
        head = {"schema": document["schema"], "memwall": document["memwall"], "host": document["host"]}
        for line in [{"head": head}, *({"record": r} for r in document["records"])]:
            f.write(json.dumps(line) + "\n")
    os.mkfifo(os.path.join(run, "results.json"))
    rc, out, err = report(run)
    check(rc == 2 and out == "" and err.count("\n") == 1, "exit", rc, out, err)
    check("results.json: not a regular file" in err, "is blamed on", err)
    page_file = os.path.join(folder, "page.html")
    rc, _, err = report(run, "-o", page_file)
    check(rc == 0 and os.path.getsize(page_file) > 1000 and "left as it is" in err, "-o: exit", rc, err)


def stat_of(folder):
    return {name: os.stat(os.path.join(folder, name)).st_mtime_ns for name in os.listdir(folder)}


def gone(pid):
    for _ in range(HANG_S * 20):
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def signals(folder, document):
    """The first one counts, also while gnuplot hangs; the old report stays, no other file appears, gnuplot ends."""
    run, note = os.path.join(folder, "results"), os.path.join(folder, "pid")
    os.mkdir(run)
    path = os.path.join(run, "results.json")
    write(path, document)
    check(report(path)[0] == 0, "a whole report")
    before = stat_of(run)
    hanging = stand_in(folder, f"echo $$ >{note}.new; mv {note}.new {note}; exec sleep 3600")
    for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        if os.path.exists(note):
            os.remove(note)
        p = subprocess.Popen([MEMWALL, "report", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(os.environ, PATH=hanging + ":" + os.environ["PATH"]))
        for _ in range(HANG_S * 20):
            if os.path.exists(note):
                break
            time.sleep(0.05)
        p.send_signal(sig)
        out, err = p.communicate(timeout=HANG_S)
        check(p.returncode == status and out == b"", sig.name, "exit", p.returncode, out, err)
        check(stat_of(run) == before, sig.name, "changed", before, stat_of(run))
        with open(note) as f:
            check(gone(int(f.read())), sig.name, "left gnuplot running")
    # Nobody reads what it prints: the pipe is full, and the program waits.
    large = copy.deepcopy(document)
    large["records"] *= 40
    write(path, large)
    for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        p = subprocess.Popen([MEMWALL, "report", path, "--format=csv"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        fcntl.fcntl(p.stdout, fcntl.F_SETPIPE_SZ, 4096)
        for _ in range(HANG_S * 20):
            if struct.unpack("i", fcntl.ioctl(p.stdout, termios.FIONREAD, b"\0" * 4))[0] >= 4096:
                break
            time.sleep(0.05)
        p.send_signal(sig)
        check(p.wait(timeout=HANG_S) == status, sig.name, "while printing: exit", p.returncode)
        p.stdout.close()


def main():
    document = fixture()
    for step in (numbers, many, pipe_for_results, signals):
        with scratch() as folder:
            step(folder, document)
    with scratch() as folder:
        endless(folder)


main()
