/* A journal in the test's folder, with a head. */
#ifndef MW_TESTS_JOURNAL_OPEN_H
#define MW_TESTS_JOURNAL_OPEN_H

#include "tests/reports/fixture.h"

#include "reports/journal_read.h"

static inline struct journal *open_journal(bool resume)
{
	struct results head, old;
	struct journal *j;
	char err[300] = "";
	full_results(&head);
	cr_assert_eq(journal_open(dir, resume, &old, &j, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(journal_begin(j, &head, err, sizeof(err)), 0, "%s", err);
	results_fini(&head);
	results_fini(&old);
	return j;
}

#endif
