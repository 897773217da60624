/* Parts from files and from single keys of a SPEC. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pim/pim_device.h"

static char dir[32], path[64];

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/part-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/f.part", dir);
}

static void remove_dir(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

TestSuite(pim_part, .init = make_dir, .fini = remove_dir);

static void put(const char *text)
{
	FILE *f = fopen(path, "w");
	cr_assert_not_null(f);
	(void)fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static const struct pim_device_ops *builtin(const char *name)
{
	const struct pim_device_ops *ops;
	for (size_t i = 0; (ops = pim_builtin(i)); i++)
		if (strcmp(ops->name, name) == 0)
			return ops;
	cr_assert_fail("%s", name);
	return NULL;
}

static char *text_of(const char *device, const char *part)
{
	int len = builtin(device)->part_text(part, NULL, 0);
	cr_assert_gt(len, 0, "%s", part);
	char *text = malloc((size_t)len + 1);
	cr_assert_not_null(text);
	cr_assert_eq(builtin(device)->part_text(part, text, (size_t)len + 1), len);
	return text;
}

/* text with the line of `key` replaced. */
static char *edit(const char *text, const char *key, const char *line)
{
	char *out = calloc(1, strlen(text) + strlen(line) + 2);
	cr_assert_not_null(out);
	for (size_t at = 0; *text;) {
		size_t len = strcspn(text, "\n"), word = strcspn(text, " ");
		bool this = word == strlen(key) && strncmp(text, key, word) == 0;
		at += (size_t)sprintf(out + at, "%.*s\n", this ? (int)strlen(line) : (int)len, this ? line : text);
		text += len + 1;
	}
	return out;
}

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev = NULL;
	char err[1000] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

/* A SPEC with the path of the file in place of "%s". */
static const char *spec_with(const char *format)
{
	static char spec[400];
	const char *at = strstr(format, "%s");
	(void)snprintf(spec, sizeof(spec), "%.*s%s%s", (int)(at ? at - format : 300), format, at ? path : "",
		       at ? at + 2 : "");
	return spec;
}

static void same_price(struct pim_device *a, struct pim_device *b, enum pim_op op, struct pim_type type)
{
	struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)}, q = p;
	int rc = pim_price_of(a, op, type, &p);
	cr_assert_eq(pim_price_of(b, op, type, &q), rc, "%s", pim_op_name(op));
	if (rc < 0)
		return;
	cr_assert(p.ps == q.ps && p.ps_batch == q.ps_batch && p.lanes == q.lanes && p.programs == q.programs &&
			  p.row_bytes == q.row_bytes && p.verified == q.verified &&
			  p.window_activations == q.window_activations && p.rows == q.rows && p.aap == q.aap,
		  "%s", pim_op_name(op));
	cr_assert(p.energy.parts == q.energy.parts && p.energy.min_pj == q.energy.min_pj &&
			  p.energy.typ_pj == q.energy.typ_pj && p.energy.max_pj == q.energy.max_pj,
		  "%s: energy", pim_op_name(op));
	cr_assert_str_eq(p.source, q.source);
	if (p.energy.parts)
		cr_assert_str_eq(p.energy.source, q.energy.source);
}

static void same(struct pim_device *a, struct pim_device *b)
{
	struct pim_device_info p = {.size = sizeof(p)}, q = p;
	cr_assert_eq(pim_device_info(a, &p), 0);
	cr_assert_eq(pim_device_info(b, &q), 0);
	cr_assert_eq(memcmp(&p, &q, sizeof(p)), 0);
	for (int op = 0; op < PIM_OP_COUNT; op++) {
		same_price(a, b, (enum pim_op)op, pim_uint(1));
		same_price(a, b, (enum pim_op)op, pim_uint(8));
		same_price(a, b, (enum pim_op)op, pim_int(16));
	}
	const char *x = pim_row_copy_source(a), *y = pim_row_copy_source(b);
	cr_assert_eq(x == NULL, y == NULL);
	if (x)
		cr_assert_str_eq(x, y);
}

Test(pim_part, a_printed_part_read_again_is_the_same_device)
{
	static const char *const with[] = {"", "limit=jedec,channels=2,ranks=2", "limit=bus,aap=split-strict,ecc=1"};
	const char *name;
	int devices = 0;
	for (size_t i = 0; (name = builtin("ambit")->part_name(i)); i++) {
		char *text = text_of("ambit", name), dram[32] = "", width[16] = "", spec[300];
		unsigned bits = 0;
		cr_assert_eq(sscanf(strstr(text, "\ndram = "), "\ndram = %31s", dram), 1);
		cr_assert_eq(sscanf(strstr(text, "\nchip_bits"), "\nchip_bits = %u", &bits), 1);
		if (bits <= 16)
			(void)snprintf(width, sizeof(width), ",width=x%u", bits);
		put(text);
		for (size_t k = 0; k < 3; k++) {
			struct pim_device *a, *b;
			const char *comma = with[k][0] ? "," : "";
			(void)snprintf(spec, sizeof(spec), "ambit:dram=%s%s%s%s", dram, width, comma, with[k]);
			char err[300];
			if (pim_open(spec, &a, err, sizeof(err)) < 0) {
				cr_assert(strstr(err, "no source"), "%s", err);
				cr_assert_eq(pim_open(spec_with("ambit:part=%s"), &b, err, sizeof(err)), -EOPNOTSUPP);
				cr_assert(strstr(err, "row timings"), "%s", err);
				continue;
			}
			(void)snprintf(spec, sizeof(spec), "ambit:part=%s%s%s", path, comma, with[k]);
			b = device(spec);
			same(a, b);
			pim_close(a);
			pim_close(b);
			devices++;
		}
		free(text);
	}
	cr_assert_geq(devices, 3 * 6);
}

Test(pim_part, the_canonical_spec_holds_the_hash_of_the_file)
{
	char *text = text_of("ambit", "ddr4-3200"), err[400], spec[300];
	put(text);
	struct pim_device *dev = device(spec_with("ambit:part=%s"));
	(void)snprintf(spec, sizeof(spec), "%s", pim_spec(dev));
	pim_close(dev);
	const char *at = strchr(spec, '@');
	cr_assert(at && strspn(at + 1, "0123456789abcdef") == 16 && !at[17], "%s", spec);
	dev = device(spec); /* it can be opened again, and is canonical */
	cr_assert_str_eq(pim_spec(dev), spec);
	pim_close(dev);
	char *edited = edit(text, "tras", "tras = 40");
	put(edited);
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), -EINVAL);
	cr_assert(strstr(err, "changed") && strstr(err, path), "%s", err);
	dev = device(spec_with("ambit:part=%s"));
	cr_assert_str_neq(pim_spec(dev), spec);
	pim_close(dev);
	free(edited);
	free(text);
}

static struct pim_price price(struct pim_device *dev, enum pim_op op)
{
	struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
	cr_assert_eq(pim_price_of(dev, op, pim_uint(1), &p), 0, "%s", pim_error(dev));
	return p;
}

Test(pim_part, values_of_the_user_are_used_and_named)
{
	static const struct {
		const char *spec, *user;
		uint64_t ps; /* of one AND: 4 AAP */
		double act_pj;
	} v[] = {
		{"ambit:dram=ddr4-3200", NULL, 4 * 50250, 0},
		{"ambit:dram=ddr4-3200,tras=30,trp=12.25", "user: tras 30 trp 12.25", 4 * 46250, 0},
		{"ambit:dram=ddr4-3200,overlap=2.5", "user: overlap 2.5", 4 * 48750, 0},
		{"ambit:dram=ddr4-3200,aap=naive,tras=30", "user: tras 30", 4 * 73750, 0},
		/* as it is: the same device, so not the user's */
		{"ambit:dram=ddr4-3200,tras=32.5", NULL, 4 * 50250, 0},
	};
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pim_device *dev = device(v[i].spec);
		struct pim_price p = price(dev, PIM_AND);
		cr_assert_str_eq(pim_spec(dev), v[i].spec);
		cr_assert_eq(p.ps, v[i].ps, "%s: %llu", v[i].spec, (unsigned long long)p.ps);
		cr_assert_eq((p.verified & PIM_VERIFIED_TIME) != 0, v[i].user == NULL, "%s", v[i].spec);
		if (v[i].user)
			cr_assert(strstr(p.source, v[i].user) && strstr(p.energy.source, v[i].user), "%s", p.source);
		else
			cr_assert_null(strstr(p.source, "user"), "%s", p.source);
		pim_close(dev);
	}
	/* A current: activation is V (IDD0 - I1) tRAS. I1 at rho 1 is IDD3N = 52 mA; precharge V (IDD0 - IDD2N) tRP. */
	struct pim_device *a = device("ambit:dram=ddr4-3200,rho=1"),
			  *b = device("ambit:dram=ddr4-3200,rho=1,idd0=60,idd2n=40");
	struct pim_cost *cost;
	struct pim_vector *x, *y;
	struct pim_energy e = {.size = sizeof(e)}, f = e;
	for (int k = 0; k < 2; k++) {
		struct pim_device *dev = k ? b : a;
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 65536, &x), 0);
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 65536, &y), 0);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_copy(y, x), 0);
		cr_assert_eq(pim_cost_energy(cost, PIM_E_ACT, k ? &f : &e), 0);
		pim_cost_end(cost);
		pim_close(dev);
	}
	cr_assert_float_eq(e.max_pj, 8 * 1.2 * (57 - 52) * 32.5, 1e-9);
	cr_assert_float_eq(f.max_pj, 8 * 1.2 * (60 - 52) * 32.5, 1e-9);
}

Test(pim_part, tfaw_and_refresh_of_the_user_limit)
{
	/* AND on 16 banks is limited by tFAW: 4 AAP x 2 activations x 16 banks x tFAW / 4. */
	struct pim_device *dev = device("ambit:dram=ddr4-3200,limit=jedec,refresh=0,tfaw=30");
	cr_assert_eq(price(dev, PIM_AND).ps_batch, 8u * 16 * 30000 / 4);
	pim_close(dev);
	dev = device("ambit:dram=ddr4-3200,limit=jedec,tfaw=30,trfc=350,trefi=700");
	cr_assert_eq(price(dev, PIM_AND).ps_batch, 2u * 8 * 16 * 30000 / 4);
	pim_close(dev);
}

Test(pim_part, files_of_the_user)
{
	char *text = text_of("ambit", "ddr4-3200"), *one = edit(text, "tras", "tras = 40"),
	     *named = edit(text, "name", "name = mine");
	put(one);
	struct pim_device *dev = device(spec_with("ambit:part=%s,idd0=60"));
	struct pim_price p = price(dev, PIM_AND);
	cr_assert(strstr(p.source, "user: tras 40 idd0 60"), "%s", p.source);
	cr_assert_eq(p.ps, 4u * 57750);
	pim_close(dev);
	put(named);
	dev = device(spec_with("ambit:part=%s"));
	p = price(dev, PIM_AND);
	cr_assert(strstr(p.source, "user: all values of mine; of file /tmp/part-") &&
			  p.verified == (PIM_VERIFIED_RESULTS | PIM_VERIFIED_COUNT),
		  "%s", p.source);
	pim_close(dev);
	free(text);
	free(one);
	free(named);
}

Test(pim_part, without_currents_energy_is_unavailable_and_without_column_timings_copies_are)
{
	static const char *const currents[] = {"vdd", "idd0", "idd2n", "idd3n", "idd4r", "idd4w", "idd5b"};
	static const char *const columns[] = {"trcd",   "tcl",    "tcwl", "tccd_s", "tccd_l",
					      "twtr_s", "twtr_l", "trtw", "trtp",   "twr"};
	char *text = text_of("ambit", "ddr4-3200");
	for (size_t i = 0; i < 7 + 10; i++) {
		char *next = edit(text, i < 7 ? currents[i] : columns[i - 7], "");
		free(text);
		text = next;
	}
	put(text);
	struct pim_device *dev = device(spec_with("ambit:part=%s"));
	struct pim_price p = price(dev, PIM_AND);
	cr_assert(p.ps == 4 * 50250 && p.energy.parts == 0);
	cr_assert_null(pim_row_copy_source(dev));
	struct pim_cost *cost;
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	for (int part = 0; part <= (int)PIM_E_MAC; part++)
		cr_assert_eq(pim_cost_energy(cost, (enum pim_part)part, &e), -EOPNOTSUPP, "part %d", part);
	pim_cost_end(cost);
	pim_close(dev);
	free(text);
}

Test(pim_part, cots_takes_parts_too)
{
	char *text = text_of("cots", "ddr4-3200"), *edited = edit(text, "trp", "trp = 20");
	put(text);
	struct pim_device *a = device("cots"), *b = device(spec_with("cots:part=%s"));
	uint64_t ps = price(a, PIM_NOT).ps;
	same(a, b);
	pim_close(b);
	put(edited);
	b = device(spec_with("cots:part=%s"));
	struct pim_device *c = device("cots:trp=20");
	/* NOT is one command and a copy; each ends with one tRP. */
	cr_assert_gt(price(b, PIM_NOT).ps, ps);
	cr_assert_eq((price(b, PIM_NOT).ps - ps) % 6250, 0u);
	cr_assert_eq(price(b, PIM_NOT).ps, price(c, PIM_NOT).ps);
	cr_assert(strstr(price(c, PIM_NOT).source, "(user: trp 20)"), "%s", price(c, PIM_NOT).source);
	pim_close(a);
	pim_close(b);
	pim_close(c);
	free(text);
	free(edited);
}

Test(pim_part, wrong_specs_are_refused_in_one_line)
{
	static const struct {
		const char *spec, *key, *line; /* %s: the path; a line of the file that is replaced */
		int rc;
		const char *err;
	} bad[] = {
		{"ambit:part=/nonexistent/f", "", "", -EINVAL, "part=/nonexistent/f: No such file or directory"},
		{"ambit:part=/tmp", "", "", -EINVAL, "part=/tmp: not a regular file"},
		{"ambit:part=%s,dram=ddr4-3200", "", "", -EINVAL, "ambit: dram=ddr4-3200 and part=%s: one of the two"},
		{"ambit:part=%s,width=x16", "", "", -EINVAL, "ambit: width=x16: the part of %s is x8"},
		{"ambit:part=%s", "tras", "tras = abc", -EINVAL,
		 "part=%s:21: tras: 'abc' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, ACT to "
		 "PRE)"},
		{"ambit:part=%s", "tras", "tars = 3", -EINVAL, "part=%s:21: no key 'tars', did you mean 'tras'?"},
		{"ambit:part=%s", "trefi", "trefi = 10", -EINVAL, "part=%s:26: trfc: not below trefi"},
		{"ambit:part=%s@0123456789abcdef", "", "", -EINVAL, NULL},
		{"ambit:dram=ddr4-3200,tras=0.0005", "", "", -EINVAL, NULL},
		{"ambit:dram=ddr4-3200,tras=30.0005", "", "", -EINVAL,
		 "ambit: key tras: '30.0005' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, ACT to "
		 "PRE)"},
		{"ambit:dram=ddr4-3200,trfc=8000", "", "", -EINVAL, "ambit: trfc: not below trefi"},
		{"ambit:dram=ddr4-3200,tras=-1", "", "", -EINVAL, NULL},
		{"ambit:dram=ddr4-3200,idd0=1", "", "", -ERANGE, NULL},
		{"ambit:dram=ddr4-3200,trass=30", "", "", -EINVAL,
		 "device ambit has no key 'trass', did you mean 'tras'?"},
		{"cots:part=%s,dram=ddr4-3200", "", "", -EINVAL, "cots: dram=ddr4-3200 and part=%s: one of the two"},
		{"cots:tfaw=20", "", "", -EINVAL, NULL},
	};
	char *text = text_of("ambit", "ddr4-3200");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_device *dev = NULL;
		char spec[400], want[400], err[1000] = "", *edited = edit(text, bad[i].key, bad[i].line);
		put(edited);
		free(edited);
		(void)snprintf(spec, sizeof(spec), "%s", spec_with(bad[i].spec));
		cr_expect_eq(pim_open(spec, &dev, err, sizeof(err)), bad[i].rc, "%s: %s", spec, err);
		cr_expect(err[0] && !strchr(err, '\n') && !dev, "%s: %s", spec, err);
		if (!bad[i].err)
			continue;
		(void)snprintf(want, sizeof(want), "%s", spec_with(bad[i].err));
		cr_expect_str_eq(err, want);
	}
	free(text);
}
