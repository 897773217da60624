/* What a page costs from its first touch to its return: sequences of system calls and touches on a mapping of their
 * own.
 *
 * The arenas keep memory touched for the whole run, so what is measured here cannot be taken from them: each sequence
 * maps its memory and unmaps it. */
#ifndef MW_BENCH_PAGES_CYCLE_H
#define MW_BENCH_PAGES_CYCLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/err.h"

/* The calls that are measured, replaced in tests. Negative results are -errno. */
struct pages_os {
	void *(*map)(void *at, size_t bytes, int prot, int flags, int fd); /* as mmap: MAP_FAILED with errno */
	int (*unmap)(void *p, size_t bytes);
	int (*advise)(void *p, size_t bytes, int advice);
	int (*shared)(size_t bytes); /* descriptor of a memory file of that size */
	void (*obtained)(const void *p, size_t bytes, char *out, size_t n); /* "4K", "thp", "thp 50%" */
	uint64_t (*faults)(void);                                           /* minor faults of this thread so far */
	uint64_t (*now_ns)(void);
};
extern const struct pages_os pages_linux;

enum pages_step {
	PAGES_TOUCH,      /* one store per page of a fresh mapping */
	PAGES_ZEROING,    /* memset of the same pages, which are there */
	PAGES_DONTNEED,   /* madvise(MADV_DONTNEED) returns them */
	PAGES_REFAULT,    /* and one store per page takes others */
	PAGES_FREE,       /* madvise(MADV_FREE): may be taken away later */
	PAGES_AFTER_FREE, /* one store per page, before that happened */
	PAGES_MUNMAP,
	PAGES_MINOR,          /* one store per page of a memory file whose pages exist: no page is taken or zeroed */
	PAGES_ZERO_PAGE,      /* one load per page of a fresh mapping: the kernel maps its page of zeros */
	PAGES_MAP_POPULATE,   /* mmap(MAP_POPULATE) */
	PAGES_POPULATE_WRITE, /* madvise(MADV_POPULATE_WRITE), Linux 5.14 */
	PAGES_COLLAPSE,       /* madvise(MADV_COLLAPSE), Linux 6.1: base pages become a huge one */
	PAGES_STEPS
};
const char *pages_step_name(enum pages_step s);

/* Sequences, and the steps that each of them measures. */
enum pages_cycle { PAGES_BASE, PAGES_HUGE, PAGES_MAPPED, PAGES_POPULATED, PAGES_COLLAPSED, PAGES_CYCLES };
unsigned pages_cycle_steps(enum pages_cycle c); /* bit set of 1 << step */

struct pages_job {
	const struct pages_os *os;
	size_t bytes;      /* a multiple of huge */
	size_t page, huge; /* bytes of a base page and of a huge page */
};

struct pages_result {
	int rc; /* 0, or MW_EUNAVAILABLE or another error with the reason in why */
	char why[MW_REASON_ROOM];
	uint64_t ns, faults;
	size_t pages; /* of the kind that is measured: base or huge */
	size_t page;  /* bytes of one */
	char obtained[24];
};

/* Runs a sequence and fills the results of its steps. A step whose pages did not fault, or are not of the kind that it
 * is about, is MW_EUNAVAILABLE: it did not measure what its name says. */
void pages_cycle_run(const struct pages_job *job, enum pages_cycle c, struct pages_result out[PAGES_STEPS]);

#endif
