/* svg_inline on any bytes instead of gnuplot's SVG. */
#include "base/core/err.h"
#include "reports/figure.h"
#include "tests/fuzz/fuzz.h"

int fuzz_svg(const uint8_t *data, size_t n)
{
	static const char opening[] = "<svg viewBox=\"", closing[] = "</svg>";
	char *svg = fuzz_text(data, n);
	struct fuzz_stream s;
	fuzz_stream_open(&s);
	int rc = svg_inline(s.f, svg, n, "fuzz-", "what the <data> \"say\"");
	const char *text = fuzz_stream_close(&s);
	FUZZ_CHECK(rc == 0 || rc == MW_EFORMAT);
	if (rc == 0) {
		FUZZ_CHECK(strlen(svg) == n && strlen(text) == s.size);
		FUZZ_CHECK(s.size >= strlen(opening) + strlen(closing));
		FUZZ_CHECK(strncmp(text, opening, strlen(opening)) == 0);
		FUZZ_CHECK(strcmp(text + s.size - strlen(closing), closing) == 0);
		/* An id grows by its prefix, a colour by the name of its variable. */
		FUZZ_CHECK(s.size < 200 + 8 * n);
	}
	fuzz_stream_free(&s);
	free(svg);
	return 0;
}
