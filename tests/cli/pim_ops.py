"""memwall pim ops: lists of operations and widths, products of swept keys, columns that a spreadsheet can add."""

import csv
import io
import json
import os
import re

from lib_cli import ROOT, check, run, run_parts, scratch

# Columns of words; every other cell is empty or a number.
WORDS = {"op", "provenance", "source", "ns_provenance", "energy_provenance", "verified", "device", "host_basis", "memory", "host_record",
         "disturbance", "disturbance_source"}
REFERENCE = os.path.join(ROOT, "results", "reference", "run-1.json")


def table(*args, fmt="csv"):
    rc, out, err = run("--format=" + fmt, "pim", "ops", *args)
    check(rc == 0 and err == "", args, rc, err)
    return list(csv.DictReader(io.StringIO(out))) if fmt == "csv" else json.loads(out)


def lists():
    all_rows = table("--width=8")
    some = table("--op=xor,add,not", "--width=8")
    check([r["op"] for r in some] == ["not", "xor", "add"], "the order of the table", some)
    check(all(r in all_rows for r in some), "the same rows as without --op", some)
    wide = table("--op=add", "--width=4,8,16,64")
    check([(r["width"], r["aap"], r["ap"]) for r in wide] == [("4", "24", "4"), ("8", "48", "8"), ("16", "96", "16"), ("64", "384", "64")], wide)
    rows = table("--op=add,gemv", "--width=8")
    check(rows[1]["provenance"] == "unavailable" and rows[1]["ns"] == "" and "no model of gemv" in rows[1]["source"], rows[1])


def products():
    rows = table("--op=add", "--width=4,8", "--sweep=channels=1,4", "--sweep=limit=none,jedec", "--sweep=faw=0.5,1")
    got = [(r["spec_channels"], r["spec_limit"], r["spec_faw"], r["width"]) for r in rows]
    want = [(c, lim, f, w) for c in ("1", "4") for lim in ("none", "jedec") for f in ("0.5", "1") for w in ("4", "8")]
    check(got == want, got)
    for r in rows:
        one = table("--op=add", f"--width={r['width']}", f"--device=ambit:channels={r['spec_channels']},limit={r['spec_limit']},faw={r['spec_faw']}")
        check(one[0] == {k: v for k, v in r.items() if not k.startswith("spec_")}, one[0], r)
    # A key of the SPEC that is swept is replaced there.
    rows = table("--op=add", "--device=ambit:channels=7,faw=0.5", "--sweep=channels=2")
    check(rows[0]["device"] == "ambit:channels=2+faw=0.5", rows)


def numbers():
    """Every cell but those of words is empty or one number, in CSV; in JSON numbers are numbers and what is absent is null."""
    args = ("--width=1,8,64", "--sweep=channels=1,2", "--sweep=efficiency=0.5,1", "--baseline=" + REFERENCE)
    rows = table(*args)
    seen = 0
    for r in rows:
        for column, cell in r.items():
            if column not in WORDS and cell:
                check(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", cell), column, "is not a number:", cell)
                seen += 1
    check(seen > 1000, seen)
    for r, plain in zip(table(*args, fmt="json"), rows):
        for column, cell in r.items():
            check((cell is None) == (plain[column] == ""), column, cell, plain[column])
            check(column in WORDS or cell is None or isinstance(cell, (int, float)), column, cell)
    # Words that a key takes stay words.
    check({r["spec_limit"] for r in table("--op=and", "--sweep=limit=none,bus", fmt="json")} == {"none", "bus"})


def near(text, want, digits):
    check(abs(float(text) / want - 1) < 10**-digits, text, "is not", want)


def fastest(records, case):
    """ns and bytes of the host's fastest way at the largest size, operands in memory."""
    times = [r for r in records if r["bench"] == "offload" and r["case"] == case and r["metric"] == "time" and r["provenance"] == "measured"
             and r["params"].get("device") == "host" and r["params"].get("cache") == "cold"]
    size = max(r["params"]["vector"] for r in times)
    return min(r["value"] for r in times if r["params"]["vector"] == size), size


def baseline():
    """The host's rates are those of the records, and the ratios are quotients; channels are the host's or enough for its rate."""
    with open(REFERENCE) as f:
        results = json.load(f)
    memory = max(r["value"] for r in results["records"] if r["bench"] == "bandwidth" and r["metric"] == "bandwidth" and r["value"]
                 and (r["case"].startswith("dram-") or r["params"].get("level") == "dram") and r["params"].get("data") != "zeros")
    rows = table("--baseline=" + REFERENCE, "--op=and,add,gt,mul_wide,if_else,popcount", "--width=8,32", "--device=ambit:dram=ddr4-3200")
    by = {(r["op"], r["width"]): r for r in rows}
    for case, op, width, lanes_per_byte in ("and", "and", "8", 8), ("and", "and", "32", 8), ("add32", "add", "32", 1 / 4):
        ns, size = fastest(results["records"], case)
        row = by[op, width]
        near(row["host_gops"], size * lanes_per_byte / ns, 4)
        near(row["host_gbps"], 3 * size / ns, 4)
        check((row["host_basis"], row["host_bytes"]) == ("measured", str(size)), row)
        check(row["host_record"].startswith(f"offload.{case}.time{{") and "device=host" in row["host_record"], row)
    # Bytes of a lane: inputs and result in containers of 1, 2, 4, 8 bytes; one bit for a predicate and a selector.
    for op, width, size in ("add", "8", 3), ("gt", "8", 2.125), ("gt", "32", 8.125), ("mul_wide", "8", 4), ("mul_wide", "32", 16), (
            "if_else", "8", 3.125), ("popcount", "32", 5):
        row = by[op, width]
        near(row["host_gops"], memory / size, 4)
        check(row["host_basis"] == "ceiling" and row["host_record"].startswith("bandwidth."), row)
    for row in rows:
        near(row["ratio_none"], float(row["gops_none"]) / float(row["host_gops"]), 3)
        near(row["ratio_jedec"], float(row["gops_jedec"]) / float(row["host_gops"]), 3)
        # 25.6 GB/s a channel; this host does not tell its channels.
        check(row["channels"] == str(-int(-memory // 25.6)) and row["memory"].startswith("assumed") and row["host_channels"] == "", row)
        check(row["device"] == "ambit:dram=ddr4-3200+channels=" + row["channels"], row)
    # Fewer channels than the host's rate needs: no ratio.
    row = table("--baseline=" + REFERENCE, "--op=add", "--device=ambit:channels=1")[0]
    check(row["ratio_none"] == row["ratio_jedec"] == "" and row["host_record"].startswith("no ratio") and row["host_gops"], row)
    with scratch() as folder:
        results["host"]["mem_channels"] = 3
        path = os.path.join(folder, "three.json")
        with open(path, "w") as f:
            json.dump(results, f)
        for dram, channels in ("ddr4-3200", "3"), ("ddr5-4800", "6"):  # a channel of DDR5 is two of the device's
            row = table("--baseline=" + path, "--op=add", "--device=ambit:dram=" + dram)[0]
            check((row["channels"], row["host_channels"], row["memory"]) == (channels, "3", "as many as the host's"), row)
        # Records alone, as --format=json prints them.
        path = os.path.join(folder, "records.json")
        with open(path, "w") as f:
            json.dump([r for r in results["records"] if r["bench"] == "offload"], f)
        got = table("--baseline=" + path, "--op=and,gt", "--width=8")
        check([r["host_basis"] for r in got] == ["measured", ""] and got[1]["ratio_none"] == "", got)
        for text, status, why in ("[]", 3, "has neither"), ("{}", 2, "schema"), ("[1]", 2, "records"), ("", 2, "JSON"):
            with open(path, "w") as f:
                f.write(text)
            rc, out, err = run("pim", "ops", "--baseline=" + path)
            check(rc == status and out == "" and err.count("\n") == 1 and why in err, text, rc, err)


def programs():
    """What --program prints is a program that `pim compile` reads, with the counts of the table; the page proves the adder that is printed."""
    with scratch() as folder:
        for op, *more in ("add",), ("mul_wide",), ("if_else",), ("div", "--signed"), ("shl", "--amount=3"), ("fill", "--value=5"), ("xor",):
            rc, out, err = run("pim", "ops", "--program=" + op, "--width=8", *more)
            check(rc == 0 and err == "", op, rc, err)
            path = os.path.join(folder, op)
            with open(path, "w") as f:
                f.write(out)
            rc, text, err = run("--format=csv", "pim", "compile", "--program=" + path)
            check(rc == 0, op, err)
            compiled = next(csv.DictReader(io.StringIO(text)))
            row = table("--op=" + op, "--width=8", *[m for m in more if m == "--signed"])[0]
            rows = 8 if op in ("fill", "xor") else 1  # bulk operations are priced for one row
            check((int(compiled["aap"]), int(compiled["ap"])) == (rows * int(row["aap"]), rows * int(row["ap"])), op, compiled, row)
            total = int(compiled["aap"]) + int(compiled["ap"])
            check(re.search(rf"^# {op} of u?int8 on ambit: {total} commands \({compiled['aap']} AAP \+ {compiled['ap']} AP\)", out), out)
            check(compiled["lanes_wrong"] == "0", compiled)
        rc, out, err = run("pim", "ops", "--program=add", "--width=2")
        printed = [line for line in out.splitlines() if line.startswith("A")]
        page = open(os.path.join(ROOT, "docs", "emulator.md")).read()
        proof = re.findall(r"^\| (A\S+) \| .* \| (A\S+) \| ", page, flags=re.M)
        check(len(proof) == 7, proof)
        for bit, line in enumerate(printed):
            names = {"x": f"D{bit}", "y": f"D{2 + bit}", "s": f"D{4 + bit}"}
            want = ";".join(re.sub(r"\b[xys]\b", lambda m: names[m.group()], step[bit]) for step in proof)
            check(line == want, "bit", bit, line, want)


run_parts([lists, products, numbers, baseline, programs])
