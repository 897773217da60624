#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim.h"

struct text {
	char *p;
	size_t n;
	int fail;
};

static int collect(void *ctx, const char *text, size_t n)
{
	struct text *t = ctx;
	if (t->fail)
		return t->fail;
	t->p = realloc(t->p, t->n + n + 1);
	memcpy(t->p + t->n, text, n);
	t->n += n;
	t->p[t->n] = '\0';
	return 0;
}

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[300];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static size_t lines(const struct text *t, const char *what)
{
	size_t n = 0;
	for (const char *at = t->p; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* An 8-bit addition of 10^6 lanes, operands written and result read. */
static void add(struct pim_device *dev, struct text *t, const struct pim_trace_config *c, uint64_t *ps, uint64_t *aap,
		uint64_t *ap)
{
	enum { LANES = 1000000 };
	struct pim_vector *v[3];
	struct pim_cost *cost;
	char *host = calloc(1, LANES);
	cr_assert_eq(pim_trace_begin(dev, c), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(8), LANES, &v[i]), 0);
	cr_assert_eq(pim_write(v[0], host, LANES), 0);
	cr_assert_eq(pim_write(v[1], host, LANES), 0);
	cr_assert_eq(pim_add(v[2], v[0], v[1]), 0);
	cr_assert_eq(pim_read(v[2], host, LANES), 0);
	cr_assert_eq(pim_trace_end(dev), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_cost_count(cost, PIM_PS_ELAPSED, ps), 0);
	cr_assert_eq(pim_cost_count(cost, PIM_AAP, aap), 0);
	cr_assert_eq(pim_cost_count(cost, PIM_AP, ap), 0);
	pim_cost_end(cost);
	free(host);
	(void)t;
}

Test(pim_trace, shows_what_is_charged)
{
	for (int exact = 0; exact < 2; exact++) {
		struct pim_device *dev = device(exact ? "ambit:dram=ddr4-3200,engine=exact" : "ambit:dram=ddr4-3200");
		struct text t = {0};
		const struct pim_trace_config c = {.size = sizeof(c), .raw_aap = 1, .write = collect, .ctx = &t};
		uint64_t ps, aap, ap;
		add(dev, &t, &c, &ps, &aap, &ap);
		/* Each of 8 bit rows has 16 slots of 65536 lanes, the last of them with 2120 bytes. */
		size_t rows = 3 * 8 * 16, wr = lines(&t, ",WR,"), rd = lines(&t, ",RD,");
		cr_assert_eq(wr, 2 * 8 * (15 * 128 + 34));
		cr_assert_eq(rd, 8 * (15 * 128 + 34));
		cr_assert_eq(lines(&t, ",PRE,"), aap + ap + rows);
		cr_assert_eq(lines(&t, ",ACT,"), 2 * aap + ap + rows);
		cr_assert(strstr(t.p, "ambit:dram=ddr4-3200"), "the first line names the spec");
		/* The last line: clocks of the modelled time, rounded up, once the last write has recovered. */
		const char *end = strstr(t.p, ",END,");
		char modelled[60];
		(void)snprintf(modelled, sizeof(modelled), "modelled time %llu ps", (unsigned long long)ps);
		cr_assert(end && strstr(end, modelled), "%s in %s", modelled, end);
		while (end[-1] != '\n')
			end--;
		double clock = (double)strtoull(end, NULL, 10);
		cr_assert(clock * 625 >= (double)ps && clock * 625 < (double)ps + 100000, "%g clocks, %llu ps", clock,
			  (unsigned long long)ps);
		free(t.p);
		pim_close(dev);
	}
}

/* ---- where vectors lie ---- */

enum { ROWS = 8, SUBARRAY = 1024 };

/* Rows of one subarray that commands of a kind go to; and those of ACTs. */
struct seen {
	uint64_t written[SUBARRAY], read[SUBARRAY], opened[SUBARRAY], elsewhere;
};

/* bank as the trace numbers it. */
static void look(const char *at, unsigned bank, unsigned subarray, struct seen *s)
{
	char command[8];
	unsigned b, row;
	*s = (struct seen){.elsewhere = 0};
	for (; at && *at; at = strchr(at, '\n') + 1) {
		if (sscanf(at, "%*u,%7[A-Z],%*u,%*u,%u,%u,", command, &b, &row) != 3 || strcmp(command, "PREA") == 0 ||
		    strcmp(command, "END") == 0 || strcmp(command, "PRE") == 0)
			continue;
		if (b != bank || row / SUBARRAY != subarray) {
			s->elsewhere++;
			continue;
		}
		uint64_t *n = strcmp(command, "WR") == 0   ? s->written
			      : strcmp(command, "RD") == 0 ? s->read
							   : s->opened;
		n[row % SUBARRAY]++;
	}
}

/* Vectors of 8 bits in one row each, the first of them freed again, so that the next ones get its rows. Programs open
 * the rows that were written, and the rows that are read are those of the result. */
static void expect_operands(const char *spec, bool unbacked, const struct pim_placement *where, unsigned bank)
{
	struct pim_device *dev = device(spec);
	struct text t = {0};
	const struct pim_trace_config c = {.size = sizeof(c), .raw_aap = 1, .write = collect, .ctx = &t};
	struct pim_vector *v[3], *hole, *kept;
	static char host[65536];
	static struct seen s;
	int rows = 0;
	if (!unbacked) {
		cr_assert_eq(pim_alloc_at(dev, pim_uint(2), 65536, where, &hole), 0);
		cr_assert_eq(pim_alloc_at(dev, pim_uint(3), 65536, where, &kept), 0);
		pim_free(hole);
	}
	for (int i = 0; i < 3; i++)
		cr_assert_eq(unbacked ? pim_alloc_unbacked(dev, pim_uint(8), 65536, &v[i])
				      : pim_alloc_at(dev, pim_uint(8), 65536, where, &v[i]),
			     0, "%s", pim_error(dev));
	cr_assert_eq(pim_trace_begin(dev, &c), 0);
	cr_assert_eq(pim_write(v[0], unbacked ? NULL : host, 65536), 0);
	cr_assert_eq(pim_write(v[1], unbacked ? NULL : host, 65536), 0);
	cr_assert_eq(pim_add(v[2], v[0], v[1]), 0);
	cr_assert_eq(pim_read(v[2], unbacked ? NULL : host, 65536), 0);
	cr_assert_eq(pim_trace_end(dev), 0);
	look(t.p, bank, where->subarray, &s);
	cr_assert_eq(s.elsewhere, 0, "%s: %llu commands elsewhere", spec, (unsigned long long)s.elsewhere);
	for (unsigned row = 0; row < SUBARRAY; row++) {
		bool in = s.written[row] > 0, out = s.read[row] > 0, was_kept = !unbacked && row >= 2 && row < 5;
		cr_assert(!in || (s.written[row] == 128 && s.opened[row] > 1), "row %u: written, not used", row);
		cr_assert(!out || (s.read[row] == 128 && s.opened[row] > 1), "row %u: read, not computed", row);
		cr_assert(!(in && out));
		cr_assert(!was_kept || s.opened[row] == 0, "row %u is another vector's", row);
		cr_assert(in || out || row >= SUBARRAY - 18 || s.opened[row] == 0, "row %u: of no operand", row);
		rows += in + out;
	}
	cr_assert_eq(rows, 3 * ROWS);
	free(t.p);
	pim_close(dev);
}

Test(pim_trace, vectors_are_moved_to_the_rows_that_programs_open)
{
	const struct pim_placement first = {.size = sizeof(first)};
	const struct pim_placement other = {.size = sizeof(other), .bank = 6, .subarray = 2};
	expect_operands("ambit:dram=ddr4-3200", false, &first, 0);
	expect_operands("ambit:dram=ddr4-3200,engine=exact,limit=jedec", false, &first, 0);
	expect_operands("ambit:dram=ddr4-3200", true, &first, 0);
	/* Bank 6 of four groups: the second of group 2, which DRAMPower numbers 2 x 4 + 1. */
	expect_operands("ambit:dram=ddr4-3200", false, &other, 9);
	expect_operands("ambit:dram=ddr3-1600,limit=bus", false, &other, 6);
}

/* Refused with a line of its own: the last failure left another one. */
static void says(struct pim_device *dev, int rc, const char *what)
{
	cr_assert_eq(rc, -EINVAL);
	cr_assert(strstr(pim_error(dev), what), "%s", pim_error(dev));
	struct pim_vector *v;
	cr_assert_eq(pim_alloc(dev, pim_uint(0), 1, &v), -EINVAL);
	cr_assert_null(strstr(pim_error(dev), what));
}

Test(pim_trace, refusals)
{
	struct text t = {0};
	struct pim_trace_config c = {.size = sizeof(c), .write = collect, .ctx = &t};
	struct pim_device *dev = device("host");
	cr_assert_eq(pim_trace_begin(dev, &c), -EOPNOTSUPP);
	cr_assert(strstr(pim_error(dev), "host"));
	pim_close(dev);
	dev = device("ambit:channels=2");
	cr_assert_eq(pim_trace_end(dev), -EINVAL);
	cr_assert_eq(pim_trace_begin(NULL, &c), -EINVAL);
	says(dev, pim_trace_begin(dev, NULL), "pim_trace_config");
	struct pim_trace_config wrong = c;
	wrong.size = 0;
	says(dev, pim_trace_begin(dev, &wrong), "size");
	wrong = c;
	wrong.write = NULL;
	says(dev, pim_trace_begin(dev, &wrong), "write");
	wrong = c;
	wrong.format = (enum pim_trace_format)3;
	says(dev, pim_trace_begin(dev, &wrong), "format");
	c.channel = 2;
	cr_assert_eq(pim_trace_begin(dev, &c), -EINVAL);
	c.channel = 1;
	cr_assert_eq(pim_trace_begin(dev, &c), 0);
	cr_assert_eq(pim_trace_begin(dev, &c), -EBUSY);
	t.fail = -ENOSPC;
	cr_assert_eq(pim_trace_end(dev), -ENOSPC, "the callback's error comes back");
	t.fail = 0;
	cr_assert_eq(pim_trace_begin(dev, &c), 0, "and a new trace begins afresh");
	pim_close(dev); /* ends it */
	cr_assert(strstr(t.p, ",END,"));
	free(t.p);
}

/* ---- keys of the spec that choose data ---- */

static double typ_of_and(const char *spec, uint64_t *row_bytes)
{
	struct pim_device *dev = device(spec);
	struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
	cr_assert_eq(pim_price_of(dev, PIM_AND, pim_uint(1), &p), 0);
	*row_bytes = p.row_bytes;
	double pj = p.energy.typ_pj;
	cr_assert_eq(p.live_rows, 3);
	cr_assert_gt(p.window_activations, 300000); /* 32 or 64 ms of AND raise T0 twice in 200 ns */
	cr_assert(p.energy.min_pj <= pj && pj <= p.energy.max_pj);
	pim_close(dev);
	return pj;
}

Test(pim_trace, published_energies_are_scaled_by_the_row)
{
	uint64_t bytes;
	cr_assert_lt(fabs(typ_of_and("ambit:energy=ambit-table", &bytes) - 8 * 3200), 1e-6);
	cr_assert_eq(bytes, 8192);
	cr_assert_lt(fabs(typ_of_and("ambit:energy=pluto", &bytes) - 3484), 1e-6);
	cr_assert_lt(fabs(typ_of_and("ambit:dram=hbm2,energy=pluto", &bytes) - 3484 / 8.0), 1e-6);
	cr_assert_eq(bytes, 1024);
	/* A table has commands only, in one part. */
	struct pim_device *dev = device("ambit:energy=ambit-table");
	struct pim_vector *v;
	struct pim_cost *cost;
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 65536, &v), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_not(v, v), 0);
	cr_assert_eq(pim_cost_energy(cost, PIM_E_TOTAL, &e), 0);
	cr_assert_lt(fabs(e.typ_pj - 8 * 1600), 1e-6);
	cr_assert_eq(e.parts, 1u << PIM_E_ACT);
	cr_assert(strstr(e.source, "unverified"));
	cr_assert_eq(pim_cost_energy(cost, PIM_E_BACKGROUND, &e), -EOPNOTSUPP);
	pim_close(dev);
}

Test(pim_trace, what_has_no_source_is_refused_with_what_exists)
{
	static const struct {
		const char *spec;
		int rc;
		const char *says;
	} bad[] = {{"ambit:dram=lpddr5x-7500", -EOPNOTSUPP, "no source"},
		   {"ambit:dram=ddr4-3200,width=x4", -EOPNOTSUPP, "x8 x16"},
		   {"ambit:width=x16", -EOPNOTSUPP, "x8"},
		   {"ambit:dram=ddr5-4800,rho=0.5", -ERANGE, "-520 pJ"},
		   {"ambit:dram=ddr6", -EINVAL, "ddr5-4800"}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_device *dev;
		char err[300] = "";
		cr_assert_eq(pim_open(bad[i].spec, &dev, err, sizeof(err)), bad[i].rc, "%s: %s", bad[i].spec, err);
		cr_assert(strstr(err, bad[i].says), "%s: %s", bad[i].spec, err);
	}
	uint64_t bytes;
	(void)typ_of_and("ambit:dram=ddr4-3200,width=x16", &bytes);
	cr_assert_eq(bytes, 8192);
	(void)typ_of_and("ambit:dram=ddr5-4800", &bytes);
	cr_assert_eq(bytes, 4096);
}
