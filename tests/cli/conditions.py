"""Machines that lack something: the run ends with 0, measures what it can and says what it left out and why."""

import json
import os
import resource
import shutil
import subprocess
import sys

from lib_cli import MEMWALL, OUT, ROOT, VARIANT, check, run, scratch, skip

PARTS = []  # of the run-together conditions, what this machine did not let us set up


def without(what, why):
    PARTS.append(f"{what}: {why}")


def tiny(name, base, **how):
    """A tiny run under some condition; returns results.json, stderr and the page."""
    folder = os.path.join(base, name)
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    rc, out, err = run("run", "--profile=tiny", "--output=" + os.path.join(folder, "r"), cwd=folder, **how)
    check(rc == 0, name, "exit", rc, "\n" + err, out)
    with open(os.path.join(folder, "r", "results.json")) as f:
        results = json.load(f)
    with open(os.path.join(folder, "r", "report.html")) as f:
        page = f.read()
    benches = {r["bench"] for r in results["records"] if r["value"] is not None}
    check("latency" in benches and "bandwidth" in benches, name, "measured only", benches)
    for r in results["records"]:
        if r["value"] is None:
            check(r["provenance"] == "unavailable" and r["note"], name, "a value is absent without a reason", r)
    return results, err, page


def readable_copy(base):
    """The program where an unprivileged user may read it."""
    folder = os.path.join(base, "bin")
    os.mkdir(folder)
    shutil.copy(MEMWALL, folder)
    os.makedirs(os.path.join(folder, "modules"))
    for name in os.listdir(os.path.join(OUT, "modules")) if os.path.isdir(os.path.join(OUT, "modules")) else ():
        shutil.copy(os.path.join(OUT, "modules", name), os.path.join(folder, "modules"))
    return os.path.join(folder, "memwall")


def bare(base):
    """Not root, no gnuplot, no BLAS, no oneDNN."""
    empty = os.path.join(base, "empty")
    os.mkdir(empty)
    prefix, binary = (), MEMWALL
    if os.getuid() == 0:
        binary = readable_copy(base)
        prefix = ("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        probe = subprocess.run([*prefix, binary, "--version"], capture_output=True, check=False)
        if probe.returncode:
            without("another user", probe.stderr.decode().strip() or "the checkout is not readable for others")
            prefix, binary = (), MEMWALL
    _, err, page = tiny("bare", base, prefix=prefix, binary=binary, env={"PATH": empty, "MEMWALL_MODULES": empty})
    check("gnuplot" in err + page, "nobody says that gnuplot is absent")


def one_cpu(base):
    """One CPU, and a kernel that refuses io_uring."""
    helper = os.path.join(base, "refuse")
    built = subprocess.run(["gcc", "-o", helper, os.path.join(ROOT, "tests/cli/refuse.c")], capture_output=True, check=False)
    check(built.returncode == 0, built.stderr.decode())
    prefix = (helper,)
    if subprocess.run([helper, "true"], capture_output=True, check=False).returncode == 77:
        without("io_uring refused", "no seccomp here")
        prefix = ()
    cpu = sorted(os.sched_getaffinity(0))[0]
    results, _, _ = tiny("one-cpu", base, prefix=prefix, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    check(results["host"]["n_cpus"] == 1, "more than one CPU in", results["host"])


def address_space(base):
    """ulimit -v."""
    if VARIANT != "release":
        without("ulimit -v", "the sanitizer needs the address space")
        return
    limit = 1 << 30
    tiny("ulimit", base, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))


def cgroup(base):
    """A cgroup with 256 MiB of memory."""
    with open("/proc/self/cgroup") as f:
        rows = [line.strip().split(":", 2) for line in f]
    v1 = [r[2] for r in rows if "memory" in r[1].split(",")]
    if v1:
        parent, limit = "/sys/fs/cgroup/memory" + v1[0], "memory.limit_in_bytes"
    else:
        parent, limit = "/sys/fs/cgroup" + "".join(r[2] for r in rows if r[0] == "0"), "memory.max"
    group = os.path.join(parent, f"memwall-test-{os.getpid()}")
    try:
        os.mkdir(group)
    except OSError as e:
        without("cgroup", str(e))
        return
    try:
        with open(os.path.join(group, limit), "w") as f:
            f.write(str(256 << 20))
        with open(os.path.join(group, "cgroup.procs"), "w"):
            pass
    except OSError as e:
        os.rmdir(group)
        without("cgroup", str(e))
        return

    def enter():
        with open(os.path.join(group, "cgroup.procs"), "w") as f:
            f.write(str(os.getpid()))

    try:
        results, _, _ = tiny("cgroup", base, preexec_fn=enter)
        check("cgroup" in json.dumps(results["host"]), "the limit of the cgroup is not in", results["host"])
    finally:
        os.rmdir(group)


def main():
    with scratch() as base:
        for part in (bare, one_cpu, address_space, cgroup):
            if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
                part(base)
    for part in PARTS:
        print("not tested:", part)
    if len(PARTS) > 3:
        skip("; ".join(PARTS))


main()
