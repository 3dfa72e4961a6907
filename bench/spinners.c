#define _GNU_SOURCE
#include "spinners.h"

#include "guests.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A cache line for each, so that they do not wait for each other. */
static struct spinner {
	_Alignas(64) volatile unsigned long rounds;
	pid_t process;
} *spinners;
static int count;

static void set_policy(int policy, int priority)
{
	struct sched_param parameters = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &parameters) < 0)
		fail("Cannot get a realtime priority, which needs root: %s", strerror(errno));
}

static void spin(struct spinner *spinner, int cpu)
{
	cpu_set_t cpus;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (;;)
		spinner->rounds++;
}

void start_spinning(void)
{
	count = sysconf(_SC_NPROCESSORS_ONLN);
	spinners = mmap(NULL, count * sizeof(*spinners), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spinners == MAP_FAILED)
		fail("Cannot make spinning processes: %s", strerror(errno));
	for (int cpu = 0; cpu < count; cpu++) {
		pid_t process = fork();
		if (process < 0)
			fail("Cannot make a spinning process: %s", strerror(errno));
		if (process == 0)
			spin(&spinners[cpu], cpu);
		spinners[cpu].process = process;
	}
	set_policy(SCHED_FIFO, 50);
}

void stop_spinning(void)
{
	set_policy(SCHED_OTHER, 0);
	for (int i = 0; i < count; i++) {
		kill(spinners[i].process, SIGKILL);
		waitpid(spinners[i].process, NULL, 0);
	}
}

double spun(void)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += spinners[i].rounds;
	return sum;
}
