#!/bin/sh
# scripts/unchecked-texts.awk finds each call that is marked "found" here, and no other.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/planted.c" <<'END'
#define NAME(out) (void)snprintf(out, sizeof(out), "%s", "word") /* found */
#define MANY(out)                      \
	do {                           \
		snprintf(out, 4, "a"); /* found */ \
	} while (0)
int f(char *out, size_t n, int k)
{
	snprintf(out, n, "(%d;", k); /* found */
	(void)snprintf(out, /* found */
		       n,
		       "%d", k);
	( void ) vsnprintf(out, n, "%s", (va_list){0}); /* found */
	if (k > (int)n)
		snprintf(out, n, "a"); /* found */
	else
		(void)snprintf(out, n, "b"); /* found */
	for (int i = 0; i < k; i++)
		(void)(int)snprintf(out, n, "c"); /* found */
	switch (k) {
	case 3:
		snprintf(out, n, "d"); /* found */
	}
	/* snprintf(out, n, "in a comment"); */
	const char *text = "; snprintf(out, n, \"in a literal\");";
	strcpy(out, text); /* found */
	n = strlen(strncpy(out, text, n)); /* found */
	sprintf(out, "%d", k); /* found */
	char c = ';'; int len = snprintf(out, n, "%c", c);
	len += (int)snprintf(out, n, "%c", c);
	if (snprintf(out, n, "e") >= (int)n || (size_t)snprintf(out, n, "f") >= n)
		return snprintf(out, n, "g");
	len = k ? snprintf(out, n, "h") : snprintf(out, n, "i");
	mw_format(out, n, "%d", len);
	table.snprintf(out, n);
	return k ? 1 : vsnprintf(out, n, "j", (va_list){0});
}
END
grep -n '/\* found \*/' "$folder/planted.c" | cut -d: -f1 >"$folder/expected"
awk -f scripts/unchecked-texts.awk "$folder/planted.c" | cut -d: -f2 >"$folder/found"
diff "$folder/expected" "$folder/found"
