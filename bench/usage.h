/* The resource usage of the measured program, from /proc. */
#ifndef USAGE_H
#define USAGE_H

void sleep_us(double us);

/* CPU time of all threads that live, in µs. */
double cpu_of_child(void);

/* Measures wakeups and CPU time of its threads while there are no requests, and its memory under that name. */
void measure_idle(double seconds, const char *memory);

/*
 * Prints the resident memory, and that part of it which is not pages of files, in kB: the mean of one look per second, or
 * of one at once.
 */
void measure_memory(const char *name, double seconds);

#endif
