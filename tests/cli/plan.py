"""`memwall plan`: golden numbers, what depends on values of the user, what is absent, tiers of memory, measured and modelled devices, and tables that fit
a terminal.

Each constant is changed in turn: the rows that change have to say `user`.
"""

import csv
import io
import json
import os
import shutil

from lib_cli import ROOT, check, run, run_parts, scratch

RUN = os.path.join(os.getcwd(), "results", "reference", "run-1.json")
DEVICES = "v100,a100-40,a100,h100,h200,b200,mi300x,tpu-v5p,xeon-8180,xeon-6242,xeon-8480,epyc-9654,hbm-pim,gddr6-aim,upmem,corsair"


def rows(*words, **more):
    rc, out, err = run("--format=csv", "plan", *words, **more)
    check(rc == 0 and err == "", words, "exit", rc, err)
    return list(csv.DictReader(io.StringIO(out), strict=True))


def plan(*words, **more):
    """(table, device, item) -> row."""
    return {(r["table"], r["device"], r["item"]): r for r in rows(*words, **more)}


def value(p, *key):
    check(key in p, key, "is not there")
    check(p[key]["value"] != "", key, "has no value:", p[key]["note"])
    return float(p[key]["value"])


def near(got, want, words, within=1e-6):
    check(abs(got - want) <= within * abs(want), words, "is", got, "and not", want)


def trillion():
    p = plan("--params=1e12", "--train", "--count=320")
    near(value(p, "training", "a100", "hardware"), 10.24e6, "320 x 32 000")
    near(value(p, "model", "", "training_states"), 12e12, "12 byte per parameter")
    near(value(p, "model", "", "training_per_parameter"), 16, "mixed-precision Adam")
    near(value(p, "training", "a100", "device_states"), 12e12 / 320, "split by 320")
    check(value(p, "training", "a100", "device_bytes") < 80e9, "does not fit")
    # 172 layers of 22016: full checkpointing keeps 2 byte for each token, layer and unit of width.
    near(value(p, "training", "a100", "device_activations"), 2.0 * 172 * 2048 * 22016, "activations")
    flop = (6e12 + 12 * 172 * 22016 * 2048) * 20e12 * 4 / 3
    near(value(p, "model", "", "training_flop"), flop, "operations")
    near(value(p, "training", "a100", "time"), flop / (320 * 312e12 * 0.4), "time")
    near(value(p, "training", "a100", "energy"), 320 * 400 * 1.58 * flop / (320 * 312e12 * 0.4) / 3.6e6, "energy")
    second = 32000 / (4 * 365.25 * 86400 * 0.7) + 0.4 * 1.58 * 0.1 / 3600
    near(value(p, "training", "a100", "cost"), flop / (312e12 * 0.4) * second, "cost")
    # As few as it takes: 16 byte per parameter beside the activations.
    few = plan("--params=1e12", "--train")
    want = -(-16e12 // (80e9 - 2.0 * 172 * 2048 * 22016))
    near(value(few, "training", "a100", "devices"), want, "devices")


def zero_and_checkpointing():
    each = []
    for stage in range(4):
        p = plan("gpt2", "--train", f"--zero={stage}", "--count=16")
        each.append(sum(value(p, "training", "a100", i) for i in ("device_weights", "device_gradients", "device_states")))
    n = value(p, "model", "", "parameters")
    for stage, per_parameter in enumerate((16, 4 + 12 / 16, 2 + 14 / 16, 1)):
        near(each[stage], per_parameter * n, f"ZeRO {stage}")
    kept = [value(plan("gpt3-175b", "--train", f"--checkpointing={c}", "--tp=8", "--on=b200", "--batch=1"), "model", "", "training_activations") for c in ("none", "selective", "full")]
    near(kept[0] / kept[2], 57, "none over full")
    near(kept[1] / kept[2], 17, "selective over full")
    # Stage 2 keeps whole weights of 349 GB: they are split as the model is, so that it takes no more devices than with stage 3.
    p = plan("gpt3-175b", "--train", "--zero=2")
    ways = value(p, "training", "a100", "tensor") * value(p, "training", "a100", "pipeline")
    check(ways > 349 / 80 and value(p, "training", "a100", "device_bytes") <= 80e9, "does not fit")
    check(value(p, "training", "a100", "devices") == value(plan("gpt3-175b", "--train"), "training", "a100", "devices") == 38, "not the fewest")
    # Where even that is not enough: why, and how much the activations take.
    p = plan("gpt3-175b", "--train", "--checkpointing=none", "--on=v100", "--batch=8")
    note = p["training", "v100", "devices"]["note"]
    activations = 96 * 2048 * 8 * 12288 * (10 + 24 / 8 + 5 * 96 * 2048 / (12288 * 8)) / 1e9
    check("activations alone take %.4g GB" % activations in note, note)
    check(all(r["provenance"] == "unavailable" for k, r in p.items() if k[0] == "training"), "a number of nothing")


def optimizers():
    per = {o: value(plan("gpt3-175b", "--train", f"--optimizer={o}"), "model", "", "training_per_parameter") for o in ("sgd", "momentum", "adam", "adam-fp32", "adam-8bit", "shampoo")}
    check(per == {"sgd": 8, "momentum": 12, "adam": 16, "adam-fp32": 16, "adam-8bit": 10, "shampoo": 40}, per)


def serving():
    p = plan("llama-3-8b", "--serve", "--on=a100,h100", "--prompt=2048", "--output=256")
    weights = value(p, "model", "", "serving_weights")
    embedding = 128256 * 4096 * 2
    for device, bandwidth in (("a100", 2039e9), ("h100", 3350e9)):
        least = (weights - embedding) / bandwidth
        got = value(p, "serving", device, "decode_time")
        check(least < got < 1.1 * least, device, got, least)
        check(p["serving", device, "decode_roof"]["value"] == "memory", p["serving", device, "decode_roof"])
        check(p["serving", device, "prefill_roof"]["value"] == "compute", p["serving", device, "prefill_roof"])
        parts = sum(value(p, "serving", device, f"decode_{i}") for i in ("compute", "memory", "link"))
        near(parts, got, "parts of the time")
        near(value(p, "serving", device, "answer_time"), value(p, "serving", device, "prefill_time") + 256 * got, "the answer")
        near(value(p, "serving", device, "decode_rate"), 1 / got, "tokens/s")
    layers = p["model", "", "layers"]
    check(layers["provenance"] == "reference" and "2407.21783" in layers["source"], layers)
    check(plan("--params=1e9", "--serve")["model", "", "layers"]["provenance"] == "modelled", "an assumed shape")
    near(value(p, "model", "", "kv_per_token"), 2 * 32 * 8 * 128 * 2, "KV cache of a token")
    near(value(p, "model", "", "serving_kv"), 2304 * 2 * 32 * 8 * 128 * 2, "KV cache")
    # INT4 weights: 8 times smaller than f32, 4 times than bf16; and nearly as much faster.
    int4 = plan("llama-3-8b", "--serve", "--weights=int4")
    near(value(int4, "model", "", "serving_weights"), weights / 4, "int4")
    check(3 < value(p, "serving", "a100", "decode_time") / value(int4, "serving", "a100", "decode_time") < 4, "int4 decodes faster")
    # Copies of the model answer side by side.
    many = plan("llama-3-8b", "--serve", "--count=4")
    near(value(many, "serving", "a100", "decode_rate"), 4 * value(p, "serving", "a100", "decode_rate"), "4 copies")
    near(value(many, "serving", "a100", "decode_time"), value(p, "serving", "a100", "decode_time"), "of one")
    check("2304 tokens are more than the 1024" in plan("gpt2", "--serve")["serving", "a100", "prefill_time"]["note"], "a context that is too long")
    check("note" in p["serving", "a100", "prefill_time"] and p["serving", "a100", "prefill_time"]["note"] == "", "8192 are enough for 2304")
    check("encoder" in plan("bert-base", "--serve")["serving", "a100", "decode_time"]["note"], "BERT does not generate")
    # Half of the memory, twice the devices.
    half = plan("gpt3-175b", "--serve", "--set=memory_share=0.5")
    check(value(half, "serving", "a100", "devices") == 16 and value(plan("gpt3-175b", "--serve"), "serving", "a100", "devices") == 8, "half of the memory")
    # More links, more time on them.
    split = plan("gpt3-175b", "--serve", "--tp=8")
    near(value(split, "serving", "a100", "decode_link"), 2 * 96 * (2 * 7 / 8 * 12288 * 2 / 300e9 + 14 * 2e-6), "all-reduces")


def energy_and_cost():
    p = plan("llama-3-8b", "--set=served_tokens=1e12")
    token = (value(p, "serving", "a100", "prefill_time") + 256 * value(p, "serving", "a100", "decode_time")) / 256
    near(value(p, "serving", "a100", "token_energy"), token * 400 * 1.58, "energy of a token")
    second = 32000 / (4 * 365.25 * 86400 * 0.7) + 0.4 * 1.58 * 0.1 / 3600
    near(value(p, "serving", "a100", "cost_per_million"), 1e6 * token * second, "cost of a token")
    train, serve = value(p, "training", "a100", "cost"), 1e12 * token * second
    near(value(p, "cost", "a100", "serving_share"), serve / (train + serve), "share of serving")
    near(value(p, "cost", "a100", "tokens_for_half"), train / (token * second), "half")
    near(value(p, "cost", "a100", "tokens_for_90"), 9 * train / (token * second), "nine tenths")
    bare, share = value(p, "serving", "a100", "token_bare_energy"), value(p, "serving", "a100", "token_bytes_share")
    check(0.9 < share < 1 and bare < value(p, "serving", "a100", "token_energy"), bare, share)


def user_values():
    """Each constant in turn: what it moves says user, and something does."""
    words = ("gpt3-175b", "--on=v100,a100", "--sequence=1024")
    base = plan(*words)
    check(all(r["provenance"] != "user" for r in base.values()), "user without --set")
    own = {"memory": "memory", "bandwidth": "bandwidth", "peak": "peak", "link": "link", "power": "power", "price": "price"}
    constants = rows("--show=constants")
    check(len(constants) == 22, len(constants))
    standing = {c["key"]: c["provenance"] for c in constants}
    check((standing["years"], standing["pue"], standing["price"]) == ("assumed", "reference", ""), standing)
    for c in constants:
        key = c["key"]
        old = value(base, "device", "a100", own[key]) if key in own else float(c["value"])
        new = {"pue": 1.3, "node": 4}.get(key, 0.7 * old)
        moved = plan(*words, f"--set={key}={new!r}")
        says = [k for k, r in moved.items() if r["provenance"] == "user"]
        check(says, key, "makes nothing say user")
        for k in base:
            if base[k]["value"] != moved[k]["value"]:
                check(moved[k]["provenance"] == "user", k, "moves with", key, "and says", moved[k]["provenance"])
        check(any(base[k]["value"] != moved[k]["value"] for k in says), key, "moves nothing")
        check(len(says) < len(base) / 2 + 20, key, "makes everything say user")
        check(all(moved[k]["provenance"] != "user" for k in moved if k[0] == "model" and k[2] in ("parameters", "layers", "serving_weights")), key)
        listed = {r["key"]: r for r in rows("--show=constants", f"--set={key}={new!r}")}
        check(listed[key]["provenance"] == "user" and sum(r["provenance"] == "user" for r in listed.values()) == 1, key, listed[key])


def absent():
    """What is not known is empty and says why, on every device; nothing absent is 0."""
    p = rows("llama-3-8b", "--on=" + DEVICES, "--precision=int8", "--train", "--serve")
    seen = set()
    for r in p:
        if r["provenance"] == "unavailable":
            check(r["value"] == "" and r["note"] != "", r)
            seen.add((r["device"], r["item"]))
        else:
            check(r["value"] != "" and r["source"] != "", r)
        if r["item"] in ("hardware", "cost", "energy", "token_energy", "cost_per_million", "time", "decode_time", "memory", "bandwidth", "price", "power"):
            check(r["value"] == "" or float(r["value"]) > 0, r)
    for device, item in (("h200", "price"), ("h200", "hardware"), ("h200", "cost_per_million"), ("hbm-pim", "power"), ("corsair", "decode_time"), ("upmem", "cost")):
        check((device, item) in seen, device, item, "is there")
    check(("a100", "price") not in seen and ("h200", "decode_time") not in seen, seen)
    listed = {r["device"]: r for r in rows("--show=devices")}
    check(len(listed) == len(DEVICES.split(",")) == 16, sorted(listed))
    check(listed["h200"]["price_usd"] == "" and listed["a100"]["fp8_ops"] == "" and listed["corsair"]["power_w"] == "", listed["h200"])
    check("price" in listed["a100"]["unverified"] and listed["v100"]["unverified"] == "", listed["a100"])
    unverified = plan("llama-3-8b", "--on=corsair,v100", "--serve", "--weights=int4", "--precision=int8", "--memory=a:64G:100")
    check("unverified" in unverified["serving", "corsair", "decode_time"]["note"], "a claim's time")
    check("unverified" not in unverified["serving", "v100", "decode_time"]["note"], "a published one's")


def tiers():
    words = ("llama-3-8b", "--serve")
    base = plan(*words)
    same = plan(*words, "--memory=hbm:80G:2039")
    near(value(same, "serving", "a100", "decode_time"), value(base, "serving", "a100", "decode_time"), "its own bandwidth")
    check(same["serving", "a100", "decode_time"]["provenance"] == "user", "a tier is a value of the user")
    check(base["serving", "a100", "decode_time"]["provenance"] == "modelled", "without tiers")
    two = plan(*words, "--memory=fast:8G:2039,slow:512G:100")
    weights = value(base, "model", "", "serving_weights")
    cache = 131072 * (2048 + 128 + 1)
    read = weights - 128256 * 4096 * 2  # the head, not the embedding
    slow = (weights - 8 * 2**30) / weights * read + cache
    more = value(two, "serving", "a100", "decode_time") - value(base, "serving", "a100", "decode_time")
    near(more, slow * (1 / 100e9 - 1 / 2039e9), "what the slow tier costs", 1e-3)
    check("slow" in two["device", "a100", "memory"]["note"], two["device", "a100", "memory"])
    more = plan("gpt3-175b", "--serve", "--memory=hbm:80G:2039,ddr:512G:300")
    check(value(more, "serving", "a100", "devices") == 1, "the second tier holds it")


def measured():
    with open(RUN) as f:
        reads = [r["value"] for r in json.load(f)["records"] if r["bench"] == "bandwidth" and r["case"].startswith("dram-read") and r["value"]]
    p = plan("llama-3-8b", "--serve", f"--results={RUN}", "--set=price=4000")
    got = value(p, "device", "host", "bandwidth")
    check(any(abs(got / (1e9 * v) - 1) < 1e-8 for v in reads), got, "is none of", reads)
    for item in ("memory", "bandwidth", "peak"):
        check(p["device", "host", item]["provenance"] == "measured" and RUN in p["device", "host", item]["source"], p["device", "host", item])
    check(p["device", "host", "link"]["provenance"] == "unavailable", p["device", "host", "link"])
    check(p["device", "host", "price"]["provenance"] == "user", p["device", "host", "price"])
    time = p["serving", "host", "decode_time"]
    check(time["provenance"] == "modelled" and "bandwidth measured: " + RUN in time["source"], time)
    check("measured" not in p["serving", "host", "token_bare_energy"]["source"], "no measurement enters the bare energy")
    # Not this host, whose name in the table is "here".
    check(("device", "here", "memory") not in p and "do not name" in p["device", "host", "memory"]["note"], p["device", "host", "memory"])
    rc, out, err = run("plan", "gpt2", "--here", f"--results={RUN}")
    check(rc == 2 and out == "" and err.startswith("memwall: --here: ") and "--results" in err, rc, err)
    with scratch() as folder:
        with open(RUN) as f:
            results = json.load(f)
        for wrong in (0, -5, 1e308):
            for r in results["records"]:
                if r["value"] is not None:
                    r["value"], r["ci95"] = wrong, None
            path = os.path.join(folder, "wrong.json")
            with open(path, "w") as f:
                json.dump(results, f)
            rc, out, err = run("plan", "gpt2", "--serve", f"--results={path}")
            check(rc == 3 and out == "" and "holds no bandwidth" in err, "a bandwidth of", wrong, rc, err)
    # A run of another host, below a folder without one.
    with scratch() as folder:
        rc, out, err = run("plan", "gpt2", "--here", cwd=folder)
        check(rc == 3 and out == "" and err.count("\n") == 1 and "--here" in err and "memwall run" in err, rc, err)
        copy = os.path.join(folder, "r.json")
        shutil.copy(RUN, copy)
        rc, out, err = run("plan", "gpt2", "--results=r.json", "-o", "r.json", cwd=folder)
        check(rc == 2 and err.count("\n") == 1, "overwrites what it reads", rc, err)
        with open(copy) as a, open(RUN) as b:
            check(a.read() == b.read(), "overwrote what it reads")


def pim_devices():
    words = ("gpt2", "--serve", "--precision=int8", "--set=memory=1e9")
    p = plan(*words, "--device=dimc:macros=4096")
    device = "dimc:macros=4096"
    peak = p["device", device, "peak"]
    check(peak["provenance"] == "modelled" and "libpim" in peak["source"] and float(peak["value"]) > 1e12, peak)
    check("resident" in p["device", device, "bandwidth"]["source"], p["device", device, "bandwidth"])
    small = plan(*words, "--device=dimc")
    check(20e9 < value(small, "device", "dimc", "bandwidth") < 25.6e9, "weights come over a link of 25.6 GB/s", small["device", "dimc", "bandwidth"])
    # ISSCC'22 15.5: 6144 operations in each cycle of 195 MHz; 4096 outputs are 682.7 tiles of 6.
    near(value(small, "device", "dimc", "peak"), 6144 * 195e6, "peak of a macro", 0.02)
    check("loaded for each use" in small["device", "dimc", "bandwidth"]["source"], small["device", "dimc", "bandwidth"])
    unknown = plan("gpt2", "--serve", "--precision=int8", "--device=dimc")
    check("--set=memory" in unknown["serving", "dimc", "decode_time"]["note"], unknown["serving", "dimc", "decode_time"])
    rc, out, err = run("plan", "gpt2", "--device=ambit")
    check(rc == 3 and out == "" and "matrix" in err and err.count("\n") == 1, rc, err)
    rc, out, err = run("plan", "gpt2", "--device=host")
    check(rc == 2 and out == "" and "--here" in err, rc, err)


def one_of_two():
    """What was not asked for may not fit."""
    p = plan("gpt3-175b", "--count=8")
    check(p["training", "a100", "time"]["provenance"] == "unavailable" and "38" in p["training", "a100", "time"]["note"], p["training", "a100", "time"])
    check(p["cost", "a100", "serving_share"]["provenance"] == "unavailable", "a share of nothing")
    check(value(p, "serving", "a100", "decode_time") > 0, "serving fits")
    for words in (("--train", "--count=8"), ("--serve", "--count=4"), ("--count=1",), ("--train", "--serve", "--count=8")):
        rc, out, err = run("plan", "gpt3-175b", *words)
        check(rc == 2 and out == "" and err.startswith("memwall: --count: ") and "it takes" in err, words, rc, err)


def cases():
    listed = {r["case"]: r for r in rows("--show=cases")}
    want = {"devices-1t": 320, "price-1t": 10.24e6, "bytes-1t": 25.6, "bytes-100t": 4.8, "devices-100t": 32000, "zero": 8, "int4": 8, "bytes-paper": 16, "checkpointing-full": 57}
    for name, number in want.items():
        near(float(listed[name]["value"]), number, name)
    check(3 < float(listed["second-order"]["value"]) < 4, listed["second-order"])
    check(4 < float(listed["prompt"]["value"]) < 5 and float(listed["prompt-token"]["value"]) < 2, listed["prompt"])
    check(listed["bytes-1t"]["published"] == "" and all(r["source"] and r["says"] and r["follows"] for r in listed.values()), "words")
    other = {r["case"]: r for r in rows("llama-3-8b", "--show=cases")}
    check(float(other["prompt"]["value"]) > float(listed["prompt"]["value"]) + 0.5, other["prompt"])


def money_and_energy_add_up():
    """Those of a token and of a training are devices x seconds x what a second costs."""
    p = plan("gpt3-175b", "--serve", "--on=h100", "--batch=16", "--prompt=1000", "--output=500", "--tp=8")
    second = 33600 / (4 * 365.25 * 86400 * 0.7) + 700 * 1.58 / 3.6e6 * 0.1
    seconds = 1 / value(p, "serving", "h100", "decode_rate") + 1000 / value(p, "serving", "h100", "prefill_rate") / 500
    near(value(p, "serving", "h100", "token_energy"), 8 * seconds * 700 * 1.58, "energy of a token")
    near(value(p, "serving", "h100", "cost_per_million"), 1e6 * 8 * seconds * second, "cost of tokens")
    # Of one token: a 16th of the weights' bytes, and its own cache and operations.
    alone = plan("gpt3-175b", "--on=h100", "--prompt=1000", "--output=500", "--tp=8")
    saved = value(alone, "serving", "h100", "token_bare_energy") - value(p, "serving", "h100", "token_bare_energy")
    near(saved, 15 / 16 * 2 * 1.746e11 * 31.36e-12, "energy of weights that are shared", within=0.02)
    t = plan("gpt3-175b", "--on=h100", "--train", "--tp=8", "--count=64")
    near(value(t, "training", "h100", "cost"), 64 * value(t, "training", "h100", "time") * second, "cost of the training")
    near(value(t, "training", "h100", "energy"), 64 * value(t, "training", "h100", "time") * 700 * 1.58 / 3.6e6, "energy of the training")


def copies_and_contexts():
    """Whole copies only; prompt and output together are held against the context."""
    p = plan("gpt2", "--serve", "--tp=2", "--count=5", "--prompt=1000", "--output=30")
    two = plan("gpt2", "--serve", "--tp=2", "--count=4", "--prompt=1000", "--output=24")
    near(value(p, "serving", "a100", "decode_rate"), 2 / value(p, "serving", "a100", "decode_time"), "two copies, one device idle")
    check("2 copies" in p["serving", "a100", "devices"]["note"], p["serving", "a100", "devices"])
    check("1030 tokens are more than the 1024" in p["serving", "a100", "prefill_time"]["note"], p["serving", "a100", "prefill_time"])
    check(two["serving", "a100", "prefill_time"]["note"] == "", two["serving", "a100", "prefill_time"])


def published_devices():
    """The table of devices says what Epoch AI's and Karl Rupp's tables say, where it names them as its source."""
    with open(os.path.join(ROOT, "reports", "data", "epoch_hardware.csv"), encoding="utf-8", newline="") as f:
        chips = {r["name"]: r for r in csv.DictReader(f, strict=True)}
    names = {
        "v100": "NVIDIA Tesla V100 SXM2 32 GB",
        "a100-40": "NVIDIA A100 SXM4 40 GB",
        "a100": "NVIDIA A100 SXM4 80 GB",
        "h100": "NVIDIA H100 SXM5 80GB",
        "h200": "NVIDIA H200 SXM",
        "b200": "NVIDIA B200",
        "mi300x": "AMD Instinct MI300X",
        "tpu-v5p": "Google TPU v5p",
    }
    for name, full in names.items():
        chip, seen = chips[full], 0
        for form, peak in (("f32", "fp32_flops"), ("f16", "tensor_fp16_flops"), ("int8", "int8_ops")):
            got = {r["item"]: r for r in rows("gpt2", "--serve", f"--on={name}", f"--precision={form}") if r["table"] == "device"}
            if chip[peak] and got["peak"]["value"] and not (name == "tpu-v5p" and form == "f16"):
                near(float(got["peak"]["value"]), float(chip[peak]), f"{name} {form}")
                seen += 1
        for item, column, scale in (("memory", "memory_B", 1), ("bandwidth", "mem_bw_Bps", 1), ("power", "tdp_w", 1), ("link", "intranode_bw_Bps", 0.5), ("price", "price_usd", 1)):
            if chip[column]:
                near(float(got[item]["value"]), scale * float(chip[column]), f"{name} {item}")
                seen += 1
        check(seen >= 4, name, "is compared in", seen, "figures only")
        check(chip["price_usd"] or not got["price"]["value"] or got["price"]["note"] == "unverified", name, "has a price of nobody")


def long_texts():
    """A path and a SPEC of any length stand whole in device, source and messages."""
    with scratch() as folder:
        deep = os.path.join(folder, *("deep" * 50 for _ in range(4)))
        os.makedirs(deep)
        shutil.copy(RUN, os.path.join(deep, "results.json"))
        p = plan("gpt2", f"--results={deep}")
        for item in ("memory", "bandwidth"):
            check(deep in p["device", "host", item]["source"], item, p["device", "host", item])
        check("bandwidth measured: " + deep in p["serving", "host", "decode_time"]["source"], p["serving", "host", "decode_time"])
        with open(RUN) as f:
            doc = json.load(f)
        doc["records"] = [r for r in doc["records"] if r["bench"] != "bandwidth"]
        with open(os.path.join(deep, "results.json"), "w") as f:
            json.dump(doc, f)
        rc, out, err = run("plan", "gpt2", f"--results={deep}")
        check(rc == 3 and deep in err, rc, err)
    spec = "dimc:macro=isscc22-15.5,macros=64,engine=serial,overflow=wrap,link=51.2,efficiency=0.5"
    rc, out, err = run("--format=csv", "plan", "gpt2", "--serve", "--device=" + spec, "--set=memory=1e9")
    names = {r["device"] for r in csv.DictReader(io.StringIO(out), strict=True)} - {""}
    check(rc == 0 and len(names) == 1 and len(next(iter(names))) > 64, rc, err, names)


def tables():
    for words in (
        ("gpt3-175b", "--on=" + DEVICES),
        ("--params=1e14", "--optimizer=shampoo", "--batch=64"),
        ("gpt2", "--serve", "--precision=int8", "--device=dimc:macros=64,link=51.2,overflow=wrap", "--set=memory=1e9,pue=1.2"),
        ("llama-3-8b", "--memory=hbm:8G:2000,ddr:512G:300,ssd:8T:6", "--on=a100,h100"),
        ("llama-3-8b", f"--results={RUN}"),
        ("--show=cases",),
        ("--show=devices",),
        ("--show=constants",),
    ):
        rc, out, err = run("plan", *words)
        check(rc == 0 and err == "", words, rc, err)
        long = [line for line in out.split("\n") if len(line) > 100 and RUN not in line]
        check(not long, words, "has a line of", len(long[0]) if long else 0, long[:1])
    rc, out, err = run("plan", "gpt2", "--set=price=1000")
    check("1000 USD *" in out and "depends on a value that you set" in out and " ?" not in out, out)
    rc, out, err = run("plan", "gpt2")
    check("32000 USD ?" in out and "unverified" in out and " *" not in out, out)


run_parts((trillion, zero_and_checkpointing, optimizers, serving, energy_and_cost, user_values, absent, tiers, measured, pim_devices, one_of_two, cases, money_and_energy_add_up, copies_and_contexts, published_devices, long_texts, tables))
