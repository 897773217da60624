#!/usr/bin/env python3
"""memwall in a guest with two and three NUMA nodes, one of them without CPUs, and an HMAT: what this machine may not have.

    numa.py MEMWALL [UNIT-TESTS]

QEMU emulates the guest (TCG): no KVM, no root. It needs qemu-system-x86_64, busybox and a kernel: MEMWALL_VM_KERNEL, that of this machine,
or Debian's cloud kernel, which is downloaded into build/vm and unpacked there, not installed. Exit 77 with the reason when one is missing.
Times in the guest mean nothing; what is checked is which records there are, where their memory was found, and what the firmware promised.
"""

import csv
import glob
import gzip
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import time

FOLDER = os.path.join("build", "vm")
NODE_MIB = 256
BOOT_LIMIT_S = 300  # a boot takes some 6 s
SUITES = "@(arena/*|pages/*|numa/everything_on_this_machine)"  # those that nodes make a difference to


def skip(why):
    print("SKIP guest with NUMA nodes:", why)
    sys.exit(77)


def check(condition, *words):
    if not condition:
        print("FAIL", *words)
        sys.exit(1)


# ---- what the guest is made of ----


def downloaded_kernel():
    """Debian's kernel for virtual machines, unpacked."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True, check=False).stdout
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    if not names or subprocess.run(["apt-get", "-qq", "download", names[0]], cwd=FOLDER, capture_output=True, check=False).returncode:
        return None
    for package in glob.glob(os.path.join(FOLDER, "linux-image-*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, os.path.join(FOLDER, "kernel")], check=True)
        os.unlink(package)
    return unpacked_kernel()


def unpacked_kernel():
    return next(iter(sorted(glob.glob(os.path.join(FOLDER, "kernel/boot/vmlinuz-*")))), None)


def shows_hmat(kernel):
    config = kernel.replace("vmlinuz", "config")
    try:
        with open(config, encoding="utf-8") as f:
            return "CONFIG_ACPI_HMAT=y" in f.read() and os.access(kernel, os.R_OK)
    except OSError:
        return False


def find_kernel():
    named = os.environ.get("MEMWALL_VM_KERNEL")
    if named:
        return named if os.access(named, os.R_OK) else skip("MEMWALL_VM_KERNEL=%s cannot be read" % named)
    own = [k for k in sorted(glob.glob("/boot/vmlinuz-*")) if shows_hmat(k)]
    return unpacked_kernel() or (own[-1] if own else None) or downloaded_kernel() or skip("no kernel with an HMAT (see MEMWALL_VM_KERNEL)")


def libraries(program):
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+)", out)


class Archive:
    """An initramfs: a cpio archive of the kind "newc"."""

    def __init__(self):
        self.data = io.BytesIO()
        self.seen = set()

    def entry(self, name, mode, content=b""):
        if name in self.seen:
            return
        self.seen.add(name)
        numbers = [len(self.seen), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % n for n in numbers) + name.encode() + b"\0"
        for part in (head, content):
            self.data.write(part + b"\0" * (-len(part) % 4))

    def folder(self, name):
        if name and name not in self.seen:
            self.folder(os.path.dirname(name))
            self.entry(name, 0o040755)

    def file(self, name, path):
        self.folder(os.path.dirname(name))
        with open(path, "rb") as f:
            self.entry(name, 0o100755, f.read())

    def program(self, name, path):
        self.file(name, path)
        for library in libraries(path):
            self.file(library.lstrip("/"), library)

    def write(self, path):
        self.entry("TRAILER!!!", 0)
        with open(path, "wb") as f:
            f.write(gzip.compress(self.data.getvalue(), 1))


INIT = """#!/bin/sh
export PATH=/bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
mkdir -p /dev/shm; mount -t tmpfs t /dev/shm; mount -t tmpfs t /tmp
%s
reboot -f
"""


def write_initramfs(path, memwall, tests, commands):
    archive = Archive()
    for name in ("proc", "sys", "dev", "tmp", "root"):
        archive.folder(name)
    archive.program("bin/busybox", shutil.which("busybox"))
    for name in ("sh", "mount", "mkdir", "reboot", "echo"):
        archive.entry("bin/" + name, 0o120777, b"busybox")
    archive.program("bin/memwall", memwall)
    if tests:
        archive.program("bin/unit-tests", tests)
    lines = ["echo '=== %d'; %s; code=$?; echo; echo \"=== exit $code\"" % (i, c) for i, c in enumerate(commands)]
    archive.entry("init", 0o100755, (INIT % "\n".join(lines)).encode())
    archive.write(path)


# ---- one guest ----


def machine(nodes):
    """QEMU's arguments: two sockets of two cores are nodes 0 and 1; node 2, where there is one, has memory only and is nearest to node 0."""
    args = ["-accel", "tcg", "-cpu", "Skylake-Server", "-machine", "q35,hmat=on", "-smp", "4,sockets=2,cores=2", "-m", "%dM" % (NODE_MIB * nodes)]
    for i in range(nodes):
        args += ["-object", "memory-backend-ram,id=m%d,size=%dM" % (i, NODE_MIB)]
        args += ["-numa", "node,nodeid=%d,memdev=m%d,initiator=%d" % (i, i, i if i < 2 else 0)]
    args += ["-numa", "cpu,node-id=0,socket-id=0", "-numa", "cpu,node-id=1,socket-id=1"]
    for (a, b), far in DISTANCES.items():
        if a < b < nodes:
            args += ["-numa", "dist,src=%d,dst=%d,val=%d" % (a, b, far)]
    for (a, b), (ns, gib) in PROMISES.items():
        if b < nodes:
            head = "hmat-lb,hierarchy=memory,initiator=%d,target=%d,data-type=access-" % (a, b)
            args += ["-numa", head + "latency,latency=%d" % ns, "-numa", head + "bandwidth,bandwidth=%dG" % gib]
    return args


DISTANCES = {(0, 0): 10, (1, 1): 10, (0, 1): 21, (1, 0): 21, (0, 2): 14, (1, 2): 36}
PROMISES = {(0, 0): (90, 100), (1, 1): (95, 90), (0, 2): (250, 25)}  # ns, and GiB/s, which the kernel shows as 1024 MB/s each


def boot(nodes, kernel, memwall, tests, commands):
    """Runs the commands in a guest; what each printed and its exit status."""
    initramfs = os.path.join(FOLDER, "initramfs-%d.gz" % nodes)
    write_initramfs(initramfs, memwall, tests, commands)
    args = ["qemu-system-x86_64", *machine(nodes), "-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet panic=-1"]
    args += ["-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults"]
    start = time.monotonic()
    try:
        done = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_LIMIT_S, check=False)
    except subprocess.TimeoutExpired as e:
        check(False, "the guest with", nodes, "nodes did not end:", (e.stdout or b"")[-2000:])
    os.unlink(initramfs)
    text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
    results = [(m.group(2), int(m.group(3))) for m in re.finditer(r"=== (\d+)\n(.*?)\n=== exit (\d+)", text, re.S)]
    check(len(results) == len(commands), "the guest with", nodes, "nodes said", text[-3000:], done.stderr[-500:])
    print("%d nodes: %.1f s" % (nodes, time.monotonic() - start))
    return results


# ---- what must be so ----


def records(text):
    """The rows of CSV, with params and observed as dictionaries."""
    rows = []
    for row in csv.DictReader(io.StringIO(text[text.index("bench,case,") :])):
        if row["bench"] == "numa":
            for name in ("params", "observed"):
                row[name] = dict(pair.split("=", 1) for pair in row[name].split(";") if "=" in pair)
            rows.append(row)
    return rows


def check_info(nodes, result):
    text, code = result
    check(code == 0, "info: exit", code, text)
    rows = re.findall(r"^NUMA node (\d+) +(.*)$", text, re.M)
    check([int(r[0]) for r in rows] == list(range(nodes)), "info lists", rows)
    check([i for i, r in enumerate(rows) if "memory only" in r[1]] == list(range(2, nodes)), "info says", rows)


def check_matrix(rows, nodes):
    for metric in ("latency", "bandwidth"):
        found = {}
        for r in rows:
            if r["metric"] == metric and r["case"] in ("local", "remote", "memory-only") and r["provenance"] == "measured":
                pair = (int(r["params"]["cpu_node"]), int(r["params"]["memory_node"]))
                check(pair not in found, metric, pair, "twice")
                found[pair] = r
        check(set(found) == {(a, b) for a in range(2) for b in range(nodes)}, metric, "of", sorted(found))
        for (a, b), r in found.items():
            check(r["case"] == ("memory-only" if b == 2 else "local" if a == b else "remote"), metric, a, b, "is called", r["case"])
            check(r["observed"]["page_nodes"] == str(b), "memory of node", b, "was found on", r["observed"]["page_nodes"])
            check(int(r["observed"]["distance"]) == DISTANCES[a, b], a, b, "are", r["observed"]["distance"], "apart")
            check(float(r["value"]) > 0, r["id"])
            if metric == "latency":
                check(int(r["observed"]["cpu"]) // 2 == a, "CPU", r["observed"]["cpu"], "measured for node", a)
            else:
                check(int(r["params"]["threads"]) == 2, "node", a, "has two cores")


def check_spread(rows, nodes):
    """Interleaved memory is on every node; a kernel before 6.9 says why it has no weights."""
    spread = [r for r in rows if r["case"] == "interleave"]
    check(len(spread) == 4 and all(r["provenance"] == "measured" for r in spread), "interleaved:", spread)
    for r in spread:
        shares = dict(re.findall(r"(\d+): (\d+) %", r["observed"]["page_nodes"]))
        check(set(shares) == {str(i) for i in range(nodes)}, "interleaved over", r["observed"]["page_nodes"])
        check(all(abs(int(s) - 100 / nodes) < 15 for s in shares.values()), "interleaved by", shares)
    for r in rows:
        if r["case"] == "weighted-interleave":
            check(r["provenance"] == "measured" or "6.9" in r["note"], r["id"], r["note"])


def check_promises(rows, nodes):
    want = {}
    for (a, b), (ns, gib) in PROMISES.items():
        for access in ("read", "write"):
            if b < nodes:
                want[a, b, access, "latency"] = ns
                want[a, b, access, "bandwidth"] = gib * 1.024
    got = {}
    for r in rows:
        if r["case"] == "hmat":
            p = r["params"]
            got[int(p["cpu_node"]), int(p["memory_node"]), p["access"], r["metric"]] = float(r["value"])
            check((r["provenance"], r["source"]) == ("reference", "HMAT"), r["id"], r["provenance"], r["source"])
    check(got.keys() == want.keys(), "HMAT promises", sorted(got), "not", sorted(want))
    check(all(abs(got[k] - want[k]) < 1e-6 for k in want), "HMAT promises", got, "not", want)


def check_cores(rows):
    for metric in ("latency", "bandwidth"):
        cores = [r for r in rows if r["case"] == "core" and r["metric"] == metric]
        check(sorted(int(r["params"]["on_cpu"]) for r in cores) == [0, 1, 2, 3], metric, "of cores", [r["id"] for r in cores])
        for r in cores:
            check(r["observed"]["page_nodes"] == str(int(r["params"]["on_cpu"]) // 2), r["id"], "with memory of node", r["observed"]["page_nodes"])
        check(all(r["params"]["on_cpu"] == r["observed"]["cpu"] for r in cores if metric == "latency"), "cores measured elsewhere")
    slowest = [r for r in rows if r["case"] == "slowest-core"]
    check(len(slowest) == 2 and all(r["observed"]["of_cores"] == "4" for r in slowest), "slowest core:", slowest)


def check_numa(nodes, result):
    text, code = result
    check(code == 0, "numa: exit", code, text[-1500:])
    rows = records(text)
    check_matrix(rows, nodes)
    check_spread(rows, nodes)
    check_promises(rows, nodes)
    check_cores(rows)


NUMA = "memwall --format=csv numa --profile=tiny --max-time=60 --size=4M 2>/dev/null"


def guest(nodes, kernel, memwall, tests):
    commands = ["memwall info", NUMA, NUMA + " --memory-nodes=%d --parts=matrix" % (nodes - 1), "memwall --nodes=0-2 info"]
    if tests:
        commands.append("unit-tests --filter '%s' 2>&1" % SUITES)
    results = boot(nodes, kernel, memwall, tests, commands)
    check_info(nodes, results[0])
    check_numa(nodes, results[1])
    chosen = {r["params"].get("memory_node") for r in records(results[2][0]) if r["provenance"] == "measured"}
    check(results[2][1] == 0 and chosen == {str(nodes - 1)}, "--memory-nodes measured", chosen, "exit", results[2][1])
    why = "node 2 has no CPU (memory only); usable: 0-1" if nodes == 3 else "node 2 does not exist; usable: 0-1"
    check(results[3] == ("memwall: --nodes=0-2: " + why + "\n", 2), "--nodes=0-2:", results[3])
    if tests:
        text = re.sub("\033\\[[0-9;]*m", "", results[4][0])
        passed = re.search(r"Tested: (\d+) \| Passing: (\d+) \| Failing: 0", text)
        check(results[4][1] == 0 and passed and int(passed.group(1)) >= 14, "unit tests:", text[-3000:])
        print("%s unit tests" % passed.group(2))


def main():
    memwall, tests = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    if platform.machine() != "x86_64":
        skip("it is a guest of x86_64")
    for program in ("qemu-system-x86_64", "busybox"):
        if not shutil.which(program):
            skip("no %s (scripts/install-deps ci)" % program)
    os.makedirs(FOLDER, exist_ok=True)
    kernel = find_kernel()
    for nodes in (3, 2):
        guest(nodes, kernel, memwall, tests)


main()
