"""`memwall pim eval` and `pim ops` against Python's integers: every operation, signed and unsigned, on files whose containers and packed
bits are made here; and what the tables say."""

import csv
import io
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "cli"))

from lib_cli import check, run, scratch  # noqa: E402

LANES = 1237
WIDTHS = ((1, 0), (5, 1), (8, 0), (16, 1), (27, 0), (32, 1), (64, 0), (64, 1))
# The unit tests compare the engines at every width: here the way through files counts.
DEVICES = (("ambit:engine=exact", WIDTHS), ("ambit", WIDTHS[::2]), ("host", WIDTHS[1:6:3]))


def unit(bits):
    return 0 if bits == 1 else 1 if bits <= 8 else 2 if bits <= 16 else 4 if bits <= 32 else 8


def pack(values, bits):
    if bits > 1:
        return b"".join(v.to_bytes(unit(bits), "little") for v in values)
    out = bytearray((len(values) + 7) // 8)
    for i, v in enumerate(values):
        out[i // 8] |= v << i % 8
    return bytes(out)


def unpack(data, bits, lanes):
    if bits == 1:
        return [data[i // 8] >> i % 8 & 1 for i in range(lanes)]
    u = unit(bits)
    return [int.from_bytes(data[i * u : (i + 1) * u], "little") for i in range(lanes)]


def number(v, bits, signed):
    return v - (1 << bits) if signed and v >> (bits - 1) else v


def divide(x, y):
    """C's quotient and remainder; x / 0 is all ones, x mod 0 is x."""
    if y == 0:
        return -1, x
    q = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    return q, x - q * y


def operations(bits, signed, amount):
    """Name: (inputs, bits of the result, function of the numbers). The least significant bits of its value count."""
    top = (1 << bits) - 1
    same = {
        "not": (1, lambda x: ~x),
        "and": (2, lambda x, y: x & y),
        "or": (2, lambda x, y: x | y),
        "nand": (2, lambda x, y: ~(x & y)),
        "nor": (2, lambda x, y: ~(x | y)),
        "xor": (2, lambda x, y: x ^ y),
        "xnor": (2, lambda x, y: ~(x ^ y)),
        "maj": (3, lambda x, y, z: (x & y) | (x & z) | (y & z)),
        "copy": (1, lambda x: x),
        "add": (2, lambda x, y: x + y),
        "sub": (2, lambda x, y: x - y),
        "mul": (2, lambda x, y: x * y),
        "div": (2, lambda x, y: divide(x, y)[0]),
        "mod": (2, lambda x, y: divide(x, y)[1]),
        "min": (2, min),
        "max": (2, max),
        "abs": (1, abs),
        "neg": (1, lambda x: -x),
        "relu": (1, lambda x: max(x, 0)),
        "shl": (1, lambda x: x << amount),
        "shr": (1, lambda x: x >> amount),
    }
    one = {
        "eq": (2, lambda x, y: x == y),
        "ne": (2, lambda x, y: x != y),
        "lt": (2, lambda x, y: x < y),
        "le": (2, lambda x, y: x <= y),
        "gt": (2, lambda x, y: x > y),
        "ge": (2, lambda x, y: x >= y),
        "red_and": (1, lambda x: x & top == top),
        "red_or": (1, lambda x: x != 0),
        "red_xor": (1, lambda x: bin(x & top).count("1") % 2),
    }
    table = {name: (n, bits, f) for name, (n, f) in same.items()}
    table.update({name: (n, 1, f) for name, (n, f) in one.items()})
    table["popcount"] = (1, bits.bit_length(), lambda x: bin(x & top).count("1"))
    if bits <= 32:
        table["mul_wide"] = (2, 2 * bits, lambda x, y: x * y)
    return table


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def evaluate(folder, *args):
    rc, out, err = run("pim", "eval", *args, cwd=folder)
    check(rc == 0 and err == "", args, "exit", rc, err)
    return out


def result(folder, bits, lanes):
    with open(os.path.join(folder, "out"), "rb") as f:
        data = f.read()
    check(len(data) == len(pack([0] * lanes, bits)), "the result has", len(data), "bytes")
    values = unpack(data, bits, lanes)
    check(all(v >> bits == 0 for v in values), "excess bits are 0")
    return values


def every_operation(folder, device, bits, signed):
    # Files of packed bits hold whole bytes.
    lanes = LANES if bits > 1 else LANES // 8 * 8
    rng = random.Random(bits * 2 + signed)
    amount = bits // 3
    edges = [0, 1, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1]
    raw = [[e for e in edges for _ in edges], edges * len(edges), edges * len(edges)]
    raw = [(r + [rng.getrandbits(bits) for _ in range(lanes)])[:lanes] for r in raw]
    select = [rng.getrandbits(1) for _ in range(lanes)]
    for name, values in zip("xyz", raw):
        write(os.path.join(folder, name), pack(values, bits))
    write(os.path.join(folder, "s"), pack(select, 1))
    x, y, z = ([number(v, bits, signed) for v in r] for r in raw)
    common = [f"--device={device}", f"--width={bits}", "--out=out", *(["--signed"] if signed else [])]
    for name, (n, out_bits, f) in operations(bits, signed, amount).items():
        more = [f"--amount={amount}"] if name in ("shl", "shr") else []
        evaluate(folder, *common, f"--op={name}", *[f"--in={c}" for c in "xyz"[:n]], *more)
        want = [int(f(*v)) & ((1 << out_bits) - 1) for v in zip(*(x, y, z)[:n])]
        check(result(folder, out_bits, lanes) == want, device, name, bits, "signed" if signed else "unsigned")
    evaluate(folder, *common, "--op=if_else", "--in=s", "--in=x", "--in=y")
    want = [a if c else b for c, a, b in zip(select, raw[0], raw[1])]
    check(result(folder, bits, lanes) == want, device, "if_else", bits)
    common.remove("--out=out")
    for name, want in (("sum_lanes", sum(x)), ("min_lanes", min(x)), ("count_ones", sum(bin(v).count("1") for v in raw[0]))):
        out = evaluate(folder, *common, f"--op={name}", "--in=x")
        # Modulo 2^64, as a signed number where lanes are.
        want %= 1 << 64
        want = number(want, 64, signed and name != "count_ones")
        check(int(out) == want, device, name, bits, out, want)


def excess_bits_are_refused(folder):
    write(os.path.join(folder, "x"), bytes(5000))
    for at in (0, 1, 4095, 4096, 4999):
        data = bytearray(5000)
        data[at] = 0x20
        write(os.path.join(folder, "y"), data)
        rc, _, err = run("pim", "eval", "--op=add", "--width=5", "--in=x", "--in=y", "--out=new", cwd=folder)
        check(rc == 2 and f"y: the lane at byte {at} is 0x20" in err, "byte", at, err)
    write(os.path.join(folder, "y"), bytes(3) + b"\x20\x00" + bytes(4995))
    rc, _, err = run("pim", "eval", "--op=add", "--width=12", "--in=x", "--in=y", "--out=new", cwd=folder)
    check(rc == 2 and "y: the lane at byte 2 is 0x2000" in err, err)
    # 13 lanes, selected by two bytes of which three bits lie beyond the last lane.
    write(os.path.join(folder, "x"), bytes(13))
    write(os.path.join(folder, "s"), b"\x00\x20")
    rc, _, err = run("pim", "eval", "--op=if_else", "--width=8", "--in=s", "--in=x", "--in=x", "--out=new", cwd=folder)
    check(rc == 2 and "s: byte 1 has bits beyond the last lane" in err, err)
    check(not os.path.exists(os.path.join(folder, "new")), "a refused input leaves no result")


def stats_hold_the_parts(folder):
    write(os.path.join(folder, "x"), bytes(200000))
    out = evaluate(folder, "--op=add", "--width=16", "--in=x", "--in=x", "--out=out", "--stats", "--format=json",
                   "--device=ambit:transpose=unit:4,programs=published")
    values = {r["metric"]: r["value"] for r in json.loads(out)}
    check(values["aap"] == 2 * 97 and values["ap"] == 2 * 32, values)  # 100,000 lanes: two rows
    check(values["bytes_transposed"] == 600000 and values["time_transpose"] == 150000, values)
    check(values["time_host"] == 0 and values["time_end_to_end"] > values["time_resident"] + 150000, values)
    out = evaluate(folder, "--op=sum_lanes", "--width=16", "--in=x", "--stats", "--format=json")
    values = {r["metric"]: r["value"] for r in json.loads(out)}
    check(values["result"] == 0 and values["time_host"] > 0 and values["aap"] == 0, values)


def energy_is_split_as_time_is(folder):
    """Energy of the parts of the time, and of the causes, adds up to the whole; min and max go with each; what has no model is named."""
    write(os.path.join(folder, "x"), bytes(200000))

    def records(device, *words):
        out = evaluate(folder, *(words or ("--op=add", "--width=16", "--in=x", "--in=x", "--out=out")), "--stats", "--format=json",
                       "--device=" + device)
        return json.loads(out)

    def close(a, b):
        return abs(a - b) <= 1e-9 * abs(b) + 1e-9

    parts = ("resident", "in", "out", "transpose", "host")
    for device in ("ambit:dram=ddr4-3200", "ambit:dram=ddr4-3200,limit=jedec,io=2", "ambit:dram=hbm2,transpose=unit:1"):
        rows = records(device)
        one = {r["metric"]: r for r in rows if r["metric"] != "energy_part"}
        causes = {r["params"]["part"]: r for r in rows if r["metric"] == "energy_part"}
        for what in ("value", "min", "max"):
            check(close(sum(one["energy_" + p][what] for p in parts), one["energy"][what]), device, what, "by time")
            check(close(sum(r[what] for r in causes.values() if r["provenance"] == "modelled"), one["energy"][what]),
                  device, what, "by cause")
        check(close(sum(one["time_" + p]["value"] for p in parts), one["time_end_to_end"]["value"]), device, "time")
        missing = [p for p, r in causes.items() if r["provenance"] == "unavailable"]
        check("transpose" in missing and ("io" in missing) == (device == "ambit:dram=ddr4-3200"), device, missing)
        for p in missing:
            check(p in one["energy"]["source"].split(";")[0], device, one["energy"]["source"])
        for r in rows:
            if r["metric"].startswith("energy") and r["provenance"] == "modelled":
                check(r["min"] <= r["value"] <= r["max"], r)
        check(one["energy_in"]["value"] > 0 and causes["background"]["min"] < causes["background"]["max"], device)
        check((one["energy_transpose"]["value"] > 0) and one["energy_host"]["value"] == 0, device)
    slow = {r["metric"]: r["value"] for r in records("ambit:dram=ddr4-3200,efficiency=0.08,transpose=unit:20.48")}
    fast = {r["metric"]: r["value"] for r in records("ambit:dram=ddr4-3200,transpose=unit:20.48")}
    check(slow["energy_resident"] == fast["energy_resident"] and slow["energy_in"] > 2 * fast["energy_in"], slow, fast)
    table = {r["metric"]: r for r in records("ambit:energy=pluto")}
    check(table["energy_in"]["provenance"] == "unavailable" and "without background + refresh + rd + wr" in table["energy"]["source"], table)
    rc, text, _ = run("pim", "eval", "--op=add", "--width=8", "--in=x", "--in=x", "--out=out", "--stats", cwd=folder)
    line = next(l for l in text.splitlines() if l.startswith("pim.add.energy{"))
    check(rc == 0 and " .. " in line and "without io + transpose" in line, line)
    for r in records("host:gbps=10"):
        check(not r["metric"].startswith("energy") or r["provenance"] == "unavailable", r)


def stats_name_every_operation(folder):
    """Each operation is declared with the records that --stats prints."""
    write(os.path.join(folder, "x"), bytes(64))
    write(os.path.join(folder, "s"), bytes(8))
    for op, (inputs, _, _) in operations(8, False, 1).items():
        files = ["--in=x"] * inputs if op != "if_else" else ["--in=s", "--in=x", "--in=x"]
        size = ["--size=64"] if inputs == 0 else []
        out = evaluate(folder, f"--op={op}", "--width=8", *files, *size, "--out=out", "--stats", "--format=json")
        records = json.loads(out)
        names = {r["metric"] for r in records}
        check(len(records) >= 27 and {"aap", "time_in", "energy", "energy_in", "energy_part"} <= names, op, len(records), names)
        check(all(r["case"] == op for r in records), op)


def ops_table():
    def table(*args):
        rc, out, err = run("pim", "ops", "--format=csv", *args)
        check(rc == 0 and err == "", args, err)
        return {r["op"]: r for r in csv.DictReader(io.StringIO(out))}

    rows = table("--width=8")
    check(len(rows) == 34, "rows:", len(rows))
    bits = {"mul": 8, "mul_wide": 16, "lt": 1, "red_xor": 1, "popcount": 4, "if_else": 8, "and": 1, "abs": 8}
    for op, n in bits.items():
        check(rows[op]["product_bits"] == str(n), op, rows[op]["product_bits"])
    for op, row in rows.items():
        check(int(row["aap"]) > 0 and float(row["ns"]) > 0 and int(row["rows_used"]) > 0, row)
        check(float(row["gops_none"]) >= float(row["gops_jedec"]) > 0, row)
        n = int(row["aap"]) + int(row["ap"])
        checked = row["published"] != ""
        what = row["verified"].split("+")
        check(("count" in what) == (checked and n <= int(row["published"] or 0)), row)
        check("results" in what and "time" in what and not set(what) - {"results", "count", "time", "energy"}, row)
    check(rows["and"]["width"] == "8" and rows["and"]["aap"] == "4", "bulk rows are per row")
    for op in ("div", "abs", "popcount", "neg", "shl"):
        check(rows[op]["verified"] == "results+time", op)
    published = table("--width=32", "--device=ambit:programs=published")
    check(published["mul_wide"]["ns"] == "532143" and published["mul_wide"]["verified"] == "results+count+time", published["mul_wide"])
    check("wrong" in published["if_else"]["source"] and "wrong" not in published["add"]["source"], "labels")
    check("mod" not in published, "no program of mod was published")
    wide = table("--width=64", "--signed")
    check("mul_wide" not in wide and "mul" in wide, "what has no type for its result has no price")
    check(table("--device=cots")["and"]["verified"] == "unverified", "off-the-shelf chips")


def ops_show_energy_power_and_disturbance():
    def table(device, *args):
        rc, out, err = run("pim", "ops", "--format=csv", "--device=" + device, *args)
        check(rc == 0 and err == "", device, err)
        return {r["op"]: r for r in csv.DictReader(io.StringIO(out))}

    def near(a, b):
        return abs(a - b) <= 2e-3 * abs(b)

    for device, ranks, banks in (("ambit:dram=ddr3-1600", 1, 8), ("ambit:dram=ddr4-3200,ranks=2,channels=2", 4, 16)):
        for op, r in table(device, "--width=8").items():
            f = {k: float(r[k]) for k in r if r[k] and (k.startswith(("nj", "pj", "gops", "w_", "guard")) or k == "lanes")}
            for what in ("nj_per_kb", "pj_per_lane"):
                check(f[what + "_min"] < f[what] < f[what + "_max"], device, op, what)
            check(near(f["gops_per_w_none"], 1000 / f["pj_per_lane"]), device, op, "limit=none is the default")
            # A limit stretches the time: less power, but more background for each operation.
            check(f["gops_per_w_jedec"] < f["gops_per_w_none"] and f["w_per_rank_jedec"] < f["w_per_rank_none"], device, op)
            for limit in ("none", "jedec"):
                check(near(f["w_per_rank_" + limit] * ranks, f["gops_" + limit] / f["gops_per_w_" + limit]), device, op, limit)
            check(r["disturbance"] == "unsafe" and int(r["row_acts_per_refresh"]) > int(r["hc_first_max"]), device, op, r)
            check(0 < f["guard_time_pct"] < 2 and 0 < f["guard_energy_pct"] < 2, device, op, r)
            check((r["guard_multi_time_pct"] == "") == ("ddr3" in device), device, op)
    words = table("ambit:energy=pluto")["and"]
    check(words["w_per_rank_none"] == "" and words["nj_per_kb_min"] == words["nj_per_kb"], "a table has no background", words)
    check(words["standing_pct"] == "", "no background is not a share of 0", words)
    safe = table("ambit:hc_first=2000000")["and"]
    check(safe["disturbance"] == "safe" and "user" in safe["disturbance_source"] and safe["rotate_subarrays"] == "1", safe)
    check(table("ambit:dram=hbm2")["and"]["disturbance"] == "unknown", "no published figure")
    matrix = table("dimc", "--width=8", "--signed")["gemv"]
    check(matrix["gops_per_w_none"] != "" and matrix["w_per_rank_none"] == matrix["disturbance"] == matrix["standing_pct"] == "", matrix)
    # The macro's published area; that of the DRAM parts is not known.
    check(words["gops_per_mm2_none"] == "", words)
    two = table("dimc:macros=2", "--width=8", "--signed")["gemv"]
    for row, macros in ((matrix, 1), (two, 2)):
        check(near(float(row["gops_per_mm2_none"]), float(row["gops_none"]) / (macros * 0.9408)), row)
    rc, text, _ = run("pim", "ops", "--device=ambit:dram=ddr4-3200")
    check(rc == 0 and "disturbance: Yuksel" in text and "nJ/KB min" in text and "guard_energy" not in text, text[:400])


def numbers_of_64_bits_are_exact(folder):
    """Beyond 2^53, where a double would round: the value of fill, and the seed of a device."""
    for value in (2**53 + 1, 2**63, 2**64 - 1):
        evaluate(folder, "--op=fill", "--width=64", f"--value={value}", "--size=64", "--out=out")
        with open(os.path.join(folder, "out"), "rb") as f:
            check(f.read() == value.to_bytes(8, "little") * 8, "fill with", value)
        rc, out, err = run("pim", "ops", f"--device=ambit:seed={value}", "--format=csv", cwd=folder)
        check(rc == 0 and f"seed={value}" in out, "seed", value, rc, err)


def main():
    with scratch() as folder:
        for device, widths in DEVICES:
            for bits, signed in widths:
                every_operation(folder, device, bits, signed)
        excess_bits_are_refused(folder)
        stats_hold_the_parts(folder)
        energy_is_split_as_time_is(folder)
        stats_name_every_operation(folder)
        numbers_of_64_bits_are_exact(folder)
    ops_table()
    ops_show_energy_power_and_disturbance()


main()
