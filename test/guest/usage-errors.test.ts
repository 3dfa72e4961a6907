import { expect, test } from "bun:test";
import { guestVms } from "./guest-vms.ts";
import { guest } from "./harness.ts";

const vm = guestVms();

test.each([
  ["policy send --vcpus 0-8", "The policy names 9 vCPUs, at most 8 fit"],
  ["policy send --vcpus 0 --busy-hours 24", "24 is not an hour from 0 to 23"],
  ["policy send --vcpus 0 --mac 1:2", '"1:2" is not a MAC address like 52:54:00:12:34:56'],
  ["policy send --vcpus 0 --max-packets much", '--max-packets: "much" is not a number of packets per second'],
  [
    "policy send --vcpus 0 --type traffic --mac 52:54:00:12:34:56 --avg-packets 2",
    "The policy has an average threshold (2) above the maximum (0)",
  ],
  [
    `policy send --vcpus 0 -n ${"x".repeat(32)}`,
    `The VM name "${"x".repeat(32)}" is not 1 to 31 letters that fit into a packet`,
  ],
  ["policy send --vcpus 0 --type traffic", "The policy depends on traffic and names no MAC address"],
  ["policy send --vcpus x", '--vcpus: "x" is not a list of vCPUs like 0,2-5'],
  ["policy sent", 'There is no command "sent": did you mean send?'],
  ["policy foo", 'There is no command "foo": vm-power-guest policy --help lists the commands'],
  ["policy remove x", 'remove does not take "x": write vm-power-guest policy remove [options]'],
  ["--port x max", '--port: "x" is not the number at the end of a port\'s name, 0 to 1023'],
  ["--env dpdk max", '--env: "dpdk" is not one of cpufreq, xen-console, kvm-vm'],
  ["max 1,x", '"1,x" is not a list of vCPUs like 0,2-5'],
  ["max 2000", "There is no lcore 2000"],
])("%s is wrong usage", async (command, sentence) => {
  const { places, ports } = vm([0]);
  expect(await guest(command, places)).toEqual({ code: 2, out: "", err: `${sentence}\n` });
  expect(ports[0]?.sent.filter((bytes) => bytes[12] !== 2)).toEqual([]);
});
