#!/usr/bin/env python3
"""results.json against its schema: what the program writes validates, comes back unchanged, and what the rules forbid
does not validate. Also the journal as a file, and the CSV of a whole run."""
import copy, csv, io, json, os, subprocess, sys, tempfile

root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
try:
    import jsonschema
except ImportError:
    # The first python3 in PATH need not be the one that the distribution's packages belong to.
    other = subprocess.run([os.path.join(root, "scripts", "python-with"), "jsonschema"], stdout=subprocess.PIPE, text=True)
    if other.returncode == 0:
        os.execv(other.stdout.strip(), [other.stdout.strip(), "-B", *sys.argv])
    print("no python3 here has jsonschema (python3-jsonschema is not installed)")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI installs it: there nothing may go unchecked in silence

memwall = os.environ.get("MEMWALL", os.path.join(root, "build", "memwall"))
schema = json.load(open(os.path.join(root, "reports", "schema", "results.schema.json")))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
fixture = json.loads(subprocess.run([os.path.join(root, "tests", "browser", "make-fixture")], stdout=subprocess.PIPE,
                                    check=True).stdout)
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)


def problems(document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:120]}" for e in validator.iter_errors(document)]


def run(*args):
    done = subprocess.run([memwall, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def change(path, value):
    """A copy of the fixture with one place changed; value KeyError removes it."""
    document = copy.deepcopy(fixture)
    place = document
    for key in path[:-1]:
        place = place[key]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


absent = next(i for i, r in enumerate(fixture["records"]) if r["provenance"] == "unavailable")
modelled = next(i for i, r in enumerate(fixture["records"]) if r["provenance"] == "modelled")
forbidden = [
    (("schema",), 3), (("partial",), 0), (("records", 0, "unit"), "parsec"), (("records", 0, "value"), "1"),
    (("records", 0, "extra"), 1), (("records", 0, "method"), KeyError), (("records", 0, "provenance"), "guessed"),
    (("records", 0, "ci95"), [1]), (("records", 0, "bench"), ""), (("records", 0, "samples", "round"), [-1]),
    (("records", absent, "value"), 0), (("records", absent, "note"), ""), (("records", modelled, "source"), ""),
    (("host", "l1d_bytes"), 0), (("host", "hostname"), ""), (("memwall", "seed"), 1), (("memwall", "argv"), "memwall run"),
    (("skipped", 0, "reason"), ""), (("host", "numa_nodes", 0, "distances"), [0]), (("words",), KeyError),
    (("words", "metrics", "latency", "unit"), "parsec"), (("words", "metrics", "latency", "better"), "more"),
    (("words", "keys", "size", "kind"), "inches"), (("words", "keys", "size", "role"), "both"),
    (("words", "keys", "size", "words"), KeyError), (("records", 0, "samples", "visit"), KeyError),
]

expect(problems(fixture) == [], f"the fixture: {problems(fixture)[:3]}")
foreign = change(("records", 0, "metric"), "wingspan")
expect(problems(foreign) == [], "the schema knows metrics by name")
long = change(("records", modelled, "source"), "model " * 500)
long["records"][modelled]["params"]["device"] = "ambit:" + "x" * 1000
expect(problems(long) == [], "the schema limits texts of a record")
for path, value in forbidden:
    expect(problems(change(path, value)) != [], f"the schema allows {path} = {value!r}")

with tempfile.TemporaryDirectory() as folder:
    results = os.path.join(folder, "results.json")
    with open(results, "w") as f:
        json.dump(fixture, f)
    # The program reads it and writes it anew: valid, and not a value different.
    rc, _, err = run("report", folder)
    expect(rc == 0, f"report of a folder: {err}")
    written = json.load(open(results))
    expect(problems(written) == [], f"what is written: {problems(written)[:3]}")
    expect(written == fixture, "what is written differs from what was read")
    text = open(results).read()
    lines = [line for line in text.splitlines() if line.startswith('  {"bench":')]
    expect(len(lines) == len(fixture["records"]), "not a line per record")
    expect(list(json.loads(lines[0].rstrip(","))) == sorted(set(fixture["records"][0]) - {"samples"}) + ["samples"],
           "keys of a record are not sorted, samples last")

    # Metrics of other programs and texts of any length come back as they were.
    for document in (foreign, long):
        with open(results, "w") as f:
            json.dump(document, f)
        rc, _, err = run("report", folder)
        expect(rc == 0 and json.load(open(results)) == document, f"a foreign metric or a long text: {rc} {err}")

    # What the schema forbids, the program does not read: the same rules, twice.
    for path, value in forbidden:
        if path[-1] in ("extra", "l1d_bytes", "hostname", "reason", "distances"):
            continue  # readers are lenient where nothing is at stake
        with open(results, "w") as f:
            json.dump(change(path, value), f)
        rc, out, err = run("report", results)
        expect(rc == 2 and err.count("\n") == 1 and "results.json" in err and out == "", f"{path} = {value!r}: {rc} {err}")

    # A killed run: head and records in the journal, the last line torn, no results.json.
    os.unlink(results)
    lines = [{"head": {k: fixture[k] for k in ("schema", "memwall", "host")}}]
    lines += [{"words": fixture["words"]}] + [{"record": r} for r in fixture["records"]]
    with open(os.path.join(folder, "records.jsonl"), "w") as f:
        for line in lines:
            f.write(json.dumps(line) + "\n")
        f.write(json.dumps(lines[-1])[:-40])
    rc, out, err = run("report", folder)
    expect(rc == 0 and "partial:" in out, f"report of a killed run: {rc} {out} {err}")
    recovered = json.load(open(results))
    expect(problems(recovered) == [], f"what is recovered: {problems(recovered)[:3]}")
    expect(recovered["words"] == fixture["words"], "the words of a journal")
    # The fixture's made-up points repeat some identities; the journal keeps the later one.
    expect(len(recovered["records"]) >= 200 and recovered["partial"] and "killed" in recovered["partial_why"], "recovery")
    expect("Partial run" in open(os.path.join(folder, "report.html")).read(), "the page does not say that it is partial")

    # CSV: one row per record, every field of it there.
    rc, out, err = run("report", "--format=csv", folder)
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    head = "bench,case,metric,unit,value,ci_lo,ci_hi,min,max,n,provenance,source,params,id,state,observed,note"
    expect(rc == 0 and len(rows) == len(recovered["records"]), f"CSV rows: {rc} {len(rows)} {err}")
    expect(out.splitlines()[0] == head, "CSV head")
    for row, r in zip(rows, recovered["records"]):
        expect(None not in row and None not in row.values(), f"CSV fields of {row}")
        expect((row["value"] == "") == (r["value"] is None), f"CSV value of {row['id']}")
        for column in ("bench", "case", "metric", "unit", "provenance", "source", "note"):
            expect(row[column] == r[column], f"CSV {column} of {row['id']}: {row[column]!r}")
        expect(row["state"] == r["params"].get("state", ""), f"CSV state of {row['id']}")
        expect(row["id"] == "{bench}.{case}.{metric}{{{params}}}".format(**row), f"CSV id {row['id']}")
        pairs = csv.reader([row["params"]], delimiter=";").__next__() if row["params"] else []
        expect({p.split("=")[0] for p in pairs} == set(r["params"]), f"CSV params of {row['id']}")

    # Anonymised: nothing of the host's name or the command line, and the original stays.
    page = os.path.join(folder, "shared.html")
    rc, _, err = run("report", "--anonymize", "-o", page, folder)
    expect(rc == 0 and "node-17" not in open(page).read() and "--profile=quick" not in open(page).read(), f"anonymize {err}")
    expect(json.load(open(results))["host"]["hostname"] == fixture["host"]["hostname"], "anonymize changed results.json")

    for args in ((), (os.path.join(folder, "nowhere"),), (folder, folder), ("--figures=gif", folder),
                 ("-o", os.path.join(folder, "no", "page.html"), folder)):
        rc, out, err = run("report", *args)
        expect(rc == 2 and err.count("\n") == 1 and out == "", f"report {args}: {rc} {out!r} {err!r}")

for failure in failures:
    print("FAIL", failure)
sys.exit(1 if failures else 0)
