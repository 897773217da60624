"""Every command of `memwall help` prints its result in every format: nothing that is printed has been freed.

Release builds fill freed memory (MALLOC_PERTURB_), so that a text printed after its end is not printable or differs from what other commands
say; the address sanitizer ends the program. Measuring commands measure once, in one format each; `report --format` prints the records of all of
them in every format through the same function.
"""

import csv
import io
import json
import os
import re
import time

from lib_cli import ROOT, check, run, scratch

FORMATS = ("table", "csv", "json", "latex")
SHORT = ("--profile=tiny", "--max-time=1")
LONGER = ("--profile=tiny", "--max-time=4")  # they measure bandwidth first
# Lines of arguments of each command; a command that help names and that has none here is an error. `a`, `b`: files of 64 bytes; q: a run.
CASES = {
    "run": [],  # makes q, below
    "bandwidth": [SHORT],
    "energy": [SHORT],
    "gemm": [(*LONGER, "--shapes=64x64")],
    "latency": [SHORT],
    "numa": [(*SHORT, "--size=2M")],
    "pages": [(*SHORT, "--size=4M")],
    "random": [(*SHORT, "--sizes=1M", "--pages=4K")],
    "stride": [(*SHORT, "--size=1M", "--strides=64,4K")],
    "cores": [(*SHORT, "--ops=modified,shared,handover"), (*SHORT, "--ops=mutex,own-line", "--threads=1")],
    "parallelism": [(*SHORT, "--levels=l1,l2", "--chases=1,4")],
    "storage": [(*SHORT, "--file-size=1M"), (*SHORT, "--file-size=1M", "--blocks=4K,8K", "--depths=1,3", "--write")],
    "interconnect": [SHORT],  # without a launcher: says how it is started
    "loaded": [(*SHORT, "--mixes=100:0", "--levels=50,100")],
    "counters": [SHORT],
    "offload": [(*LONGER, "--sizes=64K", "--kernels=and,gemv", "--shapes=64x64")],
    "pim ops": [
        (),
        ("--device=ambit:dram=ddr5-4800,limit=jedec", "--width=8"),
        ("--device=ambit:energy=ambit-table", "--sweep=dram=ddr3-1600,ddr4-2400,hbm2"),
        ("--device=cots",),
        ("--program=add", "--width=8"),
        ("--baseline=q", "--op=and,add", "--width=8,32"),
        ("--op=add,mul_wide,gemv", "--width=4,64", "--sweep=channels=1,2", "--sweep=faw=0.5,1"),
        ("--ratios",),
        ("--cite",),
    ],
    "pim devices": [(), ("--part=ddr4-3200",)],
    "pim compile": [("s = a ^ b ^ c; d = maj(a, b, c)",), ("--table=3: 0xe8",), ("--blif=m.blif",), ("--program=m.txt", "--device=ambit:limit=jedec")],
    "pim eval": [
        ("--op=xor", "--in=a", "--in=b", "--out=c", "--stats"),
        ("--op=add", "--width=8", "--in=a", "--in=b", "--out=c", "--stats", "--trace=t", "--device=ambit:engine=exact"),
        ("--op=maj", "--in=a", "--in=b", "--in=a", "--out=c", "--stats", "--device=ambit:engine=exact,variation=15"),
        ("--op=count_ones", "--in=a", "--stats", "--device=host"),
        ("--op=sum_lanes", "--width=8", "--in=a"),
    ],
    "transformer": [("--analytic",), ("--published",), ("--models",), ("--latency", "--model=mixtral-8x7b", "--phase=decode")],
    "trends": [(), ("q",), ("--data=points.csv", "--from=1990", "--to=2024")],
    "plan": [
        ("gpt3-175b", "--on=v100,a100,hbm-pim,upmem,corsair", "--set=pue=1.2"),
        ("--params=1e12", "--train", "--optimizer=shampoo"),
        ("gpt2", "--serve", "--precision=int8", "--device=dimc:macros=64", "--set=memory=1e9"),
        ("gpt2", "--results=" + os.path.join(ROOT, "results", "reference", "run-1.json")),
        ("--show=cases",),
        ("--show=devices",),
        ("--show=constants",),
    ],
    "claims": [(), ("q",), ("--source=B", "--verdict=differs,inconsistent")],
    "report": [("q",), ("q/results.json", "--anonymize")],
    "help": [(), ("run",), ("pim", "ops"), ("offload",), ("records",)],
    "info": [()],
    "list": [()],
    # Of those that help does not name.
    "man": [()],
    "completion": [("bash",), ("zsh",), ("fish",)],
}
TEXT = {"help", "man", "completion"}  # print text and take no format
TEXT_CASES = {("pim ops", ("--cite",)), ("pim ops", ("--program=add", "--width=8")), ("pim devices", ("--part=ddr4-3200",)),
              ("pim eval", ("--op=sum_lanes", "--width=8", "--in=a"))}
MEASURING = {"bandwidth", "cores", "counters", "energy", "gemm", "interconnect", "latency", "loaded", "numa", "pages",
             "parallelism", "random", "storage", "stride", "offload"}
UNAVAILABLE = {"cores", "counters", "energy", "gemm", "interconnect", "loaded"}  # may lack CPUs, counters, libraries


def commands():
    rc, out, err = run("help")
    check(rc == 0 and err == "", rc, err)
    lines = out.split("Global options")[0].split("\n")
    return [m.group(1) for m in (re.match(r"  (\S+(?: \S+)?)  +\S", line) for line in lines) if m]


def printable(words, text):
    bad = [c for c in text if not (c.isprintable() or c in "\n\t")]
    check(not bad and "\ufffd" not in text, *words, "prints", [hex(ord(c)) for c in bad[:8]], "in", repr(text[-300:]))


def shape(words, fmt, text):
    """Is it what the format promises? Returns the rows of CSV and JSON."""
    check(text.strip() != "", *words, "prints nothing")
    if fmt == "json":
        rows = json.loads(text, parse_constant=lambda c: check(False, *words, "has the number", c))
        check(isinstance(rows, list) and rows and all(r.keys() == rows[0].keys() for r in rows), *words, "is not a list of like objects")
        return rows
    if fmt == "csv":
        rows = list(csv.reader(io.StringIO(text), strict=True))
        check(len(rows) > 1 and len({len(r) for r in rows}) == 1, *words, "is not rectangular:", {len(r) for r in rows})
        check(all(rows[0]) and len(set(rows[0])) == len(rows[0]), *words, "has the head", rows[0])
        return [dict(zip(rows[0], r)) for r in rows[1:]]
    if fmt == "latex":
        check(text.count("\\begin{") == text.count("\\end{") > 0, *words, "is no LaTeX table:", text[:200])
    return None


def execute(command, args, fmt, folder, allowed=(0,), late=False):
    """late: the time may end before anything is measured, on a busy machine."""
    words = [*([] if fmt is None else ["--format=" + fmt]), *command.split(), *args]
    # 165: bytes that are no text, neither as they are nor inverted.
    try:
        rc, out, err = run(*words, cwd=folder, env={"MALLOC_PERTURB_": "165"})
    except UnicodeDecodeError as e:
        check(False, *words, "prints bytes that are no text:", e.object[max(0, e.start - 60) : e.start + 20])
    check(rc in allowed or (late and rc == 1 and "no time left" in err), *words, "exit", rc, err)
    printable(words, out)
    printable(words, err)
    return words, rc, out


def sources(folder):
    """The text of `source` is the same whatever else the command has opened and closed, in each place that prints it."""
    for device in ("ambit", "ambit:dram=ddr5-4800,limit=jedec", "ambit:energy=pluto", "cots", "dimc"):
        words, rc, text = execute("pim ops", ("--device=" + device,), "table", folder, allowed=(0, 3))
        if rc == 3:
            continue  # a device without such operations
        _, _, rows = execute("pim ops", ("--device=" + device,), "csv", folder)
        alone = {r["source"] for r in csv.DictReader(io.StringIO(rows))}
        below = re.findall(r"^counts and time: (.*)$", text, re.M)
        check(set(below) == alone and all(alone), *words, "names", below, "instead of", alone)
        energy = re.findall(r"^energy: (.*)$", text, re.M)
        check(len(energy) <= 1, *words, "names the energy of one device", energy)
        if energy:  # what `pim compile` says with the device still open
            _, _, compiled = execute("pim compile", ("c = a & b", "--device=" + device), "table", folder)
            check(re.findall(r"^energy: (.*)$", compiled, re.M) == energy, *words, "names", energy, "; compiled:", compiled[-300:])
    _, _, text = execute("pim ops", ("--sweep=energy=drampower,ambit-table",), "table", folder)
    check(len(re.findall(r"^energy: .", text, re.M)) == 2, "a sweep over two energy models names", text[-600:])


def write_files(folder):
    files = {
        "a": bytes(range(64)),
        "b": bytes(range(64, 128)),
        "points.csv": b"series,date,value\ndram_bw,2020,2e12\ndram_bw,2021-06,3e12\nown,2000,1\nown,2001,2\n",
        "m.blif": b".model m\n.inputs a b\n.outputs y\n.names a b y\n11 1\n.end\n",
        "m.txt": b".inputs a b\n.outputs c\nAAP(D0,B0);AAP(D1,B1)\nAAP(C0,B2);AAP(B12,D2)\n",
    }
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


def measured(folder):
    """`run`, whose records `report` prints; then each measuring command, the formats in turn."""
    words, _, out = execute("run", ("--profile=tiny", "--max-time=6", "--output=q"), None, folder)
    check("results.json" in out, *words, "prints", out)
    for i, command in enumerate(sorted(MEASURING)):
        for args in CASES[command]:
            fmt = FORMATS[i % len(FORMATS)]
            start = time.monotonic()
            words, rc, out = execute(command, args, fmt, folder, allowed=(0, 3) if command in UNAVAILABLE else (0,), late=True)
            print("%5.1f s" % (time.monotonic() - start), *words, "exit", rc)
            if rc == 0:
                shape(words, fmt, out)


def main():
    begin = time.monotonic()
    named = commands()
    check(len(named) >= 15, "help names", named)
    check(set(named) <= set(CASES), "no line of arguments for", set(named) - set(CASES))
    check(set(CASES) - set(named) == {"man", "completion"}, "help does not name", set(CASES) - set(named))
    with scratch() as folder:
        write_files(folder)
        measured(folder)
        for command in [c for c in CASES if c not in MEASURING]:
            for args in CASES[command]:
                plain = command in TEXT or (command, args) in TEXT_CASES
                for fmt in (None,) if plain else FORMATS:
                    words, _, out = execute(command, args, fmt, folder)
                    if plain:
                        check(out.strip() != "", *words, "prints nothing")
                    else:
                        shape(words, fmt, out)
        # The pages themselves.
        words, _, out = execute("report", ("q", "-o", "page.html"), None, folder)
        with open(os.path.join(folder, "page.html"), encoding="utf-8") as f:
            printable(words, f.read())
        sources(folder)
    print("%.1f s in all" % (time.monotonic() - begin))


main()
