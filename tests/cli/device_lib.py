"""--device-lib: the example of docs/device.md, compiled as by a user, in `pim ops`, `pim eval` and `offload`; libraries that are refused."""

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess

from lib_cli import ROOT, VARIANT, check, run, run_parts, scratch

PAGE = open(os.path.join(ROOT, "docs", "device.md")).read()
EXAMPLE = "".join(re.findall(r"^```c\n(.*?)^```$", PAGE, flags=re.S | re.M))
END = "PIM_DEVICE_LIBRARY(&lines);\n"
SANITIZE = {"asan": ["-fsanitize=address,undefined"], "ubsan": ["-fsanitize=undefined"]}.get(VARIANT, [])


def compile_library(folder, name, source, include=None):
    """The path of a library; warnings are errors for what the page shows."""
    path = os.path.join(folder, name + ".c")
    with open(path, "w") as f:
        f.write(source)
    strict = ["-pedantic", "-Wall", "-Wextra", "-Werror"] if source == EXAMPLE else ["-w"]
    library = os.path.join(folder, name + ".so")
    done = subprocess.run(
        ["gcc", "-std=c11", *strict, *SANITIZE, "-I", include or os.path.join(ROOT, "pim"), "-shared", "-fPIC", "-o", library, path],
        capture_output=True,
        text=True,
    )
    check(done.returncode == 0, name, done.stderr)
    return library


def rows(*args, cwd=None):
    rc, out, err = run("--format=csv", *args, cwd=cwd)
    check(rc == 0 and err == "", args, rc, err)
    return list(csv.DictReader(io.StringIO(out)))


def refused(why, library, *args):
    """One line and exit 2 from every command that loads libraries."""
    for command in ("pim", "ops"), ("pim", "devices"), ("pim", "eval", "--op=not", "--in=/dev/null", "--out=never"), ("offload",):
        if args and command == ("pim", "devices"):
            continue
        rc, out, err = run(*command, "--device-lib=" + library, *args)
        check(rc == 2 and out == "" and err.count("\n") == 1, why, command, rc, out, err)
        check(re.search(why, err) and os.path.basename(library) in err or args, why, "is not said by", err)
    check(not os.path.exists("never"), "a refused command wrote its result")


def three_commands():
    with scratch() as folder:
        compile_library(folder, "lines", EXAMPLE)
        lib = "--device-lib=lines.so"  # in the working folder, without a '/'
        table = rows("pim", "ops", lib, cwd=folder)
        check([r["op"] for r in table] == ["not", "and", "or", "xor"], table)
        xor = table[3]
        # 5 steps of 12.5 ns; 1024 units x 512 lanes in that time.
        check(xor["ns"] == "62.5" and float(xor["gops_none"]) == 8388.6, xor)
        check(xor["aap"] == xor["nj_per_kb"] == xor["pj_per_lane"] == xor["gops_jedec"] == "", xor)
        check((xor["provenance"], xor["energy_provenance"], xor["verified"]) == ("modelled", "unavailable", "unverified"), xor)
        check(xor["source"] == "docs/device.md: an example" and xor["device"] == "lines", xor)
        swept = rows("pim", "ops", lib, "--device=lines:units=2", "--op=not", "--sweep=step=1,2.5", cwd=folder)
        check([(r["spec_step"], r["ns"], r["device"]) for r in swept] == [("1", "1", "lines:step=1+units=2"), ("2.5", "2.5", "lines:step=2.5+units=2")], swept)
        check(rows("pim", "ops", lib, "--device=cots", "--op=and", cwd=folder)[0]["device"] == "cots", "built-in devices stay")
        check([r["key"] for r in rows("pim", "devices", lib, cwd=folder) if r["device"] == "lines"] == ["", "step", "units"])
        a, b = (random.Random(seed).randbytes(100_003) for seed in (1, 2))
        for name, data in ("a", a), ("b", b):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        costs = rows("pim", "eval", lib, "--op=xor", "--in=a", "--in=b", "--out=c", "--stats", cwd=folder)
        check(open(os.path.join(folder, "c"), "rb").read() == bytes(x ^ y for x, y in zip(a, b)), "wrong bits")
        value = {r["metric"]: r for r in costs}
        check(value["bytes_in"]["value"] == "200006" and value["aap"]["provenance"] == "unavailable", costs)
        # 1563 lines on 1024 units: two rounds of 5 steps.
        check(value["time_resident"]["value"] == "125" and value["energy"]["provenance"] == "unavailable", value["time_resident"])
        rc, out, err = run("pim", "eval", lib, "--op=add", "--in=a", "--in=b", "--out=d", cwd=folder)
        check(rc == 3 and "no model of add" in err and not os.path.exists(os.path.join(folder, "d")), rc, err)
        records = rows("offload", lib, "--profile=tiny", "--max-time=4", "--sizes=64K", "--kernels=and,xor", cwd=folder)
        ratios = [r for r in records if r["metric"] == "speedup"]
        check({r["case"] for r in ratios} == {"and", "xor"} and all("device=lines" in r["id"] for r in ratios), ratios)
        # 1024 lines in one round of 2 steps.
        times = [r["value"] for r in records if r["case"] == "and" and r["metric"] == "time" and "device=lines;mode=resident" in r["id"]]
        check(times == ["25"], times)


def not_a_library():
    with scratch() as folder:
        text = os.path.join(folder, "text.so")
        with open(text, "w") as f:
            f.write("not an ELF file\n" * 10)
        refused("not a shared library", text)
        refused("No such file", os.path.join(folder, "absent.so"))
        refused("not a file", folder)
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        refused("not a file", fifo)
        good = compile_library(folder, "lines", EXAMPLE)
        with open(good, "rb") as f, open(os.path.join(folder, "short.so"), "wb") as g:
            g.write(f.read(100))
        refused("not a shared library", os.path.join(folder, "short.so"))
        refused("no device 'line', did you mean 'lines'", good, "--device=line")
        refused("unknown key|step", good, "--device=lines:stop=1")


def other_contents():
    bad = {
        "none": (EXAMPLE.replace(END, ""), "must end with PIM_DEVICE_LIBRARY"),
        "function": ("int pim_device_library(void) { return 1; }\n", "must end with PIM_DEVICE_LIBRARY"),
        "tiny": ("char pim_device_library = 1;\n", "must end with PIM_DEVICE_LIBRARY"),
        "empty": (EXAMPLE.replace("(&lines);", "(NULL);"), "empty"),
        "size": (EXAMPLE.replace(".size = sizeof(lines)", ".size = 8"), "size 8"),
        "abi": (EXAMPLE.replace(".abi = PIM_ABI", ".abi = 77"), "abi 77"),
        "taken": (EXAMPLE.replace('.name = "lines"', '.name = "ambit"'), "built-in"),
        "unnamed": (EXAMPLE.replace('.name = "lines",', ""), "needs a name"),
        "spelt": (EXAMPLE.replace('.name = "lines"', '.name = "a:b,c"'), "needs a name"),
        "twice": (EXAMPLE.replace("(&lines);", "(&lines, &lines);"), "two devices"),
        "closed": (EXAMPLE.replace(".open = lines_open,", ""), "no open"),
        "unresolved": (EXAMPLE + "int absent(void);\nint pim_use(void) { return absent(); }\n", "undefined symbol"),
    }
    with scratch() as folder:
        for name, (source, why) in bad.items():
            check(source != EXAMPLE, name, "changes nothing")
            refused(why, compile_library(folder, name, source))


def other_header():
    """A header with another member, or another version of the interface, is found by the sizes that the library holds."""
    changes = {
        "price": ("pim.h", "struct pim_price {\n", "struct pim_price {\n\tuint64_t one_more;\n"),
        "ops": ("pim_device.h", "struct pim_device_ops {\n", "struct pim_device_ops {\n\tvoid *one_more;\n"),
        "count": ("pim.h", "enum pim_count {\n", "enum pim_count {\n\tPIM_ONE_MORE,\n"),
        "abi": ("pim.h", "#define PIM_ABI 1\n", "#define PIM_ABI 2\n"),
        "layout": ("pim_device.h", "uint32_t layout[PIM_LAYOUT_N];", "uint32_t layout[PIM_LAYOUT_N + 2];"),
    }
    with scratch() as folder:
        for name, (header, before, after) in changes.items():
            include = os.path.join(folder, name)
            os.mkdir(include)
            for file in "pim.h", "pim_device.h":
                shutil.copy(os.path.join(ROOT, "pim", file), include)
            path = os.path.join(include, header)
            text = open(path).read()
            check(before in text, before, "is not in", header)
            with open(path, "w") as f:
                f.write(text.replace(before, after))
            refused("another version of pim_device.h", compile_library(folder, "other_" + name, EXAMPLE + " ", include))


def what_is_left_out():
    """A device that fills nothing in gets no price of 0, and no text that is not there."""
    with scratch() as folder:
        source = EXAMPLE.replace('\tout->source = "docs/device.md: an example";\n', "")
        table = rows("pim", "ops", "--device-lib=" + compile_library(folder, "unsourced", source))
        check(all(r["source"] == "the device names no source" and r["verified"] == "unverified" for r in table), table)
        for member in "out->ps = out->ps_batch = steps_of(op) * d->step_ps", "out->programs = d->units", "out->lanes = 8 * LINE":
            library = compile_library(folder, "zero", EXAMPLE.replace(member, "(void)d"))
            rc, out, err = run("pim", "ops", "--device-lib=" + library, "--op=and")
            check(rc == 3 and out == "" and "gives no time or no lanes" in err, member, rc, out, err)
        library = compile_library(folder, "row", EXAMPLE.replace("\tout->row_bytes = LINE;\n", ""))
        rc, out, err = run("--format=json", "pim", "ops", "--device-lib=" + library)
        check(rc == 0 and {r["nj_per_kb"] for r in json.loads(out)} == {None}, rc, out, err)


run_parts([three_commands, not_a_library, other_contents, other_header, what_is_left_out])
