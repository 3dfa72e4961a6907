/*
 * One virtio-serial port without a virtual machine: towards the host it is QEMU (it listens on an AF_UNIX socket with a
 * backlog of 1), towards the guest's software it is the device (a terminal in raw mode, under the device's name). Bytes
 * pass both ways unchanged; what the guest sends is also recorded.
 *
 * usage: port SOCKET DEVICE RECORD
 *
 * It prints "listening", then "connected" and "disconnected" as the host comes and goes. SIGTERM ends it; the socket and
 * the device's name go with it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static const char *socket_path, *device_path;
static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void remove_names(void)
{
	unlink(socket_path);
	unlink(device_path);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "The path \"%s\" is too long for a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		err(1, "Cannot listen at \"%s\"", path);
	return fd;
}

/* The other end of the terminal. The guest opens it by the device's name. */
static int open_device(const char *path)
{
	struct termios raw;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		err(1, "Cannot open a terminal");
	/* Kept open, so that the terminal does not hang up when the guest closes the device. */
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &raw) < 0)
		err(1, "Cannot open the terminal \"%s\"", ptsname(master));
	cfmakeraw(&raw);
	if (tcsetattr(slave, TCSANOW, &raw) < 0)
		err(1, "Cannot make the terminal raw");
	if (symlink(ptsname(master), path) < 0)
		err(1, "Cannot make \"%s\"", path);
	return master;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

/* The daemon reads all the time, so this may wait for it. */
static int send_all(int fd, const char *bytes, ssize_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return -1;
		if (sent > 0) {
			bytes += sent;
			size -= sent;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char from_guest[65536], to_guest[4096];
	ssize_t kept = 0;
	int host = -1;

	if (argc != 4)
		errx(2, "usage: port SOCKET DEVICE RECORD");
	socket_path = argv[1];
	device_path = argv[2];
	int record = open(argv[3], O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (record < 0)
		err(1, "Cannot open \"%s\"", argv[3]);
	struct sigaction action = { .sa_handler = end };
	sigaction(SIGTERM, &action, NULL);
	int listener = listen_at(socket_path);
	atexit(remove_names);
	int device = open_device(device_path);
	say("listening");

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = device, .events = POLLIN | (kept > 0 ? POLLOUT : 0) },
			{ .fd = listener, .events = host < 0 ? POLLIN : 0 },
			/* Bytes that the guest does not accept stay in the socket, as with QEMU. */
			{ .fd = host, .events = kept > 0 ? 0 : POLLIN },
		};
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents & POLLIN) {
			ssize_t size = read(device, from_guest, sizeof(from_guest));
			if (size > 0 && write(record, from_guest, size) != size)
				err(1, "Cannot record");
			/* Without a host QEMU accepts nothing from the guest. A terminal does, so its bytes are discarded. */
			if (size > 0 && host >= 0)
				send_all(host, from_guest, size);
		}
		if (fds[0].revents & POLLOUT) {
			ssize_t taken = write(device, to_guest, kept);
			if (taken > 0) {
				kept -= taken;
				memmove(to_guest, to_guest + taken, kept);
			}
		}
		if (fds[1].revents & POLLIN) {
			host = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (host >= 0)
				say("connected");
		}
		if (host >= 0 && fds[2].fd == host && fds[2].revents != 0 && kept == 0) {
			kept = read(host, to_guest, sizeof(to_guest));
			if (kept <= 0) {
				close(host);
				host = -1;
				kept = 0;
				say("disconnected");
			}
		}
	}
	return 0;
}
