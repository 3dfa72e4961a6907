import { expect, test } from "bun:test";
import { STATUS } from "../admin/sample-control.ts";
import { ctl, ctlWith } from "./harness.ts";

const WELL = {
  ...STATUS,
  channelsRefused: 0,
  hypervisor: { ...STATUS.hypervisor, state: "connected" as const },
};

test.each([
  [
    "a daemon without problems",
    WELL,
    0,
    "VM-POWER OK - 2 VMs, 2 claims, 2 of 3 channels connected, 4 CPUs managed",
  ],
  [
    "problems, with | in their words",
    { ...WELL, channelsRefused: 1, directoryProblem: "a|b" },
    1,
    "VM-POWER WARNING - /tmp/powermonitor: a/b, 1 channel refused, 2 VMs, 2 claims, 2 of 3 channels connected, 4 CPUs managed",
  ],
  [
    "no CPU",
    { ...WELL, cpusManaged: 0 },
    2,
    "VM-POWER CRITICAL - No CPU can be scaled, 2 VMs, 2 claims, 2 of 3 channels connected, 0 CPUs managed",
  ],
])("status --nagios of %s", async (_, status, code, line) => {
  const ran = await ctlWith({ GetStatus: () => status }, "status --nagios");
  expect([ran.code, ran.err, ran.out.split(" | ")[0]]).toEqual([code, "", line]);
});

test("status --nagios ends with numbers, of which those that only grow are counters", async () => {
  const { out } = await ctlWith({ GetStatus: () => WELL }, "status --nagios");
  expect(out.split(" | ")[1]).toBe(
    "vms=2;;;0 claims=2;;;0 channels=2;;;0;3 channels_refused=0;;;0 cpus=4;;;0 requests=120c;;;0 " +
      "requests_refused=7c;;;0 writes=90c;;;0 writes_refused=4c;;;0\n",
  );
});

test.each([
  [
    "--socket /nowhere status --nagios",
    2,
    'VM-POWER CRITICAL - vm-power is not running (no socket at "/nowhere"): systemctl start vm-power\n',
  ],
  ["status --nagios --json", 3, "VM-POWER UNKNOWN - --nagios prints no JSON: leave one of the options out\n"],
  ["status --nagios --jason", 3, 'VM-POWER UNKNOWN - status has no option "--jason": did you mean --json?\n'],
  [
    "--inventory /nowhere status --nagios",
    3,
    'VM-POWER UNKNOWN - Cannot read the inventory "/nowhere": no such file or directory\n',
  ],
])("%s ends with the status of a plug-in", async (command, code, out) => {
  const ran = await ctl(command);
  expect([ran.code, ran.out]).toEqual([code, out]);
});
