#!/bin/sh
# A program whose locale has a decimal comma: SPECs are read correctly, and costs are the same as in other locales.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if ! localedef -i de_DE -f UTF-8 "$tmp/de_DE.utf8" >/dev/null 2>&1; then
	echo 'localedef cannot make de_DE here'
	exit 77
fi
sanitize=
case $VARIANT in
asan) sanitize=-fsanitize=address,undefined ;;
ubsan) sanitize=-fsanitize=undefined ;;
cov) sanitize=--coverage ;;
esac
cat >"$tmp/prices.c" <<'END'
#include <locale.h>
#include <pim.h>
#include <stdio.h>

static void price(const char *spec, enum pim_op op)
{
	struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
	struct pim_device *dev;
	char err[200];
	if (pim_open(spec, &dev, err, sizeof(err)) < 0) {
		puts(err);
		return;
	}
	int rc = pim_price_of(dev, op, pim_int(8), &p);
	printf("%s %d %llu %s\n", pim_spec(dev), rc, (unsigned long long)p.ps, p.source);
	pim_close(dev);
}

int main(void)
{
	setlocale(LC_ALL, "");
	fprintf(stderr, "%s", localeconv()->decimal_point);
	price("dimc:efficiency=0.5", PIM_GEMV);
	price("ambit:efficiency=0.5,faw=0.25,transpose=host:3.5,limit=jedec", PIM_ADD);
	return 0;
}
END
# shellcheck disable=SC2086 # none or one word
gcc -std=c11 $sanitize -Ipim -o "$tmp/prices" "$tmp/prices.c" "$OUT/libpim.so" -Wl,-rpath,"$OUT" || exit 1
LC_ALL=C "$tmp/prices" >"$tmp/point" 2>/dev/null || exit 1
LOCPATH=$tmp LC_ALL=de_DE.utf8 "$tmp/prices" >"$tmp/comma" 2>"$tmp/which" || exit 1
if [ "$(cat "$tmp/which")" != , ]; then
	echo 'de_DE has no decimal comma here'
	exit 77
fi
cmp "$tmp/point" "$tmp/comma" || {
	cat "$tmp/point" "$tmp/comma"
	exit 1
}
