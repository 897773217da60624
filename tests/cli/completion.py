"""Shell completion: what bash, zsh and fish offer for a half-typed line, and that the help stands on one line per option.

bash is asked through its completion function, fish through `complete -C`, zsh on a terminal of its own.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import time

from lib_cli import MEMWALL, check, run, run_parts, scratch, skip

# Line as typed so far, and what must and must not be offered for its last word.
CASES = [
    (["lat"], {"latency"}, {"bandwidth"}),
    (["pim", ""], {"ops", "eval", "devices", "compile"}, {"latency"}),
    (["offload", "--ker"], {"--kernels="}, {"--sizes="}),
    (["offload", "--kernels=a"], {"and", "add32"}, {"xor"}),
    (["offload", "--kernels=and,x"], {"xor"}, {"or"}),
    (["gemm", "--dtype="], {"f32", "int8", "all"}, {"--dtype="}),
    (["pim", "eval", "--engine=e"], {"exact"}, {"fused"}),
    (["pim", "eval", "--op="], {"not", "add", "mul_wide", "count_ones", "fill"}, {"gemv", "shift_lanes"}),
    (["pim", "ops", "--op=and,mul_"], {"mul_wide"}, {"mul"}),
    (["pim", "ops", "--dev"], {"--device=", "--device-lib="}, {"--op="}),
    (["offload", "--device-l"], {"--device-lib="}, {"--device="}),
    (["pim", "eval", "--op=mu"], {"mul", "mul_wide"}, {"max"}),
    (["latency", "--profile=q"], {"quick"}, {"full"}),
    (["latency", "--format=c"], {"csv"}, {"json"}),
    (["--format=c"], {"csv"}, {"json"}),
    (["--format=csv", "band"], {"bandwidth"}, {"latency"}),
]


def script(shell):
    rc, out, err = run("completion", shell)
    check(rc == 0 and err == "", shell, rc, err)
    return out


def judge(shell, ask):
    for line, wanted, unwanted in CASES:
        got = ask(line)
        check(len(got) == len(set(got)), shell, line, "offers words twice:", sorted(got))
        # A shell may offer the whole word, or its part after the sign or the last comma.
        short = {re.split(r"[=,](?=.)", word)[-1] for word in got} | set(got) | {word.rstrip("=") + "=" for word in got}
        check(wanted <= short, shell, line, "offers", got, "without", wanted - short)
        check(not unwanted & short, shell, line, "offers", got)


def bash():
    with scratch() as folder:
        with open(os.path.join(folder, "memwall.bash"), "w") as f:
            f.write(script("bash"))

        def ask(line):
            # As readline parts the line.
            words = ["memwall"]
            for word in line:
                words += [part for part in re.split(r"(=)", word) if part] or [""]
            quoted = " ".join("'%s'" % w for w in words)
            text = f'compopt() {{ :; }}\n. ./memwall.bash\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n_memwall\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
            done = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=60)
            check(done.returncode == 0 and done.stderr == "", "bash", line, done.stderr)
            return done.stdout.split()

        judge("bash", ask)
        everything = ask([""])
        check(everything.count("pim") == 1 and "run" in everything, "bash offers", everything)
        check(ask(["pim", "eval", "--in="]) == [], "bash offers words for a file")


def fish():
    if not shutil.which("fish"):
        skip("fish is not installed")
    with scratch() as folder:
        with open(os.path.join(folder, "memwall.fish"), "w") as f:
            f.write(script("fish"))

        def ask(line):
            text = "source memwall.fish; complete -C '%s'" % " ".join(["memwall", *line])
            done = subprocess.run(
                ["fish", "--no-config", "-c", text],
                cwd=folder,
                env={**os.environ, "HOME": folder},
                capture_output=True,
                text=True,
                timeout=60,
            )
            check(done.returncode == 0 and done.stderr == "", "fish", line, done.stderr)
            return [row.split("\t")[0] for row in done.stdout.splitlines()]

        judge("fish", ask)


def on_a_terminal(folder, words, keys):
    """Types the keys; what the terminal shows until it is silent for a second."""
    child, fd = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm", HOME=folder, COLUMNS="200", LINES="50")
        os.execvp(words[0], words)
    shown = b""
    for part in keys:
        os.write(fd, part)
        until = time.monotonic() + 20
        while time.monotonic() < until and select.select([fd], [], [], 1)[0]:
            try:
                shown += os.read(fd, 4096)
            except OSError:
                break
    os.close(fd)
    os.waitpid(child, 0)
    return shown.decode(errors="replace")


def zsh():
    if not shutil.which("zsh"):
        skip("zsh is not installed")
    with scratch() as folder:
        with open(os.path.join(folder, "_memwall"), "w") as f:
            f.write(script("zsh"))
        start = "PS1=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u; zstyle ':completion:*' list-separator '#'; setopt no_list_beep; stty columns 200 rows 50; echo ready\n"
        for line, wanted, _ in (CASES[i] for i in (1, 3, 4, 6, 8, 10)):  # each takes seconds
            typed = " ".join(["memwall", *line])
            # One word is typed to its end; several are listed below the line.
            shown = on_a_terminal(folder, ["zsh", "-f", "-i"], [start.encode(), typed.encode() + b"\t", b"\t", b"\x15", b"exit\n"])
            after = shown[shown.rindex("ready") :]
            after = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\x07\x08]", "", after)
            words = set(re.findall(r"[a-z0-9_-]+=?", after))
            check(all(w in words or w.rstrip("=") in words for w in wanted), "zsh", line, "shows", repr(after))
            check("_memwall:" not in shown and "_arguments:" not in shown, "zsh", line, "complains", repr(shown))


def one_line_per_option():
    rc, out, err = run("help")
    commands = re.findall(r"^  ((?:pim )?[a-z]+) {2,}\S", out.split("\nGlobal options")[0], re.M)
    check(rc == 0 and len(commands) > 10, "help names", commands)
    for command in commands:
        rc, out, err = run("help", *command.split())
        check(rc == 0, command, err)
        for line in out[out.index("\nOptions") if "\nOptions" in out else len(out) :].splitlines():
            check(line == "" or line[0] != " " or re.match(r"  (-\w|  ) --[a-z]", line), command, "has the line", repr(line))
            check(line == "" or line[0] == " " or re.match(r"(Options|Global options)", line), command, "has the line", repr(line))
    rc, out, err = run("man")
    check(rc == 0 and "dimc:macros=192]" in out, "the manual page has no default of offload's devices")
    check(not re.search(r"^dimc", out, re.M), "a default of the manual page is parted")


check(os.path.exists(MEMWALL), MEMWALL, "is not built")
run_parts([one_line_per_option, bash, fish, zsh])
