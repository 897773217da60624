/* Changes one value of a JSON document, or of one line where each line is one: what comes out can be read again, so
 * that the checks behind the syntax are reached. */
#include <jansson.h>

#include "tests/fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);
size_t fuzz_mutate_json(uint8_t *data, size_t n, size_t most, unsigned seed);

static unsigned state;

static unsigned draw(unsigned below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

/* A container of the document and the place of one value in it. */
struct place {
	json_t *in;
	const char *key;
	size_t index;
	unsigned seen;
};

/* One value of all, each as likely. */
static void pick(json_t *v, struct place *p)
{
	const char *key;
	size_t i;
	json_t *member;
	if (json_is_object(v)) {
		json_object_foreach(v, key, member)
		{
			if (draw(++p->seen) == 0) {
				p->in = v;
				p->key = key;
			}
			pick(member, p);
		}
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, member)
		{
			if (draw(++p->seen) == 0) {
				p->in = v;
				p->index = i;
			}
			pick(member, p);
		}
	}
}

static json_t *value_at(const struct place *p)
{
	return json_is_object(p->in) ? json_object_get(p->in, p->key) : json_array_get(p->in, p->index);
}

static json_t *new_text(const char *old)
{
	static const char *const words[] = {
		"latency",
		"bandwidth",
		"gemm",
		"offload",
		"chase",
		"dram",
		"dram-read",
		"peak",
		"best",
		"rate",
		"intensity",
		"speedup",
		"ns",
		"GB/s",
		"GFLOP/s",
		"FLOP/byte",
		"ratio",
		"measured",
		"modelled",
		"reference",
		"unavailable",
		"",
		"/etc/passwd",
		"a,b;c=\"d\"",
		"\n",
		"\x1b[2J",
		"<script>",
		"\xc3\xa9",
		"64K",
		"0",
		"18446744073709551615",
		"-1",
		"1e308",
	};
	uint8_t text[600];
	size_t n = strlen(old);
	if (draw(2) || n >= sizeof(text) / 2)
		return json_string(words[draw(sizeof(words) / sizeof(*words))]);
	memcpy(text, old, n);
	n = LLVMFuzzerMutate(text, n, sizeof(text) - 1);
	for (size_t i = 0; i < n; i++)
		text[i] &= 0x7f; /* UTF-8 of one byte each */
	text[n] = '\0';
	return json_string((const char *)text);
}

static json_t *new_value(const json_t *old)
{
	static const double reals[] = {0.5, 1e308, -1e308, 5e-324, 1e-310, -0.0, 9007199254740993.0, 1e15, 1e-9, 12.25};
	static const json_int_t integers[] = {0,
					      1,
					      -1,
					      2,
					      6,
					      64,
					      4096,
					      INT32_MAX,
					      (json_int_t)INT32_MAX + 1,
					      UINT32_MAX,
					      (json_int_t)UINT32_MAX + 1,
					      INT64_MAX,
					      INT64_MIN,
					      1000000,
					      65536};
	switch (draw(8)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(draw(2));
	case 2:
		return json_real(reals[draw(sizeof(reals) / sizeof(*reals))]);
	case 3:
		return json_integer(integers[draw(sizeof(integers) / sizeof(*integers))]);
	case 4:
		return new_text("");
	case 5:
		return draw(2) ? json_array() : json_object();
	default:
		break;
	}
	if (json_is_string(old))
		return new_text(json_string_value(old));
	if (json_is_integer(old))
		return json_integer((json_int_t)((uint64_t)json_integer_value(old) * draw(3) + draw(3) - 1));
	if (json_is_real(old))
		return json_real(json_real_value(old) * (draw(2) ? -1 : 1000));
	return json_deep_copy(old);
}

static void change(json_t *doc)
{
	struct place to = {0}, from = {0};
	pick(doc, &to);
	pick(doc, &from);
	if (!to.in)
		return;
	unsigned how = draw(8);
	json_t *v = how < 2 ? json_deep_copy(value_at(&from)) : new_value(value_at(&to));
	if (json_is_object(to.in)) {
		if (how == 7)
			(void)json_object_del(to.in, to.key);
		else
			(void)json_object_set(to.in, to.key, v);
	} else if (how == 7) {
		(void)json_array_remove(to.in, to.index);
	} else if (how == 6) {
		(void)json_array_append(to.in, value_at(&to));
	} else {
		(void)json_array_set(to.in, to.index, v);
	}
	json_decref(v);
}

size_t fuzz_mutate_json(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	state = seed;
	/* The whole, or a line of its lines. */
	size_t begin = 0, end = n;
	json_t *doc = json_loadb((const char *)data, n, 0, NULL);
	if (!doc) {
		unsigned lines = 0;
		for (size_t at = 0, next; at < n; at = next) {
			const uint8_t *stop = memchr(data + at, '\n', n - at);
			next = stop ? (size_t)(stop - data) + 1 : n;
			if (draw(++lines) == 0) {
				begin = at;
				end = stop ? next - 1 : n;
			}
		}
		doc = json_loadb((const char *)data + begin, end - begin, 0, NULL);
	}
	for (unsigned i = 0; doc && i <= draw(3); i++)
		change(doc);
	char *text = doc ? json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
	json_decref(doc);
	size_t len = text ? strlen(text) : 0, size = begin + len + (n - end);
	if (len == 0 || size > most) {
		free(text);
		return 0;
	}
	memmove(data + begin + len, data + end, n - end);
	memcpy(data + begin, text, len);
	free(text);
	return size;
}
