"""Help on a word that begins several commands, by every way to ask for it."""

from lib_cli import check, run

text = None
for words in (("pim",), ("help", "pim"), ("pim", "--help"), ("--help", "pim")):
    rc, out, err = run(*words)
    check(rc == 0 and err == "", words, rc, err)
    for name in ("pim ops", "pim eval", "pim devices", "pim compile"):
        check(f"\n  {name} " in out, words, "does not list", name, out)
    check("latency" not in out, words, "lists", out)
    check(text in (None, out), words, "differs:", out)
    text = out
for words in (("help", "pim", "ops"), ("pim", "ops", "--help")):
    rc, out, err = run(*words)
    check(rc == 0 and out.startswith("memwall pim ops: ") and "--sweep=" in out, words, rc, out, err)
rc, out, err = run("help", "pim", "no")
check(rc == 2 and "pim no" in err, rc, err)
