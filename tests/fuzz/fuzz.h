/* What a fuzzer calls: any bytes; returns 0, ends the process where something is wrong. Each target is one file,
 * fuzz_NAME.c, with its first inputs in corpus/NAME; `make fuzz` links them with libFuzzer, the unit tests replay the
 * inputs. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Name, and how many inputs its corpus holds at least. */
#define FUZZ_TARGETS(T)                                                                                                \
	T(program, 8)                                                                                                  \
	T(spec, 8)                                                                                                     \
	T(expression, 8)                                                                                               \
	T(blif, 6)                                                                                                     \
	T(aiger, 6)                                                                                                    \
	T(results, 12)                                                                                                 \
	T(journal, 12)                                                                                                 \
	T(options, 12)                                                                                                 \
	T(number, 12)                                                                                                  \
	T(figure, 12)                                                                                                  \
	T(svg, 12)                                                                                                     \
	T(topology, 12)                                                                                                \
	T(meters, 12)                                                                                                  \
	T(dmi, 8)                                                                                                      \
	T(csv, 12)                                                                                                     \
	T(part, 12)

#define FUZZ_DECLARE(name, inputs) int fuzz_##name(const uint8_t *data, size_t n);
FUZZ_TARGETS(FUZZ_DECLARE)

struct fuzz_target {
	const char *name;
	int (*run)(const uint8_t *data, size_t n);
	unsigned inputs;
};

extern const struct fuzz_target fuzz_targets[]; /* ended by a NULL name */

/* Says what is wrong and removes the folder below. */
void fuzz_complain(const char *file, int line, const char *condition);

#define FUZZ_CHECK(condition)                                                                                          \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fuzz_complain(__FILE__, __LINE__, #condition);                                                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* A failure is one printable line. */
static inline void fuzz_line(const char *err)
{
	FUZZ_CHECK(*err);
	for (; *err; err++)
		FUZZ_CHECK(*err >= ' ' && *err <= '~');
}

/* The bytes as a text: up to their first NUL. Freed by the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	FUZZ_CHECK(text);
	if (n)
		memcpy(text, data, n);
	text[n] = '\0';
	return text;
}

/* ---- a folder in memory, one per process ---- */

/* Its path; made by the first call, in TMPDIR or /dev/shm. */
const char *fuzz_folder(void);
/* Writes a file below it, and the folders that lead there. A path that cannot be made is left out. */
void fuzz_folder_put(const char *path, const void *data, size_t n);
/* What was put is gone. */
void fuzz_folder_clear(void);
/* The folder is gone, with all that is in it. */
void fuzz_folder_remove(void);
/* Bytes that say a path and a content, each ended by NUL, again and again: those whose paths keep says yes to are put.
 * Returns where a path "=" stood (what follows it), or n. */
size_t fuzz_folder_tree(const uint8_t *data, size_t n, bool (*keep)(const char *path));

/* ---- files in memory ---- */

struct fuzz_stream {
	FILE *f;
	char *text;
	size_t size;
};

static inline void fuzz_stream_open(struct fuzz_stream *s)
{
	*s = (struct fuzz_stream){0};
	s->f = open_memstream(&s->text, &s->size);
	FUZZ_CHECK(s->f);
}

/* What was written, until fuzz_stream_free. */
static inline const char *fuzz_stream_close(struct fuzz_stream *s)
{
	FUZZ_CHECK(fclose(s->f) == 0);
	return s->text;
}

static inline void fuzz_stream_free(struct fuzz_stream *s)
{
	free(s->text);
}

#endif
