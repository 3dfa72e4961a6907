import { expect, test } from "bun:test";
import type { AddedPolicy } from "../../src/admin/control-types.ts";
import { ctlWith } from "./harness.ts";

test("policy list shows who made each, what it wants and its rule", async () => {
  const { code, out } = await ctlWith({}, "policy list", { columns: 160 });
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replace(/ {2,}/g, "  ").trim())).toEqual([
    "ID  VM  VCPUS  BY  WANTS  RULE",
    "3  web.1  0-1  alice (uid 1000, pid 77)  max  time: max at 8-10, min at 0,23, traffic at 12, medium from 1000/s, max from 2000/s, of 52:54:00:12:34:56, now 1500/s",
    "1  web.1  1  guest  min  workload",
    "",
  ]);
  expect((await ctlWith({}, "policy list db")).out).toBe("No policies\n");
});

test("policy add sends what was given, and nothing else", async () => {
  const asked: AddedPolicy[] = [];
  const AddPolicy = (call: AddedPolicy) => {
    asked.push(call);
    return {
      policy: {
        id: 4,
        vm: call.vm,
        atMs: 0,
        kind: call.kind,
        vcpus: call.vcpuNumbers,
        physical: false,
        allowed: true,
      },
    };
  };
  const commands = [
    "policy add web.1 --vcpus 0-1 --type workload --workload low",
    "policy add web.1 --vcpus 0 --type time --busy-hours 8-10,22 --quiet-hours 0",
    "policy add web.1 --vcpus 0 --type traffic --mac 52:54:00:AA:bb:01 --avg-packets 10 --max-packets 20",
  ];
  for (const command of commands)
    expect(await ctlWith({ AddPolicy }, command)).toEqual({
      code: 0,
      out: "Policy 4 of VM web.1 is in force, and wants nothing now\n",
      err: "",
    });
  expect(asked).toEqual([
    { vm: "web.1", vcpuNumbers: [0, 1], kind: "workload", workload: "low" },
    { vm: "web.1", vcpuNumbers: [0], kind: "time", busyHours: [8, 9, 10, 22], quietHours: [0] },
    {
      vm: "web.1",
      vcpuNumbers: [0],
      kind: "traffic",
      macs: ["52:54:00:aa:bb:01"],
      avgPackets: 10,
      maxPackets: 20,
    },
  ]);
});

test("policy remove tells how many", async () => {
  expect((await ctlWith({}, "policy remove web.1")).out).toBe("2 policies of VM web.1 removed\n");
  expect((await ctlWith({}, "policy remove web.1 --id 3")).out).toBe("1 policy of VM web.1 removed\n");
});

test.each([
  ["policy lists", 'policy has no action "lists": it is one of list, add, remove'],
  ["policy add", "policy add lacks the VM: write policy add <vm>"],
  ["policy add web.1 --type time", "policy add lacks --vcpus: name vCPUs like --vcpus 0-3"],
  ["policy add web.1 --vcpus 0", "policy add lacks --type: it is one of time, workload, traffic"],
  [
    "policy add web.1 --type time --vcpus x",
    '--vcpus: "x" is not a list of vCPUs like 0-3, with numbers below 4096',
  ],
  [
    "policy add web.1 --type time --vcpus 0",
    "A policy by time lacks its hours: add one of --busy-hours, --quiet-hours, --traffic-hours, like --busy-hours 8-17",
  ],
  [
    "policy add web.1 --type workload --vcpus 0",
    "A policy by workload lacks --workload: it is one of high, medium, low",
  ],
  [
    "policy add web.1 --type traffic --vcpus 0",
    "A policy by traffic lacks --mac, --avg-packets, --max-packets: add them",
  ],
  [
    "policy add web.1 --type time --vcpus 0 --traffic-hours 8 --mac 52:54:00:12:34:56 --avg-packets 1",
    "A policy by traffic lacks --max-packets: add it",
  ],
  [
    "policy add web.1 --type traffic --vcpus 0 --mac 1:2 --avg-packets 1 --max-packets 2",
    '--mac: "1:2" is not a MAC address like 52:54:00:12:34:56',
  ],
  [
    "policy add web.1 --type traffic --vcpus 0 --mac 52:54:00:12:34:56 --avg-packets 3 --max-packets 2",
    "--avg-packets 3 is above --max-packets 2: lower the first",
  ],
  ["policy list --id 3", "policy list does not take --id: leave it out"],
  ["policy remove web.1 --type time", "policy remove does not take --type: leave it out"],
  [
    "policy add web.1 --vcpus 0 --type branch-ratio",
    '--type: "branch-ratio" is not one of time, workload, traffic',
  ],
  [
    "policy add web.1 --vcpus 0 --type time --busy-hours 24",
    '"24" is not a list of hours from 0 to 23, like 8-17,22',
  ],
  [
    "policy add web.1 --vcpus 0 --type traffic --mac 52:54:00:12:34:56 --avg-packets NaN --max-packets 9",
    '--avg-packets: "NaN" is not a whole number from 0 to 100000000',
  ],
  ["policy remove web.1 --id -1", '--id: "-1" is not a whole number from 1 to 100000000'],
])("%s is wrong usage", async (command, sentence) => {
  const { code, err } = await ctlWith({}, command);
  expect([code, err.includes(sentence)]).toEqual([2, true]);
});
