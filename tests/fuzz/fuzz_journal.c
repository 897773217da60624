/* records.jsonl: what one reading gave is there after the run was resumed, and so is the record that it added. A
 * journal that cannot be resumed stays as it is. */
#include <unistd.h>

#include "base/core/err.h"
#include "reports/file.h"
#include "reports/journal_read.h"
#include "reports/json.h"
#include "tests/fuzz/results.h"

static char *record_text(const struct mw_record *r)
{
	char *text = json_record_text(r);
	FUZZ_CHECK(text);
	return text;
}

static bool holds(const struct results *l, size_t likely, const struct mw_record *r)
{
	char *wanted = record_text(r);
	bool found = false;
	for (size_t i = 0; i < l->records.n && !found; i++) {
		char *text = record_text(&l->records.v[(likely + i) % l->records.n]);
		found = strcmp(text, wanted) == 0;
		free(text);
	}
	free(wanted);
	return found;
}

static void same(const struct results *a, const struct results *b)
{
	char *x = fuzz_dump(a), *y = fuzz_dump(b);
	FUZZ_CHECK(strcmp(x, y) == 0);
	free(x);
	free(y);
}

static char *file_text(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	FUZZ_CHECK(f && fseek(f, 0, SEEK_END) == 0);
	*size = (size_t)ftell(f);
	char *text = malloc(*size + 1);
	rewind(f);
	FUZZ_CHECK(text && fread(text, 1, *size, f) == *size && fclose(f) == 0);
	text[*size] = '\0';
	return text;
}

static size_t whole_lines(const uint8_t *data, size_t n)
{
	while (n > 0 && data[n - 1] != '\n')
		n--;
	return n;
}

/* Behind the last whole line stand the lines of the new session, and the line before them when it lacked its end. */
static void check_file(const uint8_t *data, size_t n, const char *path, bool resumed)
{
	size_t size, begin = whole_lines(data, n), lines = 0;
	char *text = file_text(path, &size);
	if (resumed) {
		FUZZ_CHECK(size > begin && memcmp(text, data, begin) == 0 && text[size - 1] == '\n');
		for (size_t i = begin; i < size; i++)
			lines += text[i] == '\n';
		FUZZ_CHECK(lines == 4 || (lines == 5 && begin < n));
	} else {
		FUZZ_CHECK(size == n && (n == 0 || memcmp(text, data, n) == 0));
	}
	free(text);
}

static void write_session(struct journal *j, const struct results *head, const struct mw_record *added)
{
	char err[600] = "";
	FUZZ_CHECK(journal_begin(j, head, err, sizeof(err)) == 0);
	FUZZ_CHECK(journal_append(j, added) == 0);
	FUZZ_CHECK(journal_skip(j, "fuzz-skipped", "for no reason") == 0);
	FUZZ_CHECK(journal_end(j, 1.5, NULL) == 0);
}

static int read_counting(const char *path, struct results *out, struct journal_stats *stats, char *err, size_t n)
{
	int fd = file_open(path, err, n);
	FUZZ_CHECK(fd >= 0);
	int rc = journal_read_fd(fd, path, out, stats, NULL, err, n);
	(void)close(fd);
	return rc;
}

int fuzz_journal(const uint8_t *data, size_t n)
{
	struct results first, old, then, last;
	struct journal_stats stats = {0}, later;
	struct mw_record added;
	struct journal *j;
	char path[300], err[600] = "";
	fuzz_folder_put("records.jsonl", data, n);
	(void)snprintf(path, sizeof(path), "%s/records.jsonl", fuzz_folder());
	int rc = read_counting(path, &first, &stats, err, sizeof(err));
	FUZZ_CHECK(rc == 0 || (rc == MW_EFORMAT && strncmp(err, path, strlen(path)) == 0));
	int resumed = journal_open(fuzz_folder(), true, &old, &j, err, sizeof(err));
	/* What was killed before it began can be begun. */
	FUZZ_CHECK(resumed == 0 || (resumed == MW_EFORMAT && strncmp(err, path, strlen(path)) == 0));
	FUZZ_CHECK(rc || resumed == 0 || strstr(err, "another run"));
	if (resumed == 0) {
		if (rc == 0)
			same(&first, &old);
		else
			FUZZ_CHECK(old.records.n == 0 && !old.info.version);
		mw_record_init(&added, "fuzz", "fuzz", "fuzz", MW_COUNT);
		mw_record_set(&added, 1, MW_MEASURED, NULL);
		write_session(j, &old, &added);
		FUZZ_CHECK(journal_results(j, &last, err, sizeof(err)) == 0);
		journal_close(j);
		FUZZ_CHECK(read_counting(path, &then, &later, err, sizeof(err)) == 0);
		same(&then, &last);
		FUZZ_CHECK(later.unread == stats.unread && then.partial == (later.unread > 0));
		for (size_t i = 0; i < first.records.n; i++)
			FUZZ_CHECK(mw_record_same_identity(&first.records.v[i], &added) ||
				   holds(&then, i, &first.records.v[i]));
		FUZZ_CHECK(holds(&then, then.records.n - 1, &added));
		mw_record_fini(&added);
		results_fini(&then);
		results_fini(&last);
	}
	check_file(data, n, path, resumed == 0);
	results_fini(&old);
	results_fini(&first);
	return 0;
}
