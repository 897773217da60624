"""memwall pim compile: what it prints in each format, from each language."""

import csv
import io
import json
import os

from lib_cli import check, run, scratch

AIG = b"aig 5 2 0 2 3\n10\n6\n\x02\x02\x03\x02\x01\x02"
BLIF = b".model xor\n.inputs a b\n.outputs y\n.names a b y\n10 1\n01 1\n.end\n"
PROGRAM = b"# and\n.inputs a b\n.outputs c\nAAP(D0,B0);AAP(D1,B1)\nAAP(C0,B2);AAP(B12,D2)\n"


def row(*args, cwd=None):
    rc, out, err = run("--format=csv", "pim", "compile", *args, cwd=cwd)
    check(rc == 0 and err == "", args, rc, err)
    rows = list(csv.DictReader(io.StringIO(out)))
    check(len(rows) == 1 and '"' not in out, "not one plain row", out)
    return rows[0]


def main():
    r = row("c = a & b")
    check(list(r)[:8] == "inputs outputs aap ap ns nj_per_kb provenance source".split(), list(r))
    check((r["inputs"], r["outputs"], r["aap"], r["ap"], r["ns"], r["ns_strict"]) == ("2", "1", "4", "0", "196", "196"), r)
    check((r["lanes_checked"], r["lanes_wrong"], r["exhaustive"], r["provenance"]) == ("4", "0", "yes", "modelled"), r)
    check(r["program"].count("AAP(") == 4 and r["program"].endswith("AAP(B12+D2)"), r["program"])
    check(0 < float(r["nj_per_kb_min"]) < float(r["nj_per_kb"]) < float(r["nj_per_kb_max"]), r)

    rc, out, err = run("pim", "compile", "s = a ^ b ^ c; d = maj(a, b, c)")
    check(rc == 0 and err == "", rc, err)
    for line in (
        "rows: D0 a, D1 b, D2 c -> D3 s, D4 d",
        "commands: 8 (7 AAP + 1 AP), rows: 5",
        "equivalent: all 8 input combinations",
    ):
        check(line in out.split("\n"), line, "is not in", out)

    wide = " ^ ".join(f"x{i}" for i in range(20))
    r = row("y = " + wide)
    check((r["lanes_checked"], r["exhaustive"]) == ("65536", "no"), r)
    rc, out, err = run("pim", "compile", "y = " + wide)
    check("equivalent: 65536 random lanes" in out, out)

    rc, out, err = run("--format=json", "pim", "compile", "--table=3: 0xe8", "--device=ambit:aap=naive,limit=jedec")
    check(rc == 0, err)
    value = json.loads(out)[0]
    check(value["aap"] == 4 and value["ns"] == 320 and value["program"].endswith("AAP(B12,D3)"), value)

    with scratch() as folder:
        for name, data in (("half.aig", AIG), ("xor.blif", BLIF), ("and.txt", PROGRAM)):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        r = row("--aiger=half.aig", cwd=folder)
        check((r["inputs"], r["outputs"]) == ("2", "2"), r)
        r = row("--blif=xor.blif", cwd=folder)
        check(int(r["aap"]) + int(r["ap"]) == 7, r)
        rc, out, err = run("pim", "compile", "--program=and.txt", "-o", "out.txt", cwd=folder)
        check(rc == 0 and out == "", rc, out, err)
        with open(os.path.join(folder, "out.txt")) as f:
            text = f.read()
        check("AAP(D0,B0) AAP(D1,B1) AAP(C0,B2) AAP(B12,D2)" in text, text)
        check("legal, and executed as its symbols say: all 4 input combinations" in text, text)
    rc, out, err = run("help", "pim", "compile")
    check(rc == 0 and "--blif" in out and "maj" in out, out)


main()
