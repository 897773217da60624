#!/bin/sh
# scripts/gen-table: every file of a plug-in folder has a row or belongs to one that has, and a misspelt row is an error.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() {
	printf '%s\n' "$*"
	exit 1
}
table() { (cd "$tmp" && sh "$root/scripts/gen-table" dish_table 'struct dish' dish.h dishes) >"$tmp/out" 2>"$tmp/err"; }
root=$(pwd)
mkdir "$tmp/dishes"
printf 'struct dish { const char *name; };\nint oven_heat(void);\nextern const int oven_size;\n' >"$tmp/dishes/dish.h"
printf 'const struct dish dish_soup = {\n\t.name = "soup",\n};\n' >"$tmp/dishes/soup.c"
printf 'int oven_heat(void)\n{\n\treturn 0;\n}\n' >"$tmp/dishes/oven.c"
printf 'static int x(void);\nint soup_salt(void)\n{\n\treturn x();\n}\n' >"$tmp/dishes/soup_salt.c"
table || fail "a right folder is refused: $(cat "$tmp/err")"
[ "$(grep -c '&dish_' "$tmp/out")" = 1 ] || fail "not one row: $(cat "$tmp/out")"

# The struct has another name, is static, or is not there at all.
for wrong in 'const struct dsh dish_cake = {' 'static const struct dish dish_cake = {' 'struct dish dish_cake = {' '/* oven_heat() */'; do
	printf '%s\n};\n' "$wrong" >"$tmp/dishes/cake.c"
	table && fail "'$wrong' is taken for a part"
	grep -q '^dishes/cake.c: no row of dish_table' "$tmp/err" || fail "'$wrong': $(cat "$tmp/err")"
done
printf 'const struct dish dish_cake = {\n};\n' >"$tmp/dishes/cake.c"
table || fail "$(cat "$tmp/err")"
[ "$(grep '&dish_' "$tmp/out" | tr -d '\n\t')" = '&dish_cake,&dish_soup,' ] || fail "rows: $(cat "$tmp/out")"
