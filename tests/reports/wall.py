"""The section "The wall": on every page, whatever its run holds; each figure with a table of the numbers that it draws, which
are those that `memwall trends` and `memwall transformer` write as CSV; the page stays small."""

import csv
import html.parser
import io
import json
import os
import subprocess

from lib_reports import MEMWALL, ROOT, check, scratch
from lib_cli import run_parts

REFERENCE = [os.path.join(ROOT, "results", "reference", f"run-{i}.json") for i in (1, 2, 3)]
FIGURES = ("wall-hardware", "wall-models", "wall-training", "wall-memory", "wall-prediction", "wall-transformer")
PAGE_BYTES = 600_000


class Page(html.parser.HTMLParser):
    """Of each element with an id of "wall-..": rows of its table, whether it has a drawing; and all headings."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.drawn, self.heads, self.id, self.depth = {}, set(), [], None, 0
        self.cell = self.head = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id", "")
        if tag == "div" and name in FIGURES:
            self.id, self.depth = name, 0
            self.tables[name] = []
        self.depth += tag == "div"
        if tag in ("td", "th", "tr"):
            self.end_cell()
        if tag == "figure" and self.id:
            self.drawn.add(self.id)
        elif tag == "tr" and self.id:
            self.tables[self.id].append([])
        elif tag in ("td", "th") and self.id:
            self.cell = ""
        elif tag == "h2":
            self.head = ""

    def end_cell(self):
        """End tags of cells and rows are optional."""
        if self.cell is not None and self.id:
            self.tables[self.id][-1].append(self.cell.strip())
        self.cell = None

    def handle_endtag(self, tag):
        if tag in ("td", "th", "tr", "tbody", "table"):
            self.end_cell()
        if tag == "div":
            self.depth -= 1
            self.id = self.id if self.depth else None
        elif tag == "h2":
            self.heads.append(self.head)
            self.head = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data
        if self.head is not None:
            self.head += data


def run(*words, folder, path=None):
    env = dict(os.environ, **({"PATH": path} if path else {}))
    done = subprocess.run([MEMWALL, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=120)
    check(done.returncode == 0, words, done.stderr.decode())
    return done.stdout.decode()


def page_of(results, folder, path=None):
    where = os.path.join(folder, "page.html")
    summary = run("report", results, "-o", where, folder=folder, path=path)
    with open(where, encoding="utf-8") as f:
        text = f.read()
    return Page(text), text, summary


def table(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def same(cell, number):
    return cell == "–" if not number else cell not in ("", "–") and abs(float(cell) - float(number)) <= 5.1e-4 * abs(float(number))


def columns(rows, *heads):
    at = [rows[0].index(h) for h in heads]
    return [[row[i] for i in at] for row in rows[1:]]


def tables_hold_what_is_drawn():
    with scratch() as folder:
        p, _, _ = page_of(REFERENCE[0], folder)
        check(p.drawn == set(FIGURES), "drawn", p.drawn)
        run("trends", REFERENCE[0], "--output=figures", folder=folder)
        for figure in FIGURES[:5]:
            with open(os.path.join(folder, "figures", figure + ".csv"), newline="") as f:
                data = list(csv.DictReader(f))
            rows = p.tables[figure]
            if figure == "wall-memory":
                got = columns(rows, "Model", "Sum, GB", "GPU of the time, GB")
                want = [(r["model"], r["sum_GB"], r["gpu_limit_GB"]) for r in data]
            elif figure == "wall-prediction":
                got = [(name, v) for name, *values in columns(rows, "Chip", "1e12 FLOP/s", "1e9 B/s", "FLOP/byte")
                       for v in values if v != "–"]
                chips = {}
                for r in data:
                    chips.setdefault((r["name"], r["year"]), []).append(r)
                want = [(r["name"], r["drawn"]) for group in chips.values() for r in group]
                check(len(got) == len(want) and all(a[0] == b[0] and same(a[1], b[1]) for a, b in zip(got, want)), figure,
                      len(got), len(want), [x for x in zip(got, want) if x[0][0] != x[1][0] or not same(x[0][1], x[1][1])][:3])
                continue
            else:
                got = columns(rows, "Name", "As drawn", "Fitted line")
                want = [(r["name"], r["drawn"], r["line"]) for r in data]
            check(len(got) == len(want), figure, len(got), len(want))
            for a, b in zip(got, want):
                check(a[0] == (b[0] or "–") and same(a[1], b[1]) and same(a[2], b[2]), figure, a, b)


def case_study_is_that_of_the_command():
    with scratch() as folder:
        p, _, _ = page_of(REFERENCE[0], folder)
        models = "--model=bert-base,bert-large,gpt2"
        latency = table(run("transformer", "--latency", models, "--format=csv", folder=folder))
        total = [r for r in table(run("transformer", "--analytic", models, "--format=csv", folder=folder)) if r["operator"] == "total"]
        got = columns(p.tables["wall-transformer"], "Tokens", "GFLOP", "GB", "FLOP/byte", "Latency, x", "Fig 9", "Fig 32")
        check(len(got) == len(latency) == len(total) == 6, len(got), len(latency), len(total))
        for row, t, l in zip(got, total, latency):
            want = (t["seq"], float(t["flops"]) / 1e9, float(t["mops"]) / 1e9, t["intensity"], l["latency"], l["published_measured"],
                    l["published_analytic"])
            check(all(same(a, b) for a, b in zip(row, want)), row, want)


def host_is_marked_where_the_run_has_it():
    with scratch() as folder:
        p, _, summary = page_of(REFERENCE[0], folder)
        measured = [r for r in p.tables["wall-hardware"] if "measured" in r[-1]]
        with open(REFERENCE[0], encoding="utf-8") as f:
            document = json.load(f)
        peaks = [r["value"] for r in document["records"] if r["bench"] == "gemm" and r["case"] == "peak" and r["metric"] == "flop_rate"]
        check(len(measured) == 2 and all(r[1] == "this host" for r in measured), measured)
        check(any(same(measured[0][3], v / 0.339) for v in peaks), measured, peaks)
        check("This host on the memory wall" in summary and "FLOP/byte" in summary, summary)


def run_without_peak_and_bandwidth():
    with scratch() as folder:
        with open(REFERENCE[0], encoding="utf-8") as f:
            document = json.load(f)
        document["records"] = [r for r in document["records"] if r["bench"] == "storage"]
        path = os.path.join(folder, "results.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f)
        p, text, summary = page_of(path, folder)
        check("The wall" in p.heads and p.drawn == set(FIGURES), p.heads, p.drawn)
        check("this host" not in str(p.tables["wall-hardware"]) and "This host, measured" not in text, "a host out of nothing")
        check("memory wall" not in summary, summary)
        check(all(r[7] == "–" for r in p.tables["wall-transformer"][1:]), p.tables["wall-transformer"])


def tables_stay_without_gnuplot():
    with scratch() as folder:
        os.mkdir(os.path.join(folder, "empty"))
        with_it, _, _ = page_of(REFERENCE[0], folder)
        without, _, _ = page_of(REFERENCE[0], folder, path=os.path.join(folder, "empty"))
        check(not without.drawn and without.tables == with_it.tables, without.drawn)


def page_stays_small():
    for results in REFERENCE:
        with scratch() as folder:
            _, text, _ = page_of(results, folder)
            check(len(text.encode()) <= PAGE_BYTES, results, len(text.encode()))


run_parts([tables_hold_what_is_drawn, case_study_is_that_of_the_command, host_is_marked_where_the_run_has_it,
           run_without_peak_and_bandwidth, tables_stay_without_gnuplot, page_stays_small])
