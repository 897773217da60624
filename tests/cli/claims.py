"""`memwall claims`: every row of the data with its whole phrase in every format, verdicts with and without results, and what a reader sees."""

import csv
import io
import json
import os
import re
import shutil

from lib_cli import ROOT, check, run, run_parts, scratch

CONTRACT = ["id", "source", "phrase", "kind", "published", "unit", "found", "ci_lo", "ci_hi", "verdict", "evidence", "command", "provenance"]
VERDICTS = ["holds", "differs", "inconsistent", "cannot be checked here"]
REFERENCE = os.path.join(ROOT, "results", "reference", "run-1.json")
# Which benchmarks are asked for by the claims that a run settles.
MEASURED = {"A07": "holds", "B29": "holds", "B32": "holds", "C23": "holds"}

with open(os.path.join(ROOT, "reports", "data", "claims.csv"), encoding="utf-8", newline="") as f:
    DATA = {r["id"]: r for r in csv.DictReader(f, strict=True)}


def rows(*args, cwd=None):
    rc, out, err = run("claims", "--format=csv", *args, cwd=cwd)
    check(rc == 0 and err == "", args, rc, err)
    return {r["id"]: r for r in csv.DictReader(io.StringIO(out), strict=True)}


def plain(phrase):
    text = re.sub(r" ?\\times", "×", phrase)
    return text.replace("$", "") if "\\" in phrase else text


def contract():
    with scratch() as folder:
        rc, out, err = run("claims", "--format=csv", cwd=folder)
        head = next(csv.reader(io.StringIO(out)))
        check(rc == 0 and head[: len(CONTRACT)] == CONTRACT, head)
        check(set(rows(cwd=folder)) == set(DATA), "not every claim has a row")


def phrases_are_whole_everywhere():
    with scratch() as folder:
        got = rows(cwd=folder)
        rc, out, err = run("claims", "--format=json", cwd=folder)
        found = {r["id"]: r for r in json.loads(out)}
        rc, latex, err = run("claims", "--format=latex", cwd=folder)
        check(rc == 0 and len([line for line in latex.split("\n") if line.endswith("\\\\")]) == len(DATA) + 1, "rows of LaTeX")
        rc, table, err = run("claims", cwd=folder)
        flat = re.sub(r"\s+", " ", table)
        for i, want in DATA.items():
            check(got[i]["phrase"].lstrip("'") == want["phrase"], i, got[i]["phrase"])
            check(found[i]["phrase"] == want["phrase"], i, found[i]["phrase"])
            quoted = '"%s"' % plain(want["phrase"])
            if want["provenance"] == "verified":
                check(quoted in flat, i, "is cut or changed on the terminal:", quoted)
            else:
                check(quoted not in flat and plain(want["phrase"]) + " (unverified" in flat, i, "looks like a quotation")
            check(found[i]["phrase_status"] == want["provenance"], i)
            check(got[i]["published"] == want["value"] and got[i]["kind"] == want["kind"], i, got[i])


def a_reader_sees_blocks_of_100_columns_and_the_counts():
    for args in ((), (REFERENCE,)):
        with scratch() as folder:
            rc, out, err = run("claims", *args, cwd=folder)
            check(rc == 0 and err == "", args, rc, err)
            wide = [line for line in out.split("\n") if len(line) > 100]
            check(not wide, "wider than 100:", wide)
            last = out.strip().split("\n")[-1]
            m = re.fullmatch(r"(\d+) claims: (\d+) holds?, (\d+) differs?, (\d+) inconsistent, (\d+) cannot be checked here", last)
            check(m, last)
            total, *counts = map(int, m.groups())
            verdicts = [r["verdict"] for r in rows(*args, cwd=folder).values()]
            check(total == len(DATA) and counts == [verdicts.count(v) for v in VERDICTS], last)
            for i, row in rows(*args, cwd=folder).items():
                check(re.search(r"^%s  %s " % (i, row["verdict"]), out, re.M), i, "has no block of its own")


def every_row_says_what_it_rests_on():
    for args in ((), (REFERENCE,)):
        with scratch() as folder:
            for i, r in rows(*args, cwd=folder).items():
                check(r["verdict"] in VERDICTS, r)
                check(r["provenance"] in ("measured", "modelled", "reference", "unavailable"), r)
                if r["verdict"] == VERDICTS[3]:
                    check(r["why"], i, "does not say why")
                else:
                    check(r["finding"] and r["evidence"] and r["why"] == "", i, r)
                    check(r["provenance"] != "unavailable", r)
                check(not (r["found"] and not r["finding"]), r)


def commands_exist():
    with scratch() as folder:
        names = {c for r in rows(REFERENCE, cwd=folder).values() for c in r["command"].split(" && ") if c}
        check(names, "no commands")
        for command in names:
            words = command.split()
            check(words[0] == "memwall", command)
            if words[1] == "run":
                words.append("--dry-run")
            if words[1] in ("gemm", "claims"):
                words = [words[0], "help", words[1]]
            rc, out, err = run(*words[1:], cwd=folder)
            check(rc == 0, command, rc, err)


def results_settle_what_needs_a_measurement():
    with scratch() as folder:
        without, given = rows(cwd=folder), rows(REFERENCE, cwd=folder)
        for i, verdict in MEASURED.items():
            check(without[i]["verdict"] == VERDICTS[3] and "needs a measurement" in without[i]["why"], without[i])
            check("memwall run --only=" in without[i]["command"] and without[i]["found"] == "", without[i])
            check(given[i]["verdict"] == verdict and given[i]["provenance"] in ("measured", "modelled"), given[i])
            check(REFERENCE in given[i]["evidence"] and "do not name" in given[i]["evidence"], "whose results:", given[i])
        # No RAPL there: the reason is the machine's own, and nothing is 0.
        for i in ("A01", "B13"):
            check(given[i]["verdict"] == VERDICTS[3] and given[i]["found"] == "" and "virtual machine" in given[i]["why"], given[i])
        changed = {i for i in DATA if without[i]["verdict"] != given[i]["verdict"]}
        check(changed == set(MEASURED), changed)
        with open(REFERENCE) as f:
            results = json.load(f)
        results["records"] = [r for r in results["records"] if not (r["bench"] == "gemm" and r["case"] == "best" and r["params"]["m"] == 1)]
        path = os.path.join(folder, "r.json")
        with open(path, "w") as f:
            json.dump(results, f)
        check("lacks products of one token" in rows(path, cwd=folder)["A07"]["why"], rows(path, cwd=folder)["A07"])


def numbers_come_from_the_results():
    """Half the bandwidth of DRAM, and the finding doubles."""
    with scratch() as folder:
        with open(REFERENCE) as f:
            results = json.load(f)
        for r in results["records"]:
            if r["bench"] == "bandwidth" and r["case"] == "dram-read-peak":
                r["value"] /= 2
            if r["bench"] == "latency" and r["case"] == "dram":
                r["value"] = 0.5
                r["ci95"] = None
        path = os.path.join(folder, "r.json")
        with open(path, "w") as f:
            json.dump(results, f)
        before, after = rows(REFERENCE, cwd=folder), rows(path, cwd=folder)
        check(abs(float(after["A07"]["found"]) / float(before["A07"]["found"]) - 2) < 1e-6, after["A07"])
        check(after["B29"]["verdict"] == "differs", after["B29"])

        def best(bench, case, metric, choose=max, **params):
            return choose(
                r["value"]
                for r in results["records"]
                if (r["bench"], r["case"], r["metric"]) == (bench, case, metric) and r["value"] is not None and all(str(r["params"].get(k)) == v for k, v in params.items())
            )

        for wrong in (0, -5):
            with open(path, "w") as f:
                json.dump({**results, "records": [{**r, "value": wrong, "ci95": None} if r["value"] is not None else r for r in results["records"]]}, f)
            none = rows(path, cwd=folder)
            for i in MEASURED:
                check(none[i]["verdict"] == VERDICTS[3] and none[i]["found"] == "" and "lacks" in none[i]["why"], "of values of", wrong, none[i])

        gain = 4 * best("gemm", "best", "bytes_rate", dtype="int8", m="1") / best("gemm", "best", "bytes_rate", dtype="f32", m="1")
        check(f"{gain:.4g} times faster in int8" in before["C29"]["evidence"], gain, before["C29"])
        # ns x GFLOP/s
        flop = 0.5 * best("gemm", "peak", "flop_rate", dtype="f32", threads="1")
        check(f"could do {flop:.4g} FLOP" in after["B29"]["finding"], flop, after["B29"]["finding"])


def one_half_of_a_claim_is_not_enough():
    """A07 needs a full memory and an idle processor, B32 an offload that is slower than the host."""
    for i, bench, case, metric, factor in (("A07", "gemm", "peak", "flop_rate", 0.01), ("A07", "bandwidth", "dram-read-peak", "bandwidth", 3), ("B32", "offload", "and", "speedup", 3), ("C23", "gemm", "peak", "flop_rate", 3)):
        with scratch() as folder:
            with open(REFERENCE) as f:
                results = json.load(f)
            for r in results["records"]:
                if (r["bench"], r["case"], r["metric"]) == (bench, case, metric) and r["value"] is not None:
                    r["value"], r["ci95"] = factor * r["value"], None
            path = os.path.join(folder, "r.json")
            with open(path, "w") as f:
                json.dump(results, f)
            check(rows(REFERENCE, cwd=folder)[i]["verdict"] == "holds" and rows(path, cwd=folder)[i]["verdict"] == "differs", i, metric)


def newest_results_of_this_host_only():
    with scratch() as folder:
        parent = os.path.join(folder, "memwall-results", "other")
        os.makedirs(parent)
        shutil.copy(REFERENCE, os.path.join(parent, "results.json"))
        row = rows(cwd=folder)["A07"]
        check(row["verdict"] == VERDICTS[3] and "needs a measurement" in row["why"], "results of nobody were taken:", row)


def choosing():
    with scratch() as folder:
        check(set(rows("--select=B*", cwd=folder)) == {i for i in DATA if i[0] == "B"}, "--select")
        check(set(rows("--select=C0[12]", cwd=folder)) == {"C01", "C02"}, "--select")
        check(set(rows("--kind=fit,cite", cwd=folder)) == {i for i in DATA if DATA[i]["kind"] in ("fit", "cite")}, "--kind")
        check(set(rows("--source=A", "--kind=compute", cwd=folder)) == {"A02", "A03"}, "--source")
        check(set(rows("--verdict=inconsistent", cwd=folder)) == {"B10", "B17", "C12"}, "--verdict")
        rc, out, err = run("claims", "--select=C12", cwd=folder)
        check(rc == 0 and out.strip().split("\n")[-1].startswith("1 claim: 0 hold, 0 differ, 1 inconsistent"), out)
        target = os.path.join(folder, "claims.json")
        rc, out, err = run("claims", "--format=json", "-o", target, cwd=folder)
        check(rc == 0 and out == "" and len(json.load(open(target))) == len(DATA), rc, err)


def nothing_is_cut_of_texts_from_results():
    """A note of thousands of characters, with a control character in it."""
    with scratch() as folder:
        with open(REFERENCE) as f:
            results = json.load(f)
        note = "no counter \x1b[31m" + "because of this " * 300 + "END"
        for r in results["records"]:
            if r["bench"] == "energy" and r["case"] == "meter":
                r["note"] = note
        path = os.path.join(folder, "r.json")
        with open(path, "w") as f:
            json.dump(results, f)
        rc, out, err = run("claims", path, "--select=A01", cwd=folder)
        check(rc == 0 and "\x1b" not in out and out.count("END") == 4 and "\\x1b[31m" in out, out[:500])
        check(out.count("because") == 4 * 300, "cut")


if __name__ == "__main__":
    run_parts(
        [
            contract,
            phrases_are_whole_everywhere,
            a_reader_sees_blocks_of_100_columns_and_the_counts,
            every_row_says_what_it_rests_on,
            commands_exist,
            results_settle_what_needs_a_measurement,
            numbers_come_from_the_results,
            one_half_of_a_claim_is_not_enough,
            newest_results_of_this_host_only,
            choosing,
            nothing_is_cut_of_texts_from_results,
        ]
    )
