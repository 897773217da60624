#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/circuit.h"
#include "tests/ambit-emu/model.h"

typedef int (*reader)(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);

/* Output k for each of up to 64 combinations of the inputs, the first input in bit 0 of the combination. */
static uint64_t outputs_of(const struct ambit_circuit *c, uint32_t k)
{
	static const uint64_t within[6] = {0xaaaaaaaaaaaaaaaau, 0xccccccccccccccccu, 0xf0f0f0f0f0f0f0f0u,
					   0xff00ff00ff00ff00u, 0xffff0000ffff0000u, 0xffffffff00000000u};
	uint64_t *v = calloc(c->g.n, sizeof(*v));
	for (uint32_t i = 0; i < c->inputs.n; i++)
		v[c->in[i] >> 1] = within[i];
	mig_evaluate(&c->g, v);
	uint64_t out = mig_value(v, c->out[k]);
	free(v);
	return c->inputs.n < 6 ? out & (((uint64_t)1 << (1u << c->inputs.n)) - 1) : out;
}

struct good {
	const char *text;
	size_t len; /* 0: strlen */
	const char *inputs, *outputs;
	uint64_t value[3];
};

static void names_text(const struct ambit_names *l, char out[200])
{
	out[0] = '\0';
	for (uint32_t i = 0; i < l->n; i++)
		strcat(strcat(out, i ? " " : ""), l->v[i]);
}

static void check_good(reader read, const struct good *g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ambit_circuit c;
		char err[200] = "", names[200];
		size_t len = g[i].len ? g[i].len : strlen(g[i].text);
		cr_assert_eq(read(&c, g[i].text, len, err, sizeof(err)), 0, "%s: %s", g[i].text, err);
		names_text(&c.inputs, names);
		cr_assert_str_eq(names, g[i].inputs);
		names_text(&c.outputs, names);
		cr_assert_str_eq(names, g[i].outputs);
		for (uint32_t k = 0; k < c.outputs.n; k++)
			cr_assert_eq(outputs_of(&c, k), g[i].value[k], "%s: output %u is %llx", g[i].text, k,
				     (unsigned long long)outputs_of(&c, k));
		circuit_free(&c);
	}
}

struct bad {
	const char *text;
	size_t len;
	int rc;
	const char *why;
};

static void check_bad(reader read, const struct bad *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ambit_circuit c;
		char err[250] = "";
		size_t len = b[i].len ? b[i].len : strlen(b[i].text);
		cr_assert_eq(read(&c, b[i].text, len, err, sizeof(err)), b[i].rc, "%s: %s", b[i].text, err);
		cr_assert_str_eq(err, b[i].why, "%s: %s", b[i].text, err);
		circuit_free(&c);
		cr_assert_eq(read(&c, b[i].text, len, NULL, 0), b[i].rc);
		circuit_free(&c);
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(circuit, expressions)
{
	static const struct good good[] = {
		{"c = (a & b) ^ ~s", 0, "a b s", "c", {0x87}},
		{"a&b", 0, "a b", "out", {0x8}},
		{"x = a | b & c ^ d;", 0, "a b c d", "x", {0xbfea}},
		{"m=maj(a,b,c);n=mux(a , b, c) # two\n", 0, "a b c", "m n", {0xe8, 0xd8}},
		{"_t = a ^ b; s = _t ^ c; c_out = _t ? c : a", 0, "a b c", "s c_out", {0x96, 0xe8}},
		{"y = a ? b : c ? d : 1", 0, "a b c d", "y", {0xdd8d}},
		{"y = !~a; z = 0; w = ~0", 0, "a", "y z w", {0x2, 0x0, 0x3}},
		{"y = a && b || !c;\n\n z = y", 0, "a b c", "y z", {0x8f, 0x8f}},
	};
	static const struct bad bad[] = {
		{"", 0, -EINVAL, "line 1, column 1: name = expression expected, nothing is assigned"},
		{"_a = b", 0, -EINVAL,
		 "line 1, column 7: name = expression expected, nothing is assigned but names that begin with '_'"},
		{"c = a &", 0, -EINVAL, "line 1, column 8: a name, 0, 1, '~' or '(' expected, the text ends here"},
		{"c = (a & b", 0, -EINVAL, "line 1, column 5: this '(' is not closed"},
		{"c = a b", 0, -EINVAL, "line 1, column 7: an operator or ';' expected, not 'b'"},
		{"c = a + b", 0, -EINVAL, "line 1, column 7: an operator or ';' expected, not '+'"},
		{"c = 2", 0, -EINVAL, "line 1, column 5: constants are 0 and 1: a lane is one bit"},
		{"c = a; c = b", 0, -EINVAL, "line 1, column 8: 'c' is assigned twice"},
		{"c = a & d;\nd = b", 0, -EINVAL, "line 2, column 1: 'd' was read before it is assigned"},
		{"c = c", 0, -EINVAL, "line 1, column 1: 'c' was read before it is assigned"},
		{"c = max(a,b,c)", 0, -EINVAL,
		 "line 1, column 5: no function 'max': there are maj(a,b,c) and mux(s,a,b)"},
		{"c = maj(a,b)", 0, -EINVAL, "line 1, column 12: ',' expected, not ')'"},
		{"c = a ? b", 0, -EINVAL, "line 1, column 10: ':' expected, the text ends here"},
		{"c = a; b", 0, -EINVAL, "line 1, column 9: '=' expected, the text ends here"},
		{"out | a", 0, -EINVAL,
		 "line 1, column 1: 'out' is an input and the name of the result: write NAME = ..."},
		{"c = a\0b", 7, -EINVAL, "line 1, column 6: an operator or ';' expected, not byte 0x00"},
	};
	check_good(circuit_parse_expression, good, COUNT(good));
	check_bad(circuit_parse_expression, bad, COUNT(bad));
}

Test(circuit, nesting_has_an_end)
{
	char text[100000];
	static const char opener[] = {'(', '~'};
	for (int i = 0; i < 2; i++) {
		struct ambit_circuit c;
		char err[200] = "";
		memset(text, opener[i], sizeof(text));
		text[sizeof(text) - 1] = 'a';
		cr_assert_eq(circuit_parse_expression(&c, text, sizeof(text), err, sizeof(err)), i ? 0 : -EINVAL);
		cr_assert(i || strcmp(err, "line 1, column 201: nested more than 200 deep") == 0, "%s", err);
		circuit_free(&c);
	}
	size_t len = 0; /* a ? a ? a ... */
	while (len + 2 < sizeof(text)) {
		text[len++] = 'a';
		text[len++] = '?';
	}
	struct ambit_circuit c;
	cr_assert_eq(circuit_parse_expression(&c, text, len, NULL, 0), -EINVAL);
	circuit_free(&c);
}

Test(circuit, tables)
{
	static const struct good good[] = {
		{"3: 0xe8", 0, "x0 x1 x2", "y", {0xe8}},
		{"table: 3: 0xE8, 0x96 0x0", 0, "x0 x1 x2", "y0 y1 y2", {0xe8, 0x96, 0}},
		{"0: 0x1", 0, "", "y", {1}},
		{"1:0x0002", 0, "x0", "y", {2}},
		{"6: 0x8000000000000001", 0, "x0 x1 x2 x3 x4 x5", "y", {0x8000000000000001u}},
		{"00 0\n01 1\n10 1\n11 0 # xor\n", 0, "x0 x1", "y", {0x6}},
		{"1-1 10; 011 11;111 10", 0, "x0 x1 x2", "y0 y1", {0xe0, 0x40}},
	};
	static const struct bad bad[] = {
		{"", 0, -EINVAL,
		 "line 1, column 1: a truth table (\"3: 0xe8\" or rows \"011 1\") expected, the text ends here"},
		{"3:", 0, -EINVAL, "line 1, column 3: a number 0x... expected, the text ends here"},
		{"17: 0x0", 0, -EINVAL, "line 1, column 1: 17 inputs, a table has at most 16"},
		{"3: 0x1e8", 0, -EINVAL, "line 1, column 4: 3 inputs have 8 rows, this number has more"},
		{"3: e8", 0, -EINVAL, "line 1, column 4: a number 0x... expected"},
		{"3: 0xe8g", 0, -EINVAL, "line 1, column 8: a hexadecimal digit or a blank expected, not 'g'"},
		{"01 1\n011 1", 0, -EINVAL, "line 2, column 1: a row of 3 inputs and 1 outputs, the first has 2 and 1"},
		{"0- 1\n01 0", 0, -EINVAL, "line 2, column 1: this row contradicts one above it (output 0)"},
		{"01", 0, -EINVAL, "line 1, column 3: the row's result, 0 or 1 expected, the text ends here"},
		{"01 2", 0, -EINVAL, "line 1, column 4: the row's result, 0 or 1 expected, not '2'"},
		{"x", 0, -EINVAL, "line 1, column 1: a row of 0, 1 and - expected, not 'x'"},
		{"01010101010101010 1", 0, -EINVAL, "line 1, column 1: 17 inputs, a table has at most 16"},
	};
	check_good(circuit_parse_table, good, COUNT(good));
	check_bad(circuit_parse_table, bad, COUNT(bad));
}

Test(circuit, blif)
{
	static const struct good good[] = {
		{".model fa\n.inputs a b c\n.outputs s co\n.names a b c s\n100 1\n010 1\n001 1\n111 1\n"
		 ".names a b c co\n11- 1\n1-1 1\n-11 1\n.end\n",
		 0,
		 "a b c",
		 "s co",
		 {0x96, 0xe8}},
		/* Off-set rows, a continued line, comments, tables before what they use, constants. */
		{".inputs a \\\n b # more\n.outputs f g h\n.names t f\n0 1\n.names a b t\n11 0\n.names g\n 1\n.names "
		 "h\n",
		 0,
		 "a b",
		 "f g h",
		 {0x8, 0xf, 0}},
		{".inputs a.0[1]\n.outputs z\n.names a.0[1] z\n- 1\n", 0, "a.0[1]", "z", {3}},
	};
	static const struct bad bad[] = {
		{"", 0, -EINVAL, "line 1, column 1: no .outputs"},
		{".latch a b", 0, -EOPNOTSUPP, "line 1, column 1: .latch: only combinational .names are read"},
		{".foo", 0, -EINVAL,
		 "line 1, column 1: .model, .inputs, .outputs, .names or .end expected, not '.foo'"},
		{".inputs a a", 0, -EINVAL, "line 1, column 11: input 'a' is declared twice"},
		{".inputs a\n.names a\n1", 0, -EINVAL, "line 2, column 8: 'a' is an input"},
		{".outputs z\n.names z\n.names z", 0, -EINVAL, "line 3, column 8: 'z' has two .names"},
		{".outputs z", 0, -EINVAL, "line 1, column 10: 'z' is neither an input nor the result of a .names"},
		{".outputs z\n.names y z\n1 1", 0, -EINVAL,
		 "line 2, column 1: 'y' is neither an input nor the result of a .names"},
		{".outputs z\n.names y z\n1 1\n.names z y\n1 1", 0, -EINVAL, "line 2, column 1: 'z' depends on itself"},
		{".inputs a\n.outputs z\n.names a z\n11 1", 0, -EINVAL,
		 "line 4, column 1: a row of 2 inputs, 'z' has 1"},
		{".inputs a\n.outputs z\n.names a z\n1 1\n0 0", 0, -EINVAL,
		 "line 5, column 3: rows of both results in one .names"},
		{".inputs a\n.outputs z\n.names a z\n1 2", 0, -EINVAL,
		 "line 4, column 3: the row's result, 0 or 1 expected, not '2'"},
		{".inputs a\n.outputs a", 0, -EINVAL, "line 2, column 10: 'a' is declared twice, or an input too"},
		{".model a\n.model b", 0, -EINVAL, "line 2, column 1: a second .model: one circuit is read"},
		{".names", 0, -EINVAL, "line 1, column 7: the name of a signal expected, the text ends here"},
		{".inputs a\\", 0, -EINVAL, "line 1, column 10: a name or the end of the line expected, not '\\'"},
	};
	check_good(circuit_parse_blif, good, COUNT(good));
	check_bad(circuit_parse_blif, bad, COUNT(bad));
}

Test(circuit, aiger)
{
	static const struct good good[] = {
		/* The half adder of the format's description, in both forms. */
		{"aag 7 2 0 2 3\n2\n4\n6\n12\n6 13 15\n12 2 4\n14 3 5\ni0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
		 0,
		 "x y",
		 "s c",
		 {0x6, 0x8}},
		{"aig 5 2 0 2 3\n10\n6\n\x02\x02\x03\x02\x01\x02", 0, "i0 i1", "o0 o1", {0x6, 0x8}},
		{"aag 1 1 0 3 0\n2\n0\n1\n3\n", 0, "i0", "o0 o1 o2", {0, 3, 1}},
		{"aag 1 1 0 1 0 0 0 0 0\n2\n2\ni0 not-a-name\n", 0, "i0", "o0", {2}},
	};
	static const struct bad bad[] = {
		{"agg 1 1 0 0 0\n", 0, -EINVAL,
		 "line 1, column 1: an AIGER header \"aag M I L O A\" or \"aig ...\" expected"},
		{"aag 1 0 1 0 0\n2 3\n", 0, -EOPNOTSUPP,
		 "line 1, column 9: 1 latches: only combinational circuits are read"},
		{"aag 1 1 0 0 0 1\n2\n2\n", 0, -EOPNOTSUPP, "line 1, column 15: bad states: only outputs are read"},
		{"aag 999999 500000 0 1 499999\n", 0, -EINVAL,
		 "line 1, column 5: the file is shorter than its header says, or has over 65000 ports"},
		{"aag 1048576 1 0 1 0\n2\n2\n", 0, -EINVAL,
		 "line 1, column 5: 1048576 variables for 1 inputs and 0 ANDs"},
		{"aag 2 1 0 1 1\n2\n4\n4 6 2\n", 0, -EINVAL, "line 4, column 3: a number above 5"},
		{"aag 3 1 0 1 1\n2\n4\n4 6 2\n", 0, -EINVAL, "line 1, column 1: literal 6 is used and not defined"},
		{"aag 3 1 0 1 1\n2\n6\n4 2 2\n", 0, -EINVAL, "line 3, column 1: literal 6 is used and not defined"},
		{"aag 3 1 0 1 2\n2\n4\n4 6 2\n6 4 2\n", 0, -EINVAL, "line 1, column 1: AND 4 depends on itself"},
		{"aag 2 1 0 1 1\n2\n4\n2 2 2\n", 0, -EINVAL, "line 4, column 1: literal 2 is defined twice"},
		{"aag 2 1 0 1 1\n3\n4\n4 2 2\n", 0, -EINVAL,
		 "line 2, column 1: literal 3 cannot be defined: an even one above 0 expected"},
		{"aig 2 1 0 1 1\n4\n\x05\x01", 0, -EINVAL,
		 "line 3, column 1: AND 4 has an operand that is not defined before it"},
		{"aig 2 1 0 1 1\n4\n\x82", 0, -EINVAL, "line 3, column 2: an AND's coded difference expected"},
		{"aag 1 1 0 1 0\n2\n2\ni1 x\n", 0, -EINVAL,
		 "line 4, column 1: a symbol for input 1, which does not exist"},
		{"aag 1 1 0 0 0\n2\n", 0, -EINVAL, "line 3, column 1: no outputs"},
		{"aag 1 1 0 1 0\n2\n2\no0 i0\n", 0, -EINVAL, "line 5, column 1: two signals are called 'i0'"},
	};
	check_good(circuit_parse_aiger, good, COUNT(good));
	check_bad(circuit_parse_aiger, bad, COUNT(bad));
}
