/* Files in blocks: every byte is transferred once and in order; without a commit no file remains. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/sys/stream.h"

enum { BLOCK = 8192 };

static char dir[64];

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/var/tmp/memwall-stream-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static unsigned count_files(void)
{
	unsigned n = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static void remove_dir(void)
{
	char cmd[128];
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	cr_assert_eq(system(cmd), 0);
}

TestSuite(stream, .init = make_dir, .fini = remove_dir);

Test(stream, copies_every_length)
{
	static const size_t lengths[] = {1,         BLOCK - 1,     BLOCK,           BLOCK + 1,
					 2 * BLOCK, 2 * BLOCK + 7, 5 * BLOCK + 123, 9 * BLOCK};
	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		char from[128], to[128], err[256] = "";
		(void)snprintf(from, sizeof(from), "%s/from", dir);
		(void)snprintf(to, sizeof(to), "%s/to", dir);
		size_t n = lengths[l];
		unsigned char *data = malloc(n), *back = malloc(n + 1);
		uint64_t seed = n;
		for (size_t i = 0; i < n; i++)
			data[i] = (unsigned char)mw_random(&seed);
		FILE *f = fopen(from, "wb");
		cr_assert_eq(fwrite(data, 1, n, f), n);
		cr_assert_eq(fclose(f), 0);

		struct mw_stream *in, *out;
		cr_assert_eq(mw_stream_reader(from, BLOCK, &in, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(mw_stream_writer(to, BLOCK, &out, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(mw_stream_size(in), n);
		for (;;) {
			const void *block;
			void *buffer;
			size_t bytes;
			cr_assert_eq(mw_stream_next(in, &block, &bytes, err, sizeof(err)), 0, "%s", err);
			if (bytes == 0)
				break;
			cr_assert_eq(mw_stream_buffer(out, &buffer, err, sizeof(err)), 0, "%s", err);
			memcpy(buffer, block, bytes);
			cr_assert_eq(mw_stream_put(out, bytes, err, sizeof(err)), 0, "%s", err);
		}
		cr_assert_eq(mw_stream_commit(out, err, sizeof(err)), 0, "%s", err);
		mw_stream_close(in);
		mw_stream_close(out);

		f = fopen(to, "rb");
		cr_assert_eq(fread(back, 1, n + 1, f), n, "length %zu", n);
		(void)fclose(f);
		cr_assert_eq(memcmp(data, back, n), 0, "length %zu", n);
		free(data);
		free(back);
	}
}

Test(stream, uncommitted_file_disappears_and_keeps_the_old_one)
{
	char to[128], err[256];
	(void)snprintf(to, sizeof(to), "%s/to", dir);
	FILE *f = fopen(to, "wb");
	(void)fputs("old", f);
	(void)fclose(f);
	struct mw_stream *out;
	void *buffer;
	cr_assert_eq(mw_stream_writer(to, BLOCK, &out, err, sizeof(err)), 0);
	cr_assert_eq(mw_stream_buffer(out, &buffer, err, sizeof(err)), 0);
	memset(buffer, 1, BLOCK);
	cr_assert_eq(mw_stream_put(out, BLOCK, err, sizeof(err)), 0);
	cr_assert_eq(count_files(), 2);
	mw_stream_close(out);
	cr_assert_eq(count_files(), 1);
	struct stat st;
	cr_assert_eq(stat(to, &st), 0);
	cr_assert_eq(st.st_size, 3);
}

Test(stream, bad_paths_say_which)
{
	struct mw_stream *s;
	char err[256] = "";
	cr_assert_eq(mw_stream_reader("/nonexistent/file", BLOCK, &s, err, sizeof(err)), MW_ESPEC);
	cr_assert(strstr(err, "/nonexistent/file"), "%s", err);
	cr_assert_eq(mw_stream_reader(dir, BLOCK, &s, err, sizeof(err)), MW_ESPEC);
	cr_assert(strstr(err, "not a regular file"), "%s", err);
	cr_assert_eq(mw_stream_writer("/nonexistent/file", BLOCK, &s, err, sizeof(err)), MW_ESPEC);
	cr_assert(strstr(err, "/nonexistent/file"), "%s", err);
}

/* Blocks of zeros take no room; what follows them is where it belongs, and the length is right at a hole's end too. */
Test(stream, zeros_become_holes)
{
	enum { BLOCKS = 64, WIDE = 65536 };
	for (int last = 0; last < 2; last++) {
		char to[128], err[256] = "";
		struct mw_stream *out;
		(void)snprintf(to, sizeof(to), "%s/holes", dir);
		cr_assert_eq(mw_stream_writer(to, WIDE, &out, err, sizeof(err)), 0, "%s", err);
		for (int i = 0; i < BLOCKS; i++) {
			void *buffer;
			cr_assert_eq(mw_stream_buffer(out, &buffer, err, sizeof(err)), 0);
			memset(buffer, 0, WIDE);
			if (i == 3 || (last && i == BLOCKS - 1))
				((char *)buffer)[WIDE - 3] = 7; /* the last block is cut right behind it */
			cr_assert_eq(mw_stream_put(out, i < BLOCKS - 1 ? WIDE : WIDE - 2, err, sizeof(err)), 0);
		}
		cr_assert_eq(mw_stream_commit(out, err, sizeof(err)), 0, "%s", err);
		mw_stream_close(out);
		struct stat st;
		cr_assert_eq(stat(to, &st), 0);
		cr_assert_eq(st.st_size, (off_t)BLOCKS * WIDE - 2);
		cr_assert(st.st_blocks * 512 <= 3 * WIDE, "%lld bytes on disk", (long long)st.st_blocks * 512);
		struct mw_stream *in;
		cr_assert_eq(mw_stream_reader(to, WIDE, &in, err, sizeof(err)), 0, "%s", err);
		for (int i = 0; i < BLOCKS; i++) {
			const void *data;
			size_t bytes, ones = 0;
			cr_assert_eq(mw_stream_next(in, &data, &bytes, err, sizeof(err)), 0, "%s", err);
			cr_assert_eq(bytes, i < BLOCKS - 1 ? WIDE : WIDE - 2);
			for (size_t b = 0; b < bytes; b++)
				ones += ((const char *)data)[b] != 0;
			cr_assert_eq(ones, i == 3 || (last && i == BLOCKS - 1), "block %d", i);
		}
		mw_stream_close(in);
	}
}

/* A block size that is no multiple of a sector goes through the page cache; /dev/shm has no O_DIRECT on old kernels. */
Test(stream, without_direct_transfers)
{
	char places[2][128];
	(void)snprintf(places[0], sizeof(places[0]), "/dev/shm/memwall-stream-test-%d", (int)getpid());
	(void)snprintf(places[1], sizeof(places[1]), "%s/odd", dir);
	for (int p = 0; p < 2; p++) {
		const size_t block = p ? 5000 : 8192, n = 40001;
		char err[256] = "", data[40001];
		struct mw_stream *s;
		for (size_t i = 0; i < n; i++)
			data[i] = (char)(i * 7 + i / 251);
		if (mw_stream_writer(places[p], block, &s, err, sizeof(err)) < 0)
			continue; /* no such place here */
		for (size_t at = 0; at < n; at += block) {
			size_t bytes = n - at < block ? n - at : block;
			void *buffer;
			cr_assert_eq(mw_stream_buffer(s, &buffer, err, sizeof(err)), 0);
			memcpy(buffer, data + at, bytes);
			cr_assert_eq(mw_stream_put(s, bytes, err, sizeof(err)), 0, "%s", err);
		}
		cr_assert_eq(mw_stream_commit(s, err, sizeof(err)), 0, "%s", err);
		mw_stream_close(s);
		cr_assert_eq(mw_stream_reader(places[p], block, &s, err, sizeof(err)), 0, "%s", err);
		cr_assert(p == 0 || !strstr(mw_stream_method(s), "O_DIRECT"), "%s", mw_stream_method(s));
		for (size_t at = 0; at < n;) {
			const void *got;
			size_t bytes;
			cr_assert_eq(mw_stream_next(s, &got, &bytes, err, sizeof(err)), 0, "%s", err);
			cr_assert(bytes > 0 && memcmp(got, data + at, bytes) == 0);
			at += bytes;
		}
		mw_stream_close(s);
		(void)unlink(places[p]);
	}
}
