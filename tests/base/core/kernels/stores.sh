#!/bin/sh
# The kernels called non-temporal store with movnt (x86-64) or stnp (AArch64) and fence; the ordinary ones have neither.
# Kernels with prefetch have that instruction, and those without have none. Read from the disassembly of the objects.
set -eu
case $(uname -m) in
x86_64) nt='v?movnt[a-z]*' fence=sfence fetch='prefetch[a-z0-9]*' names='portable avx2 avx512' ;;
aarch64) nt=stnp fence=dmb fetch=prfm names='portable neon' ;;
*) echo "no kernels with non-temporal stores for $(uname -m)" && exit 77 ;;
esac
[ "${VARIANT:-release}" = release ] || { echo "only the optimized build has a function for each kind of store"; exit 77; }
command -v objdump >/dev/null 2>&1 || { echo "no objdump"; exit 77; }
for name in $names; do
	object=build/release/obj/base/core/kernels/stream_$name.o
	[ -f "$object" ] || { echo "$object was not built"; exit 1; }
	objdump -d --no-show-raw-insn "$object" | awk -v nt="^($nt)\$" -v fence="^$fence\$" -v fetch="^$fetch\$" -v object="$object" '
		function end() {
			if (fn !~ /^run_.*_u[124]_p[014]$/)
				return
			members++
			want_nt = fn ~ /_nt(_write)?_u/
			want_fetch = fn !~ /_p0$/
			if ((stores > 0) != want_nt || (fences > 0) != want_nt || (fetches > 0) != want_fetch) {
				printf "%s: %s has %d non-temporal stores, %d fences, %d prefetches\n", object, fn, stores, fences, fetches
				bad = 1
			}
			streamed += want_nt
		}
		/^[0-9a-f]+ <.*>:$/ { end(); fn = $2; gsub(/[<>:]/, "", fn); stores = fences = fetches = 0; next }
		{ stores += $2 ~ nt; fences += $2 ~ fence; fetches += $2 ~ fetch }
		END {
			end()
			if (members < 60 || (object !~ /portable/ && streamed < 39)) {
				printf "%s: %d members, %d of them non-temporal: some are missing\n", object, members, streamed
				bad = 1
			}
			exit bad
		}'
done
echo "stores of $names are what they are called"
