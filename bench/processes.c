/*
 * Plays processes that do nothing: COUNT of them, each with VCPUS threads that are called as QEMU calls those of vCPUs,
 * and with the name of this program. They end with this process's standard input.
 *
 * usage: processes COUNT VCPUS [ARGUMENT...]     the arguments are what they tell as theirs
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *rest(void *name)
{
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

static void live(int vcpus)
{
	char names[256][16];
	pthread_attr_t small;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 * 1024);
	for (int i = 0; i < vcpus && i < 256; i++) {
		snprintf(names[i], sizeof names[i], "CPU %d/KVM", i);
		if (pthread_create(&thread, &small, rest, names[i]) != 0)
			errx(1, "no thread");
	}
	for (;;)
		pause();
}

int main(int argc, char *argv[])
{
	char byte;

	if (argc < 3)
		errx(2, "usage: processes COUNT VCPUS [ARGUMENT...]");
	for (int i = 0; i < atoi(argv[1]); i++)
		if (fork() == 0)
			live(atoi(argv[2]));
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
