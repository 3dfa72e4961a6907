/*
 * The least that a host program can do: connect to every channel, and for each packet read, write one file and answer.
 * No framing, no judging, no arbitration, no journal. What a daemon costs is what it needs beyond this.
 *
 * usage: floor CHANNELS ROOT CPUS VCPUS
 *
 * Channel vm<I>.<N> steers CPU (I * VCPUS + N) % CPUS of the tree at ROOT.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PACKET_SIZE 464
#define UNIT 8
#define UNIT_MAX 3
#define FAST "2301000"
#define SLOW "1200000"
#define CPUS_MAX 4096

struct channel {
	int fd;
	int file;
};

static int connect_to(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
	if (length >= (int)sizeof(address.sun_path))
		errx(1, "The path of \"%s\" is too long for a socket", name);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "Cannot connect to \"%s\"", address.sun_path);
	return fd;
}

static int open_speed(const char *root, int cpu)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/cpufreq/policy%d/scaling_setspeed", root, cpu);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0)
		err(1, "Cannot open \"%s\"", path);
	return fd;
}

/* Reports to the parent that the channels are open, as sd_notify(3) does. */
static void notify_ready(void)
{
	static const char ready[] = "READY=1";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (path != NULL) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		sendto(fd, ready, sizeof(ready) - 1, 0, (struct sockaddr *)&address, sizeof(address));
	}
	close(fd);
}

static void handle(struct channel *channel)
{
	static char bytes[65536];
	ssize_t size = read(channel->fd, bytes, sizeof(bytes));

	if (size == 0 || (size < 0 && errno != EAGAIN))
		close(channel->fd);
	for (ssize_t at = 0; at + PACKET_SIZE <= size; at += PACKET_SIZE) {
		const char *speed = bytes[at + UNIT] == UNIT_MAX ? FAST : SLOW;
		if (pwrite(channel->file, speed, sizeof(FAST) - 1, 0) < 0)
			err(1, "Cannot write a speed");
		if (write(channel->fd, bytes + at, PACKET_SIZE) != PACKET_SIZE)
			warn("A reply is lost");
	}
}

int main(int argc, char **argv)
{
	static int files[CPUS_MAX];
	struct epoll_event events[256];
	struct dirent *entry;

	if (argc != 5)
		errx(2, "usage: floor CHANNELS ROOT CPUS VCPUS");
	int cpus = atoi(argv[3]), vcpus = atoi(argv[4]);
	if (cpus < 1 || cpus > CPUS_MAX)
		errx(2, "CPUS is out of range");
	for (int cpu = 0; cpu < cpus; cpu++)
		files[cpu] = open_speed(argv[2], cpu);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	DIR *directory = opendir(argv[1]);
	if (epoll < 0 || directory == NULL)
		err(1, "Cannot open \"%s\"", argv[1]);
	while ((entry = readdir(directory)) != NULL) {
		int vm, number;
		if (sscanf(entry->d_name, "vm%d.%d", &vm, &number) != 2)
			continue;
		struct channel *channel = malloc(sizeof(*channel));
		channel->fd = connect_to(argv[1], entry->d_name);
		channel->file = files[(vm * vcpus + number) % cpus];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = channel };
		epoll_ctl(epoll, EPOLL_CTL_ADD, channel->fd, &event);
	}
	closedir(directory);
	notify_ready();
	for (;;) {
		int count = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < count; i++)
			handle(events[i].data.ptr);
	}
}
