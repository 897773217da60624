#!/usr/bin/env python3
"""results.json against its schema: what the program writes validates, comes back unchanged, and what the rules forbid
does not validate. Also the journal as a file, and the CSV of a whole run."""
import copy, json, os, subprocess, sys, tempfile

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
    (("schema",), 2), (("partial",), 0), (("records", 0, "unit"), "parsec"), (("records", 0, "value"), "1"),
    (("records", 0, "extra"), 1), (("records", 0, "method"), KeyError), (("records", 0, "provenance"), "guessed"),
    (("records", 0, "ci95"), [1]), (("records", 0, "bench"), ""), (("records", 0, "samples", "round"), [-1]),
    (("records", absent, "value"), 0), (("records", absent, "note"), ""), (("records", modelled, "source"), ""),
    (("host", "l1d_bytes"), 0), (("host", "hostname"), ""), (("memwall", "seed"), 1), (("memwall", "argv"), "memwall run"),
    (("skipped", 0, "reason"), ""), (("host", "numa_nodes", 0, "distances"), [0]),
]

expect(problems(fixture) == [], f"the fixture: {problems(fixture)[:3]}")
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
    expect([k for k in json.loads(text)] == sorted(json.loads(text)), "keys are not sorted")

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
    lines += [{"record": r} for r in fixture["records"]]
    with open(os.path.join(folder, "records.jsonl"), "w") as f:
        for line in lines:
            f.write(json.dumps(line) + "\n")
        f.write(json.dumps(lines[-1])[:-40])
    rc, out, err = run("report", folder)
    expect(rc == 0 and "partial:" in out, f"report of a killed run: {rc} {out} {err}")
    recovered = json.load(open(results))
    expect(problems(recovered) == [], f"what is recovered: {problems(recovered)[:3]}")
    # The fixture's made-up points repeat some identities; the journal keeps the later one.
    expect(len(recovered["records"]) >= 200 and recovered["partial"] and "killed" in recovered["partial_why"], "recovery")
    expect("Partial run" in open(os.path.join(folder, "report.html")).read(), "the page does not say that it is partial")

    # CSV: one line per record, every field of it there.
    rc, out, err = run("report", "--format=csv", folder)
    rows = [line.split(",") for line in out.splitlines()]
    expect(rc == 0 and len(rows) == len(recovered["records"]) + 1, "CSV rows")
    expect(rows[0] == "bench,case,metric,unit,value,ci_lo,ci_hi,min,max,n,provenance,source,params".split(","), "CSV head")
    expect(all(len(row) == 13 for row in rows) and '"' not in out, "CSV fields")
    for row, r in zip(rows[1:], recovered["records"]):
        expect((row[4] == "") == (r["value"] is None), f"CSV value of {row[:3]}")

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
