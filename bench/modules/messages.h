/* Interface of a message-passing library: a shared object with one `const struct messages messages`.
 *
 * All calls are made by the thread that called start. Of memwall, modules include only the headers of this
 * folder. */
#ifndef MW_MESSAGES_H
#define MW_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "bench/modules/say.h"

#define MESSAGES_ABI 1u
#define MESSAGES_SYMBOL "messages"

enum { MESSAGES_WINDOW = 64 }; /* messages in flight in one direction, at most */

/* Functions return 0, or -EIO with the library's words in err (of MESSAGES_ERR bytes). */
enum { MESSAGES_ERR = 300 };

struct messages {
	uint32_t abi; /* MESSAGES_ABI */
	const char *name;
	/* Joins the processes that were started together. detail: the library's name and version. */
	int (*start)(int *rank, int *size, char *detail, size_t n, char *err);
	/* Leaves them. Only after every process has got this far. */
	void (*stop)(void);
	/* Ends all processes that were started together, this one too where the library wants to. */
	void (*end_all)(int status);

	int (*barrier)(char *err);
	/* From process 0 to all. Those that wait for it leave their CPUs to others, as they may wait for minutes. */
	int (*broadcast)(void *data, size_t bytes, char *err);
	/* The bytes of every process, in their order, on every process. */
	int (*gather)(const void *own, size_t bytes, void *all, char *err);
	int (*send)(const void *data, size_t bytes, int to, char *err);
	int (*receive)(void *data, size_t bytes, int from, char *err);
	/* n messages to the peer (out may be NULL: none) and n from it (in may be NULL: none), all in flight together;
	 * message i is at i * bytes. Returns when all have been sent and received. */
	int (*window)(const void *out, void *in, unsigned n, size_t bytes, int peer, char *err);
	/* Sums of `count` doubles over all processes, on every process. */
	int (*sum)(const double *own, double *sums, size_t count, char *err);
};

#define MESSAGES_EXPORT __attribute__((visibility("default")))

#endif
