/* QEMU's side of the channels, and the guests behind them; the program to be measured is a child. */
#ifndef GUESTS_H
#define GUESTS_H

#include <sys/types.h>

/* The tree's highest and lowest speed, as files say them, differ in their first digit. */
#define FAST '2'
#define SLOW '1'

/* Whatever takes longer is broken, in µs. */
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

/* Ends the program, and the connections with it. */
void stop_child(int signal);

/* Each request asks for the other end of the table than the one before, so that each has to be written. */
void request(struct channel *channel);

/* Makes the next request one for the slow or the fast end. */
void next_request(struct channel *channel, char speed);

/* Takes the replies that are there, without waiting; answers how many. */
int take_replies(struct channel *channel);

/* Waits for the program to do something; calls back for replies. */
void turn(void (*replied)(struct channel *channel, int replies));

/* Microseconds, by a clock that only goes forward. */
double now(void);

void print(const char *name, double value);

/* Says why, and ends with 1. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
