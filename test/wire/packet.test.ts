import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decode } from "../../src/wire/decode.ts";
import { encode } from "../../src/wire/encode.ts";
import { judgePolicy } from "../../src/wire/judge-policy.ts";
import type { Abi } from "../../src/wire/layout.ts";
import { type GuestPolicy, type Request, SCALE_ACTIONS } from "../../src/wire/packet.ts";
import { policyFaultText } from "../../src/wire/policy-fault.ts";
import { policyRule } from "../../src/wire/policy-rule.ts";
import { readsReplies } from "../../src/wire/reply.ts";

const u32 = fc.nat(2 ** 31 - 1);
const name = fc.string({ unit: fc.constantFrom(..."abcXYZ019-._"), maxLength: 31 });
const slots = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 24, maxLength: 24 });
const policy: fc.Arbitrary<GuestPolicy> = fc
  .record({
    vmName: name,
    resource: u32,
    macs: fc.array(fc.uint8Array({ minLength: 6, maxLength: 6 }), { maxLength: 10 }),
    minPackets: u32,
    avgPackets: u32,
    maxPackets: u32,
    vcpus: fc.array(fc.nat(255), { maxLength: 8 }),
    busyHours: slots,
    quietHours: slots,
    trafficHours: slots,
    physical: fc.boolean(),
    workload: u32,
    type: u32,
  })
  .map((p) => ({ ...p, macCount: p.macs.length, vcpuCount: p.vcpus.length }));

const scale: fc.Arbitrary<Request> = fc.record({
  kind: fc.constant("scale" as const),
  resource: u32,
  action: fc.constantFrom(...SCALE_ACTIONS),
  physical: fc.boolean(),
});
const query: fc.Arbitrary<Request> = fc.record({
  kind: fc.constant("query" as const),
  what: fc.constantFrom("frequency" as const, "capabilities" as const),
  resource: fc.oneof(fc.constant("all" as const), u32),
  vmName: name,
});
const request: fc.Arbitrary<Request> = fc.oneof(
  fc.constant({ kind: "connect" } as const),
  scale,
  query,
  policy.map((p) => ({ kind: "set-policy" as const, policy: p })),
  name.map((vmName) => ({ kind: "remove-policy" as const, vmName })),
);

/** The first long packets have neither physical CPUs nor anything newer than policies. */
function without(request: Request): Request {
  if (request.kind === "scale") return { ...request, physical: false };
  if (request.kind === "set-policy") return { ...request, policy: { ...request.policy, physical: false } };
  return request;
}

test("decode() undoes encode(), for every request and long packet size", () => {
  fc.assert(
    fc.property(request, fc.constantFrom<Abi>(456, 460, 464), (r, abi) => {
      expect(decode(encode(r, abi))).toEqual(abi === 456 ? without(r) : r);
    }),
  );
});

test("decode() undoes encode() for scale requests of 16 bytes", () => {
  fc.assert(fc.property(scale, (r) => expect(decode(encode(r, 16))).toEqual(without(r))));
});

test("decode() never throws, whatever the bytes", () => {
  const frame = fc
    .constantFrom(16, 456, 460, 464)
    .chain((n) => fc.uint8Array({ minLength: n, maxLength: n }));
  fc.assert(
    fc.property(frame, fc.nat(12), (bytes, command) => {
      bytes.set([command, 0, 0, 0], 12);
      const packet = decode(bytes);
      if (packet.kind !== "set-policy") return;
      const fault = judgePolicy(packet.policy);
      const rule = fault === undefined ? policyRule(packet.policy) : undefined;
      if (fault !== undefined) expect(policyFaultText(fault)).not.toBe("");
      if (rule?.kind === "time") expect(rule.plan.length).toBe(24);
    }),
  );
});

describe("decode() refuses packets that no release sends", () => {
  const header = (unit: number, command: number, size = 464) => {
    const bytes = new Uint8Array(size);
    bytes[8] = unit;
    bytes[12] = command;
    return bytes;
  };
  test.each([
    [header(0, 1), "Unknown scale unit 0"],
    [header(7, 1), "Unknown scale unit 7"],
    [header(0, 5), "Unknown command 5"],
    [header(0, 0), "Unknown command 0"],
    [header(0, 3, 16), "Command 3 in a packet of 16 bytes"],
  ])("%#", (bytes, reason) => {
    expect(decode(bytes)).toEqual({ kind: "malformed", reason });
  });
});

test("decode() keeps a resource id beyond 32 bits large", () => {
  const bytes = new Uint8Array(464);
  bytes.set([0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0]); // resource 2^32, max, CPU_POWER
  expect(decode(bytes)).toEqual({ kind: "scale", resource: 2 ** 32, action: "max", physical: false });
});

test("decode() reads a name without a NUL", () => {
  const bytes = new Uint8Array(464).fill(0x41, 16, 49); // 32 × "A", and one in the next field
  bytes[12] = 4; // PKT_POLICY_REMOVE
  expect(decode(bytes)).toEqual({ kind: "remove-policy", vmName: "A".repeat(32) });
});

test("encode() cuts a name to 31 bytes, and writes a pCPU and a large resource where a packet has room for them", () => {
  const removal = new Uint8Array(464).fill(0x41, 16, 47); // 31 × "A", and the NUL
  removal[12] = 4; // PKT_POLICY_REMOVE
  expect(encode({ kind: "remove-policy", vmName: "A".repeat(40) }, 464)).toEqual(removal);
  const far: Request = { kind: "scale", resource: 2 ** 32 + 5, action: "down", physical: true };
  for (const abi of [16, 456, 460, 464] as const) {
    const bytes = new Uint8Array(abi);
    bytes.set([5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]); // resource, down, CPU_POWER
    if (abi >= 460) bytes[444] = 1; // core_type
    expect(encode(far, abi)).toEqual(bytes);
  }
});

test("guests of the releases with 460 and 464 bytes read replies, older ones never do", () => {
  expect([16, 456, 460, 464].map(readsReplies)).toEqual([false, false, true, true]);
});
