#!/bin/sh
# make install into an empty folder; a program finds the library by pkg-config, static and shared; uninstall leaves
# nothing behind.
set -u
if [ "$VARIANT" != release ]; then
	echo 'sanitizer builds are not installed'
	exit 77
fi
if ! command -v pkg-config >/dev/null 2>&1; then
	echo 'pkg-config is not installed'
	exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() {
	printf '%s\n' "$*"
	exit 1
}
export PREFIX=/opt/memwall DESTDIR="$tmp/stage" VERSION=1.2.3
scripts/install install build || fail 'install fails'
at=$tmp/stage/opt/memwall
for file in bin/memwall lib/libpim.so lib/libpim.so.0 lib/libpim.a include/pim.h include/pim_device.h lib/pkgconfig/pim.pc \
	share/man/man1/memwall.1 share/bash-completion/completions/memwall share/zsh/site-functions/_memwall \
	share/fish/vendor_completions.d/memwall.fish; do
	[ -s "$at/$file" ] || fail "$file was not installed"
done
find "$tmp/stage" -mindepth 1 -maxdepth 1 ! -name opt | grep . && fail 'something lies outside PREFIX'
bash -n "$at/share/bash-completion/completions/memwall" || fail 'bash completion has a syntax error'
if command -v mandoc >/dev/null 2>&1; then
	for page in "$at"/share/man/man*/*; do
		# The date would have to be that of the build, which would make every build different.
		mandoc -Tlint -W warning "$page" | grep -v 'missing date' && fail "$page: mandoc"
	done
fi

cat >"$tmp/and.c" <<'END'
#include <pim.h>
#include <stdio.h>

int main(void)
{
	struct pim_device *dev;
	struct pim_vector *a, *b, *c;
	unsigned char x[1024], y[1024], z[1024];
	char err[200];
	for (int i = 0; i < 1024; i++) {
		x[i] = (unsigned char)(i * 7);
		y[i] = (unsigned char)(i * 13 + 5);
	}
	if (pim_open("ambit:dram=ddr3-1600", &dev, err, sizeof(err))) {
		puts(err);
		return 1;
	}
	if (pim_alloc(dev, pim_uint(1), 8192, &a) || pim_alloc(dev, pim_uint(1), 8192, &b) ||
	    pim_alloc(dev, pim_uint(1), 8192, &c) || pim_write(a, x, 1024) || pim_write(b, y, 1024) ||
	    pim_and(c, a, b) || pim_read(c, z, 1024)) {
		puts(pim_error(dev));
		return 1;
	}
	int wrong = 0;
	for (int i = 0; i < 1024; i++)
		wrong += z[i] != (x[i] & y[i]);
	pim_close(dev);
	printf("%s: %d wrong bytes\n", pim_version(), wrong);
	return wrong != 0;
}
END
export PKG_CONFIG_PATH="$at/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$tmp/stage"
# shellcheck disable=SC2046 # lists of flags
gcc -std=c11 -Wall -Wextra -Werror -o "$tmp/shared" "$tmp/and.c" $(pkg-config --cflags --libs pim) || fail 'no shared link'
LD_LIBRARY_PATH=$at/lib "$tmp/shared" || fail 'the shared program fails'
ldd "$tmp/shared" | grep -q 'libpim\.so\.0' || fail 'the shared program does not need libpim.so.0'
# shellcheck disable=SC2046
gcc -std=c11 -Wall -Wextra -Werror -o "$tmp/static" "$tmp/and.c" $(pkg-config --cflags pim) "$at/lib/libpim.a" -lm ||
	fail 'no static link'
"$tmp/static" || fail 'the static program fails'
[ "$(pkg-config --modversion pim)" = 1.2.3 ] || fail 'pim.pc has the wrong version'

# The installed program finds its modules from where it lies.
for module in build/modules/*.so; do
	[ -f "$module" ] || continue
	[ -s "$at/lib/memwall/modules/$(basename "$module")" ] || fail "$module was not installed"
done
(cd "$tmp" && "$at/bin/memwall" list >/dev/null) || fail 'the installed program does not start'

# make passes both spellings of the prefix on.
for word in prefix PREFIX; do
	(
		unset PREFIX DESTDIR
		make --no-print-directory -n install DEPS=no "$word=/elsewhere" DESTDIR=/stage
	) >"$tmp/make" 2>&1 || fail "make $word= fails: $(cat "$tmp/make")"
	grep -q "PREFIX='/elsewhere' DESTDIR='/stage'" "$tmp/make" || fail "make install ignores $word="
done

scripts/install uninstall build || fail 'uninstall fails'
left=$(find "$tmp/stage" ! -type d)
[ -z "$left" ] || fail "left behind: $left"
