"""Every function of pim.h and pim_device.h occurs in test_wrong.c, so that a new one is also called with wrong arguments."""

import re
import sys

# Only a device may call these, with what the core has given it.
OF_DEVICES = re.compile(r"pim_(call|config)_\w+$")

text = open("pim/pim.h").read() + open("pim/pim_device.h").read()
header = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
declared = re.findall(r"^(?:PIM_API|static inline)\b[^;{]*?\b(pim_\w+)\(", header, flags=re.M)
test = open("tests/pim/test_wrong.c").read()
tested = set(re.findall(r"\bpim_\w+\b", re.sub(r"/\*.*?\*/", "", test, flags=re.S)))
missing = [name for name in declared if not OF_DEVICES.match(name) and name not in tested]
if len(declared) < 80 or missing:
    sys.exit(f"{len(declared)} functions in pim.h and pim_device.h; not in tests/pim/test_wrong.c: {' '.join(missing) or 'none'}")
print(f"{len(declared)} functions")
