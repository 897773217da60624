#!/bin/sh
# libpim needs libc and libm only, offers pim_* only, all that its headers declare, and neither prints nor ends the process.
set -u
bad=0
complain() {
	printf '%s\n' "$*"
	bad=1
}
so=$OUT/libpim.so archive=$OUT/libpim.a
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Sanitizers bring their own libraries; everything else is the same.
case $VARIANT in
asan | ubsan) runtime='libasan|libubsan|' ;;
*) runtime= ;;
esac
readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$tmp/needed"
grep -q '^libc\.' "$tmp/needed" || complain "readelf shows no libc: is this check reading anything?"
grep -vE "^(${runtime}libc|libm|ld-linux[a-z0-9-]*)\.so" "$tmp/needed" >"$tmp/extra" &&
	complain "libpim.so needs $(tr '\n' ' ' <"$tmp/extra")"
readelf -d "$so" | grep -q 'SONAME.*\[libpim\.so\.0\]' || complain 'the soname is not libpim.so.0'

# Names offered: those that pim.h and pim_device.h declare with PIM_API, no more and no fewer.
sed 's/#define PIM_API.*/#define PIM_API DECLARED/' pim/pim.h pim/pim_device.h | grep -v '^#include "pim.h"' | gcc -E -P -x c - 2>/dev/null | tr '\n' ' ' |
	grep -oE 'DECLARED [^;]*;' | sed -E 's/^[^(]*[ *](pim_[a-z0-9_]+)\(.*/\1/' | sort -u >"$tmp/declared"
nm -D --defined-only "$so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort -u >"$tmp/dynamic"
nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/static"
[ "$(wc -l <"$tmp/declared")" -ge 20 ] || complain "only $(wc -l <"$tmp/declared") declarations found in the headers"
for list in dynamic static; do
	grep -v '^pim_' "$tmp/$list" >"$tmp/foreign" && complain "$list: not pim_*: $(tr '\n' ' ' <"$tmp/foreign")"
	comm -23 "$tmp/declared" "$tmp/$list" >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || complain "$list: declared but absent: $(tr '\n' ' ' <"$tmp/missing")"
done

# A library does not print, end the process, make threads or keep state.
nm -D --undefined-only "$so" | awk '{ print $2 }' | sed 's/@.*//' >"$tmp/undefined"
# Variants that check texts (MW_CHECK_TEXTS) end the process at a mistake of the program.
[ "$VARIANT" = release ] || sed -i -E '/^(abort|stderr)$/d' "$tmp/undefined"
grep -xE 'exit|_exit|_Exit|quick_exit|abort|printf|__printf_chk|puts|putchar|perror|stdout|stderr|pthread_create|thrd_create|fork|setenv|signal|sigaction' \
	"$tmp/undefined" >"$tmp/uses" && complain "libpim.so uses $(tr '\n' ' ' <"$tmp/uses")"
if [ "$VARIANT" = release ]; then
	# The one exception is the cache of CPU features, written once with the same value by whoever comes first.
	objdump -t "$archive" | grep -E '[[:space:]](\.data|\.bss|\.tdata|\.tbss|\*COM\*)([.][^r][^[:space:]]*)?[[:space:]]' |
		awk '$NF !~ /^\./ { print $NF }' >"$tmp/data"
	grep -qE '^cache(\.[0-9]+)?$' "$tmp/data" || complain 'objdump does not even show the CPU feature cache'
	grep -vE '^cache(\.[0-9]+)?$' "$tmp/data" >"$tmp/state" && complain "mutable state: $(tr '\n' ' ' <"$tmp/state")"
fi

# The headers stand alone, in C and in C++.
for language in c:c11 c:c17 c++:c++11; do
	printf '#include "%s"\n' pim/pim_device.h pim/pim.h >"$tmp/alone.txt"
	compiler=gcc
	[ "${language%%:*}" = c ] || compiler=g++
	command -v $compiler >/dev/null 2>&1 || continue
	$compiler -x "${language%%:*}" -std="${language#*:}" -pedantic -Wall -Wextra -Werror -I. -fsyntax-only \
		"$tmp/alone.txt" || complain "the headers do not compile as ${language#*:}"
done
exit $bad
