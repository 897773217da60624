/* The processes of the interconnect benchmark, with a library of our own: two processes and a pair of sockets. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/core/err.h"
#include "bench/interconnect_link.h"
#include "tests/bench/context.h"

/* ---- the library ---- */

static struct {
	int fd, rank;
	/* what this process did */
	unsigned sent, received, sums, stops;
	size_t bytes_sent, bytes_received;
	/* what goes wrong: the last byte of the n-th received message changes, it is not delivered, the n-th call fails
	 */
	unsigned wrong_at, lost_at, fails_at;
	bool wrong_sum;
} net;

static int put(const void *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t got = write(net.fd, (const char *)data + done, bytes - done);
		if (got <= 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

static int take(void *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t got = read(net.fd, (char *)data + done, bytes - done);
		if (got <= 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

static int net_start(int *rank, int *size, char *detail, size_t n, char *err)
{
	(void)err;
	*rank = net.rank;
	*size = 2;
	(void)snprintf(detail, n, "sockets 1");
	return 0;
}

static void net_stop(void)
{
	net.stops++;
}

static void net_end_all(int status)
{
	(void)status;
}

static int net_gather(const void *own, size_t bytes, void *all, char *err)
{
	(void)err;
	memcpy((char *)all + (size_t)net.rank * bytes, own, bytes);
	int rc = put(own, bytes);
	return rc ? rc : take((char *)all + (size_t)(1 - net.rank) * bytes, bytes);
}

static int net_barrier(char *err)
{
	char own = 1, all[2];
	return net_gather(&own, 1, all, err);
}

static int net_broadcast(void *data, size_t bytes, char *err)
{
	(void)err;
	return net.rank == 0 ? put(data, bytes) : take(data, bytes);
}

static int fails(char *err)
{
	if (!net.fails_at || net.sent + net.received + 1 < net.fails_at)
		return 0;
	(void)snprintf(err, MESSAGES_ERR, "the cable is cut");
	return -EIO;
}

static int net_send(const void *data, size_t bytes, int to, char *err)
{
	cr_assert_eq(to, 1 - net.rank);
	if (fails(err))
		return -EIO;
	net.sent++;
	net.bytes_sent += bytes;
	return put(data, bytes);
}

static int net_receive(void *data, size_t bytes, int from, char *err)
{
	char *got = calloc(1, bytes + 1);
	cr_assert_not_null(got);
	cr_assert_eq(from, 1 - net.rank);
	int rc = fails(err) ? -EIO : take(got, bytes);
	net.received++;
	net.bytes_received += bytes;
	if (net.received == net.wrong_at)
		got[bytes ? bytes - 1 : 0] ^= 4;
	if (rc == 0 && net.received != net.lost_at)
		memcpy(data, got, bytes);
	free(got);
	return rc;
}

/* Process 0 sends first, so that neither waits for room in a socket for ever. */
static int net_window(const void *out, void *in, unsigned n, size_t bytes, int peer, char *err)
{
	int rc = 0;
	for (int step = 0; step < 2; step++)
		for (unsigned i = 0; i < n && rc == 0; i++) {
			if (step == net.rank && out)
				rc = net_send((const char *)out + i * bytes, bytes, peer, err);
			if (step != net.rank && in)
				rc = net_receive((char *)in + i * bytes, bytes, peer, err);
		}
	return rc;
}

static int net_sum(const double *own, double *sums, size_t count, char *err)
{
	double *all = calloc(2 * count, sizeof(*all));
	int rc = net_gather(own, count * sizeof(*own), all, err);
	for (size_t i = 0; i < count; i++)
		sums[i] = all[i] + all[count + i];
	sums[count - 1] += net.wrong_sum;
	free(all);
	net.sums++;
	return rc;
}

static const struct messages sockets = {MESSAGES_ABI,  "sockets",  net_start, net_stop,    net_end_all, net_barrier,
					net_broadcast, net_gather, net_send,  net_receive, net_window,  net_sum};

/* ---- two processes ---- */

static pid_t other;
static struct link_world world;

/* What goes wrong in the other process is set before; it ends with the status of link_follow. */
static void both_start(void)
{
	int pair[2];
	char err[400] = "";
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	other = fork();
	cr_assert_geq(other, 0);
	net.rank = other == 0;
	net.fd = pair[net.rank];
	(void)close(pair[1 - net.rank]);
	int rc = link_open(&world, &sockets, err, sizeof(err));
	if (other == 0) {
		rc = rc == 0 ? link_follow(&world, err, sizeof(err)) : rc;
		_exit(rc == 0 && net.stops == 1 ? 0 : 7);
	}
	cr_assert_eq(rc, 0, "%s", err);
	cr_assert_str_eq(world.detail, "sockets 1");
	cr_assert_eq(link_peer(&world, LINK_SOCKET) == 1 || link_peer(&world, LINK_SOCKETS) == 1, 1);
	net.wrong_at = net.lost_at = net.fails_at = 0;
	net.wrong_sum = false;
}

static int both_end(void)
{
	int status = -1;
	link_stop(&world);
	(void)close(net.fd);
	cr_assert_eq(waitpid(other, &status, 0), other);
	link_close(&world);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct link_job jobs[] = {
	{.op = LINK_PING_PONG, .peer = 1, .bytes = 8, .window = 1, .iterations = 9, .seed = 1},
	{.op = LINK_ONE_WAY, .peer = 1, .bytes = 64, .window = 4, .iterations = 5, .seed = 2},
	{.op = LINK_BOTH_WAYS, .peer = 1, .bytes = 4096, .window = 3, .iterations = 7, .seed = 3},
	{.op = LINK_SUM, .peer = 1, .bytes = 80, .window = 1, .iterations = 6, .seed = 4},
};

/* As many messages as the value is computed from, of the size it says. */
Test(interconnect, messages_of_a_job)
{
	static const struct {
		unsigned sent, received, sums;
		size_t bytes_sent, bytes_received;
	} want[] = {
		{9, 9, 0, 72, 72},
		{20, 5, 0, 20 * 64, 5 * 8},
		{21, 21, 0, 21 * 4096, 21 * 4096},
		{0, 0, 6, 0, 0},
	};
	both_start();
	for (size_t i = 0; i < 4; i++) {
		uint64_t ns = 0;
		char err[400] = "";
		net.sent = net.received = net.sums = 0;
		net.bytes_sent = net.bytes_received = 0;
		cr_assert_eq(link_lead(&world, &jobs[i], &ns, err, sizeof(err)), 0, "%s", err);
		cr_expect_gt(ns, 0);
		cr_expect_eq(net.sent, want[i].sent, "job %zu", i);
		cr_expect_eq(net.received, want[i].received, "job %zu", i);
		cr_expect_eq(net.sums, want[i].sums, "job %zu", i);
		cr_expect_eq(net.bytes_sent, want[i].bytes_sent, "job %zu", i);
		cr_expect_eq(net.bytes_received, want[i].bytes_received, "job %zu", i);
	}
	cr_expect_eq(both_end(), 0);
}

/* The first process finds what is wrong with what it received, and goes on with the next job. */
Test(interconnect, wrong_messages_are_found)
{
	/* The last byte of the first message and of the last one. */
	static const unsigned last[] = {9, 5, 21, 0};
	both_start();
	for (size_t i = 0; i < 3; i++)
		for (int lost = 0; lost < 2; lost++)
			for (int k = 0; k < 2; k++) {
				uint64_t ns;
				char err[400] = "";
				unsigned at = k ? last[i] : 1;
				/* What an earlier message of a window overwrites is not seen; its first word is. */
				if (jobs[i].op == LINK_BOTH_WAYS && !k && !lost)
					continue;
				net.received = 0;
				net.wrong_at = lost ? 0 : at;
				net.lost_at = lost ? at : 0;
				cr_expect_eq(link_lead(&world, &jobs[i], &ns, err, sizeof(err)), MW_EVERIFY,
					     "job %zu, message %u", i, at);
				cr_expect_str_eq(err, "process 0: received what was not sent");
			}
	uint64_t ns;
	char err[400] = "";
	net.wrong_at = net.lost_at = 0;
	net.wrong_sum = true;
	cr_expect_eq(link_lead(&world, &jobs[3], &ns, err, sizeof(err)), MW_EVERIFY);
	net.wrong_sum = false;
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(link_lead(&world, &jobs[i], &ns, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(both_end(), 0);
}

Test(interconnect, the_other_finds_wrong_messages)
{
	for (size_t i = 0; i < 3; i++) {
		uint64_t ns;
		char err[400] = "";
		memset(&net, 0, sizeof(net));
		net.wrong_at = i == 0 ? 3 : i == 1 ? 20 : 21;
		both_start();
		cr_expect_eq(link_lead(&world, &jobs[i], &ns, err, sizeof(err)), MW_EVERIFY, "job %zu", i);
		cr_expect_str_eq(err, "process 1: received what was not sent");
		cr_expect_eq(both_end(), 0);
	}
}

Test(interconnect, a_library_that_fails)
{
	uint64_t ns;
	char err[400] = "";
	both_start();
	net.fails_at = net.sent + net.received + 5;
	cr_expect_eq(link_lead(&world, &jobs[0], &ns, err, sizeof(err)), -EIO);
	cr_expect_str_eq(err, "the cable is cut");
	/* Nothing more can be asked of the other: it ends with a failure when this one has gone. */
	(void)close(net.fd);
	int status = 0;
	cr_assert_eq(waitpid(other, &status, 0), other);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	link_close(&world);
}

Test(interconnect, what_is_no_job_is_refused)
{
	static const struct link_job bad[] = {
		{.op = 9, .peer = 1, .bytes = 8, .window = 1, .iterations = 1},
		{.op = LINK_SUM, .peer = 2, .bytes = 8, .window = 1, .iterations = 1},
		{.op = LINK_SUM, .peer = 1, .bytes = 12, .window = 1, .iterations = 1},
		{.op = LINK_ONE_WAY, .peer = 1, .bytes = 8, .window = MESSAGES_WINDOW + 1, .iterations = 1},
		{.op = LINK_ONE_WAY, .peer = 1, .bytes = 8, .window = 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t ns;
		char err[400] = "";
		both_start();
		cr_expect_eq(link_lead(&world, &bad[i], &ns, err, sizeof(err)), -EIO, "%zu", i);
		cr_expect(strstr(err, "no job"), "%s", err);
		(void)close(net.fd);
		int status = 0;
		cr_assert_eq(waitpid(other, &status, 0), other);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
		link_close(&world);
	}
}

/* ---- values, places, sizes ---- */

Test(interconnect, values)
{
	struct link_job j = {.op = LINK_PING_PONG, .bytes = 8, .window = 1, .iterations = 100};
	cr_expect_eq(link_value(&j, 100000), 500, "half a round trip");
	j = (struct link_job){.op = LINK_ONE_WAY, .bytes = 1000, .window = 16, .iterations = 10};
	cr_expect_eq(link_value(&j, 160000), 1, "160 KB in 160 us");
	j.op = LINK_BOTH_WAYS;
	cr_expect_eq(link_value(&j, 160000), 2);
	j.op = LINK_SUM;
	cr_expect_eq(link_value(&j, 160000), 16000);
}

Test(interconnect, windows)
{
	cr_expect_eq(link_window(8), 16);
	cr_expect_eq(link_window(1 << 20), 16);
	cr_expect_eq(link_window(4 << 20), 4);
	cr_expect_eq(link_window(64 << 20), 1);
}

Test(interconnect, places)
{
	struct link_place p[] = {{"a", 0, 0}, {"b", 0, 0}, {"a", 5, 1}, {"a", 1, 0}, {"b", 1, 0}};
	struct link_world w = {.size = 5, .places = p};
	cr_expect_eq(link_peer(&w, LINK_SOCKET), 3);
	cr_expect_eq(link_peer(&w, LINK_SOCKETS), 2);
	cr_expect_eq(link_peer(&w, LINK_HOSTS), 1);
	cr_expect_eq(link_hosts(&w), 2);
	cr_expect_eq(link_widest(&w), LINK_HOSTS);
	w.size = 1;
	cr_expect_eq(link_peer(&w, LINK_SOCKET), -1);
	cr_expect_eq(link_widest(&w), LINK_SOCKET);
	struct link_place two[] = {{"a", 0, 0}, {"a", 9, 1}};
	w = (struct link_world){.size = 2, .places = two};
	cr_expect_eq(link_peer(&w, LINK_SOCKET), -1);
	cr_expect_eq(link_widest(&w), LINK_SOCKETS);
	cr_expect_eq(link_hosts(&w), 1);
}

/* Without a launcher nothing is loaded, and the reason says how it is started. */
Test(interconnect, without_a_launcher)
{
	const struct bench *b = bench_find("interconnect");
	struct test_context t;
	static const char *const launchers[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"};
	for (size_t i = 0; i < 4; i++)
		(void)unsetenv(launchers[i]);
	test_open(&t, b, NULL);
	t.ctx.named = true;
	cr_expect_eq(b->available(&t.ctx, t.err, sizeof(t.err)), MW_EUNAVAILABLE);
	cr_expect(strstr(t.err, "mpirun -n 2 memwall interconnect"), "%s", t.err);
	cr_expect_eq(b->rank(), -1);
	cr_expect_eq(test_run(&t, b), MW_EUNAVAILABLE);
	for (size_t i = 0; i < 4; i++) {
		(void)setenv(launchers[i], "0", 1);
		cr_expect_eq(b->rank(), 0);
		(void)setenv(launchers[i], "1", 1);
		cr_expect_eq(b->rank(), 1);
		(void)unsetenv(launchers[i]);
	}
	/* In a run of several benchmarks the processes would repeat the others. */
	(void)setenv("PMI_RANK", "0", 1);
	t.ctx.named = false;
	cr_expect_eq(b->available(&t.ctx, t.err, sizeof(t.err)), MW_EUNAVAILABLE);
	test_close(&t);
}
