#define _GNU_SOURCE
#include "neighbours.h"

#include "guests.h"

#include <errno.h>
#include <sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a flooding guest sends at once. */
#define FLOOD_PACKETS 32

static pid_t *spinners;
static int count;

void set_realtime(int is_realtime)
{
	struct sched_param parameters = { .sched_priority = is_realtime ? 50 : 0 };
	int policy = is_realtime ? SCHED_FIFO : SCHED_OTHER;

	/* Its children are ordinary processes. */
	if (sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &parameters) < 0)
		fail("Cannot get a realtime priority, which needs root: %s", strerror(errno));
}

static void spin(int cpu)
{
	cpu_set_t cpus;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (;;)
		;
}

void start_spinning(void)
{
	count = sysconf(_SC_NPROCESSORS_ONLN);
	spinners = calloc(count, sizeof(*spinners));
	for (int cpu = 0; cpu < count; cpu++) {
		pid_t process = fork();
		if (process < 0)
			fail("Cannot make a spinning process: %s", strerror(errno));
		if (process == 0)
			spin(cpu);
		spinners[cpu] = process;
	}
}

void stop_spinning(void)
{
	for (int i = 0; i < count; i++) {
		kill(spinners[i], SIGKILL);
		waitpid(spinners[i], NULL, 0);
	}
}

pid_t start_flood(struct channel *channel)
{
	static unsigned char packets[FLOOD_PACKETS * sizeof(channel->packet)], replies[65536];
	struct pollfd ready = { .fd = channel->fd, .events = POLLIN | POLLOUT };
	pid_t process = fork();

	if (process < 0)
		fail("Cannot make a flooding guest: %s", strerror(errno));
	if (process > 0)
		return process;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < FLOOD_PACKETS; i++) {
		next_request(channel, i % 2 == 0 ? FAST : SLOW);
		memcpy(packets + i * sizeof(channel->packet), channel->packet, sizeof(channel->packet));
	}
	for (size_t at = 0;;) {
		poll(&ready, 1, -1);
		while (recv(channel->fd, replies, sizeof(replies), MSG_DONTWAIT) > 0)
			;
		ssize_t sent = send(channel->fd, packets + at, sizeof(packets) - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			at = (at + sent) % sizeof(packets);
		else if (sent < 0 && errno != EAGAIN)
			_exit(1);
	}
}
