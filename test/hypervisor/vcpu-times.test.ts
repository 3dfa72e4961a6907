import { expect, test } from "bun:test";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

const GET_VCPUS = 20;

/** The reply: a list of number, state, CPU time and CPU, then no maps. */
function vcpus(...each: readonly (readonly [number: number, state: number, ns: bigint, pcpu: number])[]) {
  const bytes = Buffer.alloc(4 + 20 * each.length + 4);
  bytes.writeUInt32BE(each.length, 0);
  for (const [i, [number, state, ns, pcpu]] of each.entries()) {
    bytes.writeUInt32BE(number, 4 + 20 * i);
    bytes.writeInt32BE(state, 8 + 20 * i);
    bytes.writeBigUInt64BE(ns, 12 + 20 * i);
    bytes.writeInt32BE(pcpu, 20 + 20 * i);
  }
  return new Uint8Array(bytes);
}

test("CPU times of vCPUs are asked for without their maps, over the connection that only reads", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.add("web1", [[2], [3], [4]]);
  await stage.opened();
  const { hypervisor } = stage;
  let asked: Uint8Array = new Uint8Array();
  fake.misbehave.set(GET_VCPUS, (args) => {
    asked = args.slice();
    return { kind: "body", status: 0, bytes: vcpus([0, 1, 12_345_678_901n, 2], [2, 2, 5n, 4]) };
  });
  expect(await hypervisor.vcpuTimes?.("web1", 3)).toEqual(
    new Map([
      [0, 12_345_678_901],
      [2, 5],
    ]),
  );
  // Name, UUID and id, then three vCPUs with maps of no bytes.
  expect([...asked.subarray(-8)]).toEqual([0, 0, 0, 3, 0, 0, 0, 0]);
  expect(await hypervisor.vcpuTimes?.("nobody", 1)).toBeUndefined();
});

test("refusals, torn replies and a call that hangs tell nothing, and no call is made beside one that hangs", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.add("web1", [[2]]);
  await stage.opened();
  const { hypervisor } = stage;
  fake.misbehave.set(GET_VCPUS, () => ({ kind: "refuse", code: 55, message: "domain is not running" }));
  expect(await hypervisor.vcpuTimes?.("web1", 1)).toBeUndefined();
  fake.misbehave.set(GET_VCPUS, () => ({ kind: "silence" }));
  const asked = () => fake.calls.filter((call) => call === GET_VCPUS).length;
  const before = asked();
  const first = hypervisor.vcpuTimes?.("web1", 1);
  await until(() => asked() > before);
  for (let i = 0; i < 20; i++) expect(await hypervisor.vcpuTimes?.("web1", 1)).toBeUndefined();
  expect(asked()).toBe(before + 1);
  expect(await first).toBeUndefined();
});
