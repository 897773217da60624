"""Which runs `run --resume` continues and which it refuses; reports of folders that cannot be written."""

import fcntl
import json
import os
import shutil
import subprocess

from lib_cli import MEMWALL, ROOT, VARIANT, check, run, scratch

TIME = "--max-time=%ds" % (3 if VARIANT == "release" else 12)
TINY = ("--profile=tiny", "--only=latency", TIME)
PARTS = []  # what this machine did not let us test


def lines(folder):
    with open(os.path.join(folder, "records.jsonl")) as f:
        return f.readlines()


def write(folder, text):
    with open(os.path.join(folder, "records.jsonl"), "w") as f:
        f.write(text)


def results(folder):
    with open(os.path.join(folder, "results.json")) as f:
        return json.load(f)


def resume(folder, *args, **how):
    return run("run", "--resume", "--output=" + folder, *args, **how)


def refused(folder, *args, words):
    before = lines(folder)
    rc, out, err = resume(folder, *args)
    check(rc == 2 and out == "" and err.count("\n") == 1, args, "exit", rc, out, err)
    check(all(w in err for w in words), args, "does not say", words, ":", err)
    check(lines(folder) == before, args, "changed the journal")


def complete(base, folder):
    """A complete run: nothing is measured or appended, the report is written again."""
    before, old = lines(folder), results(folder)
    for name in ("results.json", "report.html"):
        os.unlink(os.path.join(folder, name))
    rc, _, err = resume(folder, "--only=latency")
    check(rc == 0 and "nothing is left to measure" in err, rc, err)
    check(lines(folder) == before and results(folder) == old, "a complete run was changed")
    check(os.path.exists(os.path.join(folder, "report.html")), "no page")


def another(base, folder):
    """Another run is not mixed into this one."""
    refused(folder, "--profile=quick", words=["profile", "'tiny'", "'quick'", "--output"])
    refused(folder, "--seed=2", words=["seed '1'", "'2'"])
    refused(folder, "--anonymize", words=["--anonymize", "without"])
    copy = os.path.join(base, "another")
    for member, key, value in (("host", "hostname", "elsewhere"), ("memwall", "version", "9.9"), ("host", "n_cpus", 4097)):
        shutil.copytree(folder, copy)
        text = lines(copy)
        head = json.loads(text[0])
        head["head"][member][key] = value
        write(copy, json.dumps(head) + "\n" + "".join(text[1:]))
        refused(copy, words=[str(value)])
        shutil.rmtree(copy)


def nothing_yet(base, folder):
    """Killed before the head was whole: the run begins; any other folder or file is left alone."""
    head = lines(folder)[0]
    for torn in (None, "", head[:20], head[:-2]):
        new = os.path.join(base, "torn")
        os.mkdir(new)
        if torn is not None:
            write(new, torn)
            rc, _, err = run("report", new)
            check(rc == 2 and "no complete line" in err, rc, err)
        rc, _, err = resume(new, *TINY)
        check(rc == 0 and len(results(new)["records"]) > 1, "torn head", torn, rc, err)
        shutil.rmtree(new)
    new = os.path.join(base, "notes")
    os.mkdir(new)
    write(new, "my notes\n")
    refused(new, *TINY, words=["records.jsonl"])
    os.rename(os.path.join(new, "records.jsonl"), os.path.join(new, "notes"))
    rc, _, err = resume(new, *TINY)
    check(rc == 2 and os.listdir(new) == ["notes"], rc, err, os.listdir(new))


def not_finished(base, folder):
    """A resume that was asked for less than what is open leaves the run partial, and names what."""
    text = [line for line in lines(folder) if not line.startswith('{"end"')]
    foreign = next(line for line in text if line.startswith('{"record"') and '"elapsed"' not in line).replace('"bench":"latency"', '"bench":"gemm"')
    copy = os.path.join(base, "open")
    shutil.copytree(folder, copy)
    write(copy, "".join(text) + foreign)
    before = lines(copy)
    rc, _, err = resume(copy, "--only=latency")
    check(rc == 0 and lines(copy) == before, "nothing to do, but the journal changed:", rc, err)
    check(results(copy)["partial"], "a run became complete of which a benchmark is open")
    write(copy, "".join(line for line in text if '"elapsed"' not in line) + foreign)
    rc, _, err = resume(copy, "--only=latency", TIME)
    check(rc == 0 and "not finished: gemm" in json.dumps(results(copy)["partial_why"]), rc, err, results(copy)["partial_why"])
    shutil.rmtree(copy)


def anonymised(base, folder):
    """Goes on anonymised, asked for again or not."""
    new = os.path.join(base, "anonymous")
    rc, _, err = run("run", "--anonymize", "--output=" + new, *TINY)
    check(rc == 0, rc, err)
    text = lines(new)
    write(new, "".join(text[: len(text) // 2]))
    rc, _, err = resume(new, "--only=latency", TIME)
    check(rc == 0, rc, err)
    r = results(new)
    check(r["memwall"]["anonymized"] and r["memwall"]["argv"] is None and r["host"]["hostname"] is None, r["memwall"])
    check(all("--output" not in line for line in lines(new)), "arguments in the journal")


def without_locks(base, folder):
    """A file system without locks: goes on, and says so."""
    helper = os.path.join(base, "refuse")
    built = subprocess.run(["gcc", "-o", helper, os.path.join(ROOT, "tests/cli/refuse.c")], capture_output=True, check=False)
    check(built.returncode == 0, built.stderr.decode())
    if subprocess.run([helper, "flock", "true"], capture_output=True, check=False).returncode == 77:
        PARTS.append("no seccomp here")
        return
    rc, _, err = resume(folder, "--only=latency", prefix=(helper, "flock"))
    check(rc == 0 and "no locks on this file system" in err, rc, err)
    # What looks torn may be a line that another run is writing now.
    torn, piece = os.path.join(base, "unlocked"), '{"record":{"bench":'
    shutil.copytree(folder, torn)
    write(torn, "".join(lines(torn)[:-2]) + piece)
    rc, _, err = resume(torn, "--only=latency", TIME, prefix=(helper, "flock"))
    check(rc == 0 and piece + "\n" in lines(torn), "what is torn was cut:", rc, err)
    check("1 line of records.jsonl" in results(torn)["partial_why"], results(torn)["partial_why"])
    rc, _, err = run("report", folder, prefix=(helper, "flock"))
    check(rc == 0, rc, err)


def unread_report(base, folder):
    """A report that nobody reads lets go of the journal before it prints."""
    new = os.path.join(base, "unread")
    shutil.copytree(folder, new)
    text = lines(new)
    record = json.loads(next(line for line in text if line.startswith('{"record"')))
    for i in range(2000):  # far more than a pipe holds
        record["record"]["params"]["copy"] = i
        text.insert(-1, json.dumps(record) + "\n")
    write(new, "".join(text))
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([MEMWALL, "report", new, "--format=csv"], stdin=subprocess.DEVNULL, stdout=writer) as p:
        os.close(writer)
        os.read(reader, 1)  # it prints
        rc, _, err = resume(new, "--only=latency")
        waiting = p.poll() is None
        p.kill()
    os.close(reader)
    check(waiting, "the report did not wait for its reader")
    check(rc == 0, "resumed beside a report:", rc, err)


def read_only(base, folder):
    """report DIR -o X of a folder that cannot be written: the page, and a word on results.json."""
    page = os.path.join(base, "page.html")

    def reports(what, **how):
        rc, _, err = run("report", folder, "-o", page, **how)
        check(rc == 0 and os.path.getsize(page) > 1000, what, rc, err)
        check(err.count("\n") == 1 and "results.json was left as it is" in err, what, err)
        rc, _, err = run("report", folder, **how)
        check(rc == 2 and err.count("\n") == 1, what, "without -o:", rc, err)
        os.unlink(page)

    mount = f'mount --bind "{folder}" "{folder}" && mount -o remount,ro,bind "{folder}" && '
    unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    try:
        probe = subprocess.run([*unshare, "sh", "-c", mount + "true"], capture_output=True, check=False)
        problem = probe.stderr.decode().strip() if probe.returncode else ""
    except FileNotFoundError as e:
        problem = str(e)
    if problem:
        PARTS.append("a read-only mount: " + problem)
    else:
        reports("a read-only mount", prefix=(*unshare, "sh", "-c", mount + 'exec "$@"', "sh"))

    prefix, binary = (), MEMWALL
    os.chmod(base, 0o777)
    if os.getuid() == 0:
        binary = shutil.copy(MEMWALL, os.path.join(base, "memwall"))
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        probe = subprocess.run([*prefix, binary, "--version"], capture_output=True, check=False)
        if probe.returncode:
            PARTS.append("another user: " + probe.stderr.decode().strip())
            return
    os.chmod(folder, 0o700)
    rc, _, err = run("report", folder, prefix=prefix, binary=binary)
    check(rc == (2 if prefix else 0) and ("Permission denied" in err or not prefix), "a closed folder:", rc, err)
    os.chmod(folder, 0o555)
    reports("another's folder", prefix=prefix, binary=binary)
    os.chmod(folder, 0o755)


def main():
    with scratch() as base:
        folder = os.path.join(base, "run")
        rc, _, err = run("run", "--output=" + folder, *TINY)
        check(rc == 0, rc, err)
        for part in (complete, another, nothing_yet, not_finished, anonymised, without_locks, unread_report, read_only):
            part(base, folder)
    for part in PARTS:
        print("not tested:", part)


main()
