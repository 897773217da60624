/* Page sizes and NUMA node that the kernel gave a range of memory. */
#ifndef MW_PAGES_H
#define MW_PAGES_H

#include <stddef.h>

#include "base/core/text.h"

/* Page size of [p, p + bytes), which must be a separate mapping, from proc/self/smaps below root_fd: "4K", "thp", "thp
 * 73%" (73 % of it in transparent huge pages), "2M", "1G"; "unknown" without an entry in smaps. */
void mw_pages_obtained(int root_fd, const void *p, size_t bytes, char *out, size_t n);

/* NUMA node of the range, by move_pages for at most 256 touched pages spread over it; -1 when the call is refused or
 * the pages are on several nodes. */
int mw_pages_node(void *p, size_t bytes);

/* Appends where the range's touched pages are: "0" when all are on node 0, else shares such as "0: 67 %, 2: 33 %", by
 * move_pages for at most 4096 pages at random places (regular ones would see one node of an interleaved range). Appends
 * nothing when the call is refused. */
void mw_pages_placed(void *p, size_t bytes, struct mw_buf *out);

/* Of these two it is made: page i of n that are looked at among `count`; and the words for the nodes of n pages, where
 * negative numbers are pages that are not in memory. */
size_t mw_pages_pick(size_t i, size_t n, size_t count);
void mw_pages_shares(const int *nodes, size_t n, struct mw_buf *out);

/* Asks the kernel to replace base pages by huge pages (MADV_COLLAPSE, Linux 6.1); does nothing on older kernels. */
void mw_pages_collapse(void *p, size_t bytes);

#endif
