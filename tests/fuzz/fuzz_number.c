/* Numbers as options and records spell them: the first byte says which. Readers against grammars of their own, writers
 * against their readers. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/core/option.h"
#include "base/sys/cpulist.h"
#include "reports/json.h"
#include "reports/print.h"
#include "tests/fuzz/fuzz.h"

__extension__ typedef unsigned __int128 wide;

/* Digits of a base into *v, which stops growing at 2^100; how many. */
static size_t digits(const char *text, unsigned base, wide *v)
{
	size_t n = 0;
	*v = 0;
	for (; isxdigit((unsigned char)text[n]); n++) {
		char c = (char)tolower((unsigned char)text[n]);
		unsigned d = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		if (d >= base)
			break;
		if (*v < (wide)1 << 100)
			*v = *v * base + d;
	}
	return n;
}

static void check_size(const char *text)
{
	uint64_t got = 1;
	wide v;
	int rc = mw_parse_size(text, &got);
	size_t n = digits(text, 10, &v);
	const char *units = "kmgtKMGT", *unit = text[n] ? strchr(units, text[n]) : NULL;
	const char *rest = text + n + (unit != NULL);
	bool spelled = n > 0 && (!*rest || strcmp(rest, "B") == 0 || (unit && strcmp(rest, "iB") == 0));
	if (unit)
		v <<= 10 * ((unit - units) % 4 + 1);
	FUZZ_CHECK((rc == 0) == (spelled && v <= UINT64_MAX));
	FUZZ_CHECK(rc == 0 ? got == (uint64_t)v : spelled ? rc == -ERANGE : rc == -EINVAL || rc == -ERANGE);
}

static void check_pair(const char *text)
{
	uint64_t pair[2], own[2];
	const char *x = strchr(text, 'x');
	char *first = fuzz_text((const uint8_t *)text, x ? (size_t)(x - text) : 0);
	int rc = mw_parse_pair(text, strlen(text), pair);
	bool both = x && strlen(text) < 64 && mw_parse_size(first, &own[0]) == 0 && mw_parse_size(x + 1, &own[1]) == 0;
	FUZZ_CHECK(both ? rc == 0 && pair[0] == own[0] && pair[1] == own[1] : rc == -EINVAL || rc == -ERANGE);
	free(first);
}

static void check_int(const char *text)
{
	int64_t got = 0;
	wide v;
	int rc = mw_parse_int(text, &got);
	bool minus = *text == '-';
	const char *t = text + (minus || *text == '+');
	bool hex = t[0] == '0' && (t[1] == 'x' || t[1] == 'X');
	size_t n = digits(t + 2 * hex, hex ? 16 : 10, &v);
	bool spelled = n > 0 && !t[2 * hex + n];
	bool fits = v <= (wide)INT64_MAX + minus;
	FUZZ_CHECK(rc == (!spelled ? -EINVAL : !fits ? -ERANGE : 0));
	if (rc == 0)
		FUZZ_CHECK((uint64_t)got == (minus ? -(uint64_t)v : (uint64_t)v));
}

/* [sign] digits [. digits] [e [sign] digits], or the hexadecimal form of C. */
static bool real_spelled(const char *text)
{
	const char *t = text + (*text == '-' || *text == '+');
	wide v;
	bool hex = t[0] == '0' && (t[1] == 'x' || t[1] == 'X');
	t += 2 * hex;
	size_t whole = digits(t, hex ? 16 : 10, &v);
	t += whole;
	bool point = *t == '.';
	t += point;
	size_t part = point ? digits(t, hex ? 16 : 10, &v) : 0;
	t += part;
	if (whole + part == 0)
		return false;
	if (*t && strchr(hex ? "pP" : "eE", *t)) {
		t++;
		t += *t == '-' || *t == '+';
		size_t n = digits(t, 10, &v);
		if (n == 0)
			return false;
		t += n;
	}
	return !*t;
}

static void check_real(const char *text)
{
	double got = 0, again = 0;
	int rc = mw_parse_real(text, &got);
	FUZZ_CHECK(rc == 0 || rc == -EINVAL);
	FUZZ_CHECK((rc == 0) == (real_spelled(text) && isfinite(strtod(text, NULL))));
	char spelled[40];
	(void)snprintf(spelled, sizeof(spelled), "%.17g", got);
	FUZZ_CHECK(mw_parse_real(spelled, &again) == 0 && again == got);
}

static void check_duration(const char *text)
{
	static const struct mw_option table[] = {{.name = "time", .type = MW_OPT_DURATION, .arg = "TIME", .help = ""},
						 MW_OPT_END};
	const struct mw_option *tables[] = {table};
	struct mw_opts o;
	char name[] = "fuzz", option[] = "--time", *value = strdup(text), err[300] = "";
	char *argv[] = {name, option, value, NULL};
	FUZZ_CHECK(value);
	if (mw_opts_parse(&o, tables, 1, 3, argv, err, sizeof(err)) == 0)
		FUZZ_CHECK(isfinite(mw_opt_real(&o, "time")) && mw_opt_real(&o, "time") > 0);
	else
		FUZZ_CHECK(*err);
	mw_opts_fini(&o);
	free(value);
}

static void check_cpulist(const char *text)
{
	struct mw_cpulist l, own = {0}, again;
	bool spelled = true;
	int rc = mw_cpulist_parse(&l, text);
	for (const char *t = text; *t && spelled;) {
		wide v[3] = {0, 0, 1};
		size_t n = digits(t, 10, &v[0]);
		spelled = n > 0;
		t += n;
		v[1] = v[0];
		for (int i = 1; i < 3 && spelled && *t == "-:"[i - 1]; i++) {
			n = digits(t + 1, 10, &v[i]);
			spelled = n > 0;
			t += 1 + n;
		}
		spelled = spelled && v[0] <= v[1] && v[1] < MW_CPULIST_MAX && v[2] > 0 && v[2] < MW_CPULIST_MAX;
		for (wide k = v[0]; spelled && k <= v[1]; k += v[2])
			own.bits[(size_t)k / 64] |= UINT64_C(1) << (k % 64);
		if (*t == ',')
			spelled = spelled && *++t;
		else
			spelled = spelled && !*t;
	}
	FUZZ_CHECK(rc == (spelled ? 0 : -EINVAL));
	if (rc)
		return;
	FUZZ_CHECK(memcmp(&l, &own, sizeof(l)) == 0);
	struct fuzz_stream s;
	fuzz_stream_open(&s);
	for (int id = mw_cpulist_next(&l, 0); id >= 0; id = mw_cpulist_next(&l, id + 1))
		(void)fprintf(s.f, "%s%d", ftell(s.f) > 0 ? "," : "", id);
	FUZZ_CHECK(mw_cpulist_parse(&again, fuzz_stream_close(&s)) == 0 && memcmp(&l, &again, sizeof(l)) == 0);
	fuzz_stream_free(&s);
}

static void check_words(const char *text)
{
	static const char *const names[] = {"size", "sizes", "threads", "max-time", "o", "", NULL};
	const char *near = mw_nearest(text, names);
	bool known = false;
	for (size_t i = 0; names[i]; i++)
		known = known || strcmp(names[i], text) == 0;
	FUZZ_CHECK(!known || (near && strcmp(near, text) == 0));
	/* Each word of the list is in the list. */
	for (const char *t = text; t;) {
		const char *comma = strchr(t, ',');
		char *word = fuzz_text((const uint8_t *)t, comma ? (size_t)(comma - t) : strlen(t));
		FUZZ_CHECK(mw_list_has(text, word));
		free(word);
		t = comma ? comma + 1 : NULL;
	}
}

/* ---- writers ---- */

static void check_format_size(uint64_t bytes)
{
	char text[32];
	uint64_t got;
	mw_format_size(bytes, text, sizeof(text));
	FUZZ_CHECK(mw_parse_size(text, &got) == 0 && got == bytes);
}

static void near_to(const char *text, double v, double relative)
{
	char *end;
	double got = strtod(text, &end);
	FUZZ_CHECK(end != text && !*end);
	/* Below the normal numbers and above the largest one, decimal digits are worth less. */
	FUZZ_CHECK(got == v || fabs(got - v) <= fabs(v) * relative || fabs(v) < 1e-300 || fabs(v) > 1e308);
}

static void check_writers(double v)
{
	char text[64];
	(void)print_value(v, text, sizeof(text));
	if (isfinite(v))
		near_to(text, v, 0.5e-3);
	else
		FUZZ_CHECK(strcmp(text, "-") == 0);

	struct mw_record r;
	struct mw_records l = {0};
	struct fuzz_stream s;
	mw_record_init(&r, "b", "c", "m", MW_COUNT);
	mw_record_set(&r, v, MW_MEASURED, NULL);
	(void)mw_set_real(&r, MW_AS_PARAM, "p", v);
	FUZZ_CHECK(mw_records_add(&l, &r) == 0);
	fuzz_stream_open(&s);
	FUZZ_CHECK(print_records(s.f, &l, PRINT_CSV) == 0);
	char *row = strchr(fuzz_stream_close(&s), '\n') + 1, *save = row, *cell = NULL, *last = NULL;
	row[strlen(row) - 1] = '\0';
	for (int i = 0; i <= 12 && (last = strsep(&save, ",")); i++)
		cell = i == 4 ? last : cell;
	FUZZ_CHECK(cell && last && strncmp(last, "p=", 2) == 0);
	if (isfinite(v)) {
		near_to(cell, v, 1e-8);
		near_to(last + 2, v, 1e-8);
	} else {
		FUZZ_CHECK(!*cell);
	}
	fuzz_stream_free(&s);
	mw_record_fini(&r);
	mw_records_fini(&l);

	json_t *j = json_number(v);
	char *dump = json_dumps(j, JSON_LINE_FLAGS | JSON_ENCODE_ANY);
	json_t *again = json_loads(dump, JSON_DECODE_ANY, NULL);
	FUZZ_CHECK(isfinite(v) ? json_is_real(again) && json_real_value(again) == v : json_is_null(again));
	json_decref(again);
	free(dump);
	json_decref(j);
}

int fuzz_number(const uint8_t *data, size_t n)
{
	static void (*const readers[])(const char *) = {check_size,    check_int,   check_real, check_duration,
							check_cpulist, check_words, check_pair};
	enum { READERS = sizeof(readers) / sizeof(*readers) };
	if (n == 0)
		return 0;
	unsigned kind = data[0] < 'a' ? data[0] : data[0] - 'a'; /* letters, so that inputs can be written by hand */
	if (kind < READERS) {
		char *text = fuzz_text(data + 1, n - 1);
		readers[kind](text);
		free(text);
	} else if (n >= 9) {
		uint64_t bits;
		double v;
		memcpy(&bits, data + 1, sizeof(bits));
		memcpy(&v, &bits, sizeof(v));
		check_format_size(bits);
		check_format_size(bits << (data[0] % 64));
		check_writers(v);
	}
	return 0;
}
