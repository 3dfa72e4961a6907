import { expect, test } from "bun:test";
import { text } from "./fake-bytes.ts";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

const INTERFACE_STATS = 65;
const MAC = "52:54:00:12:34:56";

/** Eight numbers of eight bytes: bytes, packets, errors and drops, received and then sent. */
function statistics(receivedPackets: bigint): Uint8Array {
  const bytes = Buffer.alloc(64);
  [1n, receivedPackets, 3n, 4n, 5n, 6n, 7n, 8n].forEach(
    (number, i) => void bytes.writeBigInt64BE(number, 8 * i),
  );
  return new Uint8Array(bytes);
}

test("the packets that an interface received are asked for by its MAC address, in its own domain", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.add("web1", [[2]]);
  await stage.opened();
  const { hypervisor } = stage;
  let asked: Uint8Array = new Uint8Array();
  let packets = 1_234_567_890_123n;
  fake.misbehave.set(INTERFACE_STATS, (args) => {
    asked = args.slice();
    return { kind: "body", status: 0, bytes: statistics(packets) };
  });
  expect(await hypervisor.receivedPackets?.("web1", MAC)).toBe(1_234_567_890_123);
  // Name, UUID, id, then the device.
  expect(
    Buffer.from(asked)
      .subarray(8 + 16 + 4)
      .equals(text(MAC)),
  ).toBe(true);
  packets = -1n; // libvirt does not know
  expect(await hypervisor.receivedPackets?.("web1", MAC)).toBeUndefined();
  expect(await hypervisor.receivedPackets?.("nobody", MAC)).toBeUndefined();
});

test("refusals and torn answers are no number, and the connection goes on", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.add("web1", [[2]]);
  await stage.opened();
  const { hypervisor } = stage;
  fake.misbehave.set(INTERFACE_STATS, () => ({ kind: "refuse", code: 8, message: "invalid argument" }));
  expect(await hypervisor.receivedPackets?.("web1", MAC)).toBeUndefined();
  expect(hypervisor.status().state).toBe("connected");
});

test("a call that hangs in libvirt keeps no other call waiting: none is made beside it", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  fake.add("web1", [[2]]);
  fake.add("db1", [[3]]);
  await stage.opened();
  const { hypervisor } = stage;
  fake.misbehave.set(INTERFACE_STATS, () => ({ kind: "silence" }));
  const asked = () => fake.calls.filter((call) => call === INTERFACE_STATS).length;
  const first = hypervisor.receivedPackets?.("web1", MAC);
  await until(() => asked() === 1);
  for (let i = 0; i < 20; i++) expect(await hypervisor.receivedPackets?.("db1", MAC)).toBeUndefined();
  expect(asked()).toBe(1);
  expect(await first).toBeUndefined();
  // libvirt still works on it.
  for (let i = 0; i < 20; i++) expect(await hypervisor.receivedPackets?.("db1", MAC)).toBeUndefined();
  expect(asked()).toBe(1);
});
