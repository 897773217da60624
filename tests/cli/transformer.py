"""`memwall transformer`: the columns of CSV, numbers against the formulas coded here once more, published values, and bad combinations."""

import csv
import io
import json

from lib_cli import check, run, run_parts

CONTRACT = "model,seq,operator,flops,mops,intensity,published,error,note,published_mops,published_intensity".split(",")
OPERATORS = ["projections", "attention", "ffn", "other", "total"]
PAPER = {"bert-base": (12, 768, 12), "bert-base-4heads": (12, 768, 4), "bert-large": (24, 1024, 16), "gpt2": (12, 768, 12)}


def good(*words):
    rc, out, err = run("transformer", *words)
    check(rc == 0 and err == "", words, rc, err)
    return out


def rows(*words):
    return list(csv.DictReader(io.StringIO(good("--format=csv", *words)), strict=True))


def formulas(model, l):
    """(FLOP, bytes) of each operator, as arXiv:2302.14017 counts."""
    n, d, h = PAPER[model]
    f = 4 * d
    if model == "gpt2":
        each = [
            (8 * d * d * l, 4 * l * (d * d + 2 * d)),
            (2 * d * l * l, d * l * l + h * l * l // 2 + 4 * l * d),
            (4 * d * f * l, l * (2 * d * f + 2 * (d + f))),
            (2 * h * l * l + 58 * l * d, h * l * l + 22 * l * d),
        ]
    else:
        each = [
            (8 * d * d * l, 4 * (d * d + 2 * l * d)),
            ((2 * d // h - 1) * h * l * l + (2 * l - 1) * l * d, 2 * (2 * l * d + h * l * l)),
            (4 * d * f * l, 2 * d * f + 2 * l * (d + f)),
            (4 * h * l * l + 58 * l * d, 2 * h * l * l + 17 * l * d + 5 * d),
        ]
    each = [(n * a, n * b) for a, b in each]
    return each + [(sum(a for a, _ in each), sum(b for _, b in each))]


def csv_is_the_contract():
    head = good("--analytic", "--format=csv").split("\n")[0].split(",")
    check(head[: len(CONTRACT)] == CONTRACT, head)
    for model in PAPER:
        for seq in (128, 512, 4096):
            got = rows("--analytic", f"--model={model}", f"--seq={seq}")
            check([r["operator"] for r in got] == OPERATORS, got)
            for r, (flops, moved) in zip(got, formulas(model, seq)):
                check(r["model"] == model and r["seq"] == str(seq) and r["provenance"] == "modelled", r)
                check(r["flops"] == str(flops) and r["mops"] == str(moved), r, flops, moved)
                check(abs(float(r["intensity"]) / (flops / moved) - 1) < 1e-8, r)
                check((r["published"] == "") == (r["error"] == ""), r)
                if r["published"]:
                    check(abs(flops / float(r["published"]) - 1 - float(r["error"])) < 1e-5, r)
                check(seq < 4096 or r["published"] == r["published_mops"] == r["published_intensity"] == "", r)
    first = rows("--analytic", "--model=gpt2", "--seq=512")[1]
    check([float(first[k]) for k in ("published", "published_mops", "published_intensity")] == [4.83e9, 2.45e9, 2.00], first)
    check(first["note"].startswith("intensity: misprint: Table 11 prints 4.83 GFLOP"), first)
    check([r["published"] for r in rows("--analytic", "--model=bert-large", "--seq=128")] == ["", "", "", "", "73000000000"])


def formats_agree():
    words = ("--analytic", "--model=mixtral-8x7b", "--seq=1000", "--phase=decode", "--weights=mxint4", "--kv=bf16", "--batch=3")
    a, b = rows(*words), json.loads(good("--format=json", *words))
    check(len(a) == len(b) == 5, a, b)
    for x, y in zip(a, b):
        check(all(float(x[k]) == y[k] for k in ("flops", "mops", "seq", "batch")), x, y)
        check(y["published"] is None and y["weights"] == "mxint4" and y["activations"] == "int8" and y["kv"] == "bf16", y)
    for words in ((), ("--model=llama-3-70b,mixtral-8x7b", "--seq=128,128K"), ("--model=gpt3-175b", "--phase=prefill", "--precision=f32")):
        text = good("--analytic", *words)
        check(max(map(len, text.split("\n"))) <= 100, text)
        check("not measured" in text, text)
    for words in ("--models", "--published", "--latency"):
        check(max(map(len, good(words).split("\n"))) <= 100, words)


def published_values():
    got = rows("--published")
    check(len(got) == 108, len(got))
    missed = [r for r in got if r["rounds"] == "no"]
    check(len(missed) == 15 and sum("Table" in r["source"] for r in missed) == 11, missed)
    check(all(r["note"] for r in missed) and all(r["licence"] for r in got), missed)
    text = good("--analytic")
    check("bert-large-published" in text and "all but 11" in text.replace("\n", " "), text)
    latencies = {(r["model"], r["seq"]): r for r in rows("--latency")}
    check(float(latencies["bert-base", "128"]["latency"]) == 1, latencies)
    check(latencies["gpt2", "512"]["published_measured"] == "201" and latencies["gpt2", "512"]["published_analytic"] == "75", latencies)
    base, gpt2 = formulas("bert-base", 128), formulas("gpt2", 128)

    def seconds(ops, ridge):
        return sum(max(f, m * ridge) for f, m in ops[:4])

    for ridge in (80, 10):
        got = rows("--latency", "--model=gpt2", "--seq=128", f"--ridge={ridge}")[0]
        check(abs(float(got["latency"]) / (seconds(gpt2, ridge) / seconds(base, ridge)) - 1) < 1e-8, got)


def models():
    got = {r["model"]: r for r in rows("--models")}
    check(got["llama-3-8b"]["kv_bytes_per_token_16bit"] == "131072" and got["bert-base"]["kv_bytes_per_token_16bit"] == "", got)
    check(got["llama-3-8b"]["parameters"] == "8030261248" and all(r["source"] for r in got.values()), got)


def shapes():
    """A shape of one's own is that of the model it equals."""
    own = rows("--analytic", "--layers=12", "--d=768", "--heads=12", "--phase=generate", "--seq=300")
    same = rows("--analytic", "--model=gpt2", "--seq=300")
    check([(r["flops"], r["mops"]) for r in own] == [(r["flops"], r["mops"]) for r in same], own, same)
    check(own[0]["model"] == "custom" and own[0]["published"] == "", own)
    changed = rows("--analytic", "--model=bert-base", "--heads=4", "--seq=128")
    check([r["flops"] for r in changed] == [str(f) for f, _ in formulas("bert-base-4heads", 128)], changed)
    large = rows("--analytic", "--model=llama-3-8b", "--experts=4", "--active-experts=4", "--seq=10", "--phase=decode")
    one = rows("--analytic", "--model=llama-3-8b", "--seq=10", "--phase=decode")
    check(float(large[2]["flops"]) > 4 * float(one[2]["flops"]), large, one)
    note = rows("--analytic", "--model=gpt2", "--seq=1024,1025")
    check(note[4]["note"] == "" and note[9]["note"] == "beyond the 1024 tokens that the model was trained for", note)


BAD = [
    (("--model=bert-bse",), "did you mean 'bert-base'"),
    (("--precision=int3",), "--precision: 'int3'"),
    (("--seq=0",), "--seq: '0' is out of range"),
    (("--d=99999999999999999999", "--model=gpt2"), "--d: "),
    (("--model=llama-3-8b", "--kv-heads=5"), "--kv-heads 5 does not divide heads 32"),
    (("--model=gpt2", "--heads=5"), "--heads: 5 does not divide the width d, 768; give --head-dim"),
    (("--model=gpt2", "--experts=2", "--active-experts=3"), "--active-experts 3 is more than experts 2"),
    (("--model=gpt2,bert-base", "--d=4"), "--d: changes one model"),
    (("--d=768",), "--d: a shape needs --layers, --d and --heads"),
    (("--layers=2", "--d=64", "--heads=4"), "--phase: say which of encoder|prefill|decode|generate"),
    (("--model=bert-base", "--phase=decode"), "--phase=decode: bert-base is an encoder"),
    (("--published", "--seq=5"), "--seq: --published has no use for it"),
    (("--models", "--latency"), "--latency: --models has no use for it"),
]


def impossible():
    for words, part in BAD:
        rc, out, err = run("transformer", "--analytic", *words)
        check(rc == 2 and out == "" and err.count("\n") == 1 and part in err, words, rc, err)
    check(run("transformer", "--analytic", "--model=gpt2", "--heads=5", "--head-dim=64")[0] == 0)
    rc, out, err = run("transformer")
    check(rc == 3 and out == "" and "'memwall transformer --analytic'" in err, rc, err)
    most = ("--layers=4294967296", "--d=4294967296", "--heads=4294967296", "--ffn=4294967296", "--head-dim=4294967296")
    for r in rows("--analytic", *most, "--phase=generate", "--seq=1T", "--batch=4294967296"):
        check(0 < float(r["flops"]) < float("inf") and 0 < float(r["intensity"]) < float("inf"), r)


run_parts([csv_is_the_contract, formats_agree, published_values, models, shapes, impossible])
