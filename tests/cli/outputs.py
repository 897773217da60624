"""Where files are written: never onto what is read or twice (exit 2, both named, nothing changed), through links and descriptors, with the mode of
what was there. As the user who runs the test and, where that is root, as nobody too."""

import itertools
import os
import stat
import subprocess
import sys

from lib_cli import MEMWALL, VARIANT, check, run, scratch

PAGE = b"<!DOCTYPE html>"
BLIF = b".model m\n.inputs a b\n.outputs y\n.names a b y\n11 1\n.end\n"
AAG = b"aag 3 2 0 1 1\n2\n4\n6\n6 2 4\n"
PROGRAM = b".inputs a b\n.outputs c\nAAP(D0,B0);AAP(D1,B1)\nAAP(C0,B2);AAP(B12,D2)\n"
EVAL = ("pim", "eval", "--op=not")
counter = itertools.count()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def contents(folder):
    """Every file and link below, with its bytes."""
    found = {}
    for place, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif stat.S_ISREG(os.stat(path).st_mode):
                found[path] = read(path)
    return found


class Box:
    """A folder with inputs and the run `q`, for one check."""

    def __init__(self, base, model, who):
        self.who = who
        self.path = os.path.join(base, "box%d" % next(counter))
        os.mkdir(self.path)
        os.mkdir(self.path + "/q")
        for name, data in model.items():
            write(os.path.join(self.path, name), data)
        if who:
            for place, _, files in os.walk(self.path):
                for path in (place, *(os.path.join(place, f) for f in files)):
                    os.chown(path, 65534, 65534)

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def run(self, *args, shell=None):
        """shell: redirections."""
        if shell is None:
            return run(*args, cwd=self.path, prefix=self.who)
        done = subprocess.run(
            [*self.who, "sh", "-c", 'exec "$0" "$@" ' + shell, MEMWALL, *args], cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True, timeout=240
        )
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def refused(self, *args, names, shell=None):
        before = contents(self.path)
        rc, out, err = self.run(*args, shell=shell)
        line = " ".join((*args, shell or ""))
        check(rc == 2, line, "exit", rc, err)
        check(err.count("\n") == 1 and err.startswith("memwall: "), line, "is not one line:", err)
        check(all(name in err for name in names), line, "does not name", names, ":", err)
        check(contents(self.path) == before, line, "changed", [p for p in set(before) | set(contents(self.path)) if before.get(p) != contents(self.path).get(p)])
        check(out == "", line, "wrote to stdout:", out)

    def done(self, *args, shell=None):
        rc, out, err = self.run(*args, shell=shell)
        check(rc == 0, " ".join((*args, shell or "")), "exit", rc, err)
        left = [p for p in contents(self.path) if len(p.rsplit(".", 1)[-1]) == 6]
        check(not left, args, "left", left)
        return out


def model(base):
    """The files of a box: inputs of every kind, and a run."""
    folder = os.path.join(base, "run")
    rc, _, err = run("run", "--profile=tiny", "--max-time=4", "--only=latency", "--output=" + folder)
    check(rc == 0, "run", rc, err)
    files = {"A": bytes(range(64)), "B": bytes(64), "m.blif": BLIF, "m.aag": AAG, "m.txt": PROGRAM}
    for name in ("records.jsonl", "results.json"):
        files["q/" + name] = read(os.path.join(folder, name))
    return files


# ---- what is refused ----


def eval_pairs(box):
    """Each of two options that name one file, by each path that leads there."""
    os.symlink("A", box / "link")
    os.link(box / "A", box / "hard")
    os.symlink("link", box / "link2")
    os.symlink(".", box / "here")
    os.symlink("not-yet", box / "dangling")
    for path in ("A", "./A", "q/../A", box / "A", "link", "link2", "hard", "here/A")[:: 1 if VARIANT == "release" else 3]:
        box.refused(*EVAL, "--in=A", "--out=C", "--trace=" + path, names=("--trace=" + path, "--in=A"))
        box.refused(*EVAL, "--in=A", "--out=" + path, names=("--out=" + path, "--in=A"))
        box.refused(*EVAL, "--in=A", "--out=C", "--stats", "-o", path, names=("-o " + path, "--in=A"))
        box.refused("pim", "eval", "--op=and", "--in=B", "--in=" + path, "--out=C", "--trace=A", names=("--trace=A", "--in=" + path))
    for one, other in (("C", "C"), ("C", "./C"), ("C", "here/C"), (box / "C", "C"), ("dangling", "not-yet"), ("q/C", "here/q/C")):
        box.refused(*EVAL, "--in=A", "--out=" + one, "--trace=" + other, names=("--out=" + one, "--trace=" + other))
        box.refused(*EVAL, "--in=A", "--out=" + one, "--stats", "-o", other, names=("--out=" + one, "-o " + other))
        box.refused(*EVAL, "--in=A", "--out=D", "--trace=" + one, "--stats", "-o", other, names=("--trace=" + one, "-o " + other))
    for stdin in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        box.refused(*EVAL, "--in=" + stdin, "--out=A", shell="<A", names=("--out=A", "--in=" + stdin))
    for descriptor in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"):
        box.refused(*EVAL, "--in=A", "--out=" + descriptor, shell=">>A", names=("--out=" + descriptor, "--in=A"))
        box.refused(*EVAL, "--in=A", "--out=C", "--stats", "-o", descriptor, shell=">>A", names=("-o " + descriptor, "--in=A"))
    box.refused(*EVAL, "--in=A", "--out=C", "--trace=/dev/fd/5", shell="5>>A", names=("--trace=/dev/fd/5", "--in=A"))
    box.refused(*EVAL, "--in=A", "--out=C", "--stats", shell=">>A", names=("standard output", "--in=A"))
    write(box / "D", b"")
    if box.who:
        os.chown(box / "D", 65534, 65534)
    box.refused(*EVAL, "--in=A", "--out=D", "--stats", shell=">>D", names=("standard output", "--out=D"))
    box.refused("pim", "eval", "--op=count_ones", "--in=A", "--trace=D", shell=">>D", names=("standard output", "--trace=D"))


def compile_pairs(box):
    os.symlink("m.blif", box / "link")
    for option, path in (("--blif=m.blif", "m.blif"), ("--blif=m.blif", "link"), ("--aiger=m.aag", "./m.aag"), ("--program=m.txt", "m.txt")):
        box.refused("pim", "compile", option, "-o", path, names=(option, "-o " + path))
        box.refused("--format=csv", "pim", "compile", option, shell=">>" + path, names=(option, "standard output"))


def report_pairs(box):
    os.symlink("records.jsonl", box / "q/link")
    os.link(box / "q/results.json", box / "hard")
    for path in ("q/records.jsonl", "q/link", "./q/../q/records.jsonl"):
        for how in ((), ("--format=json",), ("--anonymize",)):
            box.refused("report", "q", "-o", path, *how, names=("-o " + path, "the journal of a run"))
            box.refused("report", "q/results.json", "-o", path, *how, names=("-o " + path, "the journal of a run"))
    box.refused("list", "-o", "q/link", names=("-o q/link", "the journal of a run"))
    for path in ("q/results.json", "hard"):
        for how in ((), ("--format=csv",), ("--anonymize",), ("--figures=pdf",)):
            box.refused("report", "q", "-o", path, *how, names=("-o " + path, "q/results.json"))
            box.refused("report", "q/results.json", "-o", path, *how, names=("-o " + path, "q/results.json"))
    box.refused("report", "q/results.json", "--format=csv", shell=">>q/results.json", names=("standard output", "q/results.json"))
    box.refused("report", "/dev/stdin", shell="<q/results.json", names=("/dev/stdin", "-o FILE"))
    box.refused("report", "/dev/stdin", "-o", "q/results.json", shell="<q/results.json", names=("/dev/stdin", "-o q/results.json"))
    # Nothing that is read may lie where the page, a figure or results.json goes.
    os.symlink("results.json", box / "q/report.html")
    box.refused("report", "q", names=("q/report.html", "q/results.json"))
    box.refused("report", "q/results.json", names=("q/report.html", "q/results.json"))
    os.unlink(box / "q/report.html")
    os.symlink("records.jsonl", box / "q/report-latency.png")
    box.refused("report", "q", "--figures=png", names=("q/report-latency.png", "q/records.jsonl"))
    os.rename(box / "q/results.json", box / "q/page-latency.pdf")
    box.refused("report", "q/page-latency.pdf", "--figures=pdf", "-o", "q/page.html", names=("q/page-latency.pdf",))
    os.symlink("records.jsonl", box / "q/results.json")
    box.refused("report", "q", names=("q/results.json", "q/records.jsonl"))
    box.refused("run", "--resume", "--only=latency", "--profile=tiny", "--max-time=1", "--output=q", names=("q/results.json", "q/records.jsonl"))
    box.refused("report", "q", "--figures=png", "--anonymize", "-o", "/dev/null", names=("--figures", "/dev/null"))


# ---- what is allowed ----


def same_input_twice(box):
    box.done("pim", "eval", "--op=xor", "--in=A", "--in=./A", "--out=C")
    check(read(box / "C") == bytes(64), "A ^ A")
    box.done(*EVAL, "--in=A", "--out=C", "--trace=/dev/null", "--stats", "-o", "/dev/null")
    box.done("report", "/dev/stdin", "-o", "page", shell="<q/results.json")
    check(read(box / "page").startswith(PAGE), "no page")
    box.done(*EVAL, "--in=/dev/stdin", "--out=C", shell="<A")
    check(read(box / "C") == bytes(255 - i for i in range(64)), "not A from a descriptor")


# (arguments with the target as last word, what the target begins with)
WRITERS = (
    (("--format=csv", "pim", "ops", "-o"), b"op,width"),
    (("--format=csv", "list", "-o"), b"kind,name"),
    (("report", "q", "-o"), PAGE),
    (("--format=csv", "report", "q", "-o"), b"bench,case"),
    (("pim", "compile", "--blif=m.blif", "-o"), b"AAP("),
    ((*EVAL, "--in=A", "--out=E", "--trace"), b""),
    ((*EVAL, "--in=A", "--out"), bytes((255, 254))),
)


def writers(box):
    """All of them; where starting the program takes long, one of each implementation for the second user."""
    return WRITERS if VARIANT == "release" or not box.who else WRITERS[-3:]


def aim(words, path):
    """The arguments with the path as value of the last option."""
    return (*words, path) if words[-1] == "-o" else (*words[:-1], words[-1] + "=" + path)


def began(words, got, start):
    check(got.startswith(start) and len(got) > 20, *words, "wrote", got[:60])


def through_links(box):
    """The file that a link points to is replaced, with the mode it had; the link stays."""
    os.mkdir(box / "far")
    if box.who:
        os.chown(box / "far", 65534, 65534)
    for i, (words, start) in enumerate(writers(box)):
        target, link, twice = box / "far/t%d" % i, box / "l%d" % i, box / "m%d" % i
        os.symlink("far/t%d" % i, link)
        os.symlink(link, twice)
        box.done(*aim(words, twice))  # dangling: the target is made
        began(words, read(target), start)
        mask = os.umask(0)
        os.umask(mask)
        check(stat.S_IMODE(os.stat(target).st_mode) == 0o666 & ~mask, words, "mode of a new file", oct(os.stat(target).st_mode))
        for mode in (0o640, 0o606):
            write(target, b"old")
            os.chmod(target, mode)
            inode = os.stat(target).st_ino
            keeper = os.open(target, os.O_RDONLY)  # else its inode could be used again
            box.done(*aim(words, twice))
            began(words, read(target), start)
            after = os.stat(target)
            check(stat.S_IMODE(after.st_mode) == mode, words, "mode", oct(after.st_mode), "was", oct(mode))
            check(after.st_ino != inode and os.pread(keeper, 9, 0) == b"old", words, "was written in place, not replaced")
            check(after.st_uid == (65534 if box.who else os.getuid()) or not box.who, words, "owner", after.st_uid)
            os.close(keeper)
        check(os.readlink(link) == "far/t%d" % i and os.readlink(twice) == link, words, "the link has gone")
        check(sorted(os.listdir(box / "far")) == ["t%d" % k for k in range(i + 1)], os.listdir(box / "far"))


def owner_stays(box):
    if os.getuid() != 0 or box.who:
        return
    write(box / "theirs", b"old")
    os.chown(box / "theirs", 65534, 65534)
    box.done("--format=csv", "list", "-o", "theirs")
    check(os.stat(box / "theirs").st_uid == 65534, "root took the file of another user")


def descriptors(box):
    """Written at their offset, whatever they are and however they are named; nothing takes their place."""
    os.symlink("/proc/self/fd/1", box / "s1")
    os.symlink("/dev/fd/7", box / "s7")
    os.symlink("s1", box / "s2")
    stdout_link = os.readlink("/dev/stdout")
    for words, start in writers(box):
        for path in ("/proc/self/fd/1", "s1", "s2"):
            write(box / "f", b"0123456789")
            if box.who:
                os.chown(box / "f", 65534, 65534)
            before = os.stat(box / "f").st_ino
            box.done(*aim(words, path), shell=">f")
            began((*words, path), read(box / "f"), start)
            box.done(*aim(words, path), shell=">>f")
            check(read(box / "f").count(start) >= 2, words, path, "does not append")
            check(os.stat(box / "f").st_ino == before, words, path, "replaced the file behind the descriptor")
        box.done(*aim(words, "s7"), shell="7>f")
        began(words, read(box / "f"), start)
        check(os.readlink(box / "s1") == "/proc/self/fd/1" and os.readlink(box / "s2") == "s1" and os.readlink(box / "s7") == "/dev/fd/7", words)
        # A pipe.
        done = subprocess.run([*box.who, MEMWALL, *aim(words, box / "s1")], cwd=box.path, stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
        check(done.returncode == 0, words, "into a pipe", done)
        began(words, done.stdout, start)
    check(os.readlink("/dev/stdout") == stdout_link, "/dev/stdout is another one now")
    # The page alone: the summary would end up in it.
    box.done("report", "q", "-o", "s1", shell=">f")
    check(read(box / "f").rstrip().endswith(b"</html>"), "something follows the page:", read(box / "f")[-200:])
    # What cannot be written says so, and changes nothing.
    for words, _ in writers(box):
        for path, shell in (("/proc/self/fd/0", "</dev/null"), ("/dev/fd/6", "6<q/results.json"), ("/proc/self/fd/77", "")):
            before = contents(box.path)
            rc, out, err = box.run(*aim(words, path), shell=shell)
            check(rc == 2 and err.count("\n") == 1 and out == "", words, path, rc, err)
            check(contents(box.path) == before, words, path, "changed something")
    # A file that another process has open: what is there stays.
    with open(box / "theirs", "wb") as f:
        f.write(b"before\n")
        f.flush()
        if box.who:
            return  # not allowed to look
        box.done("--format=csv", "list", "-o", "/proc/%d/fd/%d" % (os.getpid(), f.fileno()))
    check(read(box / "theirs").startswith(b"before\nkind,name"), read(box / "theirs")[:60])


def special(box):
    """Pipes by name; folders; files that may not be written."""
    os.mkfifo(box / "pipe", 0o666)
    os.chmod(box / "pipe", 0o666)
    for words, start in WRITERS:
        with open(box / "text", "wb") as f:
            reader = subprocess.Popen(["cat", box / "pipe"], stdout=f)
        try:
            box.done(*aim(words, "pipe"))
            check(reader.wait(timeout=60) == 0, "cat")
        finally:
            reader.kill()
        began(words, read(box / "text"), start)
        check(stat.S_ISFIFO(os.stat(box / "pipe").st_mode), words, "took the place of a pipe")
        rc, _, err = box.run(*aim(words, "q"))
        check(rc == 2 and "directory" in err and err.count("\n") == 1, words, "onto a folder", rc, err)
    measures = ("--format=csv", "latency", "--profile=tiny", "--max-time=3", "-o")
    os.symlink("measured", box / "to-measured")
    box.done(*measures, "to-measured")
    began(measures, read(box / "measured"), b"bench,case")
    os.symlink("loop", box / "loop")
    rc, _, err = box.run("--format=csv", "list", "-o", "loop")
    check(rc == 2 and err.count("\n") == 1 and os.readlink(box / "loop") == "loop", rc, err)
    if box.who:
        write(box / "kept", b"old")
        os.chmod(box / "kept", 0o444)
        for words, _ in WRITERS:
            rc, _, err = box.run(*aim(words, "kept"))
            check(rc == 2 and "Permission denied" in err and err.count("\n") == 1, words, "onto a file of another user", rc, err)
            check(read(box / "kept") == b"old", words, "was written")


def users():
    yield ()
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    if os.getuid() == 0:
        try:
            allowed = subprocess.run([*nobody, MEMWALL, "--version"], capture_output=True).returncode == 0
        except FileNotFoundError:
            allowed = False
        if allowed:
            yield nobody
        else:
            print("not tried as nobody: setpriv does not get there")


def main():
    os.umask(0o022)
    only = sys.argv[1:]
    with scratch() as base:
        files = model(base)
        for who in users():
            for part in (eval_pairs, compile_pairs, report_pairs, same_input_twice, through_links, owner_stays, descriptors, special):
                if not only or part.__name__ in only:
                    part(Box(base, files, who))
                    print(part.__name__, "as nobody" if who else "")


main()
