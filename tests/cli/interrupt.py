"""Ctrl-C, SIGTERM and SIGKILL in the middle of `run`: what is finished is kept, and the report says that it is partial."""

import json
import os
import signal
import subprocess
import time

from lib_cli import MEMWALL, check, run, scratch


def records(folder):
    """Finished records in the journal."""
    try:
        with open(os.path.join(folder, "records.jsonl")) as f:
            return sum('"metric"' in line for line in f if line.endswith("\n"))
    except FileNotFoundError:
        return 0


def start(folder):
    """A quick run of which at least two records are in the journal, and which is still going on."""
    p = subprocess.Popen(
        [MEMWALL, "run", "--max-time=20s", "--output=" + folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for _ in range(3600):
        if records(folder) >= 2:
            break
        check(p.poll() is None, "the run ended before two records:", p.returncode, *(p.communicate() if p.poll() is not None else ()))
        time.sleep(0.05)
    check(p.poll() is None, "no record after three minutes")
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


def main():
    with scratch() as base:
        for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            folder = os.path.join(base, sig.name)
            p = start(folder)
            before = records(folder)
            p.send_signal(sig)
            out, err = p.communicate(timeout=120)
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

        rc, out, err = run("run", "--resume", "--max-time=8s", "--output=" + folder)
        check(rc == 0, "resumed run: exit", rc, err)
        with open(os.path.join(folder, "results.json")) as f:
            results = json.load(f)
        check(len(results["records"]) >= before, "resuming lost records")
        check(results["partial"] is False, "a resumed and finished run is still called partial")


main()
