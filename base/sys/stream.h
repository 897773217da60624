/* Reads and writes files sequentially in blocks, two blocks ahead, with io_uring, or with pread/pwrite where the kernel
 * refuses it; with O_DIRECT where the file system supports it and blocks are multiples of 4096 bytes. Functions return
 * 0 or a negative code with a line in err. */
#ifndef MW_SYS_STREAM_H
#define MW_SYS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mw_stream;

#define MW_STREAM_BUFFERS 3u

/* Opens a regular file for reading, with MW_STREAM_BUFFERS buffers of `block` bytes. MW_ESPEC when it cannot be opened
 * or is not a regular file. */
int mw_stream_reader(const char *path, size_t block, struct mw_stream **out, char *err, size_t n);
/* Writes to path.XXXXXX; mw_stream_commit renames it to path, or to the file that a link of that name points to
 * (base/core/output.h). A block of zeros becomes a hole. Pipes, devices and descriptors are written directly. */
int mw_stream_writer(const char *path, size_t block, struct mw_stream **out, char *err, size_t n);
uint64_t mw_stream_size(const struct mw_stream *s);
/* "io_uring" or "pread/pwrite", with or without O_DIRECT. */
const char *mw_stream_method(const struct mw_stream *s);

/* The next block (*bytes = 0 at the end), valid until the next call. */
int mw_stream_next(struct mw_stream *s, const void **data, size_t *bytes, char *err, size_t n);
/* A buffer of `block` bytes to fill; mw_stream_put writes its first `bytes` bytes. */
int mw_stream_buffer(struct mw_stream *s, void **data, char *err, size_t n);
int mw_stream_put(struct mw_stream *s, size_t bytes, char *err, size_t n);

/* Waits for the writes, syncs and renames. The writer cannot be used afterwards, but for mw_stream_close. */
int mw_stream_commit(struct mw_stream *s, char *err, size_t n);
/* Closes; an uncommitted writer's file is removed. NULL is allowed. */
void mw_stream_close(struct mw_stream *s);

#endif
