import { describe, expect, test } from "bun:test";
import { decode } from "../../src/wire/decode.ts";
import { encode } from "../../src/wire/encode.ts";
import type { Abi } from "../../src/wire/layout.ts";
import type { GuestPolicy, Request } from "../../src/wire/packet.ts";
import { answer, capabilityList, frequencyList } from "../../src/wire/reply.ts";
import { I386, VECTORS } from "./vectors.ts";

const NO_HOURS = new Array<number>(24).fill(0);
const hours = (...set: number[]) => [...set, ...NO_HOURS.slice(set.length)];
const MAC_F0 = Uint8Array.of(0xe0, 0xe0, 0xe0, 0xe0, 0xf0, 0xf0);
const MAC_F1 = Uint8Array.of(0xe0, 0xe0, 0xe0, 0xe0, 0xf0, 0xf1);

const POLICY: GuestPolicy = {
  vmName: "ubuntu2",
  resource: 0,
  macs: [MAC_F0],
  macCount: 1,
  minPackets: 96_000,
  avgPackets: 1_800_000,
  maxPackets: 2_000_000,
  vcpus: [0, 1],
  vcpuCount: 2,
  busyHours: hours(3, 4, 5),
  quietHours: hours(11, 12, 13),
  trafficHours: hours(8, 10),
  physical: false,
  workload: 2,
  type: 1,
};

const scale = (resource: number, action: "up" | "down" | "max" | "min" | "turbo" | "no-turbo"): Request => ({
  kind: "scale",
  resource,
  action,
  physical: false,
});

/** The meaning of each guest packet, from the table of the document. */
const MEANING: Readonly<Record<string, Request>> = {
  A1_connect: { kind: "connect" },
  A2_up_lcore3: scale(3, "up"),
  A3_down_lcore0: scale(0, "down"),
  A4_max_lcore63: scale(63, "max"),
  A5_min_lcore1: scale(1, "min"),
  B1_max_lcore5: scale(5, "max"),
  B2_enable_turbo_lcore2: scale(2, "turbo"),
  B3_policy_time_default: { kind: "set-policy", policy: POLICY },
  C1_connect: { kind: "connect" },
  C2_min_lcore7: scale(7, "min"),
  C3_disable_turbo_lcore1: scale(1, "no-turbo"),
  C4_policy_time_default: { kind: "set-policy", policy: POLICY },
  C5_policy_traffic: {
    kind: "set-policy",
    policy: {
      ...POLICY,
      vmName: "vm0",
      macs: [MAC_F0, MAC_F1],
      macCount: 2,
      vcpus: [0, 1, 2, 3],
      vcpuCount: 4,
      type: 0,
    },
  },
  C6_policy_workload_medium_physical5: {
    kind: "set-policy",
    policy: {
      ...POLICY,
      vmName: "fifo5",
      resource: 5,
      macs: [],
      macCount: 0,
      minPackets: 0,
      avgPackets: 0,
      maxPackets: 0,
      vcpus: [5],
      vcpuCount: 1,
      busyHours: NO_HOURS,
      quietHours: NO_HOURS,
      trafficHours: NO_HOURS,
      physical: true,
      workload: 1,
      type: 2,
    },
  },
  C7_policy_branch_ratio: {
    kind: "set-policy",
    policy: { ...POLICY, vmName: "ubuntu", macs: [], macCount: 0, vcpus: [2, 3, 4], vcpuCount: 3, type: 3 },
  },
  C8_policy_remove: { kind: "remove-policy", vmName: "vm0" },
  C9_query_freq_list: { kind: "query", what: "frequency", resource: "all", vmName: "vm0" },
  C10_query_freq_vcpu3: { kind: "query", what: "frequency", resource: 3, vmName: "vm0" },
  C11_query_caps_list: { kind: "query", what: "capabilities", resource: "all", vmName: "vm0" },
  C12_query_caps_vcpu1: { kind: "query", what: "capabilities", resource: 1, vmName: "vm0" },
};

const GUEST_VECTORS = VECTORS.filter(({ id }) => !id.startsWith("R"));

test("every vector of a guest has an expected value", () => {
  expect(GUEST_VECTORS.map(({ id }) => id)).toEqual(Object.keys(MEANING));
});

describe.each(GUEST_VECTORS.map((vector) => [vector.id, vector] as const))("%s", (id, vector) => {
  test("is the packet that C code made", () => {
    expect(sha256(vectorBytes(id))).toBe(vector.sha256);
  });
  test("decode() decodes it", () => {
    expect(decode(vectorBytes(id))).toEqual(MEANING[id] as Request);
  });
  test("encode() encodes it", () => {
    expect(sha256(encode(MEANING[id] as Request, vector.size as Abi))).toBe(vector.sha256);
  });
});

test("decode() and encode() do the same for i386", () => {
  for (const [id, name] of [
    ["C2", "C2_min_lcore7"],
    ["C4", "C4_policy_time_default"],
  ] as const) {
    expect(sha256(encode(MEANING[name] as Request, 460))).toBe(I386[id] as string);
    expect(decode(vectorBytes(name).slice(0, 460))).toEqual(MEANING[name] as Request);
  }
});

test("answer() echoes the request with ACK or NACK", () => {
  expect(sha256(answer(vectorBytes("C2_min_lcore7"), true))).toBe(shaOf("R1_ack_of_C2"));
  expect(sha256(answer(vectorBytes("C2_min_lcore7"), false))).toBe(shaOf("R2_nack_of_C2"));
  expect(sha256(answer(vectorBytes("C6_policy_workload_medium_physical5"), true))).toBe(
    shaOf("R3_ack_of_C6"),
  );
  expect(sha256(answer(vectorBytes("C2_min_lcore7").slice(0, 460), false))).toBe(I386["R2"] as string);
});

test("frequencyList() and capabilityList() make the same replies as C code", () => {
  const freqs = [2_301_000, 2_300_000, 1_700_000, 1_200_000];
  const one = [undefined, undefined, undefined, 1_200_000];
  const turbo = { turbo: true, priority: false };
  const caps = [turbo, turbo, { turbo: true, priority: true }, turbo];
  expect(sha256(frequencyList(0, freqs, 464))).toBe(shaOf("R4_freq_list_4vcpu"));
  expect(sha256(frequencyList(0, one, 464))).toBe(shaOf("R5_freq_single_vcpu3"));
  expect(sha256(capabilityList(0, caps, 464))).toBe(shaOf("R6_caps_list_4vcpu"));
  expect(sha256(capabilityList(0, [undefined, turbo, undefined, undefined], 464))).toBe(
    shaOf("R7_caps_single_vcpu1"),
  );
  expect(sha256(frequencyList(0, freqs, 460))).toBe(I386["R4"] as string);
  expect(sha256(capabilityList(0, caps, 460))).toBe(I386["R6"] as string);
});

test("lists have at most 8 vCPUs (S7), and the resource of the query", () => {
  const speeds = new Uint8Array(88);
  speeds.set([5, 0, 0, 0], 0); // resource_id
  speeds[12] = 3; // command
  for (let vcpu = 0; vcpu < 8; vcpu++) speeds.set([0x40, 0x42, 0x0f, 0], 48 + 4 * vcpu); // freqs: 1000000
  speeds[80] = 8; // num_vcpu
  expect(frequencyList(5, new Array(12).fill(1_000_000), 464)).toEqual(speeds);
  const turbos = new Uint8Array(184);
  turbos[12] = 4; // command
  for (let vcpu = 0; vcpu < 8; vcpu++) turbos[48 + 8 * vcpu] = 1; // turbo
  turbos[176] = 8; // num_vcpu
  expect(capabilityList(0, new Array(12).fill({ turbo: true, priority: false }), 464)).toEqual(turbos);
});

function vectorBytes(id: string): Uint8Array {
  const vector = VECTORS.find((v) => v.id === id);
  if (vector === undefined) throw new Error(`No vector "${id}"`);
  const bytes = new Uint8Array(vector.size);
  for (const [at, hex] of vector.bytes) bytes.set(Uint8Array.fromHex(hex), at);
  return bytes;
}

function shaOf(id: string): string {
  return VECTORS.find((v) => v.id === id)?.sha256 ?? "missing";
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
