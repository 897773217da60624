/* Page sizes and NUMA node that the kernel gave a range of memory. */
#ifndef MW_PAGES_H
#define MW_PAGES_H

#include <stddef.h>

/* Page size of [p, p + bytes), which must be a separate mapping, from proc/self/smaps below root_fd: "4K", "thp", "thp
 * 73%" (73 % of it in transparent huge pages), "2M", "1G"; "unknown" without an entry in smaps. */
void mw_pages_obtained(int root_fd, const void *p, size_t bytes, char *out, size_t n);

/* NUMA node of the range, by move_pages for at most 256 touched pages spread over it; -1 when the call is refused or
 * the pages are on several nodes. */
int mw_pages_node(void *p, size_t bytes);

/* Asks the kernel to replace base pages by huge pages (MADV_COLLAPSE, Linux 6.1); does nothing on older kernels. */
void mw_pages_collapse(void *p, size_t bytes);

#endif
