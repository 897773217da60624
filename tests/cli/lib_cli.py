"""Helpers for tests of the program: run it, fail with a reason."""

import os
import subprocess
import sys
import tempfile
import traceback

ROOT = os.getcwd()
OUT = os.environ.get("OUT", os.path.join(ROOT, "build"))
MEMWALL = os.environ.get("MEMWALL", os.path.join(OUT, "memwall"))
VARIANT = os.environ.get("VARIANT", "release")


SKIPPED = []  # what the running part could not set up


def skip(why):
    """Ends the script, or the part that runs."""
    print(why)
    raise Skip(why)


class Skip(SystemExit):
    def __init__(self, why):
        super().__init__(77)
        self.why = why


def without(what, why):
    """The part goes on without one of its conditions: that is a skip of its own."""
    SKIPPED.append(what)
    print(f"SKIP  {what}: {why}")


def check(condition, *words):
    if not condition:
        print("FAILED:", *words)
        sys.exit(1)


def run_parts(parts, names=()):
    """Each part is a test of its own; ends with the line that run-tests adds to its totals."""
    passed = failed = skipped = 0
    for part in parts:
        if names and part.__name__ not in names:
            continue
        try:
            part()
            passed += 1
        except Skip as e:
            print(f"SKIP  {part.__name__}: {e.why}")
            skipped += 1
        except SystemExit:
            print(f"FAIL  {part.__name__}")
            failed += 1
        except Exception:
            traceback.print_exc(file=sys.stdout)
            print(f"FAIL  {part.__name__}")
            failed += 1
    print(f"{passed} passed, {failed} failed, {skipped + len(SKIPPED)} skipped")
    sys.exit(failed > 0)


def run(*args, prefix=(), cwd=None, env=None, timeout=240, binary=MEMWALL, preexec_fn=None):
    """(exit status, stdout, stderr); never a terminal."""
    full = dict(os.environ)
    full.update(env or {})
    done = subprocess.run(
        [*prefix, binary, *args],
        cwd=cwd,
        env=full,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        preexec_fn=preexec_fn,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def scratch():
    """A folder on the file system of the build, not on a tmpfs, that vanishes with the returned object."""
    base = os.path.join(ROOT, "build", "test-scratch")
    os.makedirs(base, exist_ok=True)
    os.chmod(base, 0o755)
    folder = tempfile.TemporaryDirectory(dir=base)
    os.chmod(folder.name, 0o755)
    return folder
