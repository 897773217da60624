#!/bin/sh
# The page in a real browser: of a made-up run with all kinds of records, of a partial one, and without gnuplot.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
memwall=${MEMWALL:-$root/build/memwall}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v python3 >/dev/null || { echo 'python3 is not installed'; exit 77; }
figures=10
command -v gnuplot >/dev/null || figures=0
screens=light,dark,phone,phone-dark,print
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
	"$root/scripts/check-report" --figures=$figures --screens=$screens "$folder/$kind/report.html"
	screens=light,phone-dark
done

# The check itself: each damage must be seen.
damaged() { # damaged SED-COMMAND SCREEN COMPLAINT
	sed "$1" "$folder/whole/report.html" >"$folder/damaged.html"
	if "$root/scripts/check-report" --figures=10 --screens="$2" "$folder/damaged.html" >"$folder/out"; then
		echo "not seen: $1"
		exit 1
	fi
	grep -q "$3" "$folder/out" || { cat "$folder/out"; echo "expected: $3"; exit 1; }
}
[ "$figures" != 10 ] || exit 0
open='s/<meta http-equiv[^>]*>//'
damaged 's/id="host"/id="summary"/' light 'id used twice: summary'
damaged 's/--muted: #5b6370/--muted: #b0b6c0/' light 'contrast 1'
damaged 's/--muted: #a5adb8/--muted: #4a4f57/' dark 'contrast 2'
damaged 's/font-size="13.00"/font-size="8"/' light 'text of 9.3'
damaged 's/min-width: 44rem/min-width: 20rem/' phone 'text of'
damaged 's/\.plot { overflow-x: auto; overflow-y: hidden; }//' phone 'px wide in a window'
damaged 's/href="#latency-gpPt6"/href="#nothing"/' light 'reference to nothing'
damaged 's/<figure>/<div>/' light 'expected 10'
damaged "$open; s|<main>|<main><img src=\"http://127.0.0.1:9/x.png\">|" light 'request: http'
damaged "$open; s|<main>|<main><script>throw 1</script>|" light 'exception'
damaged 's|<main>|<main><script>throw 1</script>|' light 'console: .*Content Security Policy'
