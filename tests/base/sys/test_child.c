#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/sys/child.h"

/* Memory that both processes see. */
static int *shared;
static int file;

static void count_handler(void)
{
	shared[0]++;
}

/* Says what it has of the program's files, then does what it is told. */
static void serve(void *arg, int fd)
{
	char order;
	char answer = *(char *)arg;
	if (fcntl(file, F_GETFD) >= 0)
		answer = 'F'; /* a file of the program is open */
	(void)printf("noise");
	(void)fflush(stdout);
	if (!mw_child_send(fd, &answer, 1) || !mw_child_receive(fd, &order, 1, -1))
		return;
	if (order == 'x')
		exit(7);
	if (order == 'k')
		(void)raise(SIGKILL);
	if (order == 'h')
		(void)pause();
	/* 'r': returns */
}

Test(child, ends_and_what_it_leaves)
{
	static const struct {
		char order;
		const char *how;
	} v[] = {{'x', "called exit(7)"},
		 {'k', "was killed by signal 9"},
		 {'h', "gave no answer"},
		 {'r', "called exit(0)"}};
	char err[100] = "", how[64];
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)shared, MAP_FAILED);
	file = open("/dev/zero", O_RDONLY);
	cr_assert_eq(atexit(count_handler), 0);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct mw_child c;
		char arg = 'A', got = 0;
		cr_assert_eq(mw_child_start(serve, &arg, &c, err, sizeof(err)), 0, "%s", err);
		cr_assert(mw_child_receive(c.fd, &got, 1, 5000));
		cr_assert_eq(got, 'A', "%c", got);
		cr_assert(mw_child_send(c.fd, &v[i].order, 1));
		cr_assert_not(mw_child_receive(c.fd, &got, 1, v[i].order == 'h' ? 50 : 5000));
		pid_t pid = c.pid;
		mw_child_end(&c, how, sizeof(how));
		cr_assert_str_eq(how, v[i].how);
		cr_assert_eq(c.fd, -1);
		cr_assert(kill(pid, 0) == -1 && errno == ESRCH, "a child is left over");
		mw_child_end(&c, how, sizeof(how)); /* harmless */
	}
	cr_assert_eq(shared[0], 0, "the program's exit handlers ran in the child");
	/* A child that is gone: sending is an error, not a SIGPIPE. */
	struct mw_child c;
	char arg = 'A', got = 0;
	cr_assert_eq(mw_child_start(serve, &arg, &c, err, sizeof(err)), 0, "%s", err);
	cr_assert(mw_child_receive(c.fd, &got, 1, 5000));
	cr_assert(mw_child_send(c.fd, "x", 1));
	cr_assert_not(mw_child_receive(c.fd, &got, 1, 5000));
	cr_assert_not(mw_child_send(c.fd, "r", 1) && mw_child_send(c.fd, "r", 1));
	mw_child_end(&c, NULL, 0);
}
