#!/bin/sh
# The examples of docs/adding.md: cut out, compiled with the project's warnings, linked by the generated tables without
# touching another file, and run.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() {
	printf '%s\n' "$*"
	exit 1
}
if [ "$VARIANT" != release ]; then
	echo 'the release build shows it'
	exit 77
fi
clear_make() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -s VARIANT="$VARIANT" "$@"; }

# ```c blocks whose first line is /* FILE */
awk -v dir="$tmp" '
	/^```c$/ { getline; file = $2; path = dir "/" file; sub(/\/[^\/]*$/, "", path); system("mkdir -p " path); inside = 1 }
	/^```$/ { inside = 0 }
	inside { print > (dir "/" file) }' docs/adding.md
files=$(cd "$tmp" && find . -name '*.c' | cut -c 3- | LC_ALL=C sort | tr '\n' ' ')
[ "$files" = 'bench/clockread.c energy/meters/board.c pim/devices/nor64.c ' ] || fail "found these examples: $files"

flags=$(clear_make print-flags)
objects=
for file in $files; do
	[ ! -e "$file" ] || fail "$file exists in the tree: the example needs another name"
	object=$tmp/$(basename "$file" .c).o
	# shellcheck disable=SC2086 # a list of flags
	gcc $flags -O2 -fPIC -Wall -Wextra -Wconversion -Wshadow -Werror -c -o "$object" "$tmp/$file" || fail "$file"
	if command -v clang-format >/dev/null 2>&1; then
		clang-format --style=file:.clang-format --dry-run -Werror "$tmp/$file" || fail "$file: layout"
	fi
	objects="$objects $object"
done

# The tables as the makefile would generate them with the three files in place.
for folder in bench bench/offload energy/meters pim/devices; do
	mkdir -p "$tmp/tree/$folder"
	cp "$folder"/*.[ch] "$tmp/tree/$folder" 2>/dev/null
	cp "$tmp/$folder"/*.c "$tmp/tree/$folder" 2>/dev/null
done
script=$(pwd)/scripts/gen-table
(
	cd "$tmp/tree" &&
		sh "$script" bench_table 'struct bench' bench/bench.h bench bench/offload >bench_table.c &&
		sh "$script" meter_table 'struct energy_meter' energy/meters/meter.h energy/meters >meter_table.c &&
		sh "$script" device_table 'struct pim_device_ops' pim/pim.h pim/devices >device_table.c
) || fail gen-table
for table in bench_table meter_table device_table; do
	# shellcheck disable=SC2086
	gcc $flags -fPIC -c -o "$tmp/$table.o" "$tmp/tree/$table.c" || fail "$table"
	objects="$objects $tmp/$table.o"
done
rest=$(clear_make print-floors | cut -d ' ' -f 2- | tr ' ' '\n' | grep -vE 'gen/(bench|meter|device)_table\.o$' | tr '\n' ' ')
# shellcheck disable=SC2046,SC2086
gcc -rdynamic -o "$tmp/memwall" $rest $objects $(clear_make print-libs) || fail 'the program does not link'

memwall=$tmp/memwall
"$memwall" list >"$tmp/list" || fail 'memwall list'
for name in clockread nor64 board; do
	grep -q " $name " "$tmp/list" || fail "memwall list does not show $name"
done
"$memwall" clockread --profile=tiny --calls=1000 --format=csv >"$tmp/csv" || fail 'memwall clockread'
grep -q '^clockread,monotonic-raw,overhead,ns,[0-9.]*,.*,measured,.*calls=1000' "$tmp/csv" || fail "$(cat "$tmp/csv")"

"$memwall" help records >"$tmp/records" || fail 'memwall help records'
grep -q '^- calls (count, parameter): calls in one sample$' "$tmp/records" || fail 'help records does not show clockread'
# A run shows it without another file: in the summary, and with a table and the words of its keys in the report.
"$memwall" run --profile=tiny --only=clockread --output="$tmp/run" >"$tmp/summary" 2>"$tmp/err" || fail "$(cat "$tmp/err")"
grep -q '^clockread  *1  *values ' "$tmp/summary" || fail "the summary lacks clockread: $(cat "$tmp/summary")"
tr '\n' ' ' <"$tmp/run/report.html" | sed 's/<section/\n<section/g' | grep '<h2>clockread</h2>' >"$tmp/section" ||
	fail 'the report lacks clockread'
for text in '<td>monotonic-raw<td>' '<td>calls 10000<td>' '<dt>calls</dt> <dd>calls in one sample</dd>'; do
	grep -qF "$text" "$tmp/section" || fail "the report lacks $text: $(cat "$tmp/section")"
done

printf 'abcdefgh01234567' >"$tmp/a"
printf 'ABCDEFGH76543210' >"$tmp/b"
"$memwall" pim eval --device=nor64 --op=nor --in="$tmp/a" --in="$tmp/b" --out="$tmp/c" || fail 'memwall pim eval'
python3 - "$tmp" <<'END' || fail 'wrong bits'
import sys
a, b, c = (open(f"{sys.argv[1]}/{name}", "rb").read() for name in "abc")
sys.exit(c != bytes(~(x | y) & 255 for x, y in zip(a, b)))
END
"$memwall" pim eval --device=nor64 --op=and --in="$tmp/a" --in="$tmp/b" --out="$tmp/d" 2>"$tmp/err" && fail 'and has no model'
[ ! -e "$tmp/d" ] || fail 'a refused operation wrote its result'
"$memwall" pim ops --device=nor64:step=20 --format=csv >"$tmp/ops" || fail 'memwall pim ops'
grep -q '^nor,1,,,20,' "$tmp/ops" || fail "$(cat "$tmp/ops")"
