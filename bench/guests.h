/* QEMU's side of the channels, and the guests behind them; the program to be measured is a child. */
#ifndef GUESTS_H
#define GUESTS_H

#include <sys/types.h>

/* The highest and the lowest speed of the tree differ in their first digit. */
#define FAST '2'
#define SLOW '1'

/* A longer time means that the program is broken, in µs. */
#define LIMIT_US 30e6

struct channel {
	enum { LISTENER, CONNECTION, NOTIFY } kind;
	struct channel *owner; /* of a listener: its connection */
	int fd;
	int outstanding; /* requests that have no reply yet */
	int reply_bytes; /* of a reply that is not whole yet */
	unsigned char packet[464];
};

extern struct channel *channels;
extern int channel_count;
extern pid_t child;

/* Makes the sockets <directory>/vm<I>.<N>. They are removed, and the child ended, when this process ends. */
void make_channels(const char *directory, int vms, int vcpus);

/* Starts the program and returns when it has said READY and has answered once on every channel. Prints both times. */
void start_child(char **command, const char *label);

/* Ends the program, which closes its connections. */
void stop_child(int signal);

/* Makes each request the opposite of the one before (fastest or slowest), so that each needs a write. */
void request(struct channel *channel);

/* Sets whether the next request is for the slowest or the fastest speed. */
void next_request(struct channel *channel, char speed);

/* Reads the replies that have arrived, without waiting; returns their number. */
int take_replies(struct channel *channel);

/* Sleeps until all requests have their replies. */
void await_reply(struct channel *channel);

/* Waits for activity of the program, and calls back for replies. */
void turn(void (*replied)(struct channel *channel, int replies));

/* Microseconds of a monotonic clock. */
double now(void);

void print(const char *name, double value);

/* Prints the reason and exits with 1. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
