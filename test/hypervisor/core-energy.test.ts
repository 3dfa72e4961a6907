import { expect, test } from "bun:test";
import { i32, refBytes, text, u32 } from "./fake-bytes.ts";
import { type FakeDomain, uuidIn } from "./fake-domains.ts";
import type { Misbehaviour } from "./fake-libvirtd.ts";
import { Stage } from "./stage.ts";

const DOMAIN_STATS = 344;
const MONITOR = "cpu.energy.monitor";

/** A parameter: its name, the number of its type, its value. */
const uint = (name: string, value: number) => Buffer.concat([text(name), i32(2), u32(value)]);
const string = (name: string, value: string) => Buffer.concat([text(name), i32(7), text(value)]);
function double(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([text(name), i32(5), bytes]);
}
function ullong(name: string, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return Buffer.concat([text(name), i32(4), bytes]);
}

/** The monitor `n` of some vCPUs, with the joules of each package. */
function monitor(n: number, vcpus: string, joules: readonly number[]): Buffer[] {
  return [
    string(`${MONITOR}.${n}.name`, `vcpus_${vcpus}`),
    string(`${MONITOR}.${n}.vcpus`, vcpus),
    uint(`${MONITOR}.${n}.pkg.count`, joules.length),
    ...joules.flatMap((each, i) => [
      uint(`${MONITOR}.${n}.pkg.${i}.id`, 10 + i),
      double(`${MONITOR}.${n}.pkg.${i}.core_energy`, each),
      double(`${MONITOR}.${n}.pkg.${i}.activity`, 1.5e-4),
    ]),
  ];
}

/** The reply: a list of one record, which has the domain and its parameters. */
function record(domain: FakeDomain, parameters: readonly Buffer[]) {
  const bytes = Buffer.concat([u32(1), refBytes(domain), u32(parameters.length), ...parameters]);
  return { kind: "body", status: 0, bytes: new Uint8Array(bytes) } as const;
}

/** What libvirt tells of any domain. */
const TIMES = [ullong("cpu.time", 12_345_678_901n), ullong("cpu.user", 5n), ullong("cpu.system", 2n ** 63n)];

test("energy of a domain is asked for without waiting for its emulator, and read by vCPUs and package", async () => {
  await using stage = new Stage();
  const web1 = stage.fake.add("web1", [[2], [3], [4]]);
  await stage.opened();
  let asked: Uint8Array = new Uint8Array();
  stage.fake.misbehave.set(DOMAIN_STATS, (args) => {
    asked = args.slice();
    const monitors = [...monitor(0, "0,1", [1234.5, 0]), ...monitor(1, "2", [7, 8])];
    return record(web1, [...TIMES, uint(`${MONITOR}.count`, 2), ...monitors]);
  });
  expect(await stage.hypervisor.coreEnergy?.("web1")).toEqual(
    new Map([
      ["0-1/10", 1234.5],
      ["0-1/11", 0],
      ["2/10", 7],
      ["2/11", 8],
    ]),
  );
  // One domain, the group of CPUs, and only what can be had at once.
  const expected = Buffer.concat([u32(1), refBytes(web1), u32(1 << 1), u32(1 << 29)]);
  expect(Buffer.from(asked).toString("hex")).toBe(expected.toString("hex"));
});

test("no joule is counted twice: a vCPU counts in the largest monitor that has it", async () => {
  await using stage = new Stage();
  const web1 = stage.fake.add("web1", [[2], [3], [4], [5]]);
  await stage.opened();
  stage.fake.misbehave.set(DOMAIN_STATS, () =>
    record(web1, [
      uint(`${MONITOR}.count`, 3),
      ...monitor(0, "1", [40]),
      ...monitor(1, "0-2", [100]),
      ...monitor(2, "3", [30]),
    ]),
  );
  expect(await stage.hypervisor.coreEnergy?.("web1")).toEqual(
    new Map([
      ["0-2/10", 100],
      ["3/10", 30],
    ]),
  );
});

test("what is no energy is left out, whatever its type, and the connection goes on", async () => {
  await using stage = new Stage();
  const web1 = stage.fake.add("web1", [[2]]);
  await stage.opened();
  stage.fake.misbehave.set(DOMAIN_STATS, () =>
    record(web1, [
      uint(`${MONITOR}.count`, 4_000_000_000),
      ...monitor(0, "0-9999999", [5]),
      ...monitor(1, "0", [Number.NaN, -1, Number.POSITIVE_INFINITY, 6]),
      string(`${MONITOR}.1.pkg.4.id`, "14"),
      Buffer.concat([text("unknown"), i32(99)]),
      ...monitor(2, "1", [7]),
    ]),
  );
  expect(await stage.hypervisor.coreEnergy?.("web1")).toEqual(new Map([["0/13", 6]]));
  // More parameters than are read.
  const many = Array.from({ length: 8192 }, (_, i) => uint(`${i}`, i));
  stage.fake.misbehave.set(DOMAIN_STATS, () =>
    record(web1, [uint(`${MONITOR}.count`, 1), ...monitor(0, "0", [7]), ...many]),
  );
  expect(await stage.hypervisor.coreEnergy?.("web1")).toBeUndefined();
  expect(stage.hypervisor.status().state).toBe("connected");
});

test("a libvirt that tells no energy is asked once for each run of a domain", async () => {
  await using stage = new Stage();
  const { fake } = stage;
  const domains = ["refused", "older", "none", "other", "nothing"].map((name) => fake.add(name, [[2]]));
  const [refused, older, none, other] = domains as [FakeDomain, FakeDomain, FakeDomain, FakeDomain];
  await stage.opened();
  const answers = new Map<string, Misbehaviour>([
    [refused.uuid, { kind: "refuse", code: 39, message: "unknown procedure: 344" }],
    [older.uuid, record(older, TIMES)],
    [none.uuid, record(none, [...TIMES, uint(`${MONITOR}.count`, 0)])],
    [other.uuid, record(refused, [uint(`${MONITOR}.count`, 1), ...monitor(0, "0", [7])])],
  ]);
  // The domain is behind the length of the list.
  fake.misbehave.set(
    DOMAIN_STATS,
    (args) => answers.get(uuidIn(args.slice(4))) ?? { kind: "body", status: 0, bytes: u32(0) },
  );
  const asked = () => fake.calls.filter((call) => call === DOMAIN_STATS).length;
  const askAll = async () => {
    for (const { name } of domains) expect(await stage.hypervisor.coreEnergy?.(name)).toBeUndefined();
  };
  for (let i = 0; i < 5; i++) await askAll();
  expect(asked()).toBe(domains.length);
  // Started anew, on a libvirt that may be newer.
  older.id = 77;
  fake.lifecycle(older, 5, 0);
  fake.lifecycle(older, 2, 0);
  answers.set(older.uuid, record(older, [uint(`${MONITOR}.count`, 1), ...monitor(0, "0", [9])]));
  await stage.news("older gone: shut-down", "older running: booted");
  expect(await stage.hypervisor.coreEnergy?.("older")).toEqual(new Map([["0/10", 9]]));
  expect(asked()).toBe(domains.length + 1);
});
