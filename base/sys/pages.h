/* What the kernel gave for a range of memory: page sizes and NUMA node. */
#ifndef MW_PAGES_H
#define MW_PAGES_H

#include <stddef.h>

/* Page size of [p, p + bytes), a mapping of its own, from proc/self/smaps below root_fd: "4K", "thp", "thp 73%" (part
 * of it in transparent huge pages), "2M", "1G"; "unknown" where smaps tells nothing. */
void mw_pages_obtained(int root_fd, const void *p, size_t bytes, char *out, size_t n);

/* Node of a sample of at most 256 touched pages spread over the range, from move_pages; -1 when it is refused or when
 * they lie on several nodes. */
int mw_pages_node(void *p, size_t bytes);

/* Asks for huge pages where the first touch got base pages (Linux 6.1); no harm elsewhere. */
void mw_pages_collapse(void *p, size_t bytes);

#endif
