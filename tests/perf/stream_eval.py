"""Streamed `pim eval` of 1, 4 and 16 GiB (sparse files): wall time against a line, and peak resident memory.

    stream_eval.py MEMWALL [ROUNDS]

Files lie in $TMPDIR or /var/tmp: sparse inputs, and results whose blocks of zeros are holes, so little disk is taken;
where the file system has no holes, sizes that do not fit are left out, which is said. Each round takes all sizes in
turn and fits a line (intercept and slope, least squares of relative deviations) through its times; its value is the
largest deviation from that line. Exit 1 when the memory limit is exceeded, or when the 95 % interval of the deviation
lies above 10 %; fewer than 6 rounds give no interval and no such verdict."""

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

GIB = 1 << 30
LIMIT_MIB = 256
TOLERANCE = 0.10
CASES = (("and", 1), ("add", 32))


def has_holes(folder):
    path = os.path.join(folder, "probe")
    with open(path, "wb") as f:
        f.truncate(64 << 20)
        os.fsync(f.fileno())
    taken = os.stat(path).st_blocks * 512
    os.unlink(path)
    return taken < 1 << 20


def evaluate(memwall, folder, size, op, width):
    """Wall seconds, peak resident MiB."""
    out, *inputs = [os.path.join(folder, name) for name in ("out", "a", "b")]
    for p in inputs:
        with open(p, "wb") as f:
            f.truncate(size)
    start = time.monotonic()
    p = subprocess.Popen(
        [memwall, "pim", "eval", "--op=" + op, "--width=%d" % width, *("--in=" + q for q in inputs), "--out=" + out],
        stdin=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0 or os.stat(out).st_size != size:
        sys.exit("bench-stream: %s of %d bytes: exit %d" % (op, size, p.returncode))
    for q in (*inputs, out):
        os.unlink(q)
    return wall, usage.ru_maxrss / 1024


def line(x, y):
    """Intercept and slope with the least squares of (line - y) / y."""
    w = [1 / v**2 for v in y]
    sw, sx, sy = sum(w), sum(a * b for a, b in zip(w, x)), sum(a * b for a, b in zip(w, y))
    sxx, sxy = sum(a * b * b for a, b in zip(w, x)), sum(a * b * c for a, b, c in zip(w, x, y))
    slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx)
    return (sy - slope * sx) / sw, slope


def interval(v):
    """Distribution-free 95 % interval of the median; None below six values."""
    n, tail, k = len(v), 0.0, -1
    while tail + math.comb(n, k + 1) / 2**n <= 0.025:
        k += 1
        tail += math.comb(n, k) / 2**n
    s = sorted(v)
    return (s[k], s[n - 1 - k]) if k >= 0 else None


def fitting(folder):
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    sizes = [1, 4, 16]
    if has_holes(folder):
        return sizes
    kept = [s for s in sizes if 3 * s * GIB < free]
    for s in sizes[len(kept) :]:
        print("%2d GiB left out: %s has no holes and %.1f GiB are free" % (s, folder, free / GIB))
    return kept


def report(op, width, sizes, wall, peak):
    bad = 0
    for s in sizes:
        t = statistics.median(wall[s])
        word = "pass" if peak[s] < LIMIT_MIB else "FAIL"
        bad += word == "FAIL"
        print(
            "%-3s %2d bits %2d GiB per file: %7.2f s, %5.2f GB/s of inputs and result, peak %.0f of %d MiB: %s"
            % (op, width, s, t, 3 * s * GIB / t / 1e9, peak[s], LIMIT_MIB, word)
        )
    if len(sizes) < 3:
        print("%-3s %2d bits: no line through fewer than three sizes" % (op, width))
        return bad
    worst, fits = [], []
    for times in zip(*(wall[s] for s in sizes)):
        a, b = line(sizes, times)
        fits.append((a, b))
        worst.append(max(abs(a + b * x - t) / t for x, t in zip(sizes, times)))
    ci, mid = interval(worst), statistics.median(worst)
    word = "inconclusive" if ci is None or ci[0] <= TOLERANCE < ci[1] else "pass" if ci[1] <= TOLERANCE else "FAIL"
    print(
        "%-3s %2d bits: %.3f s + %.3f s per GiB; largest deviation %.1f %% %s over %d rounds, bar %.0f %%: %s"
        % (op, width, *map(statistics.median, zip(*fits)), 100 * mid,
           "[%.1f, %.1f]" % (100 * ci[0], 100 * ci[1]) if ci else "[-]", len(worst), 100 * TOLERANCE, word)
    )
    return bad + (word == "FAIL")


def main():
    memwall = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    bad = 0
    base = os.environ.get("TMPDIR") or "/var/tmp"
    with tempfile.TemporaryDirectory(dir=base, prefix="memwall-stream-") as folder:
        sizes = fitting(folder)
        for op, width in CASES:
            wall, peak = {s: [] for s in sizes}, {s: 0 for s in sizes}
            for _ in range(rounds):
                for s in sizes:
                    seconds, mib = evaluate(memwall, folder, s * GIB, op, width)
                    wall[s].append(seconds)
                    peak[s] = max(peak[s], mib)
            bad += report(op, width, sizes, wall, peak)
            sys.stdout.flush()
    sys.exit(1 if bad else 0)


main()
