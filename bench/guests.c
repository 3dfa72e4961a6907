#define _GNU_SOURCE
#include "guests.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The packet of DPDK 18.11 and later: 464 bytes, of which a scale request sets three numbers. */
#define PACKET_SIZE ((int)sizeof(channels->packet))
#define RESOURCE_ID 0
#define UNIT 8
#define COMMAND 12
#define CPU_POWER 1
#define SCALE_MAX 3
#define SCALE_MIN 4
#define ACK 1

struct channel *channels;
int channel_count;
pid_t child;

static struct channel *listeners, notify;
static char (*paths)[108], notify_path[108];
static int epoll, served;
static double ready;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

void print(const char *name, double value)
{
	printf("%s %.3f\n", name, value);
	fflush(stdout);
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarnx(format, arguments);
	va_end(arguments);
	exit(1);
}

static void clean(void)
{
	if (child > 0)
		kill(child, SIGKILL);
	for (int i = 0; i < channel_count; i++)
		unlink(paths[i]);
	unlink(notify_path);
}

static void terminated(int signal)
{
	(void)signal;
	clean();
	_exit(1);
}

static int make_socket(int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("Cannot make a socket at \"%s\": %s", path, strerror(errno));
	/* The backlog of QEMU's sockets. */
	if (type == SOCK_STREAM && listen(fd, 1) < 0)
		fail("Cannot listen at \"%s\": %s", path, strerror(errno));
	return fd;
}

static void watch(struct channel *channel)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = channel };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, channel->fd, &event) < 0)
		fail("Cannot watch a socket: %s", strerror(errno));
}

/* There are two sockets per channel: one here, one in the child. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < (rlim_t)channel_count * 2 + 100)
		fail("%d channels need more open files than \"ulimit -Hn\" allows", channel_count);
}

void make_channels(const char *directory, int vms, int vcpus)
{
	struct sigaction action = { .sa_handler = terminated };

	if (vms < 1 || vcpus < 1 || strlen(directory) > sizeof(notify_path) - 20)
		fail("Cannot make %d times %d channels in \"%s\"", vms, vcpus, directory);
	channel_count = vms * vcpus;
	raise_file_limit();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	channels = calloc(channel_count, sizeof(*channels));
	listeners = calloc(channel_count, sizeof(*listeners));
	paths = calloc(channel_count, sizeof(*paths));
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	atexit(clean);
	for (int i = 0; i < channel_count; i++) {
		struct channel *channel = &channels[i];
		channel->kind = CONNECTION;
		channel->fd = -1;
		channel->packet[RESOURCE_ID] = i % vcpus;
		channel->packet[UNIT] = SCALE_MAX;
		channel->packet[COMMAND] = CPU_POWER;
		snprintf(paths[i], sizeof(*paths), "%s/vm%d.%d", directory, i / vcpus, i % vcpus);
		listeners[i].kind = LISTENER;
		listeners[i].owner = channel;
		listeners[i].fd = make_socket(SOCK_STREAM, paths[i]);
		watch(&listeners[i]);
	}
	snprintf(notify_path, sizeof(notify_path), "%s/../notify", directory);
	notify.kind = NOTIFY;
	notify.fd = make_socket(SOCK_DGRAM, notify_path);
	watch(&notify);
}

void next_request(struct channel *channel, char speed)
{
	channel->packet[UNIT] = speed == FAST ? SCALE_MIN : SCALE_MAX; /* request() takes the other one */
}

void request(struct channel *channel)
{
	channel->packet[UNIT] = channel->packet[UNIT] == SCALE_MAX ? SCALE_MIN : SCALE_MAX;
	if (send(channel->fd, channel->packet, PACKET_SIZE, MSG_NOSIGNAL) != PACKET_SIZE)
		fail("A request was not taken: %s", strerror(errno));
	channel->outstanding++;
}

int take_replies(struct channel *channel)
{
	static unsigned char bytes[65536];
	ssize_t size = recv(channel->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int replies = 0;

	if (size == 0 || (size < 0 && errno != EAGAIN))
		fail("A channel was closed");
	for (ssize_t at = 0; at < size;) {
		int rest = PACKET_SIZE - channel->reply_bytes;
		int here = size - at < rest ? size - at : rest;
		int command = COMMAND - channel->reply_bytes;
		if (command >= 0 && command < here && bytes[at + command] != ACK)
			fail("A request was refused");
		channel->reply_bytes = (channel->reply_bytes + here) % PACKET_SIZE;
		at += here;
		replies += channel->reply_bytes == 0;
	}
	channel->outstanding -= replies;
	return replies;
}

void await_reply(struct channel *channel)
{
	struct pollfd readable = { .fd = channel->fd, .events = POLLIN };

	while (channel->outstanding > 0)
		if (take_replies(channel) == 0 && poll(&readable, 1, LIMIT_US / 1e3) == 0)
			fail("No reply came");
}

static void take_notification(void)
{
	char text[4096];
	ssize_t size = recv(notify.fd, text, sizeof(text) - 1, 0);

	text[size > 0 ? size : 0] = 0;
	if (strstr(text, "READY=1") == NULL || ready != 0)
		return;
	ready = now();
	for (int i = 0; i < channel_count; i++)
		if (channels[i].fd >= 0)
			request(&channels[i]);
}

/* The host has connected. Its guests ask when it is ready, all at once. */
static void take_connection(struct channel *listener)
{
	struct channel *channel = listener->owner;

	channel->fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (channel->fd < 0)
		return;
	channel->outstanding = channel->reply_bytes = 0;
	watch(channel);
	if (ready != 0)
		request(channel);
}

void turn(void (*replied)(struct channel *channel, int replies))
{
	struct epoll_event events[256];
	int count = epoll_wait(epoll, events, 256, 1000);

	for (int i = 0; i < count; i++) {
		struct channel *channel = events[i].data.ptr;
		if (channel->kind == NOTIFY) {
			take_notification();
		} else if (channel->kind == LISTENER) {
			take_connection(channel);
		} else {
			int replies = take_replies(channel);
			if (replies > 0)
				replied(channel, replies);
		}
	}
}

static void count_served(struct channel *channel, int replies)
{
	(void)channel;
	served += replies;
}

void start_child(char **command, const char *label)
{
	char name[64];
	double begun = now();

	served = 0;
	ready = 0;
	setenv("NOTIFY_SOCKET", notify_path, 1);
	child = fork();
	if (child == 0) {
		execvp(command[0], command);
		warn("Cannot run \"%s\"", command[0]);
		_exit(127);
	}
	while (served < channel_count || ready == 0) {
		turn(count_served);
		if (waitpid(child, NULL, WNOHANG) == child) {
			child = 0;
			fail("The program ended");
		}
		if (now() - begun > LIMIT_US)
			fail("%d of %d channels were served, and READY was%s told", served, channel_count,
			     ready == 0 ? " not" : "");
	}
	double all = now();
	snprintf(name, sizeof(name), "%s.ready", label);
	print(name, ready - begun);
	snprintf(name, sizeof(name), "%s.served", label);
	print(name, all - begun);
}

void stop_child(int signal)
{
	kill(child, signal);
	waitpid(child, NULL, 0);
	child = 0;
	for (int i = 0; i < channel_count; i++) {
		close(channels[i].fd);
		channels[i].fd = -1;
	}
}
