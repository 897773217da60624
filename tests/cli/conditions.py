"""Machines that lack something: the run measures what it can and reports what it left out and why."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys

from lib_cli import MEMWALL, OUT, ROOT, VARIANT, check, run, run_parts, scratch, skip, without

BASE = scratch()
MIB = 1 << 20
# A leak checker needs a thread of its own.
NO_LEAK_CHECK = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
TIME = ("time budget", "no time left", "interrupted")  # a busy test machine, not the condition under test


def folder_for(name):
    folder = os.path.join(BASE.name, name)
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    return folder


def tiny(name, *options, needed=("latency", "bandwidth"), **how):
    """A tiny run under some condition; returns results.json, stderr and the page."""
    folder = folder_for(name)
    # Rounds end it, well before the clock does: a busy machine takes its time.
    if not any(o.startswith("--max-time") for o in options):
        options += ("--max-time=60",)
    rc, out, err = run("run", "--profile=tiny", *options, "--output=" + os.path.join(folder, "r"), cwd=folder, **how)
    check(rc == 0, name, "exit", rc, "\n" + err, out)
    with open(os.path.join(folder, "r", "results.json")) as f:
        results = json.load(f)
    with open(os.path.join(folder, "r", "report.html")) as f:
        page = f.read()
    benches = {r["bench"] for r in results["records"] if r["value"] is not None}
    check(set(needed) <= benches, name, "measured only", benches, err)
    for r in results["records"]:
        if r["value"] is None:
            check(r["provenance"] == "unavailable" and r["note"], name, "a value is absent without a reason", r)
    return results, err, page


def refusing(calls):
    """The prefix of a program for which the kernel refuses these calls."""
    helper = os.path.join(BASE.name, "refuse")
    if not os.path.exists(helper):
        built = subprocess.run(["gcc", "-o", helper, os.path.join(ROOT, "tests/cli/refuse.c")], capture_output=True)
        check(built.returncode == 0, built.stderr.decode())
    probe = subprocess.run([helper, calls, "true"], capture_output=True)
    if probe.returncode == 77:
        skip("no seccomp here: " + probe.stderr.decode().strip())
    return (helper, calls)


def mounting(commands):
    """The prefix of a program in a mount namespace of its own, where these shell commands ran first."""
    for flags in ("-m", "-rm"):
        prefix = ("unshare", flags, "sh", "-c", commands + ' && exec "$@"', "sh")
        try:
            probe = subprocess.run([*prefix, "true"], capture_output=True)
        except OSError as e:
            skip(str(e))
        if probe.returncode == 0:
            return prefix
    skip("no mount namespace: " + probe.stderr.decode().strip())


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def readable_copy():
    """The program where an unprivileged user may read it."""
    folder = folder_for("bin")
    shutil.copy(MEMWALL, folder)
    os.makedirs(os.path.join(folder, "modules"))
    for name in os.listdir(os.path.join(OUT, "modules")) if os.path.isdir(os.path.join(OUT, "modules")) else ():
        shutil.copy(os.path.join(OUT, "modules", name), os.path.join(folder, "modules"))
    return os.path.join(folder, "memwall")


def bare():
    """Not root, no gnuplot, no BLAS, no oneDNN."""
    empty = folder_for("empty")
    prefix, binary = (), MEMWALL
    if os.getuid() == 0:
        binary = readable_copy()
        prefix = ("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        probe = subprocess.run([*prefix, binary, "--version"], capture_output=True)
        if probe.returncode:
            without("another user", probe.stderr.decode().strip() or "the checkout is not readable for others")
            prefix, binary = (), MEMWALL
    _, err, page = tiny("bare", prefix=prefix, binary=binary, env={"PATH": empty, "MEMWALL_MODULES": empty})
    check("gnuplot" in err + page, "nobody says that gnuplot is absent")


def one_cpu():
    cpu = sorted(os.sched_getaffinity(0))[0]
    results, _, _ = tiny("one-cpu", "--skip=offload,storage", preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    check(results["host"]["n_cpus"] == 1, "more than one CPU in", results["host"])


def no_io_uring():
    results, _, _ = tiny("io-uring", "--only=storage", needed=(), prefix=refusing("io_uring"))
    deep = [r for r in results["records"] if r["bench"] == "storage" and r["params"].get("depth", 1) > 1]
    for r in deep:
        check("io_uring refused" in r["note"], "a queue without io_uring", r)


def pinning_refused():
    calls = "affinity,numa" if VARIANT == "release" else "pin,numa"  # sanitizers end without sched_getaffinity
    results, err, _ = tiny("pinning", "--skip=offload,storage", prefix=refusing(calls))
    check(err.count("measuring unpinned") == 1, "nobody says that threads are not pinned:", err)
    for r in results["records"]:
        if r["provenance"] == "measured" and r["value"] is not None:
            check(r["observed"].get("pinned") == "no", "not marked as unpinned", r)


def threads_refused():
    results, err, _ = tiny("threads", "--skip=storage", prefix=refusing("threads"), env=NO_LEAK_CHECK)
    check("measuring with 1 of " in err or len(os.sched_getaffinity(0)) == 1, err)
    for r in results["records"]:
        threads = r["params"].get("threads", 1)
        if threads > 1:
            check(r["value"] is None, "many threads where none can be made", r)
        if threads > 1 and r["case"] != "best":
            check("cannot start thread" in r["note"], "the reason is another one", r)
    many = [r["bench"] for r in results["records"] if r["params"].get("threads", 1) > 1]
    check({"bandwidth", "gemm"} <= set(many) or len(os.sched_getaffinity(0)) == 1, "no record tells of", many)


def no_proc():
    """No /proc and no /sys: memory comes from the kernel then, and where that is refused too it is unknown: never 0."""
    if VARIANT not in ("release", "debug", "cov"):
        skip("a sanitizer reads its options from /proc")
    hide = mounting("mount -t tmpfs none /proc && mount -t tmpfs none /sys")
    rc, out, err = run("info", prefix=hide)
    check(rc == 0 and " 0.0" not in out and "unknown" not in out.split("memory usable now")[1].split("\n")[0], out, err)
    hide += refusing("sysinfo")
    rc, out, err = run("info", prefix=hide)
    check(rc == 0 and " 0.0" not in out and "at most 256 MiB" in err and err.count("\n") == 1, out, err)
    for row in ("memory  ", "memory usable now"):
        check("unknown" in out.split(row)[1].split("\n")[0], row, "is not unknown in", out)
    results, err, page = tiny("no-proc", prefix=hide)
    check(results["host"]["mem_total"] is None and results["host"]["mem_available"] is None, results["host"])
    check(results["host"]["hugepages_2m_free"] is None, "huge pages without /sys", results["host"])
    check(all(node["bytes"] != 0 for node in results["host"]["numa_nodes"]), results["host"])
    check("--shapes" not in err and "0.0 GiB" not in page, err)


def address_space():
    """More memory never measures less, and what is left out names the limit."""
    if VARIANT != "release":
        skip("the sanitizer needs the address space")
    seen = []
    for mib in (80, 150, 300, 600):
        results, err, _ = tiny(f"as-{mib}", "--max-time=20", preexec_fn=limit(resource.RLIMIT_AS, mib * MIB))
        starved = {s["bench"] for s in results["skipped"] if any(word in s["reason"] for word in TIME)}
        for s in results["skipped"]:
            if s["bench"] == "interconnect":
                continue  # has no launcher here
            check(s["bench"] in starved or "ulimit -v" in s["reason"], mib, "MiB: skipped for another reason", s)
        # Smaller arrays are not DRAM, and still arrays.
        measured = {r["case"] for r in results["records"] if r["bench"] == "bandwidth" and r["value"] is not None}
        check("bandwidth" in starved or any(c.startswith(("largest-", "dram-")) for c in measured), mib, "MiB: no arrays", measured)
        cases, array = set(), 0
        for r in results["records"]:
            # What a busy machine had no time for would have found its memory.
            there = r["value"] is not None or any(word in r["note"] for word in TIME)
            if there:
                # What fewer bytes may not call DRAM is the same measurement under another name.
                cases.add((r["bench"], r["case"].replace("largest", "dram")))
                starved.add(r["bench"])
            elif re.search(r"MiB|[Nn]o memory|[Cc]annot allocate|(more|less) memory", r["note"]):
                check("ulimit -v" in r["note"], mib, "MiB: the limit has no name", r)
            if there and r["bench"] == "bandwidth" and "array" in r["observed"]:
                array = max(array, r["observed"]["array"])
        seen.append((mib, starved, cases, array))
    for (less, b0, c0, a0), (more, b1, c1, a1) in zip(seen, seen[1:]):
        # A whole benchmark without time says nothing of its cases; some are found in the numbers, or not.
        lost = {c for c in c0 - c1 if c[0] in b1 and c[1] not in ("knee", "saturation", "over-saturation", "highest", "level", "ways", "slowest-core")}
        check(b0 <= b1 and not lost, more, "MiB measure less than", less, ":", b0 - b1, lost)
        check(a0 <= a1, more, "MiB: arrays of", a1, "bytes,", less, "MiB:", a0)


def cgroup():
    """256 MiB of memory."""
    if VARIANT != "release":
        skip("the sanitizer needs more memory")
    with open("/proc/self/cgroup") as f:
        rows = [line.strip().split(":", 2) for line in f]
    v1 = [r[2] for r in rows if "memory" in r[1].split(",")]
    if v1:
        parent, file = "/sys/fs/cgroup/memory" + v1[0], "memory.limit_in_bytes"
    else:
        parent, file = "/sys/fs/cgroup" + "".join(r[2] for r in rows if r[0] == "0"), "memory.max"
    group = os.path.join(parent, f"memwall-test-{os.getpid()}")
    try:
        os.mkdir(group)
    except OSError as e:
        skip(str(e))
    try:
        with open(os.path.join(group, file), "w") as f:
            f.write(str(256 << 20))
        with open(os.path.join(group, "cgroup.procs"), "w"):
            pass
    except OSError as e:
        os.rmdir(group)
        skip(str(e))

    def enter():
        with open(os.path.join(group, "cgroup.procs"), "w") as f:
            f.write(str(os.getpid()))

    try:
        results, _, _ = tiny("cgroup", preexec_fn=enter)
        check("cgroup" in json.dumps(results["host"]), "the limit of the cgroup is not in", results["host"])
    finally:
        os.rmdir(group)


def fails_with(words, files, rc, err):
    """A write that failed: status 1, and each line names one of the files and the cause."""
    check(rc == 1 and err, "exit", rc, err)
    for line in err.splitlines():
        check(words in line and any(file in line for file in files), "the cause is not told:", err)


def full_disk():
    where = folder_for("full")
    prefix = mounting(f"mount -t tmpfs -o size=16k none {where}")
    out = os.path.join(where, "r")
    rc, _, err = run("run", "--profile=tiny", "--max-time=4", "--only=latency", "--output=" + out, prefix=prefix)
    fails_with("No space left on device", (out + "/records.jsonl", out + "/results.json"), rc, err)
    for args in (("latency", "--profile=tiny", "--sizes=64K", "-o", "/dev/full"), ("info", "-o", "/dev/full")):
        rc, _, err = run(*args)
        fails_with("No space left on device", ("/dev/full",), rc, err)
    operand = os.path.join(BASE.name, "operand")
    with open(operand, "wb") as f:
        f.write(os.urandom(200000))
    evaluate = ("pim", "eval", "--device=ambit:dram=ddr4-3200", "--op=not", "--in=" + operand)
    rc, _, err = run(*evaluate, "--out=" + os.path.join(where, "c"), prefix=prefix)
    fails_with("No space left on device", (os.path.join(where, "c"),), rc, err)
    limited = limit(resource.RLIMIT_FSIZE, 16384)
    rc, _, err = run(*evaluate, "--out=c", cwd=BASE.name, preexec_fn=limited)
    fails_with("File too large", ("c: ",), rc, err)
    limited = limit(resource.RLIMIT_FSIZE, 8192)
    rc, _, err = run("run", "--profile=tiny", "--max-time=4", "--only=latency", "--output=f", cwd=where, preexec_fn=limited)
    fails_with("File too large", ("f/records.jsonl", "f/results.json"), rc, err)


def few_files():
    """Below ten files what needs one is left out, and the cause is the number of files."""
    where = folder_for("files")
    for n in (4, 5, 6, 8):
        rc, _, err = run("run", "--profile=tiny", "--max-time=3", "--only=latency,storage", f"--output=r{n}", cwd=where,
                         preexec_fn=limit(resource.RLIMIT_NOFILE, n))
        check(rc in (0, 1, 3) and (rc == 0 or "Too many open files" in err), n, "files: exit", rc, err)


PARTS = (bare, one_cpu, no_io_uring, pinning_refused, threads_refused, no_proc, address_space, cgroup, full_disk,
         few_files)
run_parts(PARTS, sys.argv[1:])
