"""`report` when memory ends: for many n the n-th allocation fails, most of them where figures are drawn. Exit 0 or 1 with at
most one line, the page is whole or absent, nothing else is left."""

import json
import os
import subprocess

from lib_reports import FIGURES, HANG_S, OWN_FIGURES, check, fixture, scratch, skip

INJECT = os.path.join("build", os.environ.get("VARIANT", "release"), "memwall-inject")


def small():
    document, kept = fixture(), {}
    for r in document["records"]:
        r["samples"] = {key: [] for key in r["samples"]}
        kept.setdefault((r["bench"], r["case"], r["metric"]), r)
    document["records"] = list(kept.values())
    return document


def attempt(source, page, inject, **more):
    done = subprocess.run([INJECT, "report", source, "-o", page], env=dict(os.environ, INJECT=inject, **more), timeout=HANG_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stderr.decode()


def main():
    if not os.path.exists(INJECT):
        skip(INJECT + " was not built")
    with scratch() as folder:
        source, page, count = (os.path.join(folder, name) for name in ("results.json", "report.html", "count"))
        with open(source, "w") as f:
            json.dump(small(), f)
        rc, err = attempt(source, page, "malloc:1000000000", INJECT_COUNT=count)
        check(rc == 0 and err == "", "nothing fails:", rc, err)
        with open(count) as f:
            total = int(f.read())
        os.remove(count)
        failed = 0
        # Reading takes the first ones, the tables and drawings of the page the others.
        for n in [*range(1, total - 800, total // 70), *range(total - 800, total + 1, 20)]:
            if os.path.exists(page):
                os.remove(page)
            rc, err = attempt(source, page, f"malloc:{n}")
            check(rc in (0, 1) and err.count("\n") <= 1, f"allocation {n} of {total}: exit", rc, err)
            check(rc == 0 or err.startswith("memwall: "), f"allocation {n} of {total}:", err)
            failed += rc
            check(set(os.listdir(folder)) <= {"results.json", "report.html"}, n, "left", os.listdir(folder))
            if os.path.exists(page):
                with open(page) as f:
                    html = f.read()
                check(html.endswith("</html>\n"), n, "half a page")
                check(html.count("<figure>") == len(FIGURES) + OWN_FIGURES or "out of memory" in err, n, "lost a figure without a word")
            else:
                check(rc == 1, n, "no page, exit", rc)
        check(failed > 20, "only", failed, "failures were noticed")


main()
