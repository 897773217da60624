/* Hammers the team from one thread, and two teams from two: run under TSan, where Criterion does not work.
 * Each job's effect is plain memory that only the team's own synchronisation orders. Exit 0 when every count is right.
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/stats.h"
#include "base/sys/team.h"

enum { MEMBERS = 5, JOBS = 3000 };

struct job {
	uint64_t runs[MEMBERS]; /* not atomic on purpose */
	uint64_t sum;           /* written by the caller between jobs */
	int active, wrong;
};

static void count(void *arg, int rank, int n)
{
	struct job *job = arg;
	job->runs[rank]++;
	if (n != job->active)
		job->wrong = 1;
}

static int hammer(uint64_t seed)
{
	/* More members than CPUs, all on one CPU or two: late wake-ups and descheduled members are the rule. */
	int cpus[MEMBERS] = {0}, failures = 0;
	char err[160];
	struct mw_team *team;
	struct job job = {.sum = 0};
	uint64_t expected[MEMBERS] = {0};
	if (mw_team_create(cpus, MEMBERS, &team, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "%s\n", err);
		return 1;
	}
	for (int i = 0; i < JOBS; i++) {
		int n = 1 + (int)mw_random_below(&seed, MEMBERS);
		uint64_t ns = 0;
		job.active = n;
		/* Different sizes in a row: a member that sat out one job must not take the next one twice. */
		int rc = i % 3 ? mw_team_run(team, n, count, &job) : mw_team_time(team, n, count, &job, &ns);
		failures += rc != 0 || job.wrong;
		for (int k = 0; k < n; k++)
			expected[k]++;
		job.sum += job.runs[0];
		failures += memcmp(expected, job.runs, sizeof(expected)) != 0;
		if (failures)
			break;
	}
	failures += mw_team_run(team, MEMBERS + 1, count, &job) == 0;
	failures += !isnan(mw_team_c2c_ns(team, 1, 1));
	(void)mw_team_c2c_ns(team, 0, MEMBERS - 1); /* same CPU: may time out, must return */
	mw_team_destroy(team);
	return failures;
}

static void *hammer_thread(void *arg)
{
	uint64_t *v = arg;
	*v = (uint64_t)hammer(*v);
	return NULL;
}

int main(void)
{
	uint64_t other = 2;
	pthread_t thread;
	if (pthread_create(&thread, NULL, hammer_thread, &other) != 0)
		return 1;
	int failures = hammer(1);
	(void)pthread_join(thread, NULL);
	failures += (int)other;
	for (int i = 0; i < 50; i++) { /* creation and destruction race with the first sleep */
		struct mw_team *team;
		int cpu = 0;
		if (mw_team_create(&cpu, 1, &team, NULL, 0) < 0)
			failures++;
		else
			mw_team_destroy(team);
	}
	(void)printf("team_race: %d jobs twice, %d failures\n", JOBS, failures);
	return failures != 0;
}
