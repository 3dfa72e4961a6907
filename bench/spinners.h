/* Processes that never sleep, one on each CPU. */
#ifndef SPINNERS_H
#define SPINNERS_H

/* Starts them, and gives this process a realtime priority, so that it does not wait for them. */
void start_spinning(void);

void stop_spinning(void);

/* How many rounds they have made in all. */
double spun(void);

#endif
