#include <criterion/criterion.h>

#include <errno.h>
#include <time.h>

#include "ambit-emu/compile.h"
#include "tests/ambit-emu/model.h"

static void read_expression(struct ambit_circuit *c, const char *text)
{
	char err[200] = "";
	cr_assert_eq(circuit_parse_expression(c, text, strlen(text), err, sizeof(err)), 0, "%s: %s", text, err);
}

/* ---- what the text means, without the parser's graph ---- */

static unsigned in_and(unsigned x)
{
	return (x & 1) & (x >> 1 & 1);
}
static unsigned in_nor(unsigned x)
{
	return !((x & 1) | (x >> 1 & 1));
}
static unsigned in_nand(unsigned x)
{
	return !in_and(x);
}
static unsigned in_or(unsigned x)
{
	return !in_nor(x);
}
static unsigned in_not(unsigned x)
{
	return !(x & 1);
}
static unsigned in_xor(unsigned x)
{
	return (x & 1) ^ (x >> 1 & 1);
}
static unsigned in_xnor(unsigned x)
{
	return !in_xor(x);
}
static unsigned in_maj(unsigned x)
{
	return __builtin_popcount(x & 7) >= 2;
}
static unsigned in_mux(unsigned x)
{
	return x & 1 ? x >> 1 & 1 : x >> 2 & 1;
}
static unsigned in_full_adder(unsigned x)
{
	unsigned n = (unsigned)__builtin_popcount(x & 7);
	return (n & 1) | (n >> 1) << 1;
}
static unsigned in_example(unsigned x)
{
	return in_and(x) ^ !(x >> 2 & 1);
}
static unsigned in_parity(unsigned x)
{
	return (unsigned)__builtin_popcount(x & 0xff) & 1;
}
static unsigned in_copies(unsigned x)
{
	return (x & 1) | in_not(x) << 1 | in_not(x) << 2 | 0u << 3 | 1u << 4 | in_and(x) << 5 | in_nand(x) << 6 |
	       in_nand(x) << 7;
}
static unsigned in_precedence(unsigned x)
{
	unsigned a = x & 1, b = x >> 1 & 1, c = x >> 2 & 1, d = x >> 3 & 1;
	return (a | (b ^ (c & (d ^ 1)))) ? ((a ^ 1) & b) | c : d ^ 1;
}

static const struct golden {
	const char *text;
	unsigned (*means)(unsigned inputs); /* output k is bit k */
	unsigned most;                      /* commands, AAP and AP */
	const char *hand;                   /* the published or hand-written sequence has */
} golden[] = {
	{"c = a & b", in_and, 4, "4"},
	{"c = a | b", in_or, 4, "4"},
	{"c = ~a", in_not, 2, "2"},
	{"c = ~(a & b)", in_nand, 5, "5"},
	{"c = !a & !b", in_nor, 5, "5"},
	{"c = maj(a, b, c0)", in_maj, 4, "4"},
	{"c = (a & b) | (a & d) | (b & d)", in_maj, 4, "4"},
	{"c = a ^ b", in_xor, 7, "7"},
	{"c = (a & ~b) | (~a & b)", in_xor, 7, "7"},
	{"c = ~(a ^ b)", in_xnor, 7, "7"},
	{"c = s ? a : b", in_mux, 7, "7"},
	{"c = (s & a) | (~s & b)", in_mux, 7, "7"},
	{"s = a ^ b ^ c; d = maj(a, b, c)", in_full_adder, 8, "8 in a chain that keeps its carry in a compute row"},
	{"s = a ^ b ^ c; d = a & b | c & (a | b)", in_full_adder, 8,
	 "8 in a chain that keeps its carry in a compute row"},
	{"c = (a & b) ^ ~s", in_example, 10, "11: and, then xnor"},
	{"a0 ^ a1 ^ a2 ^ a3 ^ a4 ^ a5 ^ a6 ^ a7", in_parity, 26, "26: xor reduction of 8"},
	{"a = x; b = ~x; c = ~x; d = 0; e = 1; f = x & y; g = ~(x & y); h = ~f", in_copies, 16, "-"},
	{"y = a | b ^ c & !d ? !a & b | c : d ^ 1", in_precedence, 30, "-"},
};

/* The cells' model knows nothing of graphs. */
static void check_program(const struct golden *g, const struct ambit_program *p)
{
	static struct cells cells;
	memset(&cells, 0, sizeof(cells));
	cell_map_read(&cells.map);
	cr_assert(p->rows <= CELL_MAX - CELL_D, "%s: %u rows", g->text, p->rows);
	int columns = 1 << p->inputs;
	uint64_t random = 99;
	for (int r = 0; r < CELL_MAX; r++)
		for (int col = 0; col < columns; col++)
			cells.v[r][col] = (unsigned char)(r == CELL_C0       ? 0
							  : r == CELL_C0 + 1 ? 1
									     : test_random(&random) & 1);
	for (int col = 0; col < columns; col++)
		for (unsigned i = 0; i < p->inputs; i++)
			cells.v[CELL_D + i][col] = (unsigned char)(col >> i & 1);
	cell_run(&cells, p, columns);
	cr_assert_eq(cells.unequal, 0, "%s", g->text);
	for (int col = 0; col < columns; col++) {
		for (unsigned i = 0; i < p->inputs; i++)
			cr_assert_eq(cells.v[CELL_D + i][col], col >> i & 1, "%s: input %u changed", g->text, i);
		for (unsigned k = 0; k < p->outputs; k++)
			cr_assert_eq(cells.v[CELL_D + p->inputs + k][col], g->means((unsigned)col) >> k & 1,
				     "%s: output %u for inputs %x", g->text, k, (unsigned)col);
	}
}

Test(compile, meets_the_published_counts)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct ambit_circuit c;
		struct ambit_builder b = {0};
		struct ambit_verdict v;
		struct ambit_counts n;
		struct ambit_equivalence e;
		read_expression(&c, golden[i].text);
		cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &b, NULL), 0, "%s", golden[i].text);
		cr_assert_eq(ambit_verify(&b.p, &v), 0, "%s: %s", golden[i].text, v.why);
		cr_assert(!v.result_stale, "%s", golden[i].text);
		ambit_program_counts(&b.p, &n);
		cr_assert(n.aap + n.ap <= golden[i].most, "%s: %u commands, by hand %s", golden[i].text,
			  (unsigned)(n.aap + n.ap), golden[i].hand);
		check_program(&golden[i], &b.p);
		cr_assert_eq(ambit_equivalent(&c, &b.p, 1, &e), 0);
		cr_assert(e.wrong == 0 && e.exhaustive && e.lanes == 1u << c.inputs.n, "%s", golden[i].text);
		ambit_builder_free(&b);
		circuit_free(&c);
	}
}

/* Ripple-carry addition with the carry out, as an author would write it. */
static int adder_text(char *out, size_t n, int bits)
{
	int len = snprintf(out, n, "_c0 = 0;");
	for (int i = 0; i < bits; i++)
		len += snprintf(out + len, n - (size_t)len, "s%d = a%d ^ b%d ^ _c%d; _c%d = maj(a%d, b%d, _c%d);", i, i,
				i, i, i + 1, i, i, i);
	len += snprintf(out + len, n - (size_t)len, "carry = _c%d", bits);
	return len;
}

Test(compile, addition_of_a_chain_of_full_adders)
{
	char text[4000];
	static const struct {
		int bits;
		unsigned most;
	} cases[] = {{1, 10}, {2, 17}, {4, 33}, {8, 65}, {32, 257}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ambit_circuit c;
		struct ambit_builder b = {0};
		struct ambit_counts n;
		struct ambit_equivalence e;
		adder_text(text, sizeof(text), cases[i].bits);
		read_expression(&c, text);
		cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &b, NULL), 0);
		ambit_program_counts(&b.p, &n);
		cr_assert(n.aap + n.ap <= cases[i].most, "%d bits: %u commands; SIMDRAM's 8n+1 has %d", cases[i].bits,
			  (unsigned)(n.aap + n.ap), 8 * cases[i].bits + 1);
		cr_assert_eq(ambit_equivalent(&c, &b.p, 1, &e), 0);
		cr_assert_eq(e.wrong, 0u);
		cr_assert_eq(e.exhaustive, c.inputs.n <= 16, "%u inputs", c.inputs.n);
		ambit_builder_free(&b);
		circuit_free(&c);
	}
}

/* A random circuit of `nodes` statements as text; *len characters. */
static char *random_text(uint64_t seed, int nodes, int inputs)
{
	size_t n = (size_t)nodes * 48 + 16, len = 0;
	char *text = malloc(n), name[3][16];
	uint64_t r = seed * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < nodes; i++) {
		for (int k = 0; k < 3; k++) {
			int pick = (int)(test_random(&r) % (uint64_t)(i + inputs > 24 ? 24 : i + inputs));
			int at = i + inputs - 1 - pick;
			snprintf(name[k], sizeof(name[k]), "%s%c%d", test_random(&r) & 1 ? "~" : "",
				 at < inputs ? 'i' : 'n', at < inputs ? at : at - inputs);
		}
		unsigned op = (unsigned)(test_random(&r) % 5);
		len += (size_t)snprintf(text + len, n - len,
					op == 0   ? "n%d=%s&%s;"
					: op == 1 ? "n%d=%s|%s;"
					: op == 2 ? "n%d=%s^%s;"
					: op == 3 ? "n%d=maj(%s,%s,%s);"
						  : "n%d=%s?%s:%s;",
					i, name[0], name[1], name[2]);
	}
	return text;
}

Test(compile, random_circuits_are_equivalent_and_legal)
{
	static const struct {
		int nodes, inputs, seeds;
	} cases[] = {{3, 3, 30}, {8, 4, 20}, {30, 8, 6}, {120, 12, 2}, {400, 20, 1}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int seed = 0; seed < cases[i].seeds; seed++) {
			struct ambit_circuit c;
			struct ambit_builder b = {0}, again = {0};
			struct ambit_compiled info;
			struct ambit_verdict v;
			struct ambit_equivalence e;
			char *text = random_text((uint64_t)seed + 1, cases[i].nodes, cases[i].inputs), line[80];
			read_expression(&c, text);
			cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &b, &info), 0, "%s", text);
			cr_assert_eq(ambit_verify(&b.p, &v), 0, "%s: %s", text, v.why);
			cr_assert_eq(ambit_equivalent(&c, &b.p, 5, &e), 0);
			ambit_equivalence_print(&e, line, sizeof(line));
			cr_assert_eq(e.wrong, 0u, "%s: %s", text, line);
			struct ambit_builder quick = {0};
			cr_assert_eq(ambit_compile(&c, AMBIT_QUICK, &quick, NULL), 0);
			cr_assert_eq(ambit_equivalent(&c, &quick.p, 5, &e), 0);
			cr_assert_eq(e.wrong, 0u, "%s: quick", text);
			ambit_builder_free(&quick);
			/* The same text gives the same program. */
			cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &again, NULL), 0);
			cr_assert_eq(again.p.n, b.p.n);
			static char one[100000], two[100000];
			cr_assert_lt(ambit_program_print(&b.p, one, sizeof(one)), (int)sizeof(one));
			(void)ambit_program_print(&again.p, two, sizeof(two));
			cr_assert_str_eq(one, two);
			ambit_builder_free(&b);
			ambit_builder_free(&again);
			circuit_free(&c);
			free(text);
		}
}

static unsigned commands(const struct ambit_builder *b)
{
	struct ambit_counts n;
	ambit_program_counts(&b->p, &n);
	return (unsigned)(n.aap + n.ap);
}

/* Without a search every majority takes the way that is left when a search finds none. */
Test(compile, there_is_always_a_program)
{
	for (int seed = 0; seed < 20; seed++) {
		struct ambit_circuit c;
		struct ambit_builder plain = {0}, quick = {0};
		struct ambit_compiled info;
		struct ambit_equivalence e;
		char *text = random_text((uint64_t)seed + 100, 10 + 7 * seed, 3 + seed % 9);
		read_expression(&c, text);
		cr_assert_eq(ambit_compile(&c, AMBIT_PLAIN, &plain, &info), 0, "%s", text);
		cr_assert_eq(info.placements, 0u, "a search took place");
		cr_assert_eq(ambit_equivalent(&c, &plain.p, 3, &e), 0);
		cr_assert_eq(e.wrong, 0u, "%s", text);
		cr_assert_eq(ambit_compile(&c, AMBIT_QUICK, &quick, &info), 0, "%s", text);
		cr_assert(info.placements > 0 && commands(&quick) < commands(&plain), "%u against %u", commands(&quick),
			  commands(&plain));
		ambit_builder_free(&plain);
		ambit_builder_free(&quick);
		circuit_free(&c);
		free(text);
	}
}

static unsigned compiled(const char *text, struct ambit_compiled *info)
{
	struct ambit_circuit c;
	struct ambit_builder b = {0};
	read_expression(&c, text);
	cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &b, info), 0);
	unsigned n = commands(&b);
	ambit_builder_free(&b);
	circuit_free(&c);
	return n;
}

Test(compile, small_circuits_take_little_search)
{
	struct ambit_compiled info;
	cr_assert_leq(compiled("a | b | c | d | e | f | g | h", &info), 18u);
	cr_assert(info.placements <= 30000, "%llu placements", (unsigned long long)info.placements);
}

Test(compile, parity_takes_six_commands_for_two_inputs)
{
	struct ambit_compiled info;
	char text[400] = "x0";
	for (int i = 1; i < 32; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " ^ x%d", i);
	cr_assert_leq(compiled(text, &info), 98u);
}

/* Rows of ripple-carry adders. */
static char *multiplier_text(int n)
{
	size_t size = (size_t)n * (size_t)n * 120 + 2000, len = 0;
	char *text = malloc(size), (*sum)[16] = calloc((size_t)n + 1, sizeof(*sum)), carry[16];
	for (int j = 0; j < n; j++)
		snprintf(sum[j], sizeof(sum[j]), "(a%d&b0)", j);
	snprintf(sum[n], sizeof(sum[n]), "0");
	for (int i = 1; i < n; i++) {
		len += (size_t)snprintf(text + len, size - len, "y%d=%s;", i - 1, sum[0]);
		snprintf(carry, sizeof(carry), "0");
		for (int j = 0; j < n; j++) {
			len += (size_t)snprintf(text + len, size - len,
						"_p%d_%d=a%d&b%d;_s%d_%d=%s^_p%d_%d^%s;_c%d_%d=maj(%s,_p%d_%d,%s);", i,
						j, j, i, i, j, sum[j + 1], i, j, carry, i, j, sum[j + 1], i, j, carry);
			snprintf(sum[j], sizeof(sum[j]), "_s%d_%d", i, j);
			snprintf(carry, sizeof(carry), "_c%d_%d", i, j);
		}
		snprintf(sum[n], sizeof(sum[n]), "%s", carry);
	}
	for (int k = 0; k <= n; k++)
		len += (size_t)snprintf(text + len, size - len, "y%d=%s;", n - 1 + k, sum[k]);
	free(sum);
	return text;
}

Test(compile, multipliers_meet_the_published_count)
{
	for (int n = 4; n <= 16; n *= 2) {
		struct ambit_compiled info;
		char *text = multiplier_text(n);
		unsigned most = (unsigned)(11 * n * n - 5 * n - 1), have = compiled(text, &info);
		cr_assert(have <= most, "%d bits: %u commands, SIMDRAM's formula has %u", n, have, most);
		free(text);
	}
}

/* An adder as tables of six inputs, each of which repeats the carry of the two columns below. */
Test(compile, tables_of_an_adder_cost_what_its_expressions_do)
{
	struct ambit_circuit c;
	struct ambit_builder b = {0};
	char text[20000], err[100];
	struct ambit_compiled info;
	size_t len = (size_t)snprintf(text, sizeof(text), ".model add\n.inputs cin");
	for (int i = 0; i < 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " a%d b%d", i, i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "\n.outputs");
	for (int i = 0; i < 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " s%d", i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, " c8\n");
	for (int i = 0; i < 16; i++)
		for (int high = 0; high < 2; high++) {
			/* s0 of a pair: a ^ b ^ c; s1: and the carry of the first column too; c: of both columns */
			int k = i / 2;
			if (high && i % 2 == 0)
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len, ".names a%d b%d a%d b%d %s%d %s%d\n",
						2 * k, 2 * k, 2 * k + 1, 2 * k + 1, k ? "c" : "cin", k,
						high ? "c" : "s", high ? k + 1 : i);
			for (int x = 0; x < 32; x++) {
				int low = (x & 1) + (x >> 1 & 1) + (x >> 4 & 1),
				    up = (x >> 2 & 1) + (x >> 3 & 1) + low / 2;
				int v = high ? up / 2 : i % 2 ? up & 1 : low & 1;
				if (v)
					len += (size_t)snprintf(text + len, sizeof(text) - len, "%d%d%d%d%d 1\n", x & 1,
								x >> 1 & 1, x >> 2 & 1, x >> 3 & 1, x >> 4 & 1);
			}
		}
	len += (size_t)snprintf(text + len, sizeof(text) - len, ".end\n");
	for (char *p; (p = strstr(text, "cin0"));)
		memcpy(p, "cin ", 4);
	cr_assert_eq(circuit_parse_blif(&c, text, len, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(ambit_compile(&c, AMBIT_THOROUGH, &b, &info), 0);
	cr_assert_leq(info.rewritten.nodes, 3u * 16u, "three majorities for each column");
	cr_assert_leq(commands(&b), 8u * 16u + 8u);
	ambit_builder_free(&b);
	circuit_free(&c);
}

Test(compile, equivalence_names_the_output_of_the_lane_it_names)
{
	struct ambit_circuit c;
	struct ambit_equivalence e;
	read_expression(&c, "y = a & b; z = a | b");
	/* y = 0 is wrong in lane 3, z = 0 in lanes 1 to 3: lane 1 is named, so z. */
	const struct ambit_command zeros[] = {{AMBIT_AAP, ambit_c(0), ambit_d(2)}, {AMBIT_AAP, ambit_c(0), ambit_d(3)}};
	const struct ambit_program p = {.cmd = zeros, .n = 2, .inputs = 2, .rows = 4, .outputs = 2};
	cr_assert_eq(ambit_equivalent(&c, &p, 1, &e), 0);
	cr_assert(e.wrong == 3 && e.example == 1 && e.output == 1, "%llu wrong, lane %llu, output %u",
		  (unsigned long long)e.wrong, (unsigned long long)e.example, e.output);
	circuit_free(&c);
	/* Right outputs, but an input is changed. */
	read_expression(&c, "y = 0");
	circuit_free(&c);
	read_expression(&c, "y = a & ~a; z = a");
	const struct ambit_command change[] = {{AMBIT_AAP, ambit_c(0), ambit_d(1)},
					       {AMBIT_AAP, ambit_d(0), ambit_d(2)},
					       {AMBIT_AAP, ambit_c(1), ambit_d(0)}};
	const struct ambit_program q = {.cmd = change, .n = 3, .inputs = 1, .rows = 3, .outputs = 2};
	cr_assert_eq(ambit_equivalent(&c, &q, 1, &e), 0);
	cr_assert(e.wrong == 1 && e.example == 0 && e.output == AMBIT_NO_OUTPUT);
	circuit_free(&c);
}

Test(compile, equivalence_finds_a_wrong_program)
{
	struct ambit_circuit c;
	struct ambit_equivalence e;
	char line[80];
	read_expression(&c, "c = a & b");
	cr_assert_eq(ambit_equivalent(&c, ambit_bulk_program(AMBIT_XNOR), 1, &e), 0);
	cr_assert(e.wrong == 1 && e.example == 0 && e.output == 0 && e.lanes == 4);
	ambit_equivalence_print(&e, line, sizeof(line));
	cr_assert_str_eq(line, "NOT equivalent: 1 of 4 input combinations are wrong");
	cr_assert_eq(ambit_equivalent(&c, ambit_bulk_program(AMBIT_AND), 1, &e), 0);
	ambit_equivalence_print(&e, line, sizeof(line));
	cr_assert_str_eq(line, "equivalent: all 4 input combinations");
	cr_assert_eq(ambit_equivalent(&c, ambit_bulk_program(AMBIT_NOT), 1, &e), -EINVAL, "other inputs");
	/* It reads T2 before it writes it. */
	const struct ambit_command stale[] = {{AMBIT_AAP, ambit_d(0), ambit_b(0)},
					      {AMBIT_AAP, ambit_d(1), ambit_b(1)},
					      {AMBIT_AAP, ambit_b(12), ambit_d(2)}};
	const struct ambit_program p = {.cmd = stale, .n = 3, .inputs = 2, .rows = 3, .outputs = 1};
	int wrong = 0;
	for (uint64_t seed = 0; seed < 8; seed++) {
		cr_assert_eq(ambit_equivalent(&c, &p, seed, &e), 0);
		wrong += e.wrong > 0;
	}
	cr_assert_gt(wrong, 0, "noise in the compute rows shows");
	circuit_free(&c);
}
