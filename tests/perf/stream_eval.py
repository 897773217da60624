"""Streamed `pim eval` of 1, 4 and 16 GiB (sparse files): wall time against a line, and peak resident memory.

    stream_eval.py MEMWALL [ROUNDS]

Files lie in $TMPDIR or /var/tmp: sparse inputs, and results whose blocks of zeros are holes, so little disk is taken;
where the file system has no holes, sizes that do not fit are left out and said so. Rounds take all sizes in turn; the
value of a size is its median. The line is y = x time(1 GiB) with x the size, through the set-up time measured on an
empty run. Exit 1 when the memory limit is exceeded, or when a size is conclusively off the line: more than 10 % with
the middle half of its rounds on one side."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

GIB = 1 << 30
LIMIT_MIB = 256
TOLERANCE = 0.10


def has_holes(folder):
    path = os.path.join(folder, "probe")
    with open(path, "wb") as f:
        f.truncate(64 << 20)
        os.fsync(f.fileno())
    taken = os.stat(path).st_blocks * 512
    os.unlink(path)
    return taken < 1 << 20


def evaluate(memwall, folder, size, op, width):
    out = os.path.join(folder, "out")
    paths = [os.path.join(folder, "%s%d" % (name, size)) for name in "ab"]
    for p in paths:
        with open(p, "wb") as f:
            f.truncate(size)
    start = time.monotonic()
    p = subprocess.Popen(
        [memwall, "pim", "eval", "--op=" + op, "--width=%d" % width, *("--in=" + q for q in paths), "--out=" + out],
        stdin=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0 or os.stat(out).st_size != size:
        sys.exit("bench-stream: %s of %d bytes: exit %d" % (op, size, p.returncode))
    for q in (*paths, out):
        os.unlink(q)
    return wall, usage.ru_maxrss / 1024


def quartiles(v):
    return statistics.quantiles(v, n=4, method="inclusive") if len(v) > 1 else [v[0]] * 3


def main():
    memwall = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    bad = 0
    base = os.environ.get("TMPDIR") or "/var/tmp"
    with tempfile.TemporaryDirectory(dir=base, prefix="memwall-stream-") as folder:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        sizes = [s * GIB for s in (1, 4, 16)]
        if not has_holes(folder):
            fits = [s for s in sizes if 3 * s < free]
            for s in sizes[len(fits) :]:
                print("%2d GiB left out: %s has no holes and %.1f GiB free" % (s // GIB, folder, free / GIB))
            sizes = fits
        for op, width in (("and", 1), ("add", 32)):
            wall, peak, empty = {s: [] for s in sizes}, {s: 0 for s in sizes}, []
            for _ in range(rounds):
                empty.append(evaluate(memwall, folder, 4096, op, width)[0])
                for s in sizes:
                    seconds, mib = evaluate(memwall, folder, s, op, width)
                    wall[s].append(seconds)
                    peak[s] = max(peak[s], mib)
            setup = statistics.median(empty)
            for s in sizes:
                per_gib = [(t - setup) / (s / GIB) for t in wall[s]]
                first = statistics.median((t - setup) / (sizes[0] / GIB) for t in wall[sizes[0]])
                lo, mid, hi = (x / first - 1 for x in quartiles(per_gib))
                word = "pass"
                if abs(mid) > TOLERANCE:
                    word = "FAIL" if s != sizes[0] and (lo > TOLERANCE or hi < -TOLERANCE) else "inconclusive"
                if peak[s] >= LIMIT_MIB:
                    word = "FAIL: more than %d MiB" % LIMIT_MIB
                bad += word.startswith("FAIL")
                print(
                    "%-3s %2d bits %2d GiB per file: %7.2f s, %5.2f GB/s of input and output, %+5.1f %% off the line "
                    "[%+.1f, %+.1f], peak %.0f MiB: %s"
                    % (op, width, s // GIB, statistics.median(wall[s]), 3 * s / 1e9 / statistics.median(wall[s]),
                       100 * mid, 100 * lo, 100 * hi, peak[s], word)
                )
                sys.stdout.flush()
    sys.exit(1 if bad else 0)


main()
