"""`run --dry-run` prints points, memory, disk and time of each benchmark and their totals, and creates no files."""

import csv
import io
import os

from lib_cli import MEMWALL, VARIANT, check, run, scratch


def resident_mib(*words):
    """The most memory that a command held at a time."""
    pid = os.posix_spawn(MEMWALL, [MEMWALL, *words], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    check(status == 0, words, "status", status)
    return usage.ru_maxrss / 1024


def gemm_takes_no_more_than_it_says():
    rc, out, err = run("run", "--dry-run", "--only=gemm", "--profile=tiny", "--format=csv")
    planned = {r["bench"]: r["memory_mib"] for r in csv.DictReader(io.StringIO(out))}["total"]  # with what gemm needs
    for options in ((), ("--engine=own",)):
        took = resident_mib("gemm", "--profile=tiny", *options) - resident_mib("info")
        check(took <= int(planned), options, "took", took, "MiB, planned were", planned)


if VARIANT == "release":  # sanitizers keep what is freed
    gemm_takes_no_more_than_it_says()

with scratch() as folder:
    before = os.listdir(folder)
    for options in ((), ("--profile=full",), ("--only=latency,storage",), ("--max-mem=64M", "--profile=standard")):
        rc, out, err = run("run", "--dry-run", *options, "--format=csv", cwd=folder)
        check(rc == 0 and err == "", options, rc, err)
        rows = list(csv.DictReader(io.StringIO(out)))
        total, rows = rows[-1], rows[:-1]
        check(total["bench"] == "total" and len(rows) >= 2, options, out)
        for column in ("points", "disk_mib"):
            check(int(total[column]) == sum(int(r[column]) for r in rows if r[column]), options, column, out)
        apart = sum(int(r["memory_mib"]) for r in rows if r["memory_mib"])
        limit = 64 if "--max-mem=64M" in options else 1 << 30
        # Each number is rounded on its own.
        check(0 < int(total["memory_mib"]) <= min(apart + len(rows), limit), options, out)
        check(int(total["memory_mib"]) >= min(apart - len(rows), limit) or "cut to the limit" in total["status"], options, out)
        check(abs(float(total["time_s"]) - sum(float(r["time_s"]) for r in rows)) < 0.1 * len(rows), options, out)
    check(os.listdir(folder) == before, "left", os.listdir(folder))
