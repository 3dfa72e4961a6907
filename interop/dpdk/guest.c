/*
 * The software of a guest: calls DPDK's power library as it is told, line by line on stdin, and prints what it answered.
 *
 *   init L, exit L                  rte_power_init, rte_power_exit of an lcore
 *   up L, down L, max L, min L      rte_power_freq_up, ...
 *   turbo L, no-turbo L             rte_power_freq_enable_turbo, ..._disable_turbo
 *   send L COMMAND UNIT ID TYPE     rte_power_guest_channel_send_msg with these fields; the last one is core_type
 *   policy L TYPE WORKLOAD VCPUS    the same for a guest policy of the first vCPUs
 *   receive L SIZE                  rte_power_guest_channel_receive_msg; prints the bytes as hex
 *   silence L SIZE                  the same, but waits long for what must not come
 *
 * An answer is a line "> RESULT" or "> RESULT HEX"; everything else on the outputs is DPDK's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_power.h>
#include <rte_power_guest_channel.h>

#define REPLY_SIZE_MAX 464

/* The library waits 10 ms each time. A busy machine may need longer. A reply that must not
 * arrive is awaited just as long. */
#define RECEIVES_MAX 200
#define SILENCE_RECEIVES 20

/* The library's CONNECT has the command; its other bytes are uninitialised memory of the stack. */
static __attribute__((noinline)) void leave_garbage(void)
{
	volatile unsigned char stack[16384];

	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = 0xe5;
}

static int receive(unsigned int lcore, size_t size, int tries)
{
	unsigned char reply[REPLY_SIZE_MAX] = { 0 };
	int result = -1;

	if (size > sizeof(reply))
		return -1;
	while (result != 0 && tries-- > 0)
		result = rte_power_guest_channel_receive_msg(reply, size, lcore);
	printf("> %d ", result);
	for (size_t i = 0; result == 0 && i < size; i++)
		printf("%02x", reply[i]);
	printf("\n");
	return result;
}

static int send(unsigned int lcore, const unsigned long *fields)
{
	struct rte_power_channel_packet packet;

	memset(&packet, 0, sizeof(packet));
	packet.command = fields[0];
	packet.unit = fields[1];
	packet.resource_id = fields[2];
	packet.core_type = fields[3];
	strcpy(packet.vm_name, "ubuntu2");
	return rte_power_guest_channel_send_msg(&packet, lcore);
}

static int send_policy(unsigned int lcore, const unsigned long *fields)
{
	struct rte_power_channel_packet packet;
	unsigned long vcpu;

	memset(&packet, 0, sizeof(packet));
	packet.command = 3 /* PKT_POLICY */;
	packet.policy_to_use = fields[0];
	packet.workload = fields[1];
	for (vcpu = 0; vcpu < fields[2] && vcpu < sizeof(packet.vcpu_to_control); vcpu++)
		packet.vcpu_to_control[vcpu] = vcpu;
	packet.num_vcpu = vcpu;
	strcpy(packet.vm_name, "ubuntu2");
	return rte_power_guest_channel_send_msg(&packet, lcore);
}

/* The calls that take an lcore and nothing else. They are variables, set when the environment is chosen. */
static int call(const char *name, unsigned int lcore)
{
	if (strcmp(name, "init") == 0) {
		leave_garbage();
		return rte_power_init(lcore);
	}
	if (strcmp(name, "exit") == 0)
		return rte_power_exit(lcore);
	if (strcmp(name, "up") == 0)
		return rte_power_freq_up(lcore);
	if (strcmp(name, "down") == 0)
		return rte_power_freq_down(lcore);
	if (strcmp(name, "max") == 0)
		return rte_power_freq_max(lcore);
	if (strcmp(name, "min") == 0)
		return rte_power_freq_min(lcore);
	if (strcmp(name, "turbo") == 0)
		return rte_power_freq_enable_turbo(lcore);
	if (strcmp(name, "no-turbo") == 0)
		return rte_power_freq_disable_turbo(lcore);
	fprintf(stderr, "No such call: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	char line[256], name[16];
	unsigned int lcore;
	unsigned long number[4];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (rte_eal_init(argc, argv) < 0)
		return 1;
	printf("> %d\n", rte_power_set_env(PM_ENV_KVM_VM));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		int fields = sscanf(line, "%15s %u %lu %lu %lu %lu", name, &lcore, &number[0], &number[1], &number[2],
				    &number[3]);
		if (fields == 3 && strcmp(name, "receive") == 0)
			receive(lcore, number[0], RECEIVES_MAX);
		else if (fields == 3 && strcmp(name, "silence") == 0)
			receive(lcore, number[0], SILENCE_RECEIVES);
		else if (fields == 5 && strcmp(name, "policy") == 0)
			printf("> %d\n", send_policy(lcore, number));
		else if (fields == 6 && strcmp(name, "send") == 0)
			printf("> %d\n", send(lcore, number));
		else
			printf("> %d\n", call(name, lcore));
	}
	return rte_eal_cleanup();
}
