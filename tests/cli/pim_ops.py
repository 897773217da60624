"""memwall pim ops: lists of operations and widths, products of swept keys, columns that a spreadsheet can add."""

import csv
import io
import json
import os
import re

from lib_cli import ROOT, check, run, run_parts, scratch

# Columns of words; every other cell is empty or a number.
WORDS = {"op", "provenance", "source", "ns_provenance", "energy_provenance", "verified", "device"}


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
    args = ("--width=1,8,64", "--sweep=channels=1,2", "--sweep=efficiency=0.5,1")
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


run_parts([lists, products, numbers, programs])
