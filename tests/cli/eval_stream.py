"""`pim eval` streams files: right results, costs of one long vector, bounded memory, no files left after Ctrl-C."""

import csv
import ctypes
import io
import mmap
import os
import pty
import random
import select
import signal
import stat
import subprocess
import time

from lib_cli import MEMWALL, VARIANT, check, run, scratch

MIB = 1 << 20
LIMIT_KIB = 256 << 10
rng = random.Random(7)


def sparse(path, size, places):
    """A file of zeros but for 4 KiB at each of `places` and at its end."""
    with open(path, "wb") as f:
        f.truncate(size)
        for at in (*places, size - 4096):
            f.seek(at)
            f.write(rng.randbytes(4096))


def measured(*args):
    """(stdout, peak resident KiB of the child); this process stays small, since exec inherits its peak."""
    p = subprocess.Popen([MEMWALL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    text = p.stdout.read().decode()
    p.stdout.close()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    check(p.returncode == 0, args, "exit", p.returncode)
    return text, usage.ru_maxrss


def evaluate(*args):
    text, kib = measured("--format=csv", "pim", "eval", "--stats", *args)
    # Sanitizers keep what is freed, and a shadow of everything.
    check(kib < LIMIT_KIB or VARIANT not in ("release", "debug"), args, "took", kib, "KiB")
    return {row["metric"]: float(row["value"]) for row in csv.DictReader(io.StringIO(text)) if row["value"]}


def same(path, inputs, fn):
    """Chunk by chunk, fn of integers of a MiB each."""
    files = [open(p, "rb") for p in (path, *inputs)]
    while True:
        out, *chunks = [f.read(MIB) for f in files]
        check(all(len(c) == len(out) for c in chunks), path, "has another length than its inputs")
        if not out:
            break
        if any(c.count(0) < len(c) for c in (out, *chunks)):
            want = fn(*(int.from_bytes(c, "little") for c in chunks), (1 << 8 * len(out)) - 1)
            check(int.from_bytes(out, "little") == want, path, "differs from", fn.__name__)
    for f in files:
        f.close()


def xor(a, b, _):
    return a ^ b


def complement(a, ones):
    return a ^ ones


def add64(a, b, ones):
    """Lane by lane modulo 2^64: the top bits apart, so that no carry crosses."""
    top = ones // (2**64 - 1) << 63
    return ((a & ~top) + (b & ~top)) ^ ((a ^ b) & top)


def results(base):
    a, b, out = (os.path.join(base, name) for name in "abc")
    many = "ambit:dram=ddr4-3200,channels=64,ranks=8"  # a batch of 4 GiB
    few = "ambit:rows=32,banks=2,subarrays=2"  # 14 data rows: the vectors are shorter than a block
    for size in (64 * MIB, 256 * MIB):
        sparse(a, size, (0, 9 * MIB - 2048, 40 * MIB))
        sparse(b, size, (4096, 9 * MIB, 50 * MIB))
        small = size == 64 * MIB
        for spec in ("ambit", many, *(("ambit:engine=exact", "host", few) if small else ())):
            evaluate("--device=" + spec, "--op=xor", "--in=" + a, "--in=" + b, "--out=" + out)
            same(out, (a, b), xor)
        for spec in ("ambit", many, *(("ambit:engine=exact",) if small else ())):
            evaluate("--device=" + spec, "--op=add", "--width=64", "--in=" + a, "--in=" + b, "--out=" + out)
            same(out, (a, b), add64)
        check(os.stat(out).st_blocks * 512 < 80 * MIB, "a sparse result takes", os.stat(out).st_blocks * 512, "bytes")
        if small:
            evaluate("--op=not", "--in=" + a, "--out=" + out)
            same(out, (a,), complement)


def reductions(base):
    a = os.path.join(base, "a")
    sparse(a, 64 * MIB + 8, (0, 33 * MIB))
    want = 0
    with open(a, "rb") as f:
        while chunk := f.read(MIB):
            if chunk.count(0) < len(chunk):
                want += int.from_bytes(chunk, "little").bit_count()
    for spec in ("ambit", "ambit:rows=96,banks=2,subarrays=1"):
        rc, out, err = run("pim", "eval", "--device=" + spec, "--op=count_ones", "--width=64", "--in=" + a)
        check(rc == 0 and int(out) == want, spec, "count_ones", rc, out, err, "expected", want)


def costs(base):
    """Time is a number of batches times one program, to the last picosecond, in whatever pieces the file is read."""
    a, out = os.path.join(base, "a"), os.path.join(base, "c")
    text, _ = measured("--format=csv", "pim", "ops", "--device=ambit:dram=ddr4-3200")
    ns = {row["op"]: float(row["ns"]) for row in csv.DictReader(io.StringIO(text)) if row["ns"]}
    for channels in (1, 64):
        row, parallel = 8192, 16 * channels
        for size in (MIB, 64 * MIB, 64 * MIB + 1, 129 * MIB + 8192, 256 * MIB):
            with open(a, "wb") as f:
                f.truncate(size)
            spec = "ambit:dram=ddr4-3200,channels=%d" % channels
            got = evaluate("--device=" + spec, "--op=xor", "--in=" + a, "--in=" + a, "--out=" + out)
            rows = -(-size // row)
            batches = -(-rows // parallel)
            check(got["programs"] == rows and got["batches"] == batches, spec, size, got)
            check(abs(got["time_resident"] - batches * ns["xor"]) < 1e-6, spec, size, got, ns["xor"])
            check(got["bytes_in"] == 2 * size and got["bytes_out"] == size, spec, size, got)
    one = {}
    for size in (64 * MIB, 128 * MIB, 256 * MIB):
        with open(a, "wb") as f:
            f.truncate(size)
        spec = "ambit:dram=ddr4-3200,limit=jedec,transpose=host:3.7"
        got = evaluate("--device=" + spec, "--op=mul", "--width=16", "--in=" + a, "--in=" + a, "--out=" + out)
        one = one or got
        for metric in ("aap", "ap", "programs", "batches", "bytes_transposed", "time_resident"):
            # as printed: nine digits
            check(abs(got[metric] * 64 * MIB / size - one[metric]) <= 1e-8 * one[metric], metric, size, got, one)


def failing_columns(base):
    """Failures are counted, and each subarray has its own, wherever the pieces of a file begin."""
    a, b, c, right, wrong = (os.path.join(base, name) for name in ("a", "b", "d", "c0", "c1"))
    subarrays = 3
    block = 8 * 8192  # one row in each of 8 banks
    for path in (a, b, c):
        with open(path, "wb") as f:
            f.write(rng.randbytes(block) * 2 * subarrays)
    files = ["--in=" + a, "--in=" + b, "--in=" + c]
    spec = "ambit:engine=exact,subarrays=%d" % subarrays
    evaluate("--device=" + spec, "--op=maj", *files, "--out=" + right)
    got = evaluate("--device=" + spec + ",variation=15", "--op=maj", *files, "--out=" + wrong)
    with open(right, "rb") as f, open(wrong, "rb") as g:
        want, have = f.read(), g.read()
    bad = [bytes(x ^ y for x, y in zip(want[i : i + block], have[i : i + block])) for i in range(0, len(want), block)]
    check(got["bits_wrong"] == sum(int.from_bytes(x, "little").bit_count() for x in bad) > 0, got)
    check(got["faults_injected"] >= got["bits_wrong"], got)
    check(len(set(bad)) == subarrays and bad[:subarrays] == bad[subarrays:], "maps of columns do not follow the place")


def cached_pages(path):
    """Pages of a file in the page cache; None where mincore does not say."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = os.stat(path).st_size
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    with open(path, "rb") as f:
        p = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, f.fileno(), 0)
    vector = ctypes.create_string_buffer(-(-size // 4096))
    if libc.mincore(p, size, vector) != 0:
        return None
    return sum(b & 1 for b in vector.raw)


def page_cache(base):
    a, out = os.path.join(base, "a"), os.path.join(base, "c")
    with open(a, "wb") as f:
        f.truncate(64 * MIB)
    try:
        os.close(os.open(a, os.O_RDONLY | os.O_DIRECT))
    except OSError:
        return  # a file system without direct transfers
    evaluate("--op=not", "--in=" + a, "--out=" + out)
    for path in (a, out):
        pages = cached_pages(path)
        check(pages is None or pages < 256, path, "has", pages, "pages in the page cache")


def special_files(base):
    """A pipe is written as it is: nothing takes its place. An input must be a file, whose length is known."""
    a, pipe = os.path.join(base, "a"), os.path.join(base, "pipe")
    sparse(a, MIB, (0,))
    os.mkfifo(pipe)
    rc, _, err = run("pim", "eval", "--op=not", "--in=" + base, "--out=" + os.path.join(base, "c"))
    check(rc == 2 and "not a regular file" in err, rc, err)
    for size in (MIB, 20 * MIB + 5):  # zeros are written too, and what is no multiple of a block
        sparse(a, size, (0,))
        with open(os.path.join(base, "text"), "wb") as f:
            reader = subprocess.Popen(["cat", pipe], stdout=f)
        evaluate("--op=not", "--in=" + a, "--out=" + pipe)
        check(reader.wait(timeout=60) == 0, "cat")
        same(os.path.join(base, "text"), (a,), complement)
    with open(os.path.join(base, "text"), "wb") as f:
        reader = subprocess.Popen(["cat", pipe], stdout=f)
    rc, _, err = run("pim", "eval", "--op=not", "--in=" + a, "--out=" + os.path.join(base, "c"), "--trace=" + pipe)
    reader.wait(timeout=60)
    with open(os.path.join(base, "text"), "rb") as f:
        check(rc == 0 and f.read().count(b"\n") > 100, rc, err)
    check(stat.S_ISFIFO(os.stat(pipe).st_mode), "something took the place of a pipe")


def stopped(base):
    a = os.path.join(base, "a")
    with open(a, "wb") as f:
        f.truncate(1 << 38)
    folder = os.path.join(base, "stopped")
    os.mkdir(folder)
    for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        master, slave = pty.openpty()
        p = subprocess.Popen(
            [MEMWALL, "pim", "eval", "--op=not", "--in=" + a, "--out=" + os.path.join(folder, "c")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=slave,
        )
        os.close(slave)
        seen, end = b"", time.monotonic() + 60
        while b"s left" not in seen and time.monotonic() < end:
            if select.select([master], [], [], 1)[0]:
                seen += os.read(master, 4096)
        check(b"%" in seen and b"s left" in seen, "no progress on the terminal:", seen)
        check(len(os.listdir(folder)) == 1, "the unfinished file has its final name?", os.listdir(folder))
        p.send_signal(sig)
        rc = p.wait(timeout=60)
        os.close(master)
        check(rc == status, sig.name, "exit", rc)
        check(os.listdir(folder) == [], sig.name, "leaves", os.listdir(folder))


def main():
    with scratch() as base:
        for part in (costs, failing_columns, page_cache, results, reductions, special_files, stopped):
            start = time.monotonic()
            part(base)
            print(part.__name__, "%.1f s" % (time.monotonic() - start))


main()
