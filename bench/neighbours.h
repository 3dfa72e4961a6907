/* Other processes that want the CPUs, and guests that misbehave. */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include <sys/types.h>

struct channel;

/* Gives this process a realtime priority, or takes it away. */
void set_realtime(int is_realtime);

/* Starts a process on each CPU that never sleeps. */
void start_spinning(void);

void stop_spinning(void);

/* Starts a process that sends requests on a channel as fast as they are taken, and drops the replies. */
pid_t start_flood(struct channel *channel);

#endif
