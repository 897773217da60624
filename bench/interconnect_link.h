/* Processes that were started together and exchange messages: the first leads, the others do what it says. */
#ifndef INTERCONNECT_LINK_H
#define INTERCONNECT_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "bench/modules/messages.h"

struct link_place {
	char host[256];
	int32_t cpu;     /* where the process was when it joined */
	int32_t package; /* of that CPU; -1 unknown */
};

struct link_world {
	const struct messages *lib;
	int rank, size;
	char detail[96];           /* the library's name and version */
	struct link_place *places; /* of all processes */
	char *out, *in;            /* buffers of the jobs */
	size_t bytes;              /* of each */
};

/* Joins the others and learns where they are. 0, or an error with a line in err; link_close in both cases. */
int link_open(struct link_world *w, const struct messages *lib, char *err, size_t n);
/* Frees *w. Does not leave the others: see link_stop. */
void link_close(struct link_world *w);

/* How far apart two processes are. */
enum link_distance { LINK_SOCKET, LINK_SOCKETS, LINK_HOSTS, LINK_DISTANCES };
const char *link_distance_words(enum link_distance d);
enum link_distance link_distance(const struct link_place *a, const struct link_place *b);
/* Of all processes: the largest. */
enum link_distance link_widest(const struct link_world *w);
int link_hosts(const struct link_world *w);
/* The first process at that distance from process 0; -1: none. */
int link_peer(const struct link_world *w, enum link_distance d);

enum link_op {
	LINK_STOP,      /* leave */
	LINK_PING_PONG, /* a message of 8 byte to the peer and one back */
	LINK_ONE_WAY,   /* a window of messages to the peer, then one of 8 byte back */
	LINK_BOTH_WAYS, /* windows in both directions at the same time */
	LINK_SUM        /* sums over all processes, known to all (all-reduce) */
};

struct link_job {
	uint32_t op; /* enum link_op */
	int32_t peer;
	uint64_t bytes;  /* of a message, a multiple of 8 */
	uint32_t window; /* messages in flight in each direction, at most MESSAGES_WINDOW */
	uint32_t zero;   /* the struct is sent as bytes */
	uint64_t iterations;
	uint64_t seed; /* of the contents; another one in each job, so that old contents are not taken for new ones */
};

/* On process 0: all do the job. *ns: time of its iterations, without preparing and checking. MW_EVERIFY when a process
 * received what was not sent; -EIO when the library failed, and nothing can be asked of the others any more. */
int link_lead(struct link_world *w, const struct link_job *job, uint64_t *ns, char *err, size_t n);
/* On process 0: the others leave, and so does it. */
void link_stop(struct link_world *w);
/* On the others: does jobs until process 0 says LINK_STOP. 0, or -EIO with a line in err. */
int link_follow(struct link_world *w, char *err, size_t n);

/* What a job gives: ping-pong: ns of half a round trip; windows: GB/s of messages, of both directions together; sum: ns
 * of one. */
double link_value(const struct link_job *job, uint64_t ns);
/* Messages in flight for a size: at most 16 and 16 MiB. */
uint32_t link_window(uint64_t bytes);

#endif
