"""Texts from outside are data. A results.json full of terminal escapes, line ends and bidirectional overrides, and hostile
arguments to every command: what is printed holds none of them as they are, and an error is one line. And an anonymised
run: neither the machine's name nor the user's folders are anywhere in what it leaves."""

import json
import os
import re
import subprocess

from lib_reports import FIGURES, MEMWALL, OWN_FIGURES, check, fixture, scratch

EVIL = "\x1b[31m\x1b]0;title\x07\n\rmemwall: fine\t\x7f\u009b2J\u202eabc\u2066\u2028&<'\"%s$\\"
# C0 but the line ends of the program itself, DEL, C1, separators, and what turns the direction of writing.
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def run(*words, folder=None, env=None):
    done = subprocess.run([MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                          timeout=120, env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr


def harmless(raw, what):
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        check(False, what, "is not UTF-8:", raw)
    at = FORBIDDEN.search(text)
    check(not at, what, "holds", repr(text[max(0, at.start() - 60):at.end() + 20]) if at else "")
    return text


def evil_run():
    """Every text that the reader takes at all."""
    document = fixture()
    for r in document["records"]:
        r["note"] = r["note"] + EVIL
        r["source"] = r["source"] + EVIL[:40]
        r["observed"]["state"] = "s" + EVIL[:20]
        for key in ("pages", "kernel", "device"):
            if key in r["params"]:
                r["params"][key] = (r["params"][key] + EVIL)[:60]
    document["records"][0]["case"] = EVIL[:40]
    document["records"][1]["bench"] = EVIL[:20]
    for key in ("hostname", "cpu_model", "kernel", "governor"):
        document["host"][key] = EVIL[:12]
    document["memwall"].update({"flags": EVIL, "version": EVIL[:10], "argv": [EVIL, EVIL]})
    document["skipped"].append({"bench": EVIL[:20], "reason": EVIL})
    document.update({"partial": True, "partial_why": EVIL})
    return document


def results(folder):
    path = os.path.join(folder, "results.json")
    with open(path, "w") as f:
        json.dump(evil_run(), f)
    for form in ("table", "csv", "latex"):
        rc, out, err = run("report", path, "--format=" + form)
        check(rc == 0 and err == b"", form, rc, err)
        harmless(out, form)
    rc, out, err = run("report", path)
    check(rc == 0, "report:", rc, err)
    text = harmless(out, "the summary")
    check("\\x1b[31m" in text and "\nmemwall: fine" not in text, "the summary:", text)
    with open(os.path.join(folder, "report.html"), "rb") as f:
        page = f.read().decode()
    # Line ends and tabs are white space there.
    at = FORBIDDEN.search(page.replace("\t", " "))
    check(not at, "the page holds", repr(page[at.start() - 60:at.end() + 20]) if at else "")
    check(page.count("<figure>") == len(FIGURES) + OWN_FIGURES, page.count("<figure>"), "figures")
    # What is wrong with a file is said with its texts, too.
    broken = evil_run()
    broken["records"][0]["unit"] = EVIL[:8]
    for name, text in (("unit", json.dumps(broken)), ("syntax", '{"a' + EVIL + '": '), ("\x1b[2J\n", "[]")):
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(text)
        rc, out, err = run("report", path)
        check(rc == 2 and out == b"" and harmless(err, name).count("\n") == 1, name, rc, err)


def arguments(folder):
    """Each command with hostile words, options and values."""
    help_text = run("help")[1].decode()
    names = re.findall(r"^  ((?:pim )?[a-z]+)  ", help_text, re.M)
    check(len(names) >= 14, "the help names only", names)
    tried = 0
    for name in names + ["", EVIL, "pim " + EVIL]:
        words = name.split(" ") if name and name != EVIL else [name] if name else []
        for more in ([EVIL], ["--" + EVIL], ["--format=" + EVIL], ["--format", EVIL], ["-" + EVIL], ["-o", EVIL + "/" + EVIL, EVIL],
                     ["--profile=" + EVIL], ["--device=" + EVIL], ["--cpus=" + EVIL], ["--only=" + EVIL], ["--in=" + EVIL]):
            raw = [w.encode() for w in words + more]
            raw[-1] += b"\xff\xc3"
            rc, out, err = run(*raw, folder=folder)
            check(rc == 2, raw, "exit", rc, out, err)
            text = harmless(err, raw)
            check(text.count("\n") == 1 and text.startswith("memwall: "), raw, "says", text)
            check(out == b"", raw, "prints", out)
            tried += 1
    check(tried > 150, "only", tried)


def anonymous(folder):
    """A real run, in a folder and with a home whose names would be seen."""
    home, here = os.path.join(folder, "home-of-somebody"), os.path.join(folder, "secret-project")
    os.mkdir(home)
    os.mkdir(here)
    rc, out, err = run("run", "--anonymize", "--profile=tiny", "--max-time=4s", "--only=latency,storage", "--output=run", folder=here,
                       env={"HOME": home})
    check(rc == 0, "run: exit", rc, err)
    rc, _, err = run("report", "run", "--anonymize", folder=here, env={"HOME": home})
    check(rc == 0, "report: exit", rc, err)
    left = os.listdir(os.path.join(here, "run"))
    check({"results.json", "records.jsonl", "report.html"} <= set(left), left)
    private = [re.escape(home), re.escape(here), "home-of-somebody", "secret-project"]
    if len(os.uname().nodename) >= 3:
        private.append(r"(?<![\w-])" + re.escape(os.uname().nodename) + r"(?![\w-])")
    for name in left:
        with open(os.path.join(here, "run", name), errors="replace") as f:
            text = f.read()
        for pattern in private:
            at = re.search(pattern, text)
            check(not at, name, "holds", text[max(0, at.start() - 60):at.end() + 20] if at else "")


def main():
    for step in (results, arguments, anonymous):
        with scratch() as folder:
            step(folder)


main()
