/* Runs a program for which the kernel refuses some calls, as containers do: refuse NAME[,NAME...] COMMAND... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))

enum { MOST = 64 };

static const struct {
	const char *name;
	unsigned call;
	unsigned code;
	unsigned flag; /* of the first argument; 0: always */
} rows[] = {
	{"io_uring", SYS_io_uring_setup, EPERM, 0},
	{"affinity", SYS_sched_setaffinity, EPERM, 0},
	{"affinity", SYS_sched_getaffinity, EPERM, 0},
	{"pin", SYS_sched_setaffinity, EPERM, 0},
	/* The flags of clone3 lie where a filter cannot look: the C library then takes clone. */
	{"threads", SYS_clone3, ENOSYS, 0},
	{"threads", SYS_clone, EAGAIN, CLONE_THREAD},
	{"numa", SYS_mbind, EPERM, 0},
	{"numa", SYS_set_mempolicy, EPERM, 0},
	{"numa", SYS_get_mempolicy, EPERM, 0},
	{"numa", SYS_move_pages, EPERM, 0},
	{"perf", SYS_perf_event_open, EPERM, 0},
	{"sysinfo", SYS_sysinfo, EPERM, 0},
	{"flock", SYS_flock, ENOLCK, 0}, /* as file systems without locks */
};

int main(int argc, char **argv)
{
	struct sock_filter rules[MOST];
	unsigned short n = 0;
	if (argc < 3) {
		(void)fputs("refuse NAME[,NAME...] COMMAND...\n", stderr);
		return 77;
	}
	for (char *word = strtok(argv[1], ","); word; word = strtok(NULL, ",")) {
		size_t known = 0;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && n + 6 < MOST; i++) {
			if (strcmp(rows[i].name, word) != 0)
				continue;
			known++;
			const struct sock_filter row[] = {
				LOAD(nr),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rows[i].call, 0, 3),
				LOAD(args[0]),
				BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, rows[i].flag, 0, rows[i].flag ? 1 : 0),
				ANSWER(rows[i].code),
			};
			memcpy(rules + n, row, sizeof(row));
			n += 5;
		}
		if (!known) {
			(void)fprintf(stderr, "refuse: no calls are known as '%s'\n", word);
			return 77;
		}
	}
	rules[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = n, .filter = rules};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("refuse");
		return 77;
	}
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
