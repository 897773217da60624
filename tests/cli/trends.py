"""`memwall trends`: the columns that others read, what is beside them, and which results it takes for this host."""

import csv
import io
import json
import os
import shutil

from lib_cli import ROOT, check, run, run_parts, scratch, skip

CONTRACT = ["series", "n", "rate_per_2yr", "ci_lo", "ci_hi", "r2", "factor_20yr", "published", "error"]
PAPER = {
    "hw_flops": (37, 3.026, 3.0),
    "dram_bw": (12, 1.591, 1.6),
    "interconnect_bw": (10, 1.415, 1.4),
    "model_params": (10, 413.1, 410),
    "model_train_flops": (10, 754.9, 750),
    "accelerator_memory": (7, 1.863, 2),
}
REFERENCE = os.path.join(ROOT, "results", "reference", "run-1.json")


def table(*args, cwd=None):
    rc, out, err = run("trends", "--format=csv", *args, cwd=cwd)
    check(rc == 0 and err == "", args, rc, err)
    return list(csv.reader(io.StringIO(out), strict=True))


def rows(*args, cwd=None):
    head, *body = table(*args, cwd=cwd)
    return {r[0]: dict(zip(head, r)) for r in body}


def contract():
    head = table()[0]
    check(head[: len(CONTRACT)] == CONTRACT, head)
    check({"table", "t_lo", "t_hi", "provenance", "source", "licence", "note"} <= set(head), head)


def the_paper_comes_first_and_is_met():
    head, *body = table()
    check([r[0] for r in body[:6]] == list(PAPER), body[:6])
    for r in body[:6]:
        row = dict(zip(head, r))
        n, rate, published = PAPER[row["series"]]
        check(int(row["n"]) == n and float(row["published"]) == published, row)
        check(abs(float(row["rate_per_2yr"]) / rate - 1) < 1e-3, row)
        check(abs(float(row["error"]) - (float(row["rate_per_2yr"]) / published - 1)) < 1e-6, row)
        check(float(row["ci_lo"]) < rate < float(row["ci_hi"]) and 0 < float(row["r2"]) < 1, row)
    check(body[0][6] != "" and body[3][6] == "", "a factor over 20 years of parameters", body[3])


def every_table_is_there_and_names_are_unique():
    head, *body = table()
    parts = {r[head.index("table")] for r in body}
    check(
        parts
        == {"paper", "edition2021", "sensitivity", "independent", "twenty_years", "patterson", "training_memory"}
        | {"balance_years", "prediction", "prediction_years", "prediction_points", "host"},
        parts,
    )
    fits = [r[0] for r in body if r[head.index("table")] in ("paper", "edition2021", "sensitivity", "independent")]
    check(len(fits) == len(set(fits)) >= 60, len(fits))


def formats_agree():
    expected = rows("--select=hw_flops*")
    rc, out, err = run("trends", "--format=json", "--select=hw_flops*")
    got = json.loads(out)
    check(rc == 0 and [r["series"] for r in got] == list(expected), err, out)
    check(got[0]["n"] == 37 and abs(got[0]["rate_per_2yr"] - float(expected["hw_flops"]["rate_per_2yr"])) < 1e-9, got[0])
    rc, out, err = run("trends", "--format=latex", "--select=hw_flops*")
    check(rc == 0 and out.count("\\begin{longtable}") == 2 and "CC BY 4.0" in out, out)
    check(all(line.startswith("%") or line == "" for line in out.split("\n") if "\\" not in line and "&" not in line), out)


def the_terminal_is_100_columns_wide_and_credits_who_collected():
    for args in ((), (REFERENCE,), ("--from=1990", "--to=2015")):
        rc, out, err = run("trends", *args)
        check(rc == 0 and err == "", rc, err)
        wide = [line for line in out.split("\n") if len(line) > 100]
        check(not wide, "wider than 100:", wide)
        for credit in ("Gholami", "Epoch AI, CC BY 4.0", "Karl Rupp, CC BY 4.0"):
            check(credit in out, args, "does not credit", credit)


def window_and_users_points():
    got = rows("--from=2002", "--select=hw_flops")["hw_flops"]
    check(got["n"] == "35" and abs(float(got["rate_per_2yr"]) - 2.883) < 1e-3 and got["error"] == "", got)
    # The year of --to counts: GTX 580 of November 2010 stays.
    check(rows("--to=2010", "--select=hw_flops")["hw_flops"]["last"].startswith("2010.8"), "--to=2010 ends early")
    with scratch() as folder:
        path = os.path.join(folder, "own.csv")
        with open(path, "w") as f:
            f.write('series,date,value,name\n"=cmd()",2000,1,x\n"=cmd()",2002,2,y\nhw_flops,2024,2e15,\nhw_flops,2025,2.5e15,\n')
        got = rows("--data=" + path, "--select=*user*")
        check(set(got) == {"user.=cmd()", "user.hw_flops", "user/hw_flops", "hw_flops+user"}, list(got))
        check(all(r["table"] == "user" and r["licence"] == "user" and r["source"] == path for r in got.values()), got)
        check(got["hw_flops+user"]["n"] == "39", got)
        for text, words in (
            ("series,date,value\na,2000,1\na,2000,3\n", "one date"),
            ("series,date,value\na,2000,1\na,2001,-3\n", "expected a positive number"),
            ("series,date,value\na,2000,1\na,2001-13,3\n", "is no date"),
            ("series,date\na,2000\n", "no column 'value'"),
        ):
            with open(path, "w") as f:
                f.write(text)
            rc, out, err = run("trends", "--data=" + path)
            check(rc == 2 and out == "" and err.count("\n") == 1 and words in err and path in err, rc, err)


def results_that_were_named():
    got = rows(REFERENCE)
    row = got["host.mem_bw/dram_bw"]
    check(row["provenance"] == "measured" and abs(float(row["value"]) - 42.676e9) < 1e7 and row["unit"] == "B/s", row)
    check("do not name" in row["note"] and row["source"] == REFERENCE, row)
    with scratch() as folder:
        with open(REFERENCE) as f:
            results = json.load(f)
        results.update(partial=True, partial_why="killed")
        results["memwall"]["anonymized"] = False
        results["host"]["hostname"] = "elsewhere"
        path = os.path.join(folder, "r.json")
        with open(path, "w") as f:
            json.dump(results, f)
        note = rows(path)["host.mem_bw/dram_bw"]["note"]
        check("another host (elsewhere)" in note and "incomplete (killed)" in note, note)
        results["records"] = []
        with open(path, "w") as f:
            json.dump(results, f)
        got = rows(path)
        check(got["host.flops"]["provenance"] == "unavailable" and got["host.flops"]["value"] == "", got["host.flops"])


def newest_results_of_this_host():
    with scratch() as folder:
        got = rows(cwd=folder)["host"]
        check(got["provenance"] == "unavailable" and "memwall run" in got["note"], got)
        parent = os.path.join(folder, "memwall-results")
        # Anonymised results are never taken for those of this host.
        os.makedirs(os.path.join(parent, "reference"))
        shutil.copy(REFERENCE, os.path.join(parent, "reference", "results.json"))
        got = rows(cwd=folder)["host"]
        check("1 anonymised" in got["note"], got)
        rc, out, err = run("run", "--profile=tiny", "--max-time=4", "--only=gemm,bandwidth", cwd=folder)
        check(rc == 0, rc, err)
        run_dir = [d for d in os.listdir(parent) if d != "reference"][0]
        got = rows(cwd=folder)
        host = [r for s, r in got.items() if s.startswith("host.")]
        check(host and all(r["source"] == f"memwall-results/{run_dir}/results.json" for r in host), host)


def figures_and_their_data():
    with scratch() as folder:
        for kind, magic in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
            rc, out, err = run("trends", "--output=f", "--figures=" + kind, cwd=folder)
            if rc == 3:
                skip("gnuplot is not installed")
            check(rc == 0 and err == "", rc, err)
            for name in ("wall-hardware", "wall-models", "wall-training", "wall-memory"):
                check(f"f/{name}.{kind}\nf/{name}.csv\n" in out, out[-400:])
                with open(os.path.join(folder, "f", f"{name}.{kind}"), "rb") as f:
                    check(f.read(5).startswith(magic), name, kind)
        with open(os.path.join(folder, "f", "wall-hardware.csv")) as f:
            points = list(csv.DictReader(f))
        check(len(points) == 37 + 12 + 10 and all(p["licence"].startswith("MIT") and float(p["drawn"]) > 0 for p in points), len(points))
        # Values of the paper's figure, relative to its first points.
        drawn = {p["name"]: float(p["drawn"]) for p in points}
        check(abs(drawn["H100"] / 2.91888e6 - 1) < 1e-3 and abs(drawn["HBM"] / 33.6842 - 1) < 1e-3, drawn)
        before = sorted(os.listdir(folder))
        for args in (("--figures=png",), ("--output=f", "-o", "f/wall-models.csv"), ("--output=f/wall-models.csv",)):
            rc, out, err = run("trends", *args, cwd=folder)
            check(rc == 2 and out == "" and err.count("\n") == 1, args, rc, err)
        check(sorted(os.listdir(folder)) == before, os.listdir(folder))


run_parts(
    [
        contract,
        the_paper_comes_first_and_is_met,
        every_table_is_there_and_names_are_unique,
        formats_agree,
        the_terminal_is_100_columns_wide_and_credits_who_collected,
        window_and_users_points,
        results_that_were_named,
        newest_results_of_this_host,
        figures_and_their_data,
    ]
)
