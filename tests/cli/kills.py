"""SIGKILL at random moments of run, run --resume and report: no finished record is lost, one report of one run.

KILLS=200 makes it a campaign, KILLS_SEED another one. The journal is read here without the program."""

import json
import os
import random
import signal
import subprocess
import time

from lib_cli import MEMWALL, VARIANT, check, run, scratch

KILLS = int(os.environ.get("KILLS", "6"))
SEED = int(os.environ.get("KILLS_SEED", "1"))
SLOW = 1 if VARIANT == "release" else 4
FEW = ["--only=latency,storage", "--max-time=%ds" % (3 * SLOW)]
ALL = ["--max-time=%ds" % (12 * SLOW)]


def identity(r):
    params = tuple(sorted((k, type(v).__name__, v) for k, v in r["params"].items()))
    return r["bench"], r["case"], r["metric"], params, r["observed"].get("state")


def point_of(r):
    """The identity without the topology state, which only the statistics know."""
    params = {k: v for k, v in r["params"].items() if k != "state"}
    return r["bench"], r["case"], r["metric"], json.dumps(params, sort_keys=True)


class Folder:
    """A run's folder, with all that its journal ever held."""

    def __init__(self, path):
        self.path = path
        self.bytes = b""  # whole lines seen so far: they may only grow
        self.lines = []

    def file(self, name):
        return os.path.join(self.path, name)

    def read(self):
        """After a kill: nothing of what stood in the journal is gone."""
        try:
            with open(self.file("records.jsonl"), "rb") as f:
                text = f.read()
        except FileNotFoundError:
            check(not self.bytes, "the journal is gone")
            return
        whole = text[: text.rfind(b"\n") + 1]
        check(whole.startswith(self.bytes), "lines of the journal changed")
        self.bytes = whole
        self.lines = [json.loads(line) for line in whole.splitlines()]
        check(sum("head" in line for line in self.lines) <= 1, "more than one head")
        check(not self.lines or "head" in self.lines[0], "the head is not the first line")

    def said(self):
        """Records that stand, and how many samples each point has that none of them tells about. A benchmark that ended
        said all anew: what it had said in an earlier session is old."""
        session, records, ended, numbers, samples = 0, {}, {}, [], {}
        for line in self.lines:
            session += "resumed" in line
            if "record" in line:
                records[identity(line["record"])] = (session, line["record"])
                if line["record"]["case"] == "run":
                    ended[line["record"]["bench"]] = session
            elif "point" in line:
                numbers.append(line["point"])
            elif "samples" in line:
                key = point_of(numbers[line["samples"]["point"]])
                samples[key] = samples.get(key, 0) + len(line["samples"]["samples"]["value"])
        stand = {k: r for k, (s, r) in records.items() if s >= ended.get(r["bench"], 0)}
        told = {point_of(r) for r in stand.values()}
        benches = {point_of(p): p["bench"] for p in numbers}
        return stand, {k: n for k, n in samples.items() if k not in told and benches[k] not in ended}

    def compare(self):
        """results.json is what the journal holds, no more and no less."""
        self.read()
        with open(self.file("results.json")) as f:
            results = json.load(f)
        wanted, points = self.said()
        got = {identity(r): r for r in results["records"]}
        check(len(got) == len(results["records"]), "an identity stands twice in results.json")
        lost = [k for k in wanted if k not in got]
        check(not lost, len(lost), "of", len(wanted), "finished records are lost:", lost[:3])
        changed = [k for k in wanted if wanted[k] != got[k]]
        check(not changed, "records changed:", changed[:3])
        # What no record told yet is made of the samples of its point, all of them.
        made = {}
        for k, r in got.items():
            if k not in wanted:
                made[point_of(r)] = made.get(point_of(r), 0) + len(r["samples"]["value"])
        check(made == points, "not what the samples say:", [k for k in made.keys() ^ points.keys()][:3])
        head = self.lines[0]["head"]
        check(results["host"] == head["host"], "another host")
        check({**results["memwall"], "elapsed_s": 0} == {**head["memwall"], "elapsed_s": 0}, "another program or run")
        ended = "end" in self.lines[-1] and self.lines[-1]["end"]["partial_why"] is None
        check(results["partial"] is not ended, "partial is", results["partial"], results["partial_why"], self.lines[-1])
        check("could not be read" not in (results["partial_why"] or ""), results["partial_why"])
        return results

    def half_written(self):
        """Right after a kill a file is the old one or the new one."""
        for name in ("results.json", "report.html"):
            if os.path.exists(self.file(name)):
                with open(self.file(name)) as f:
                    text = f.read()
                check(text.rstrip().endswith("}" if name == "results.json" else "</html>"), name, "is half written")
                if name == "results.json":
                    json.loads(text)

    def begun(self):
        return os.path.isdir(self.path)


def fair(p, err):
    """A session ended by itself: well, or because this busy machine left a benchmark no time."""
    return p.returncode == 0 or (p.returncode == 1 and ("no time left" in err or "budget ended" in err))


def start(folder, options):
    args = ["run", "--output=" + folder.path, *options]
    args += ["--resume"] if folder.begun() else ["--profile=tiny"]
    return subprocess.Popen(
        [MEMWALL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def wait_for_end(folder, p, before, limit):
    """Until the session has written its end: results.json and the page come next."""
    until = time.monotonic() + limit
    while p.poll() is None and time.monotonic() < until:
        try:
            with open(folder.file("records.jsonl"), "rb") as f:
                f.seek(before)
                if b'{"end"' in f.read():
                    return
        except FileNotFoundError:
            pass
        time.sleep(0.002)


def attack(rng, folder, options, span):
    """One session and its end. How it ended."""
    how = rng.choice(["early", "anywhere", "anywhere", "report", "twice", "page"])
    before = len(folder.bytes)
    p = start(folder, options)
    if how == "early":
        time.sleep(rng.uniform(0, 0.1 * SLOW))
    elif how == "report":
        wait_for_end(folder, p, before, 8 * span)
        time.sleep(rng.uniform(0, 0.02) if rng.random() < 0.5 else rng.uniform(0, 0.5 * SLOW))
    else:
        time.sleep(rng.uniform(0, span))
    if how == "twice":
        sig = rng.choice([signal.SIGINT, signal.SIGTERM])
        p.send_signal(sig)
        time.sleep(rng.uniform(0, 0.2))
        p.send_signal(sig)
    else:
        p.kill()
    err = p.communicate(timeout=300)[1].decode()
    check(fair(p, err) or p.returncode in (-9, -2, -15, 130, 143), "exit", p.returncode, err)
    if how == "page" and folder.begun():
        page = subprocess.Popen([MEMWALL, "report", folder.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.4 * SLOW))
        page.kill()
        page.wait()
    return "had ended" if fair(p, err) else how


def finish(folder, options):
    """Without a kill the run comes to its end, and a further one has nothing to add but what is not to be had."""
    for _ in range(2):
        p = start(folder, options)
        err = p.communicate(timeout=600)[1].decode()
        check(fair(p, err), "resuming: exit", p.returncode, err)
        results = folder.compare()
        check(results["partial"] is False, "a finished run is called partial:", results["partial_why"])
        with open(folder.file("report.html")) as f:
            check("Partial run" not in f.read(), "the page calls a finished run partial")


def campaign(rng, base):
    count, n, kills = {}, 0, 0
    while kills < KILLS:
        folder = Folder(os.path.join(base, str(n)))
        whole = KILLS >= 50 and n % 6 == 5  # the whole profile now and then
        options, span = (ALL, 8 * SLOW) if whole else (FEW, 2.5 * SLOW)
        for _ in range(min(rng.randint(2, 6), KILLS - kills)):
            how = attack(rng, folder, options, span)
            count[how] = count.get(how, 0) + 1
            kills += how != "had ended"
            folder.read()
            folder.half_written()
            if folder.lines and rng.random() < 0.5:
                rc, _, err = run("report", folder.path)
                check(rc == 0, "report: exit", rc, err)
                folder.compare()
        finish(folder, ["--max-time=%ds" % (20 * SLOW)] if whole else FEW)
        n += 1
    print(kills, "kills over", n, "runs, none lost a record:", count)


def alive(base):
    """A run that lives is neither gone on with nor written over; a report of it says that it goes on."""
    folder = Folder(os.path.join(base, "alive"))
    p = start(folder, ALL)
    until = time.monotonic() + 120
    while len(folder.lines) < 3:
        check(p.poll() is None and time.monotonic() < until, "no two records:", p.returncode)
        time.sleep(0.02)
        folder.read()
    p.send_signal(signal.SIGSTOP)
    try:
        rc, _, err = run("run", "--profile=tiny", "--resume", "--output=" + folder.path)
        check(rc == 2 and "run that is going on" in err and err.count("\n") == 1, rc, err)
        if os.path.exists("/proc/locks"):
            check("(process %d)" % p.pid in err or "process" not in err, err)
        rc, out, err = run("report", folder.path)
        check(rc == 0 and "partial: the run is still going on" in out and "nothing was written" in err, rc, out, err)
        check(sorted(os.listdir(folder.path)) == ["records.jsonl"], os.listdir(folder.path))
        page = os.path.join(base, "page.html")
        rc, out, err = run("report", folder.path, "-o", page)
        check(rc == 0 and os.path.exists(page), rc, err)
        check(sorted(os.listdir(folder.path)) == ["records.jsonl"], os.listdir(folder.path))
    finally:
        p.kill()
        p.communicate()
    folder.read()
    rc, _, err = run("report", folder.path)
    check(rc == 0, rc, err)
    folder.compare()


def main():
    rng = random.Random(SEED)
    with scratch() as base:
        alive(base)
        campaign(rng, base)


main()
