"""`memwall pim eval --trace` in its three formats, and `pim ops --sweep`, `--cite` and `--ratios`."""

import csv
import io
import os
import re
import sys

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "cli"))

from lib_cli import check, run, scratch  # noqa: E402

BYTES = 50000  # 7 rows of 8 KB
SPEC = "ambit:dram=ddr4-3200"


def trace(folder, fmt, *more):
    path = os.path.join(folder, "trace")
    files = [os.path.join(folder, name) for name in ("a", "b", "c")]
    for name in files[:2]:
        with open(name, "wb") as f:
            f.write(os.urandom(BYTES))
    status, out, err = run("--format=csv", "pim", "eval", "--device=" + SPEC, "--op=and", "--in=" + files[0], "--in=" + files[1],
                           "--out=" + files[2], "--stats", "--trace=" + path, "--trace-format=" + fmt, *more)
    check(status == 0, fmt, err)
    stats = {row["metric"]: float(row["value"]) for row in csv.DictReader(io.StringIO(out)) if row["value"]}
    with open(path, encoding="ascii") as f:
        lines = f.read().splitlines()
    left = [name for name in os.listdir(folder) if name.startswith("trace.")]
    check(not left, "temporary files stay:", left)
    return lines, stats


def count(lines, command):
    return sum(line.split(",")[1] == command for line in lines)


def main():
    rows, bursts = -(-BYTES // 8192), -(-BYTES // 64)
    with scratch() as folder:
        lines, stats = trace(folder, "drampower")
        check(all(len(line.split(",")) >= 7 for line in lines), "DRAMPower wants seven fields")
        check("AAP lowered" in lines[0] and SPEC in lines[0], lines[0])
        check(count(lines, "ACT") == 2 * 4 * rows + 3 * rows == count(lines, "PRE"), count(lines, "ACT"))
        check(count(lines, "WR") == 2 * bursts and count(lines, "RD") == bursts, count(lines, "RD"))
        check(stats["aap"] == 4 * rows, stats)
        end = lines[-1].split(",")
        check(end[1] == "END" and abs(int(end[0]) * 0.625 - stats["time_end_to_end"]) < 200, end, stats)
        raw, _ = trace(folder, "drampower", "--trace-aap=raw")
        check(count(raw, "PRE") == 4 * rows + 3 * rows and "not JEDEC" in raw[0], count(raw, "PRE"))
        lines, _ = trace(folder, "ramulator")
        check(lines[0].startswith("# ") and lines[1] == "clock,command,Channel,Rank,BankGroup,Bank,Row,Column,type,source", lines[:2])
        check(count(lines[2:-1], "PREpb") == 2 * 4 * rows + 3 * rows, "PREpb")
        lines, _ = trace(folder, "ramulator-host")
        check(len(lines) == 3 * bursts and all(re.fullmatch("(LD|ST) 0x[0-9a-f]+", line) for line in lines), lines[:2])

    status, out, _ = run("--format=csv", "pim", "ops", "--ratios")
    implied = [float(row["implied_gbps"]) for row in csv.DictReader(io.StringIO(out))]
    check(status == 0 and implied == [7.2, 10.1, 135], implied)
    status, out, _ = run("--format=csv", "pim", "ops", "--sweep=limit=none,jedec")
    devices = [row["device"] for row in csv.DictReader(io.StringIO(out)) if row["op"] == "and"]
    check(status == 0 and devices == ["ambit", "ambit:limit=jedec"], devices)
    cites = [run("pim", "ops", "--cite", "--device=" + spec)[1] for spec in ("ambit", "ambit:aap=split", "ambit:aap=naive")]
    check(cites[0].count("@inproceedings") == 3 and "drampower" in cites[0], cites[0])
    check(cites[0] == cites[1] != cites[2], "the hash is that of the canonical SPEC")


main()
