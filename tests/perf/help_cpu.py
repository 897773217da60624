#!/usr/bin/env python3
"""CPU time of `memwall help`: help_cpu.py MEMWALL. User and system time of 50 starts, one line."""

import resource
import subprocess
import sys

times = []
for _ in range(50):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.argv[1], "help"], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times.append(1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
times.sort()
print(f"memwall help: CPU {times[25]:.2f} ms (median of 50; {times[0]:.2f} to {times[-1]:.2f})")
