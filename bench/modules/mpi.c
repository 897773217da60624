/* COMPILER: mpicc */
/* NEEDS: mpi.h */
/* MPI, by the library whose compiler wrapper (mpicc, or $MPICC) is found when memwall is built. */
#include <errno.h>
#include <limits.h>
#include <mpi.h>
#include <string.h>
#include <time.h>

#include "bench/modules/messages.h"

enum { TAG = 77 };

static int check(int rc, char *err)
{
	char text[MPI_MAX_ERROR_STRING] = "";
	int len = 0;
	if (rc == MPI_SUCCESS)
		return 0;
	if (MPI_Error_string(rc, text, &len) != MPI_SUCCESS)
		engine_say(text, sizeof(text), "error %d", rc);
	engine_say(err, MESSAGES_ERR, "MPI: %s", text);
	return -EIO;
}

/* Counts of MPI 3 are int. */
static int too_long(size_t bytes, char *err)
{
	if (bytes <= INT_MAX)
		return 0;
	engine_say(err, MESSAGES_ERR, "MPI: a message of %zu bytes is longer than an int can say", bytes);
	return -EIO;
}

static int start(int *rank, int *size, char *detail, size_t n, char *err)
{
	char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
	int got, len = 0;
	int rc = check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &got), err);
	if (rc == 0)
		rc = check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), err);
	if (rc == 0)
		rc = check(MPI_Comm_rank(MPI_COMM_WORLD, rank), err);
	if (rc == 0)
		rc = check(MPI_Comm_size(MPI_COMM_WORLD, size), err);
	if (rc == 0)
		rc = check(MPI_Get_library_version(version, &len), err);
	/* "Open MPI v4.1.4, package: ..." or several lines: the first part. */
	version[strcspn(version, ",\n\t")] = '\0';
	engine_say(detail, n, "%s", version);
	return rc;
}

static void stop(void)
{
	(void)MPI_Finalize();
}

static void end_all(int status)
{
	(void)MPI_Abort(MPI_COMM_WORLD, status);
}

static int barrier(char *err)
{
	return check(MPI_Barrier(MPI_COMM_WORLD), err);
}

static int broadcast(void *data, size_t bytes, char *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	MPI_Request request;
	int done = 0, rc = too_long(bytes, err);
	if (rc == 0)
		rc = check(MPI_Ibcast(data, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD, &request), err);
	if (rc == 0)
		rc = check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), err);
	while (rc == 0 && !done) {
		(void)nanosleep(&pause, NULL);
		rc = check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), err);
	}
	return rc;
}

static int gather(const void *own, size_t bytes, void *all, char *err)
{
	int rc = too_long(bytes, err);
	return rc ? rc
		  : check(MPI_Allgather(own, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD), err);
}

static int send(const void *data, size_t bytes, int to, char *err)
{
	int rc = too_long(bytes, err);
	return rc ? rc : check(MPI_Send(data, (int)bytes, MPI_BYTE, to, TAG, MPI_COMM_WORLD), err);
}

static int receive(void *data, size_t bytes, int from, char *err)
{
	int rc = too_long(bytes, err);
	return rc ? rc : check(MPI_Recv(data, (int)bytes, MPI_BYTE, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE), err);
}

static int window(const void *out, void *in, unsigned n, size_t bytes, int peer, char *err)
{
	MPI_Request requests[2 * MESSAGES_WINDOW];
	int posted = 0, rc = too_long(bytes, err);
	for (unsigned i = 0; in && i < n && i < MESSAGES_WINDOW && rc == 0; i++)
		rc = check(MPI_Irecv((char *)in + i * bytes, (int)bytes, MPI_BYTE, peer, TAG, MPI_COMM_WORLD,
				     &requests[posted++]),
			   err);
	for (unsigned i = 0; out && i < n && i < MESSAGES_WINDOW && rc == 0; i++)
		rc = check(MPI_Isend((const char *)out + i * bytes, (int)bytes, MPI_BYTE, peer, TAG, MPI_COMM_WORLD,
				     &requests[posted++]),
			   err);
	return rc ? rc : check(MPI_Waitall(posted, requests, MPI_STATUSES_IGNORE), err);
}

static int sum(const double *own, double *sums, size_t count, char *err)
{
	int rc = too_long(count, err);
	return rc ? rc : check(MPI_Allreduce(own, sums, (int)count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD), err);
}

MESSAGES_EXPORT extern const struct messages messages;
const struct messages messages = {
	.abi = MESSAGES_ABI,
	.name = "mpi",
	.start = start,
	.stop = stop,
	.end_all = end_all,
	.barrier = barrier,
	.broadcast = broadcast,
	.gather = gather,
	.send = send,
	.receive = receive,
	.window = window,
	.sum = sum,
};
