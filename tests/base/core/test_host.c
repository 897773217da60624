/* Description: struct mw_host: owned texts of any length, unknown values that differ from 0, deep copies.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/host.h"

/* A different value in every member, texts longer than any buffer. */
static void fill(struct mw_host *h)
{
	unsigned i = 1;
	mw_host_init(h);
	for (const struct mw_field *f = mw_host_fields; f->name; f++, i++) {
		char *at = (char *)h + f->offset, text[5000];
		memset(text, (int)('a' + i % 26), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		if (f->type == MW_FIELD_TEXT)
			cr_assert_eq(mw_text_set(mw_field_text(f, h), text), 0);
		else if (f->type == MW_FIELD_INT)
			memcpy(at, &(int){(int)i}, sizeof(int));
		else if (f->type == MW_FIELD_REAL)
			memcpy(at, &(double){0.5 * i}, sizeof(double));
		else
			memcpy(at, &(uint64_t){i}, sizeof(uint64_t));
	}
	cr_assert_eq(mw_host_set_nodes(h, 100), 0);
	for (int k = 0; k < 100; k++) {
		h->nodes[k].id = 2 * k;
		*mw_host_distance(h, k, 99 - k) = 10 + k;
	}
	h->nodes[7].bytes = 0;
}

Test(host, nothing_known)
{
	struct mw_host h;
	mw_host_init(&h);
	for (const struct mw_field *f = mw_host_fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT)
			cr_expect_null(*mw_field_text(f, &h), "%s", f->name);
	cr_expect(h.mem_available == MW_COUNT_UNKNOWN && h.hugepages_2m_free == MW_COUNT_UNKNOWN);
	cr_expect_not(mw_host_memory_known(&h));
	h.mem_available = 0;
	cr_expect(mw_host_memory_known(&h), "0 byte left is known");
	mw_host_fini(&h);
}

Test(host, copies_are_deep)
{
	struct mw_host a, b;
	fill(&a);
	cr_assert_eq(mw_host_copy(&b, &a), 0);
	for (const struct mw_field *f = mw_host_fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT) {
			cr_expect_neq(*mw_field_text(f, &a), *mw_field_text(f, &b), "%s is shared", f->name);
			cr_expect_eq(strlen(*mw_field_text(f, &b)), 4999, "%s is cut", f->name);
			cr_expect_str_eq(*mw_field_text(f, &a), *mw_field_text(f, &b));
		} else {
			cr_expect_eq(memcmp((char *)&a + f->offset, (char *)&b + f->offset, mw_field_size(f)), 0, "%s",
				     f->name);
		}
	cr_assert_eq(b.n_nodes, 100);
	mw_host_fini(&a);
	cr_expect(a.n_nodes == 0 && !a.nodes && !a.hostname);
	for (int k = 0; k < 100; k++) {
		cr_expect_eq(b.nodes[k].id, 2 * k);
		cr_expect_eq(b.nodes[k].bytes, k == 7 ? 0 : MW_COUNT_UNKNOWN);
		cr_expect_eq(*mw_host_distance(&b, k, 99 - k), 10 + k);
		cr_expect_eq(*mw_host_distance(&b, k, k), k == 99 - k ? 10 + k : 0);
	}
	mw_host_fini(&b);
	mw_host_fini(&b);
}
