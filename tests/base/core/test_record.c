#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/record.h"

Test(record, names_round_trip_and_are_unique)
{
	for (int i = 0; i < MW_PROVENANCE_COUNT; i++) {
		enum mw_provenance p;
		cr_assert_eq(mw_provenance_parse(mw_provenance_name((enum mw_provenance)i), &p), 0);
		cr_expect_eq((int)p, i);
	}
	for (int i = 0; i < MW_UNIT_COUNT; i++) {
		enum mw_unit u;
		cr_assert_not_null(mw_unit_name((enum mw_unit)i), "unit %d has no name", i);
		cr_assert_eq(mw_unit_parse(mw_unit_name((enum mw_unit)i), &u), 0);
		cr_expect_eq((int)u, i);
	}
	enum mw_unit u = MW_COUNT;
	enum mw_provenance p = MW_REFERENCE;
	cr_expect_eq(mw_unit_parse("GiB/s", &u), -EINVAL);
	cr_expect_eq(mw_provenance_parse("guessed", &p), -EINVAL);
	cr_expect(u == MW_COUNT && p == MW_REFERENCE);
}

Test(record, a_derived_value_has_the_weakest_provenance)
{
	cr_expect_eq(mw_weakest(MW_MEASURED, MW_MODELLED), MW_MODELLED);
	cr_expect_eq(mw_weakest(MW_REFERENCE, MW_MODELLED), MW_REFERENCE);
	cr_expect_eq(mw_weakest(MW_UNAVAILABLE, MW_MEASURED), MW_UNAVAILABLE);
	cr_expect_eq(mw_weakest(MW_MEASURED, MW_MEASURED), MW_MEASURED);
}

Test(record, starts_empty_and_never_zero)
{
	struct mw_record r;
	mw_record_init(&r, "latency", "random", "latency", MW_NS);
	cr_expect(isnan(r.value) && isnan(r.ci_lo) && isnan(r.ci_hi) && isnan(r.min) && isnan(r.max));
	cr_expect(r.n == 0 && !r.samples && r.provenance == MW_MEASURED && !*r.source && !*r.note);
	mw_record_set(&r, 3.5, MW_MODELLED, "a model");
	cr_expect(r.value == 3.5 && r.n == 1 && r.provenance == MW_MODELLED && strcmp(r.source, "a model") == 0);
	mw_record_unavailable(&r, "no such counter");
	cr_expect(isnan(r.value) && r.n == 0 && r.provenance == MW_UNAVAILABLE);
	cr_expect_str_eq(r.note, "no such counter");
	mw_record_fini(&r);
}

Test(record, long_texts_are_kept_whole)
{
	enum { LONG = 100000 };
	char *text = malloc(LONG + 1);
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	struct mw_record r, copy;
	mw_record_init(&r, text, text, text, MW_NS);
	cr_expect_eq(mw_set_text(&r, MW_AS_PARAM, text, text), 0);
	mw_record_note(&r, "%s.", text);
	mw_record_add_note(&r, "%s", text);
	mw_record_source(&r, "%s", text);
	cr_assert_eq(mw_record_copy(&copy, &r), 0);
	mw_record_fini(&r);
	cr_expect_eq(strlen(copy.bench), LONG);
	cr_expect_eq(strlen(copy.case_name), LONG);
	cr_expect_eq(strlen(copy.metric), LONG);
	cr_expect_eq(strlen(copy.note), 2 * LONG + 3);
	cr_expect_eq(strlen(copy.source), LONG);
	cr_expect_eq(strlen(copy.params.v[0].name), LONG);
	cr_expect_eq(strlen(copy.params.v[0].s), LONG);
	mw_record_fini(&copy);
	mw_record_init(&r, NULL, NULL, NULL, MW_NS);
	cr_expect_str_eq(r.bench, "");
	mw_record_fini(&r);
	free(text);
}

Test(record, pairs_replace_and_convert)
{
	struct mw_record r;
	const struct mw_kv_list *l = &r.params;
	mw_record_init(&r, "b", "c", "m", MW_NS);
	(void)mw_set_int(&r, MW_AS_PARAM, "threads", 2);
	(void)mw_set_real(&r, MW_AS_PARAM, "share", 0.5);
	(void)mw_set_text(&r, MW_AS_PARAM, "isa", "avx2");
	cr_expect_eq(mw_kv_int(l, "threads", -1), 2);
	cr_expect_eq(mw_kv_int(l, "isa", -1), -1);
	cr_expect_eq(mw_kv_int(l, "thread", -1), -1);
	cr_expect_str_eq(mw_kv_str(l, "isa", "?"), "avx2");
	cr_expect_str_eq(mw_kv_str(l, "threads", "?"), "?");
	(void)mw_set_text(&r, MW_AS_PARAM, "threads", "all");
	cr_expect_eq(l->n, 3);
	cr_expect_str_eq(mw_kv_str(l, "threads", "?"), "all");
	cr_expect_null(mw_kv_find(l, "nothing"));
	for (int i = 3; i < MW_RECORD_PARAMS; i++) {
		char key[16];
		(void)snprintf(key, sizeof(key), "k%d", i);
		cr_expect_eq(mw_set_int(&r, MW_AS_PARAM, key, i), 0);
	}
	cr_expect_eq(l->n, MW_RECORD_PARAMS);
	cr_expect_eq(mw_kv_int(l, "k11", -1), 11);
	cr_expect_eq(mw_record_close(&r, NULL, 0), 0);
	char why[200];
	cr_expect_eq(mw_set_int(&r, MW_AS_PARAM, "one more", 1), -ENOSPC);
	cr_expect_eq(mw_record_close(&r, why, sizeof(why)), -ENOSPC);
	cr_expect(strstr(why, "one more"), "%s", why);
	mw_record_fini(&r);
}

static void expect_pairs(const struct mw_record *r, const char *want)
{
	char *text = mw_kv_format(&r->params);
	cr_expect_str_eq(text, want);
	free(text);
}

Test(record, pairs_format_for_csv)
{
	struct mw_record r;
	mw_record_init(&r, "b", "c", "m", MW_NS);
	expect_pairs(&r, "");
	(void)mw_set_int(&r, MW_AS_PARAM, "bytes", -5);
	(void)mw_set_real(&r, MW_AS_PARAM, "share", 0.1);
	(void)mw_set_text(&r, MW_AS_PARAM, "device", "ambit:dram=ddr4-3200,channels=2");
	expect_pairs(&r, "bytes=-5;share=0.1;device=ambit:dram=ddr4-3200,channels=2");
	(void)mw_set_text(&r, MW_AS_PARAM, "odd", "a;b\"c");
	expect_pairs(&r, "bytes=-5;share=0.1;device=ambit:dram=ddr4-3200,channels=2;odd=\"a;b\"\"c\"");
	char *id = mw_record_id(&r);
	cr_expect_str_eq(id, "b.c.m{bytes=-5;device=ambit:dram=ddr4-3200,channels=2;odd=\"a;b\"\"c\";share=0.1}",
			 "keys by name: the same text whether a record was just made or read from a file");
	free(id);
	mw_record_fini(&r);
}

/* ---- what an emitter declares ---- */

static const struct mw_metric speed = {"speed", MW_GBPS, MW_HIGHER, "bytes per second"};
static const struct mw_key way = {"way", MW_TEXT, MW_PARAM, "how"};
static const struct mw_key extra = {"extra", MW_REAL, MW_PARAM, "sometimes"};
static const struct mw_key seen = {"seen", MW_BYTES, MW_OBSERVED, "bytes seen"};
static const struct mw_key stranger = {"stranger", MW_NUMBER, MW_PARAM, "declared nowhere"};
static const struct mw_emit rows[] = {
	{MW_CASES("read", "write"), &speed, MW_LIST(&way, &mw_key_threads), MW_LIST(&extra), MW_LIST(&seen)},
	{MW_CASES("peak"), &speed, MW_LIST(&way), NULL, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"toy", rows};

static void open_read(struct mw_record *r)
{
	mw_record_open(r, &emitter, &rows[0], "read");
	mw_put_text(r, &way, "fast");
	mw_put_int(r, &mw_key_threads, 2);
}

static void expect_refused(struct mw_record *r, int code, const char *word)
{
	char why[300] = "";
	cr_expect_eq(mw_record_close(r, why, sizeof(why)), code, "%s", word);
	cr_expect(strstr(why, word), "'%s' lacks '%s'", why, word);
	mw_record_fini(r);
}

Test(record, a_declared_record_closes)
{
	struct mw_record r;
	open_read(&r);
	mw_put_real(&r, &extra, 0.5);
	mw_put_int(&r, &seen, 64);
	mw_put_text(&r, &mw_key_stop, "target");
	mw_record_set(&r, 3, MW_MEASURED, NULL);
	cr_expect_eq(mw_record_close(&r, NULL, 0), 0);
	cr_expect_eq(mw_record_close(&r, NULL, 0), 0, "closing again");
	cr_expect_str_eq(r.bench, "toy");
	cr_expect_eq(r.unit, MW_GBPS);
	cr_expect_eq(r.params.n, 3);
	cr_expect_eq(r.observed.n, 2);
	cr_expect_eq(r.params.v[0].key, &way);
	mw_record_fini(&r);
}

Test(record, what_is_undeclared_or_incomplete_is_refused)
{
	struct mw_record r;
	open_read(&r);
	mw_put_int(&r, &stranger, 1);
	expect_refused(&r, -EINVAL, "stranger");
	mw_record_open(&r, &emitter, &rows[0], "read");
	mw_put_text(&r, &way, "fast");
	expect_refused(&r, -EINVAL, "threads");
	mw_record_open(&r, &emitter, &rows[0], "reed");
	expect_refused(&r, -EINVAL, "reed");
	open_read(&r);
	mw_put_text(&r, &seen, "64K");
	expect_refused(&r, -EINVAL, "bytes");
	open_read(&r);
	(void)mw_set_int(&r, MW_AS_OBSERVED, "seen", 3); /* by name: no declaration */
	expect_refused(&r, -EINVAL, "seen");
	mw_record_open(&r, &emitter, &rows[1], "peak");
	mw_put_text(&r, &way, "fast");
	mw_put_int(&r, &seen, 1);
	expect_refused(&r, -EINVAL, "seen");
}

Test(record, what_is_unavailable_may_lack_parameters)
{
	struct mw_record r;
	mw_record_open(&r, &emitter, &rows[0], "write");
	mw_record_unavailable(&r, "no such thing here");
	cr_expect_eq(mw_record_close(&r, NULL, 0), 0);
	mw_record_fini(&r);
}

Test(record, derived_from_another)
{
	struct mw_record r, peak;
	open_read(&r);
	mw_put_int(&r, &seen, 64);
	mw_record_set(&r, 3, MW_MEASURED, NULL);
	mw_record_derive(&peak, &emitter, &rows[1], "peak", &r);
	mw_record_scale(&peak, &r, 2);
	cr_expect_eq(mw_record_close(&peak, NULL, 0), 0);
	cr_expect_eq(peak.params.n, 1, "threads are not declared for it");
	cr_expect_eq(peak.observed.n, 0);
	cr_expect_eq(peak.value, 6);
	mw_record_fini(&peak);
	mw_record_fini(&r);
}

Test(record, modes_are_scaled_with_the_value)
{
	struct mw_record r, peak;
	open_read(&r);
	mw_put_int(&r, &seen, 64);
	mw_put_text(&r, &mw_key_modes, "2 in 71 % of rounds, 30 in 29 %");
	mw_record_set(&r, 3, MW_MEASURED, NULL);
	mw_record_derive(&peak, &emitter, &rows[1], "peak", &r);
	mw_record_scale(&peak, &r, 0.5);
	cr_expect_eq(mw_record_close(&peak, NULL, 0), 0);
	cr_expect_str_eq(mw_kv_str(&peak.observed, "modes", ""), "1 in 71 % of rounds, 15 in 29 %");
	cr_expect_str_eq(mw_kv_str(&r.observed, "modes", ""), "2 in 71 % of rounds, 30 in 29 %");
	mw_record_fini(&peak);
	mw_record_fini(&r);
}

static int count_emitted(void *self, const struct mw_record *r)
{
	(void)r;
	(*(int *)self)++;
	return 0;
}

Test(record, a_wrong_record_is_not_emitted)
{
	int n = 0;
	const struct mw_sink sink = {count_emitted, &n};
	struct mw_record r;
	open_read(&r);
	cr_expect_eq(mw_finish(&sink, &r), 0);
	open_read(&r);
	mw_put_int(&r, &stranger, 1);
	cr_expect_eq(mw_finish(&sink, &r), -EINVAL);
	cr_expect_eq(n, 1);
}

Test(record, identity_ignores_order_and_what_was_observed)
{
	struct mw_record a, b;
	mw_record_init(&a, "latency", "random", "latency", MW_NS);
	(void)mw_set_int(&a, MW_AS_PARAM, "bytes", 4096);
	(void)mw_set_text(&a, MW_AS_PARAM, "pages", "4K");
	mw_record_init(&b, "latency", "random", "latency", MW_NS);
	(void)mw_set_text(&b, MW_AS_PARAM, "pages", "4K");
	(void)mw_set_int(&b, MW_AS_PARAM, "bytes", 4096);
	(void)mw_set_text(&b, MW_AS_OBSERVED, "pages", "thp 73%");
	b.value = 7;
	cr_expect(mw_record_same_identity(&a, &b));
	(void)mw_set_int(&b, MW_AS_PARAM, "bytes", 8192);
	cr_expect_not(mw_record_same_identity(&a, &b), "another parameter");
	(void)mw_set_text(&b, MW_AS_PARAM, "bytes", "4096");
	cr_expect_not(mw_record_same_identity(&a, &b), "another type");
	(void)mw_set_int(&b, MW_AS_PARAM, "bytes", 4096);
	(void)mw_set_int(&b, MW_AS_PARAM, "stride", 64);
	cr_expect_not(mw_record_same_identity(&a, &b), "one more parameter");
	cr_expect_not(mw_record_same_identity(&b, &a), "one less parameter");
	struct mw_record c;
	mw_record_init(&c, "latency", "stride", "latency", MW_NS);
	c.params = a.params;
	cr_expect_not(mw_record_same_identity(&a, &c), "another case");
	mw_record_fini(&c);
	mw_record_init(&c, "latency", "random", "cycles", MW_NS);
	c.params = a.params;
	cr_expect_not(mw_record_same_identity(&a, &c), "another metric");
	(void)mw_set_real(&a, MW_AS_PARAM, "x", NAN);
	mw_record_fini(&b);
	cr_assert_eq(mw_record_copy(&b, &a), 0);
	cr_expect(mw_record_same_identity(&a, &b), "NaN is itself here");
	mw_record_fini(&a);
	mw_record_fini(&b);
	mw_record_fini(&c);
}

Test(record, lists_own_deep_copies)
{
	struct mw_records l = {0};
	struct mw_sample samples[2] = {{.value = 1, .round = 0}, {.value = 2, .round = 1, .flags = MW_SAMPLE_STEAL}};
	struct mw_record r;
	cr_expect_null(mw_records_find(&l, "b", NULL, "m"));
	for (int i = 0; i < 200; i++) { /* grows twice */
		char name[24];
		(void)snprintf(name, sizeof(name), "case%d", i);
		mw_record_init(&r, "b", name, "m", MW_NS);
		r.value = i;
		r.samples = i % 2 ? samples : NULL;
		r.n_samples = i % 2 ? 2 : 0;
		cr_assert_eq(mw_records_add(&l, &r), 0);
		r.samples = NULL; /* not its own */
		mw_record_fini(&r);
	}
	samples[0].value = 99;
	cr_assert_eq(l.n, 200);
	const struct mw_record *found = mw_records_find(&l, "b", "case151", "m");
	cr_assert(found && found->value == 151 && found->n_samples == 2);
	cr_expect(found->samples != samples && found->samples[0].value == 1 &&
		  found->samples[1].flags == MW_SAMPLE_STEAL);
	cr_expect_eq(mw_records_find(&l, "b", NULL, "m")->value, 0);
	cr_expect_null(mw_records_find(&l, "b", "case151", "n"));
	cr_expect_null(mw_records_find(&l, "c", NULL, "m"));
	mw_records_fini(&l);
	cr_expect(l.n == 0 && !l.v);
	mw_records_fini(&l);
}

/* Equal identities have equal hashes, whatever the order of the params; a change of any part shows. */
Test(record, hash_of_identity)
{
	struct mw_record a, b;
	mw_record_init(&a, "b", "c", "m", MW_NS);
	mw_record_init(&b, "b", "c", "m", MW_NS);
	(void)mw_set_int(&a, MW_AS_PARAM, "size", 64);
	(void)mw_set_real(&a, MW_AS_PARAM, "share", 0.0);
	(void)mw_set_text(&a, MW_AS_PARAM, "pages", "thp");
	(void)mw_set_text(&b, MW_AS_PARAM, "pages", "thp");
	(void)mw_set_real(&b, MW_AS_PARAM, "share", -0.0);
	(void)mw_set_int(&b, MW_AS_PARAM, "size", 64);
	b.value = 3;
	cr_assert(mw_record_same_identity(&a, &b));
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	(void)mw_set_real(&a, MW_AS_PARAM, "share", (double)NAN);
	(void)mw_set_real(&b, MW_AS_PARAM, "share", -(double)NAN);
	cr_assert(mw_record_same_identity(&a, &b));
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	(void)mw_set_int(&b, MW_AS_PARAM, "size", 65);
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
	(void)mw_set_real(&b, MW_AS_PARAM, "size", 64);
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b), "a real is no integer");
	(void)mw_set_int(&b, MW_AS_PARAM, "size", 64);
	(void)mw_set_text(&b, MW_AS_PARAM, "pages", "4K");
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
	(void)mw_set_text(&b, MW_AS_PARAM, "pages", "thp");
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	b.metric = "n";
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
	mw_record_fini(&a);
	mw_record_fini(&b);
}
