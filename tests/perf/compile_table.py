"""make bench-compile: commands, seconds and memory of compiling circuits.

usage: compile_table.py MEMWALL [FILE.aig|FILE.blif ...]

Without files, a parity and a carry chain are compiled. Seconds and memory are those of the whole process, which also
checks the program against the circuit.
"""

import csv
import io
import os
import subprocess
import sys
import time

csv.field_size_limit(1 << 30)


def compile_one(memwall, name, *source):
    start = time.monotonic()
    # The most rows that a SPEC takes: what a program needs is in the column.
    command = [memwall, "--format=csv", "pim", "compile", *source, "--device=ambit:rows=32768"]
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = p.stdout.read(), p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    seconds = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        print(f"{name:24} {err.strip()}")
        return False
    row = next(csv.DictReader(io.StringIO(out)))
    commands = int(row["aap"]) + int(row["ap"])
    print(f"{name:24} {row['majorities']:>10} {commands:>9} {row['rows_used']:>6} {seconds:8.2f} {usage.ru_maxrss / 1024:6.0f}", flush=True)
    return row["lanes_wrong"] == "0"


def main():
    memwall, files = sys.argv[1], sys.argv[2:]
    print(f"{'circuit':24} {'majorities':>10} {'commands':>9} {'rows':>6} {'seconds':>8} {'MiB':>6}")
    ok = True
    if not files:
        parity = "y=" + "^".join(f"x{i}" for i in range(32))
        carry = "_c0=0;" + "".join(f"s{i}=a{i}^b{i}^_c{i};_c{i + 1}=maj(a{i},b{i},_c{i});" for i in range(64))
        ok = compile_one(memwall, "parity of 32", parity) and compile_one(memwall, "64-bit addition", carry)
    for path in files:
        option = "--aiger=" if path.endswith((".aig", ".aag")) else "--blif="
        ok = compile_one(memwall, os.path.basename(path), option + path) and ok
    return 0 if ok else 1


sys.exit(main())
