#!/bin/sh
# The AArch64 kernels must compile without warnings; scripts/check-arm runs them under qemu-user.
set -eu
cc=${AARCH64_CC:-aarch64-linux-gnu-gcc}
if [ "$(uname -m)" = aarch64 ] || ! command -v "$cc" >/dev/null 2>&1; then
	echo "no cross compiler $cc"
	exit 77
fi
if ! printf '#include <arm_neon.h>\n#include <string.h>\n' | "$cc" -fsyntax-only -x c - 2>/dev/null; then
	echo "$cc has no C library headers"
	exit 77
fi
n=0
for f in base/core/kernels/*.c ambit-emu/*_neon.c; do
	"$cc" -O2 -std=gnu11 -D_GNU_SOURCE -I. -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
		-Wmissing-prototypes -Wundef -Wcast-align -Wcast-qual -Werror -c -o /dev/null "$f"
	n=$((n + 1))
done
[ "$n" -ge 4 ]
echo "$n files compiled"
