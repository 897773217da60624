"""What the tests of the program share: running it, and failing with the reason."""

import os
import subprocess
import sys
import tempfile

ROOT = os.getcwd()
OUT = os.environ.get("OUT", os.path.join(ROOT, "build"))
MEMWALL = os.environ.get("MEMWALL", os.path.join(OUT, "memwall"))
VARIANT = os.environ.get("VARIANT", "release")


def skip(why):
    print(why)
    sys.exit(77)


def check(condition, *words):
    if not condition:
        print("FAILED:", *words)
        sys.exit(1)


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
