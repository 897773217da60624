/* Writes files so that they appear complete or not at all, and finds out which file a path leads to.
 *
 * A regular file is replaced: the text goes to a temporary file beside it, which takes its name when it is complete.
 * Symbolic links are followed first, so that the link stays and the file it points to is replaced. Pipes and devices
 * are written directly, and so are descriptors (/dev/stdout, /dev/fd/3, /proc/self/fd/3, or links to them), at their
 * current offset even when a regular file is behind them. */
#ifndef MW_OUTPUT_H
#define MW_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

/* Identifies a file: by device and inode, or, while it does not exist, by those of its folder and its name. */
struct mw_file_id {
	dev_t dev;
	ino_t ino;
	bool exists;
	bool stream;    /* a character device, such as a terminal or /dev/null: never the same file as another */
	char name[256]; /* empty when exists */
};

struct mw_place {
	struct mw_file_id id;
	char path[4096]; /* the target, after following links */
	int fd;          /* the descriptor of this process that the path names, or -1 */
	bool replaced;   /* a regular file, existing or not, is replaced; anything else is written directly */
	mode_t mode;     /* of the existing file, as uid and gid */
	uid_t uid;
	gid_t gid;
};

/* 0 or -errno: -ENOENT where a folder of the path does not exist, -ELOOP, -ENAMETOOLONG. */
int mw_place_of(const char *path, struct mw_place *out);
/* The file that a path or a descriptor leads to for reading. 0 or -errno. A path to a missing file is no error. */
int mw_file_id(const char *path, struct mw_file_id *out);
int mw_file_id_fd(int fd, struct mw_file_id *out);
/* True when writing to one changes the other. */
bool mw_same_file(const struct mw_file_id *a, const struct mw_file_id *b);

struct mw_output {
	int fd; /* to write to; -1: closed */
	struct mw_place place;
	char temp[4096]; /* temporary file; empty when writing directly */
};

/* 0 or -errno: -EACCES also for an existing file that may not be written, -EISDIR, -EBADF for a descriptor that is
 * open for reading only. */
int mw_output_open(const char *path, struct mw_output *o);
/* Gives the temporary file the mode and, where allowed, the owner of the file it replaces, syncs it and renames it.
 * Closes in every case; on failure the old file is untouched and the temporary file is removed. 0 or -errno. */
int mw_output_commit(struct mw_output *o);
/* Closes and removes the temporary file. Does nothing after a commit. */
void mw_output_abort(struct mw_output *o);

#endif
