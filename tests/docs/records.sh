#!/bin/sh
# docs/records.md is up to date with the declarations.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$MEMWALL" help records >"$tmp/records.md" || exit 1
if ! diff -u docs/records.md "$tmp/records.md"; then
	echo 'docs/records.md is stale. This renews it: make docs/records.md'
	exit 1
fi
for word in '^## latency$' '^  - latency (ns, lower is better): ' '^- window (bytes, parameter): ' '^- c2c_ns (real, observed): '; do
	grep -q "$word" "$tmp/records.md" || {
		echo "no line $word"
		exit 1
	}
done
