#!/bin/sh
# The page in a real browser: a made-up run with everything in it, a partial one, one without gnuplot.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
memwall=${MEMWALL:-$root/build/memwall}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v python3 >/dev/null || { echo 'python3 is not installed'; exit 77; }
figures=4
command -v gnuplot >/dev/null || figures=0
for kind in whole partial bare; do
	mkdir "$folder/$kind"
	# shellcheck disable=SC2046 # one word or none
	"$root/tests/browser/make-fixture" $([ $kind = partial ] && echo partial) >"$folder/$kind/results.json"
	if [ $kind = bare ]; then
		mkdir "$folder/empty"
		PATH=$folder/empty "$memwall" report "$folder/$kind/results.json" >"$folder/out" 2>"$folder/err"
		grep -q gnuplot "$folder/err"
		figures=0
	else
		"$memwall" report "$folder/$kind/results.json" >"$folder/out"
	fi
	echo "$kind"
	"$root/scripts/check-report" --figures=$figures "$folder/$kind/report.html"
done
