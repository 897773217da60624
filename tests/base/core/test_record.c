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

Test(record, a_derived_value_takes_its_weakest_input)
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

Test(record, long_texts_are_cut_and_terminated)
{
	char text[1000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	struct mw_record r;
	mw_record_init(&r, text, text, text, MW_NS);
	mw_kv_set_str(&r.params, text, text);
	mw_record_unavailable(&r, text);
	cr_expect_eq(strlen(r.bench), sizeof(r.bench) - 1);
	cr_expect_eq(strlen(r.case_name), sizeof(r.case_name) - 1);
	cr_expect_eq(strlen(r.metric), sizeof(r.metric) - 1);
	cr_expect_eq(strlen(r.note), sizeof(r.note) - 1);
	cr_expect_eq(strlen(r.params.v[0].key), sizeof(r.params.v[0].key) - 1);
	cr_expect_eq(strlen(r.params.v[0].s), sizeof(r.params.v[0].s) - 1);
	mw_record_init(&r, NULL, NULL, NULL, MW_NS);
	cr_expect_str_eq(r.bench, "");
}

Test(record, pairs_replace_and_convert)
{
	struct mw_kv_list l = {0};
	mw_kv_set_int(&l, "threads", 2);
	mw_kv_set_real(&l, "share", 0.5);
	mw_kv_set_str(&l, "isa", "avx2");
	cr_expect_eq(mw_kv_int(&l, "threads", -1), 2);
	cr_expect_eq(mw_kv_int(&l, "isa", -1), -1);
	cr_expect_eq(mw_kv_int(&l, "thread", -1), -1);
	cr_expect_str_eq(mw_kv_str(&l, "isa", "?"), "avx2");
	cr_expect_str_eq(mw_kv_str(&l, "threads", "?"), "?");
	mw_kv_set_str(&l, "threads", "all");
	cr_expect_eq(l.n, 3);
	cr_expect_str_eq(mw_kv_str(&l, "threads", "?"), "all");
	cr_expect_eq(mw_kv_find(&l, "threads")->i, 0, "the old value is still there");
	cr_expect_null(mw_kv_find(&l, "nothing"));
	for (int i = 3; i < MW_RECORD_PARAMS; i++) {
		char key[16];
		(void)snprintf(key, sizeof(key), "k%d", i);
		mw_kv_set_int(&l, key, i);
	}
	cr_expect_eq(l.n, MW_RECORD_PARAMS);
	cr_expect_eq(mw_kv_int(&l, "k11", -1), 11);
}

Test(record, pairs_format_for_csv)
{
	struct mw_kv_list l = {0};
	char out[200], tiny[6];
	cr_expect_eq(mw_kv_format(&l, out, sizeof(out)), 0);
	cr_expect_str_eq(out, "");
	mw_kv_set_int(&l, "bytes", -5);
	mw_kv_set_real(&l, "share", 0.1);
	mw_kv_set_str(&l, "device", "ambit:dram=ddr4-3200,channels=2");
	mw_kv_set_str(&l, "odd", "a;b\"c\nd\re");
	int len = mw_kv_format(&l, out, sizeof(out));
	cr_expect_str_eq(out, "bytes=-5;share=0.1;device=ambit:dram=ddr4-3200+channels=2;odd=a+b c d e");
	cr_expect_eq((size_t)len, strlen(out));
	cr_expect_eq(mw_kv_format(&l, tiny, sizeof(tiny)), len);
	cr_expect_str_eq(tiny, "bytes");
	cr_expect_eq(mw_kv_format(&l, NULL, 0), len);
}

Test(record, identity_ignores_order_and_what_was_observed)
{
	struct mw_record a, b;
	mw_record_init(&a, "latency", "random", "latency", MW_NS);
	mw_kv_set_int(&a.params, "bytes", 4096);
	mw_kv_set_str(&a.params, "pages", "4K");
	mw_record_init(&b, "latency", "random", "latency", MW_NS);
	mw_kv_set_str(&b.params, "pages", "4K");
	mw_kv_set_int(&b.params, "bytes", 4096);
	mw_kv_set_str(&b.observed, "pages", "thp 73%");
	b.value = 7;
	cr_expect(mw_record_same_identity(&a, &b));
	mw_kv_set_int(&b.params, "bytes", 8192);
	cr_expect_not(mw_record_same_identity(&a, &b), "another parameter");
	mw_kv_set_str(&b.params, "bytes", "4096");
	cr_expect_not(mw_record_same_identity(&a, &b), "another type");
	mw_kv_set_int(&b.params, "bytes", 4096);
	mw_kv_set_int(&b.params, "stride", 64);
	cr_expect_not(mw_record_same_identity(&a, &b), "one more parameter");
	cr_expect_not(mw_record_same_identity(&b, &a), "one less parameter");
	struct mw_record c;
	mw_record_init(&c, "latency", "stride", "latency", MW_NS);
	c.params = a.params;
	cr_expect_not(mw_record_same_identity(&a, &c), "another case");
	mw_record_init(&c, "latency", "random", "cycles", MW_NS);
	c.params = a.params;
	cr_expect_not(mw_record_same_identity(&a, &c), "another metric");
	mw_kv_set_real(&a.params, "x", NAN);
	b = a;
	cr_expect(mw_record_same_identity(&a, &b), "NaN is itself here");
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
	mw_kv_set_int(&a.params, "size", 64);
	mw_kv_set_real(&a.params, "share", 0.0);
	mw_kv_set_str(&a.params, "pages", "thp");
	mw_kv_set_str(&b.params, "pages", "thp");
	mw_kv_set_real(&b.params, "share", -0.0);
	mw_kv_set_int(&b.params, "size", 64);
	b.value = 3;
	cr_assert(mw_record_same_identity(&a, &b));
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	mw_kv_set_real(&a.params, "share", (double)NAN);
	mw_kv_set_real(&b.params, "share", -(double)NAN);
	cr_assert(mw_record_same_identity(&a, &b));
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	mw_kv_set_int(&b.params, "size", 65);
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
	mw_kv_set_real(&b.params, "size", 64);
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b), "a real is no integer");
	mw_kv_set_int(&b.params, "size", 64);
	mw_kv_set_str(&b.params, "pages", "4K");
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
	mw_kv_set_str(&b.params, "pages", "thp");
	cr_expect_eq(mw_record_hash(&a), mw_record_hash(&b));
	(void)snprintf(b.metric, sizeof(b.metric), "n");
	cr_expect_neq(mw_record_hash(&a), mw_record_hash(&b));
}
