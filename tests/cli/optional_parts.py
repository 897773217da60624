"""`memwall list` shows for each optional part whether it is available, or why not."""

import csv
import io
import os

from lib_cli import OUT, check, run, scratch

PARTS = {"openblas", "blis", "onednn", "mpi", "gnuplot", "io_uring"}


def parts(**how):
    rc, out, err = run("list", "--format=csv", **how)
    check(rc == 0 and err == "", rc, err)
    return {r["name"]: r for r in csv.DictReader(io.StringIO(out)) if r["kind"] == "optional"}


def main():
    here = parts()
    check(set(here) == PARTS, "lists", set(here))
    for name in ("openblas", "blis", "onednn"):
        built = os.path.exists(os.path.join(OUT, "modules", name + ".so"))
        if not built:
            check("no module" in here[name]["status"], here[name])
        elif here[name]["status"] == "available":
            check(any(c.isdigit() for c in here[name]["description"]), "no version in", here[name])
    check((here["mpi"]["status"] == "available") == os.path.exists(os.path.join(OUT, "modules", "mpi.so")), here["mpi"])
    if here["gnuplot"]["status"] == "available":
        check(here["gnuplot"]["description"].startswith("gnuplot "), here["gnuplot"])
    with scratch() as folder:
        bare = parts(env={"PATH": folder, "MEMWALL_MODULES": folder})
        for name in ("openblas", "blis", "onednn", "mpi"):
            check(f"no module {name}.so in {folder}"[:60] in bare[name]["status"], bare[name])
        check(bare["gnuplot"]["status"] != "available" and "gnuplot" in bare["gnuplot"]["status"], bare["gnuplot"])
        # A module that ends the process takes nothing with it.
        for name in ("openblas.so", "blis.so"):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(b"no library")
        broken = parts(env={"MEMWALL_MODULES": folder})
        check(broken["openblas"]["status"] not in ("", "available"), broken["openblas"])


main()
