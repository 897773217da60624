"""A reader of the program's output that goes away, as `head` does: the program ends with 141 and no word. What cannot be written for another
reason is still told, and so is a mistake on the command line.
"""

import os
import subprocess

from lib_cli import MEMWALL, check, run_parts, scratch

COMMANDS = ["help", "help run", "list", "info", "man", "completion bash", "pim ops", "pim ops --format=json", "pim devices", "--version", "latency --profile=tiny --max-time=2"]


def start(words, stdout, cwd=None):
    return subprocess.Popen([MEMWALL, *words], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd)


def gone(words, cwd=None):
    """Exit status and stderr where nobody reads the output from the beginning."""
    reader, writer = os.pipe()
    os.close(reader)
    program = start(words, writer, cwd)
    os.close(writer)
    err = program.communicate(timeout=240)[1].decode()
    return program.returncode, err


def quiet():
    for command in COMMANDS:
        rc, err = gone(command.split())
        check(rc == 141 and err == "", command, "exit", rc, err)


def a_run_keeps_its_results():
    with scratch() as folder:
        rc, err = gone(["run", "--profile=tiny", "--only=latency", "--max-time=3", "--output=r"], cwd=folder)
        check(rc == 141, "exit", rc, err)
        check("Broken pipe" not in err and "nput/output" not in err, err)
        check({"results.json", "report.html", "records.jsonl"} <= set(os.listdir(os.path.join(folder, "r"))), "the run left", os.listdir(folder))


def first_line():
    for command in ("pim devices --format=csv", "pim ops"):
        program = start(command.split(), subprocess.PIPE)
        line = program.stdout.readline()
        program.stdout.close()
        err = program.stderr.read().decode()
        program.stderr.close()
        check(program.wait(timeout=60) in (0, 141) and err == "" and line.strip(), command, program.returncode, err)


def each_format_names_what_cannot_be_written():
    for command in (["trends"], ["claims"], ["plan", "gpt2"], ["plan", "--show=cases"], ["transformer", "--analytic"], ["transformer", "--models"], ["pim", "ops"]):
        for form in ("table", "csv", "json", "latex"):
            with open("/dev/full", "w") as full:
                program = start([*command, "--format=" + form], full)
                err = program.communicate(timeout=60)[1].decode()
            check(program.returncode == 1 and "standard output" in err and err.count("\n") == 1, command, form, err)
            rc, err = gone([*command, "--format=" + form, "-o", "/dev/full"])
            check(rc == 1 and "/dev/full" in err and err.count("\n") == 1, command, form, err)


def other_errors_are_told():
    with open("/dev/full", "w") as full:
        program = start(["list"], full)
        err = program.communicate(timeout=60)[1].decode()
    check(program.returncode == 1 and "No space left" in err and err.count("\n") == 1, "exit", program.returncode, err)
    rc, err = gone(["list", "--no-such-option"])
    check(rc == 2 and "--no-such-option" in err, "exit", rc, err)


run_parts([quiet, a_run_keeps_its_results, first_line, each_format_names_what_cannot_be_written, other_errors_are_told])
