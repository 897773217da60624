"""Ctrl-C, SIGTERM and SIGKILL in the middle of `run`: what is finished is kept, and the report says that it is partial."""

import json
import os
import signal
import subprocess
import time

from lib_cli import MEMWALL, check, run, scratch, without


def records(folder):
    """Finished records in the journal."""
    try:
        with open(os.path.join(folder, "records.jsonl")) as f:
            return sum('"metric"' in line for line in f if line.endswith("\n"))
    except FileNotFoundError:
        return 0


def finished(folder):
    """Benchmarks that the journal knows as done or left out."""
    with open(os.path.join(folder, "records.jsonl")) as f:
        return sum('"elapsed"' in line or line.startswith('{"skipped"') for line in f)


def start(folder):
    """A run that stands still (SIGSTOP), with two records in the journal at least, in the middle of its benchmarks."""
    p = subprocess.Popen(
        [MEMWALL, "run", "--profile=tiny", "--max-time=600s", "--output=" + folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while records(folder) < 2:
        check(p.poll() is None, "the run ended before two records:", p.returncode, *(p.communicate() if p.poll() is not None else ()))
        time.sleep(0.05)
    p.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, p.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    check(finished(folder) < 5, "the run had all but ended when it was looked at")
    return p


def partial(folder, before, why):
    with open(os.path.join(folder, "results.json")) as f:
        results = json.load(f)
    check(len(results["records"]) >= before, "records were lost:", len(results["records"]), before)
    text = json.dumps({k: v for k, v in results.items() if k != "records"})
    check('"partial": true' in text, "results.json does not say that it is partial:", text[-400:])
    with open(os.path.join(folder, "report.html")) as f:
        page = f.read()
    check("partial" in page.lower(), why, "the report does not say that it is partial")


def blocked(base):
    """A command that waits for somebody to read obeys the first signal."""
    pipe = os.path.join(base, "pipe")
    os.mkfifo(pipe)
    for command in ("info", "list", "help", "man", "pim ops", "pim devices", "pim compile"):
        words = [*command.split(), *(["c = a & b"] if command == "pim compile" else [])]
        for target in (["-o", pipe], []):
            p = subprocess.Popen([MEMWALL, *words, *target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(0.3)  # blocked by then, or on its way there: both have to end
            p.send_signal(signal.SIGTERM)
            p.communicate(timeout=300)
            check(p.returncode in (0, 143, -signal.SIGTERM), command, target, "exit", p.returncode)
            check(p.returncode != 0 or not target, command, "ended without a reader")


def beginning(words):
    """The program when storage has begun to write its file, which it does before it measures anything."""
    p = subprocess.Popen([MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fds = f"/proc/{p.pid}/fd"
    while p.poll() is None:
        try:
            if any(os.readlink(os.path.join(fds, fd)).endswith(" (deleted)") and os.stat(os.path.join(fds, fd)).st_size >= 1 << 30
                   for fd in os.listdir(fds)):
                return p
        except FileNotFoundError:
            pass  # closed meanwhile
        time.sleep(0.01)
    check(False, words, "ended before it was stopped:", p.returncode, *p.communicate())


def stopped_at_begin(base):
    """What had not begun when the signal came is there, without a value and with the reason."""
    if subprocess.run(["stat", "-f", "-c", "%T", base], stdout=subprocess.PIPE, check=True).stdout.strip() in (b"tmpfs", b"ramfs"):
        without("storage", base + " is memory")
        return
    p = beginning(["storage", "--file-size=4G", "--format=json", "--max-time=600s", "--dir=" + base])
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=300)
    check(p.returncode == 130, "exit", p.returncode, err.decode())
    got = [(r["bench"], r["value"], r["provenance"], r["note"]) for r in json.loads(out)]
    check(got == [("storage", None, "unavailable", "stopped before storage began")], got)


def stopped_at_once(base):
    """Every benchmark of a run that is stopped at its start has a record or a reason; a resumed run replaces them."""
    folder = os.path.join(base, "at-once")
    p = subprocess.Popen([MEMWALL, "run", "--profile=tiny", "--max-time=600s", "--output=" + folder],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not os.path.exists(os.path.join(folder, "records.jsonl")) or os.path.getsize(os.path.join(folder, "records.jsonl")) == 0:
        check(p.poll() is None, "the run ended at once:", p.returncode)
        time.sleep(0.005)
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=300)
    check(p.returncode == 143, "exit", p.returncode, err.decode())
    rc, out, err = run("list", "--format=json")
    names = {row["name"] for row in json.loads(out) if row["kind"] == "benchmark"}
    check(len(names) >= 6, "benchmarks of this program:", names)

    def told():
        with open(os.path.join(folder, "results.json")) as f:
            results = json.load(f)
        stopped = {r["bench"] for r in results["records"] if r["note"].startswith("stopped before ")}
        return stopped, {r["bench"] for r in results["records"]} | {s["bench"] for s in results["skipped"]}

    stopped, all_told = told()
    check(all_told >= names, "nothing is said of", names - all_told)
    check(stopped, "all had begun")
    rc, out, err = run("run", "--resume", "--profile=tiny", "--max-time=8s", "--output=" + folder)
    check(rc == 0, "resumed run: exit", rc, err)
    check(not told()[0], "the resumed run still says that it was stopped:", told()[0])


def main():
    with scratch() as base:
        stopped_at_begin(base)
        stopped_at_once(base)
        blocked(base)
        for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            folder = os.path.join(base, sig.name)
            p = start(folder)
            before = records(folder)
            p.send_signal(sig)
            p.send_signal(signal.SIGCONT)
            out, err = p.communicate(timeout=300)
            check(p.returncode == status, sig.name, "exit", p.returncode, err.decode())
            partial(folder, before, sig.name)
            check("report.html" in out.decode(), "the path of the report is not printed:", out.decode())

        folder = os.path.join(base, "killed")
        p = start(folder)
        before = records(folder)
        p.kill()
        p.communicate()
        rc, out, err = run("report", folder)
        check(rc == 0, "report of a killed run: exit", rc, err)
        partial(folder, before, "SIGKILL")

        rc, out, err = run("run", "--resume", "--profile=tiny", "--max-time=8s", "--output=" + folder)
        check(rc == 0, "resumed run: exit", rc, err)
        with open(os.path.join(folder, "results.json")) as f:
            results = json.load(f)
        check(len(results["records"]) >= before, "resuming lost records")
        check(results["partial"] is False, "a resumed and finished run is still called partial")


main()
