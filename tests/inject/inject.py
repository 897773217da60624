"""The n-th allocation, write, fsync, rename, mmap or thread fails: one clear line, no crash, no hang, no leak (where a
sanitizer looks), and every file is the old one or a whole new one.

memwall-inject (tests/inject/inject.c) is the program whose own calls can be made to fail. By default a few n of each
kind; INJECT_MAX=300 tries n = 1..300, INJECT_ONLY=run,report some of the commands."""

import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.getcwd()
VARIANT = os.environ.get("VARIANT", "release")
BINARY = os.path.join(ROOT, "build", VARIANT, "memwall-inject")
MODULES = os.path.join(ROOT, os.environ.get("OUT", "build"), "modules")
MOST = int(os.environ.get("INJECT_MAX", "0"))
HANG_S = 300  # far above what any of them takes: a hang, not a slow machine

# What a message about each kind has to say.
CAUSES = {
    "malloc": r"memory|[Nn]ot available",
    "write": r"[Nn]o space left",
    "fsync": r"[Ii]nput/output error",
    "rename": r"[Ii]nput/output error",
    "mmap": r"memory",
    "pthread_create": r"[Rr]esource temporarily unavailable|thread",
}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def is_page(data):
    return data.rstrip().endswith(b"</html>")


class Command:
    """One command line. prepare() makes its folder; judge() says what is wrong with what it left behind."""

    few = 6  # how many n of each kind without INJECT_MAX
    sample = 0  # and with it; 0: 1..INJECT_MAX and some beyond
    files = 0  # how many files it renames into place at least
    kinds = tuple(CAUSES)

    def prepare(self, folder):
        pass

    def judge(self, folder, rc, out):
        raise NotImplementedError

    def reference(self, out):
        self.expected = out


class Printed(Command):
    """Prints the same text every time, or fails."""

    def __init__(self, name, *args):
        self.name, self.args = name, args

    def judge(self, folder, rc, out):
        if rc == 0 and out != self.expected:
            return "exit 0 with another text"
        return f"left {os.listdir(folder)}" if os.listdir(folder) else None


class Eval(Command):
    name = "pim eval"
    files = 3
    args = ("pim", "eval", "--op=add", "--width=8", "--in=a", "--in=b", "--out=c", "--stats", "-o", "stats",
            "--trace=trace", "--format=csv")

    def prepare(self, folder):
        write(os.path.join(folder, "a"), bytes(range(256)) * 40)
        write(os.path.join(folder, "b"), bytes(range(255, -1, -1)) * 40)
        for name in "c", "stats", "trace":
            write(os.path.join(folder, name), b"old\n")

    def judge(self, folder, rc, out):
        left = sorted(os.listdir(folder))
        if left != ["a", "b", "c", "stats", "trace"]:
            return f"left {left}"
        if read(os.path.join(folder, "a")) != bytes(range(256)) * 40:
            return "changed its input"
        new = {name: read(os.path.join(folder, name)) for name in ("c", "stats", "trace")}
        if rc == 0 and new["c"] != b"\xff" * 10240:
            return "exit 0 with a wrong result"
        if rc == 0 and (new["stats"] == b"old\n" or new["trace"] == b"old\n"):
            return "exit 0 without statistics or trace"
        if new["c"] not in (b"old\n", b"\xff" * 10240):
            return "half a result"
        return None


class Run(Command):
    name = "run"
    few = 2
    files = 2

    args = ("run", "--profile=tiny", "--only=latency", "--max-time=120", "--output=r")

    def judge(self, folder, rc, out):
        r = os.path.join(folder, "r")
        if not os.path.isdir(r):
            return None if rc else "exit 0 without a folder"
        left = set(os.listdir(r))
        if left - {"records.jsonl", "results.json", "report.html"}:
            return f"left {sorted(left)}"
        if rc == 0 and len(left) != 3:
            return f"exit 0 with {sorted(left)} only"
        if "results.json" in left:
            json.loads(read(os.path.join(r, "results.json")))
        if "report.html" in left and not is_page(read(os.path.join(r, "report.html"))):
            return "half a page"
        lines = read(os.path.join(r, "records.jsonl")).split(b"\n") if "records.jsonl" in left else [b""]
        for line in lines[:-1]:
            json.loads(line)
        return None


class WholeRun(Run):
    """All benchmarks: with INJECT_MAX only, and a sample, since each takes seconds."""

    name = "run everything"
    args = ("run", "--profile=tiny", "--max-time=120", "--output=r")
    few = 0
    sample = 30


class Report(Command):
    name = "report"
    few = 4
    files = 1
    args = ("report", "r")

    def __init__(self, source):
        self.source = source

    def prepare(self, folder):
        shutil.copytree(self.source, os.path.join(folder, "r"))
        write(os.path.join(folder, "r", "report.html"), b"<html>old</html>\n")

    def judge(self, folder, rc, out):
        r = os.path.join(folder, "r")
        if sorted(os.listdir(r)) != ["records.jsonl", "report.html", "results.json"]:
            return f"left {sorted(os.listdir(r))}"
        page = read(os.path.join(r, "report.html"))
        if not is_page(page):
            return "half a page"
        if rc == 0 and b"old" in page[:20]:
            return "exit 0 with the old page"
        if read(os.path.join(r, "records.jsonl")) != read(os.path.join(self.source, "records.jsonl")):
            return "changed the journal"
        have, had = (json.loads(read(os.path.join(d, "results.json"))) for d in (r, self.source))
        return None if have["records"] == had["records"] else "other records in results.json"


def execute(command, inject, folder, count=None):
    env = dict(os.environ, MEMWALL_MODULES=MODULES, TMPDIR=folder, LC_ALL="C")
    env["ASAN_OPTIONS"] = "exitcode=98:detect_leaks=1:allocator_may_return_null=1:handle_segv=0:intercept_tls_get_addr=0"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    if inject:
        env["INJECT"] = inject
    if count:
        env["INJECT_COUNT"] = count
    inner = os.path.join(folder, "w")
    os.mkdir(inner)
    command.prepare(inner)
    try:
        done = subprocess.run([BINARY, *command.args], cwd=inner, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_S, check=False)
    except subprocess.TimeoutExpired:
        return None, b"", "", inner
    return done.returncode, done.stdout, done.stderr.decode(errors="replace"), inner


def verdict(command, kind, rc, out, err, inner):
    if rc is None:
        return f"no end after {HANG_S} s"
    if rc < 0 or rc >= 98:
        return f"died with {rc}"
    if "Sanitizer" in err or "runtime error" in err:
        return "sanitizer report"
    if rc not in (0, 1, 3):
        return f"exit {rc} for what is not the user's mistake"
    lines = [line for line in err.splitlines() if line.strip()]
    if any(not line.startswith("memwall: ") for line in lines):
        return "a line that is no message"
    final = [line for line in lines if not line.startswith("memwall: skipped ")]
    if rc and not lines:
        return f"exit {rc} without a word"
    if rc and len(final) > 1:
        return "more than one line about one failure"
    if rc and not re.search(CAUSES[kind], err):
        return "the message does not name the cause"
    try:
        return command.judge(inner, rc, out)
    except ValueError as e:
        return f"half a file: {e}"


def one(command, kind, n, every):
    with tempfile.TemporaryDirectory() as folder:
        inject = f"{kind}:{n}{'+' if every else ''}"
        rc, out, err, inner = execute(command, inject, folder)
        wrong = verdict(command, kind, rc, out, err, inner)
    return wrong and f"INJECT={inject} memwall {' '.join(command.args)}: {wrong} (exit {rc})\n" + "".join(
        f"    {line}\n" for line in err.splitlines()[:25])


def calls(command, kind):
    """How many calls of that kind the command makes when none fails."""
    with tempfile.TemporaryDirectory() as folder:
        count = os.path.join(folder, "count")
        rc, out, err, _ = execute(command, f"{kind}:{10**9}", folder, count)
        if rc != 0:
            sys.exit(f"FAILED: {command.name} without a failure: exit {rc}\n{err}")
        command.reference(out)
        return int(read(count))


def check_syncs(command):
    """Every file that is renamed into place was synced before, and its folder after: what does not call fsync would also
    survive its failures."""
    syncs, renames = calls(command, "fsync"), calls(command, "rename")
    if syncs < 2 * renames or renames < command.files:
        sys.exit(f"FAILED: {command.name} makes {renames} files durable with {syncs} calls of fsync")


def cases(command):
    if command.few or MOST:
        check_syncs(command)
    for kind in command.kinds:
        few = command.sample if MOST else command.few
        if few == 0 and not MOST:
            continue
        total = calls(command, kind)
        if MOST and not few:  # beyond the first ones, every so often
            chosen = [*range(1, min(MOST, total) + 1), *range(MOST + 1, total + 1, max(1, total // 50))]
        else:
            seeded = random.Random(f"{command.name} {kind}")
            chosen = sorted(seeded.sample(range(1, total + 1), min(total, few)))
        for n in chosen:
            yield command, kind, n, False
            if kind in ("write", "malloc") and (MOST == 0 or n % 7 == 1):
                yield command, kind, n, True


def main():
    if not os.path.exists(BINARY):
        print(f"{BINARY} was not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as base:
        made = subprocess.run([BINARY, *Run.args[:-1], "--output=" + os.path.join(base, "r")], cwd=base, check=False,
                              env=dict(os.environ, MEMWALL_MODULES=MODULES), stdout=subprocess.DEVNULL)
        if made.returncode:
            sys.exit("FAILED: no run to report on")
        commands = [
            Printed("pim ops", "pim", "ops", "--width=8"),
            Printed("transformer", "transformer", "--analytic"),
            Printed("pim compile", "pim", "compile", "c = (a & b) ^ ~s; d = maj(a, b, c)"),
            Printed("trends", "trends", "--format=csv"),
            Printed("claims", "claims"),
            Eval(),
            Report(os.path.join(base, "r")),
            Run(),
            WholeRun(),
        ]
        only = os.environ.get("INJECT_ONLY")
        tried, failures = 0, []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for command in commands:
                if only and command.name not in only.split(","):
                    continue
                for wrong in pool.map(lambda c: one(*c), list(cases(command))):
                    tried += 1
                    if wrong:
                        failures.append(wrong)
                        print(wrong, end="", flush=True)
    print(f"{tried} injected failures, {len(failures)} badly handled")
    sys.exit(1 if failures or tried < 50 else 0)


main()
