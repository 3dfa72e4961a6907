#define _GNU_SOURCE
#include "usage.h"

#include "guests.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64

void sleep_us(double us)
{
	struct timespec t = { us / 1e6, (long)(us * 1e3) % 1000000000 };

	nanosleep(&t, NULL);
}

/* Finds the number after a word in a file of /proc; without a word, the first number. */
static double number_in(const char *path, const char *word)
{
	char line[256];
	double value = 0;
	FILE *file = fopen(path, "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, word, strlen(word)) == 0 && sscanf(line + strlen(word), "%lf", &value) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return value;
}

/* The resources that one thread has used so far. */
struct usage {
	int thread;
	double sleeps; /* how often it went to sleep, thus how often it was woken */
	double cpu_us;
};

/* Examines all threads; returns their number. */
static int look_at_child(struct usage *threads)
{
	char path[300];
	struct dirent *task;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", child);
	DIR *tasks = opendir(path);
	if (tasks == NULL)
		fail("The program ended");
	while ((task = readdir(tasks)) != NULL && count < THREADS_MAX) {
		if (task->d_name[0] == '.')
			continue;
		struct usage *thread = &threads[count++];
		thread->thread = atoi(task->d_name);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", child, task->d_name);
		thread->sleeps = number_in(path, "voluntary_ctxt_switches:");
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", child, task->d_name);
		thread->cpu_us = number_in(path, "") / 1e3;
	}
	closedir(tasks);
	return count;
}

double cpu_of_child(void)
{
	struct usage threads[THREADS_MAX];
	double sum = 0;

	for (int i = look_at_child(threads) - 1; i >= 0; i--)
		sum += threads[i].cpu_us;
	return sum;
}

void measure_idle(double seconds, const char *memory)
{
	struct usage before[THREADS_MAX], after[THREADS_MAX];
	double sleeps = 0, cpu_us = 0;
	int count_before = look_at_child(before);

	measure_memory(memory, seconds);
	int count_after = look_at_child(after);
	for (int i = 0; i < count_after; i++) {
		sleeps += after[i].sleeps;
		cpu_us += after[i].cpu_us;
		for (int k = 0; k < count_before; k++)
			if (before[k].thread == after[i].thread) {
				sleeps -= before[k].sleeps;
				cpu_us -= before[k].cpu_us;
			}
	}
	print("idle.wakeups", sleeps / seconds);
	print("idle.cpu", cpu_us * 100 / (seconds * 1e6));
}

void measure_memory(const char *name, double seconds)
{
	char path[64], label[64];
	double all = 0, anonymous = 0;
	int looks = seconds < 1 ? 1 : (int)seconds;

	snprintf(path, sizeof(path), "/proc/%d/status", child);
	for (int i = 0; i < looks; i++) {
		sleep_us(seconds * 1e6 / looks);
		all += number_in(path, "VmRSS:");
		anonymous += number_in(path, "RssAnon:");
	}
	print(name, all / looks);
	snprintf(label, sizeof(label), "%s.anonymous", name);
	print(label, anonymous / looks);
}
