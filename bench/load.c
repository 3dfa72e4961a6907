/*
 * The load: plays QEMU and the guests behind it, starts the program to be measured, and measures it from outside. It
 * knows the wire and the name of one file, nothing else of the program.
 *
 * usage: load fast SCALE CHANNELS VMS VCPUS FILE -- COMMAND...
 *        load many SCALE CHANNELS VMS VCPUS IDLE_SECONDS -- COMMAND...
 *
 * CHANNELS is the directory for the sockets, vm<I>.<N>; FILE is what vCPU 0 of vm0 has written. SCALE shortens it all, 1
 * is the whole length. It prints lines of "NAME VALUE": times in µs, memory in kB, requests per second, and per cent.
 */
#define _GNU_SOURCE
#include "guests.h"
#include "neighbours.h"
#include "usage.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5

/* The longest pause between two requests of a busy host. */
#define BUSY_PAUSE_US 5000

static int waited_for;

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. */
static double percentile(double *values, int count, double part)
{
	int at = part * count;

	qsort(values, count, sizeof(*values), ascending);
	return values[at < count ? at : count - 1];
}

static void print_spread(const char *what, double *values, int count)
{
	char name[64];
	static const struct {
		const char *name;
		double part;
	} parts[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 1 } };

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s.%s", what, parts[i].name);
		print(name, percentile(values, count, parts[i].part));
	}
}

/*
 * From request to file and from request to reply, one at a time. The file is mapped, so a look at it is a load from
 * memory: no system call, nothing that the program could notice. Between two requests both sides sleep, as they do when
 * a guest asks now and then.
 */
static void measure_latency(const char *path, int count)
{
	double *to_file = calloc(count, sizeof(double)), *to_reply = calloc(count, sizeof(double));
	struct channel *channel = &channels[0];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	volatile const char *speed = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

	if (fd < 0 || speed == MAP_FAILED)
		fail("Cannot map \"%s\": %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char wanted = *speed == FAST ? SLOW : FAST;
		sleep_us(150 + rand() % 100);
		next_request(channel, wanted);
		double sent = now();
		request(channel);
		while (*speed != wanted)
			if (now() - sent > LIMIT_US)
				fail("The file did not follow");
		to_file[i] = now() - sent;
		while (take_replies(channel) == 0)
			if (now() - sent > LIMIT_US)
				fail("No reply came");
		to_reply[i] = now() - sent;
	}
	print_spread("file", to_file, count);
	print_spread("reply", to_reply, count);
	close(fd);
}

static double flow_end;
static long flowed;

static void flow(struct channel *channel, int replies)
{
	flowed += replies;
	waited_for -= replies;
	if (now() > flow_end)
		return;
	waited_for += replies;
	while (replies-- > 0)
		request(channel);
}

/* Measures replies per second, with a fixed number of requests under way on each channel, and
 * the CPU time per request, which is more reliable than the rate on a busy machine. */
static void measure_rate(const char *name, int count, int outstanding, double seconds)
{
	double rates[ROUNDS], costs[ROUNDS];
	char label[64];

	for (int round = 0; round < ROUNDS; round++) {
		double begun = now(), cpu_us = cpu_of_child();
		flow_end = begun + seconds * 1e6;
		flowed = 0;
		waited_for = outstanding * count;
		for (int i = 0; i < waited_for; i++)
			request(&channels[i % count]);
		while (waited_for > 0) {
			turn(flow);
			if (now() - flow_end > LIMIT_US)
				fail("%d replies are missing", waited_for);
		}
		rates[round] = flowed * 1e6 / (now() - begun);
		costs[round] = (cpu_of_child() - cpu_us) / flowed;
	}
	print(name, percentile(rates, ROUNDS, 0.5));
	snprintf(label, sizeof(label), "%s.cpu", name);
	print(label, percentile(costs, ROUNDS, 0.5));
}

static void count_down(struct channel *channel, int replies)
{
	(void)channel;
	waited_for -= replies;
}

/* Sends one request on every channel at once, and waits for all replies. */
static double burst(void)
{
	double begun = now();

	waited_for = channel_count;
	for (int i = 0; i < channel_count; i++)
		request(&channels[i]);
	while (waited_for > 0) {
		turn(count_down);
		if (now() - begun > LIMIT_US)
			fail("%d replies are missing", waited_for);
	}
	return now() - begun;
}

static void measure_bursts(const char *name, int count)
{
	double *times = calloc(count, sizeof(double));

	for (int i = 0; i < count; i++) {
		times[i] = burst();
		sleep_us(20e3);
	}
	print(name, percentile(times, count, 0.5));
}

/*
 * From request to file and from request to reply, on the first channel. This process sleeps until the kernel reports the
 * change of the file, as a guest's request comes from a thread that sleeps; with a realtime priority, so that other
 * processes delay only the measured program.
 */
static void measure_asleep(const char *name, const char *path, int count)
{
	char label[64];
	double *to_file = calloc(count, sizeof(double)), *to_reply = calloc(count, sizeof(double));
	struct channel *channel = &channels[0];
	int changes = inotify_init1(IN_CLOEXEC);

	if (changes < 0 || inotify_add_watch(changes, path, IN_MODIFY) < 0)
		fail("Cannot watch \"%s\": %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		struct inotify_event event;
		sleep_us(rand() % BUSY_PAUSE_US);
		double sent = now();
		request(channel);
		if (read(changes, &event, sizeof(event)) < (ssize_t)sizeof(event))
			fail("The file did not follow");
		to_file[i] = now() - sent;
		await_reply(channel);
		to_reply[i] = now() - sent;
	}
	snprintf(label, sizeof(label), "%s.file", name);
	print_spread(label, to_file, count);
	snprintf(label, sizeof(label), "%s.reply", name);
	print_spread(label, to_reply, count);
	close(changes);
}

/* A few channels, and no CPU that is idle. */
static void run_busy(const char *file, double scale, char **command)
{
	start_child(command, "busy");
	measure_rate("warm", channel_count, 1, 0.4);
	/* What warmed it up was a flood: the program may take more than a second to recover its priority. */
	sleep_us(2.5e6);
	set_realtime(1);
	start_spinning();
	measure_asleep("busy", file, 20000 * scale);
	stop_spinning();
}

/*
 * What the flood of one guest costs the other guests, and how much of a CPU the program takes for it beside processes
 * that spin. It may refuse the flooding guest.
 */
static void run_flood(const char *file, double scale, char **command)
{
	start_child(command, "flood");
	set_realtime(1);
	/* With CPUs that never sleep, so that the two differ by the flood alone. */
	start_spinning();
	measure_asleep("warm", file, 1000);
	measure_asleep("quiet", file, 3000 * scale);
	pid_t flooder = start_flood(&channels[1]);
	measure_asleep("flood", file, 3000 * scale);
	double begun = now(), cpu_us = cpu_of_child();
	sleep_us(5e6 * scale);
	print("flood.cpu", (cpu_of_child() - cpu_us) * 100 / (now() - begun));
	stop_spinning();
	kill(flooder, SIGKILL);
	waitpid(flooder, NULL, 0);
}

/* A few channels, busy. */
static void run_fast(const char *file, double scale, char **command)
{
	start_child(command, "few");
	/* Warm: the runtime has compiled the hot code. */
	measure_rate("warm", channel_count, 1, 0.4 * scale);
	measure_latency(file, 20000 * scale);
	measure_rate("rate.one", 1, 32, scale);
	measure_rate("rate.each", channel_count, 1, scale);
	measure_rate("rate.full", channel_count, 32, scale);
}

/*
 * Until the program takes it for a rest, has given back what it gives back then, and its runtime has
 * compiled most of what a program at rest does.
 */
static void rest(double idle_seconds)
{
	sleep_us(idle_seconds * 6e6);
}

/* Measures thousands of mostly idle channels, after a crash of the program, so that it has
 * settings to restore. */
static void run_many(double idle_seconds, double scale, char **command)
{
	start_child(command, "many");
	stop_child(SIGKILL);
	start_child(command, "restart");
	print("burst.first", burst());
	measure_bursts("burst", 50 * scale);
	rest(idle_seconds);
	measure_idle(idle_seconds, "memory");
}

/* One channel, at rest; a flood; and rest again. */
static void run_rest(double idle_seconds, double scale, char **command)
{
	start_child(command, "rest");
	sleep_us(idle_seconds * 1e6);
	measure_memory("rest.memory", idle_seconds);
	measure_rate("rest.rate", 1, 32, 5 * scale);
	measure_memory("flooded.memory", 0);
	rest(idle_seconds);
	measure_idle(idle_seconds, "later.memory");
}

int main(int argc, char **argv)
{
	if (argc < 9 || strcmp(argv[7], "--") != 0)
		errx(2, "usage: load fast|busy|flood|rest|many SCALE CHANNELS VMS VCPUS FILE|IDLE_SECONDS -- COMMAND...");
	make_channels(argv[3], atoi(argv[4]), atoi(argv[5]));
	if (strcmp(argv[1], "busy") == 0)
		run_busy(argv[6], atof(argv[2]), argv + 8);
	else if (strcmp(argv[1], "rest") == 0)
		run_rest(atof(argv[6]), atof(argv[2]), argv + 8);
	else if (strcmp(argv[1], "flood") == 0)
		run_flood(argv[6], atof(argv[2]), argv + 8);
	else if (strcmp(argv[1], "fast") == 0)
		run_fast(argv[6], atof(argv[2]), argv + 8);
	else
		run_many(atof(argv[6]), atof(argv[2]), argv + 8);
	stop_child(SIGTERM);
	return 0;
}
