"""Results of schema 1 are read for ever: a file of a program that wrote them, and a journal of the same run. Values, texts
and identities are those of the file; words that schema 2 spells otherwise are those of schema 2."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
from lib_cli import MEMWALL, check, scratch  # noqa: E402

OLD = os.path.join(HERE, "schema1.json.gz")
METRICS = {("rate", "GFLOP/s"): "flop_rate", ("rate", "GOP/s"): "op_rate", ("bus-bandwidth", "GB/s"): "bus_bandwidth",
           ("emulator_rate", "GB/s"): "emulator_bandwidth", ("emulator_rate", "GOP/s"): "emulator_op_rate"}
OBSERVED = {"bandwidth": {"kernel": "winner", "threads": "by_threads"}, "offload": {"size": "flushed", "host": "winner"},
            "storage": {"engine": "interface", "file": "filled", "device": "disk"}}
HEADLINES = {
    "DRAM latency": ("109.2", "ns", "size 16 MiB"), "DRAM read, one thread": ("77.4", "GB/s", "winner avx512"),
    "DRAM read, all threads": ("124.6", "GB/s", "by threads 2, winner avx512"), "Best GEMV, weights read": ("62.58", "GB/s", "dtype int8"),
    "Ridge of the roofline": ("4.194", "FLOP/byte", "f32 rate"), "Storage, random read": ("75.67", "µs", "depth 1"),
    "DRAM energy of a read": ("27.25", "pJ/byte", "ddr4-3200-x8"),
    "AND in DRAM, resident, unconstrained": ("35.78", "× host", "1 channel × 1 rank × 16 banks"),
}


def run(*words):
    done = subprocess.run([MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    out, err = done.stdout.decode(), done.stderr.decode()
    check(done.returncode == 0, *words, "exit", done.returncode, err)
    return out


def renamed(r):
    """The record as schema 2 says it."""
    r = json.loads(json.dumps(r))
    r["metric"] = METRICS.get((r["metric"], r["unit"]), r["metric"])
    keys = {"pages": "obtained", **OBSERVED.get(r["bench"], {})}
    if r["bench"] == "offload" and "size" in r["params"]:
        r["params"]["vector"] = r["params"].pop("size")
    observed = r["observed"] = {keys.get(k, k): v for k, v in r["observed"].items()}
    if r["bench"] == "latency" and "touched" in observed:
        observed["span"], r["params"]["size"] = r["params"]["size"], observed.pop("touched")
    if r["bench"] == "bandwidth" and "array" in r["params"]:
        arrays = {"read": 1, "write": 1, "copy": 2, "triad": 3}[r["case"].split("-")[1]]
        observed["array"] = r["params"].pop("array")
        r["params"] |= {"size": arrays * observed["array"]} | ({"pages": "thp"} if observed.get("obtained", "").startswith("thp") else {})
    r["params"].pop({"storage": "access", "offload": "question"}.get(r["bench"]), None)
    if r["case"] == "emulator" and r["params"]["op"] == "and":
        r["case"] = "emulator-" + r["params"].pop("op")
    r["samples"]["value"] = [float(f"{v:.7g}") for v in r["samples"]["value"]]
    r["samples"]["visit"] = [0] * len(r["samples"]["value"])
    return r


def key(r):
    return json.dumps([r["bench"], r["case"], r["metric"], r["params"]], sort_keys=True)


# What identifies a point today, as docs/records.md has it: without all of them no point of today could be compared.
IDENTITY = {("bandwidth", "l1-copy", "bandwidth"): "kernel pages size stores threads", ("bandwidth", "dram-triad", "bus_bandwidth"): "kernel pages size stores threads",
            ("storage", "random-read", "iops"): "block depth file", ("storage", "sequential-read", "latency_p99"): "block depth file",
            ("offload", "gemv", "break_even_never"): "cache device inputs outputs", ("offload", "and", "break_even_uses"): "cache device vector",
            ("offload", "emulator-and", "emulator_bandwidth"): "device engine vector"}


def identities(got):
    for (bench, case, metric), names in IDENTITY.items():
        found = [r for r in got if (r["bench"], r["case"], r["metric"]) == (bench, case, metric)]
        check(found, "no record of", bench, case, metric)
        for r in found:
            have = set(r["params"]) - {"price", "state"}
            # Of a use at one size, or over all sizes.
            check(have == set(names.split()) or (metric == "break_even_never" and have == {"cache", "device"}), key(r))


def same(got, expected, what):
    check(len(got) == len(expected), what, "has", len(got), "records of", len(expected))
    found = {key(r): r for r in got}
    for r in expected:
        check(key(r) in found, what, "lacks", key(r))
        other = found[key(r)]
        for name, value in r.items():
            check(other[name] == value, what, key(r), name, "is", other[name], "not", value)


def rows(source, expected):
    read = list(csv.DictReader(io.StringIO(run("report", source, "--format=csv"), newline="")))
    check(len(read) == len(expected), source, "prints", len(read), "rows of", len(expected))
    check(len({row["id"] for row in read}) == len(read), source, "prints an id twice")
    for row, r in zip(read, expected):
        for column in ("bench", "case", "metric", "unit", "provenance", "source", "note"):
            check(row[column] == r[column], row["id"], column, "is", repr(row[column]), "not", repr(r[column]))
        check((row["value"] == "") == (r["value"] is None), row["id"], "value", row["value"])
        check(r["value"] is None or abs(float(row["value"]) - r["value"]) <= 1e-8 * abs(r["value"]), row["id"], row["value"])


def headlines(text):
    for label, parts in HEADLINES.items():
        lines = [line for line in text.splitlines() if line.startswith(label + "  ")]
        check(len(lines) == 1 and all(part in lines[0] for part in parts), label, parts, "is not in", text)


def main():
    with gzip.open(OLD) as f:
        old = json.load(f)
    check(old["schema"] == 1 and len(old["records"]) > 700, "not the file of this test")
    expected = [renamed(r) for r in old["records"]]
    with scratch() as folder:
        file, journal = os.path.join(folder, "results.json"), os.path.join(folder, "run")
        os.mkdir(journal)
        with open(file, "w") as f:
            json.dump(old, f)
        with open(os.path.join(journal, "records.jsonl"), "w") as f:
            lines = [{"head": {k: old[k] for k in ("schema", "memwall", "host")}}]
            lines += [{"record": r} for r in old["records"]] + [{"end": {"elapsed_s": old["memwall"]["elapsed_s"]}}]
            f.writelines(json.dumps(line) + "\n" for line in lines)
        for source in (file, journal):
            same(json.loads(run("report", source, "--format=json")), expected, source)
            rows(source, expected)
            headlines(run("report", source))
            identities(json.loads(run("report", source, "--format=json")))
        # What was read from the journal is written as a file of today, and read again.
        with open(os.path.join(journal, "results.json")) as f:
            new = json.load(f)
        check(new["schema"] == 2 and new["host"] == old["host"] and not new["partial"], "written as", new["schema"])
        same(new["records"], expected, "what is written")
        same(json.loads(run("report", os.path.join(journal, "results.json"), "--format=json")), expected, "what is read again")


main()
