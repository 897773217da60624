/* Where writing to a path ends up, and files that appear whole.
 *
 * A regular file is replaced: the text goes to a temporary file beside it, which takes its name when it is complete.
 * Symbolic links are followed first, so that the link stays and the file it points to is replaced. What cannot be
 * replaced is written through: pipes and devices as they are, and descriptors (/dev/stdout, /dev/fd/3,
 * /proc/self/fd/3, or links to them) at their offset, whatever file is behind them. */
#ifndef MW_OUTPUT_H
#define MW_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

/* Which file it is. A file yet to be made is its folder and its name there. */
struct mw_file_id {
	dev_t dev;
	ino_t ino;
	bool exists;
	bool stream;    /* a character device, such as a terminal or /dev/null: nothing in it can be overwritten */
	char name[256]; /* exists: empty */
};

struct mw_place {
	struct mw_file_id id;
	char path[4096]; /* links followed */
	int fd;          /* the descriptor of this process that the path names, or -1 */
	bool replaced;   /* a regular file, there or not; else written through */
	mode_t mode;     /* of what exists, with owner and group */
	uid_t uid;
	gid_t gid;
};

/* 0 or -errno: -ENOENT where a folder of the path does not exist, -ELOOP, -ENAMETOOLONG. */
int mw_place_of(const char *path, struct mw_place *out);
/* The file that a path or a descriptor leads to when it is read. 0 or -errno; path: a missing file is no error. */
int mw_file_id(const char *path, struct mw_file_id *out);
int mw_file_id_fd(int fd, struct mw_file_id *out);
/* Would what is written to the one be found in the other? */
bool mw_same_file(const struct mw_file_id *a, const struct mw_file_id *b);

struct mw_output {
	int fd; /* to write to; -1: closed */
	struct mw_place place;
	char temp[4096]; /* empty: written through */
};

/* 0 or -errno: -EACCES also for an existing file that may not be written, -EISDIR, -EBADF for a descriptor that is
 * open for reading only. */
int mw_output_open(const char *path, struct mw_output *o);
/* All on disk, with the mode, and where allowed the owner, of the file that is replaced; then its name. Closes in every
 * case; on failure what was replaced is untouched and the temporary file is gone. 0 or -errno. */
int mw_output_commit(struct mw_output *o);
/* Closes and removes the temporary file; nothing after a commit. */
void mw_output_abort(struct mw_output *o);

#endif
