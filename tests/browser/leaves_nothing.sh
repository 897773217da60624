#!/bin/sh
# check-report leaves no files in TMPDIR: after a good page, a bad one, and each signal that ends it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
memwall=${MEMWALL:-$root/build/memwall}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for program in chromium chromium-browser google-chrome; do
	command -v $program >/dev/null && found=$program
done
[ "${found:-}" ] || { echo 'Chromium is not installed'; exit 77; }
"$root/tests/browser/make-fixture" >"$folder/results.json"
"$memwall" report "$folder/results.json" >"$folder/out"
echo '<p>no report</p>' >"$folder/bad.html"
mkdir "$folder/tmp"
export TMPDIR="$folder/tmp"

empty() { # empty AFTER-WHAT
	[ -z "$(ls -A "$TMPDIR")" ] || { ls -A "$TMPDIR"; echo "left behind after $1"; exit 1; }
}

"$root/scripts/check-report" --screens=light "$folder/report.html" >"$folder/out"
empty 'a good page'
if "$root/scripts/check-report" --screens=light "$folder/bad.html" >"$folder/out"; then
	echo 'a bad page was accepted'
	exit 1
fi
empty 'a bad page'
for signal in INT:130 TERM:143 HUP:129; do
	# A shell starts its background jobs with SIGINT ignored: env puts it back.
	env --default-signal=INT "$root/scripts/check-report" "$folder/report.html" >"$folder/out" 2>&1 &
	pid=$!
	# The browser has begun to write when its folder is not empty any more.
	i=0
	while [ -z "$(ls -A "$TMPDIR"/* 2>/dev/null)" ]; do
		i=$((i + 1))
		[ $i -lt 600 ] || { echo 'the browser did not start'; exit 1; }
		sleep 0.1
	done
	kill -s "${signal%:*}" $pid
	status=0
	wait $pid || status=$?
	[ $status = "${signal#*:}" ] || { cat "$folder/out"; echo "SIG${signal%:*}: exit $status"; exit 1; }
	empty "SIG${signal%:*}"
done
