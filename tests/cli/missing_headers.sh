#!/bin/sh
# The makefile tells which headers the compiler has, and names those that are missing.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/include"
: >"$work/include/numa.h"
printf '#!/bin/sh\nexec gcc --sysroot="%s" -I"%s/include" "$@"\n' "$work" "$work" >"$work/cc"
chmod +x "$work/cc"

# said EXPECTED: make must refuse, with this text
said() {
	if env -u MAKEFLAGS -u MFLAGS make --no-print-directory -n B="$work/build" CC="$work/cc" all >"$work/out" 2>&1; then
		echo "make found headers that are not there"
		exit 1
	fi
	grep -qF "$1" "$work/out" || {
		cat "$work/out"
		exit 1
	}
}
said 'missing headers: hwloc.h jansson.h liburing.h.'
rm "$work/include/numa.h"
said 'no working compiler'
