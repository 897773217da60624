#!/usr/bin/python3
"""CITATION.cff is what GitHub and Zenodo read: its version, licence and authors are those of the makefile and LICENSE,
every key is one of CFF 1.2.0, and nothing is a placeholder."""
import os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMWALL = os.environ.get("MEMWALL") or os.path.join(ROOT, "build", "memwall")
# Required and optional keys of a CFF 1.2.0 file: https://github.com/citation-file-format/citation-file-format
REQUIRED = {"cff-version", "message", "title", "authors"}
ALLOWED = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
    "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url", "version"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read()


def problems(cff, makefile, licence, program):
    keys = dict(re.findall(r"^([a-z-]+):[ \t]*(.*)$", cff, re.M))
    for missing in sorted(REQUIRED - set(keys)):
        yield f"no key {missing}"
    for unknown in sorted(set(keys) - ALLOWED):
        yield f"no such key in CFF 1.2.0: {unknown}"
    version = re.search(r"^VERSION := (\S+)$", makefile, re.M).group(1)
    holder = re.search(r"^Copyright \(c\) \d+ (.+)$", licence, re.M).group(1)
    if keys.get("cff-version") != "1.2.0":
        yield f"cff-version is {keys.get('cff-version')}"
    if keys.get("version") != version:
        yield f"version is {keys.get('version')}, that of GNUmakefile {version}"
    if version not in program.split():
        yield f"memwall --version says {program!r}, GNUmakefile {version}"
    if f"{keys.get('license')} License" != licence.split("\n")[0]:
        yield f"license is {keys.get('license')}, LICENSE begins with {licence.splitlines()[0]!r}"
    if keys.get("type") != "software":
        yield f"type is {keys.get('type')}"
    if not re.search(rf"^authors:\n  - name: {re.escape(holder)}$", cff, re.M):
        yield f"authors are not {holder}, as LICENSE has them"
    for key, text in keys.items():
        if re.search(r": | #", text.strip('"')) and not text.startswith('"'):
            yield f"{key} needs quotes: {text}"
    if "\t" in cff:
        yield "YAML has no tabs"
    for word in re.findall(r"\S*(?:example\.|TODO|FIXME|YOUR|XXX|0000-0000|10\.0000|<)\S*", cff):
        yield f"placeholder: {word}"


files = [read("CITATION.cff"), read("GNUmakefile"), read("LICENSE"),
         subprocess.run([MEMWALL, "--version"], capture_output=True, text=True, check=True).stdout]
found = list(problems(*files))
# Each damage is seen.
for old, new in (("version: 0", "version: 9"), ("license: MIT", "license: ISC"), ("title:", "titel:"),
                 ("type: software", "type: software\nurl: https://example.org/memwall"), ("  - name: The", "  - name: A")):
    damaged = files[0].replace("\n" + old, "\n" + new) if not old.startswith(" ") else files[0].replace(old, new)
    if damaged == files[0] or not list(problems(damaged, *files[1:])):
        found.append(f"not seen: {old!r} as {new!r}")
for line in found:
    print("CITATION.cff:", line)
sys.exit(1 if found else 0)
