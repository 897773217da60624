"""Parts as files: what `pim devices --part` prints, key part reads as the same device; what cannot be read is refused."""

import csv
import io
import os
import re
import tempfile

from lib_cli import check, run


def ops(spec, *more):
    rc, out, err = run("pim", "ops", "--format=csv", "--device=" + spec, *more)
    check(rc == 0 and err == "", spec, rc, err)
    rows = list(csv.DictReader(io.StringIO(out)))
    check(rows, spec, "has no operations")
    return [{k: v for k, v in r.items() if k != "device"} for r in rows]


def part(name):
    rc, out, err = run("pim", "devices", "--part=" + name)
    check(rc == 0 and err == "", name, rc, err)
    return out


def refused(word, *args):
    rc, out, err = run(*args)
    check(rc == 2 and out == "" and err.count("\n") == 1 and word in err, args, rc, out, err)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "mine.part")

    def write(text):
        with open(path, "w") as f:
            f.write(text)

    for dram, more in (("ddr3-1600", ""), ("ddr4-2400", ""), ("ddr4-3200", ""), ("ddr4-3200-x16", ",width=x16"), ("ddr5-4800", ""), ("hbm2", ""), ("lpddr3-1600", ""), ("lpddr5-6400", "")):
        write(part(dram))
        for width in ("--width=1", "--width=8"):
            for limit in ("", ",limit=jedec"):
                named = "ambit:dram=" + dram.replace("-x16", "") + more + limit
                check(ops(f"ambit:part={path}{limit}", width) == ops(named, width), dram, limit, "differs from its file")

    # A changed value is used, named as the user's, and echoed.
    text = part("ddr4-3200")
    check(re.search(r"^tras += 32\.5 ", text, re.M) and re.search(r"^trefi += 7800 ", text, re.M), text)
    write(re.sub(r"^tras += 32\.5", "tras = 40", text, flags=re.M))
    row = ops(f"ambit:part={path}")[0]
    check(row["op"] == "not" and row["ns"] == "115.5" and "user: tras 40" in row["source"], row)  # 2 x (40 + 4 + 13.75)
    row = ops("ambit:dram=ddr4-3200,tras=40,trp=10")[0]
    check(row["ns"] == "108" and "user: tras 40 trp 10" in row["source"] and row["verified"] == "results+count", row)

    # The file that a SPEC names by its hash may not have changed.
    rc, out, err = run("pim", "ops", "--cite", f"--device=ambit:part={path}")
    spec = next(w for w in out.replace(",", " ").split() if w.startswith("ambit:part="))
    check(rc == 0 and "@" in spec, out)
    ops(spec)
    write(text)
    refused("changed", "pim", "ops", "--device=" + spec)

    write(text.replace("tfaw ", "tfow "))
    refused(f"part={path}:25: no key 'tfow', did you mean 'tfaw'?", "pim", "ops", f"--device=ambit:part={path}")
    write(text.replace("= 21.25 ", "= 21,25 "))
    refused(f"part={path}:25: tfaw: '21,25' is not a number", "pim", "ops", f"--device=ambit:part={path}")
    write("\n".join(line for line in text.split("\n") if not line.startswith("tfaw")))
    refused(f"part={path}: tfaw: no value", "pim", "ops", f"--device=ambit:part={path}")
    refused("no such part", "pim", "devices", "--part=ddr9")
    refused("--format", "--format=csv", "pim", "devices", "--part=ddr4-3200")
    refused("one of the two", "pim", "ops", f"--device=ambit:dram=ddr4-3200,part={path}")
    refused("No such file", "pim", "ops", "--device=ambit:part=/nonexistent")
    refused("tras", "pim", "ops", "--device=ambit:tras=0")
    refused("tras", "pim", "eval", "--op=not", "--in=/dev/null", "--out=/dev/null", "--device=ambit:tras=x")

    # Macros of dimc in the same way.
    for macro in ("isscc22-15.5", "isscc22-11.7", "isscc23-7.2"):
        write(part(macro))
        named, read = (ops(f"dimc:{key}", "--width=8", "--signed") for key in ("macro=" + macro, "part=" + path))
        check(named == read, macro, named, read)
    refused("inputs: not a power of two", "pim", "ops", "--device=dimc:inputs=3")

    # --out-file writes the text, and it is complete.
    rc, out, err = run("--out-file=" + path, "pim", "devices", "--part=hbm2")
    check(rc == 0 and out == "" and open(path).read() == part("hbm2"), rc, err)
