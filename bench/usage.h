/* What the program to be measured uses of the machine, as /proc tells it. */
#ifndef USAGE_H
#define USAGE_H

void sleep_us(double us);

/* CPU time of all threads that live, in µs. */
double cpu_of_child(void);

/* How often its threads are woken, and how much CPU time they take, while nobody asks for anything. */
void measure_idle(double seconds);

void measure_memory(void);

#endif
