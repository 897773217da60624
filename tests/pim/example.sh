#!/bin/sh
# The example of docs/pim.md: extracted, compiled as by a user, linked with both libraries, and run.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() {
	printf '%s\n' "$*"
	exit 1
}
sanitize=
case $VARIANT in
asan) sanitize=-fsanitize=address,undefined ;;
ubsan) sanitize=-fsanitize=undefined ;;
tsan) sanitize=-fsanitize=thread ;;
cov) sanitize=--coverage ;;
esac
sed -n '/^```c$/,/^```$/p' docs/pim.md | grep -v '^```' >"$tmp/example.c"
for library in so a; do
	gcc -std=c11 -pedantic -Wall -Wextra -Werror $sanitize -Ipim -o "$tmp/example-$library" "$tmp/example.c" \
		"$OUT/libpim.$library" -Wl,-rpath,"$OUT" -lm || fail "the example does not build with libpim.$library"
	"$tmp/example-$library" >"$tmp/$library" || fail "the example fails with libpim.$library"
done
cmp -s "$tmp/so" "$tmp/a" || fail 'the two libraries answer differently'
# 16 rows on 16 banks: 4 AAP each; tFAW of 128 activations, 680 ns, and refresh.
grep -q '^64 AAP, 711\.9 ns, ' "$tmp/so" || fail "unexpected: $(cat "$tmp/so")"
