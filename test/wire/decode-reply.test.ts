import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeReply, echoes, replySize } from "../../src/wire/decode-reply.ts";
import { VECTORS } from "./vectors.ts";

const bytesOf = (id: string): Uint8Array => {
  const vector = VECTORS.find((each) => each.id === id);
  if (vector === undefined) throw new Error(`No vector "${id}"`);
  const bytes = new Uint8Array(vector.size);
  for (const [at, hex] of vector.bytes) bytes.set(Uint8Array.fromHex(hex), at);
  return bytes;
};

const turbo = { turbo: true, priority: false };
const none = { turbo: false, priority: false };

describe("decodeReply() reads replies that C code made", () => {
  test.each([
    ["R1_ack_of_C2", { kind: "answer", accepted: true }],
    ["R2_nack_of_C2", { kind: "answer", accepted: false }],
    ["R3_ack_of_C6", { kind: "answer", accepted: true }],
    ["R4_freq_list_4vcpu", { kind: "frequency-list", khz: [2_301_000, 2_300_000, 1_700_000, 1_200_000] }],
    ["R5_freq_single_vcpu3", { kind: "frequency-list", khz: [undefined, undefined, undefined, 1_200_000] }],
    [
      "R6_caps_list_4vcpu",
      { kind: "capability-list", capabilities: [turbo, turbo, { turbo: true, priority: true }, turbo] },
    ],
    ["R7_caps_single_vcpu1", { kind: "capability-list", capabilities: [none, turbo, none, none] }],
  ] as const)("%s", (id, reply) => {
    const bytes = bytesOf(id);
    expect(replySize(bytes)).toBe(bytes.length);
    expect(decodeReply(bytes)).toEqual(reply as ReturnType<typeof decodeReply>);
  });
});

test("decodeReply() limits an invalid number of vCPUs to 8", () => {
  const bytes = bytesOf("R4_freq_list_4vcpu");
  bytes[80] = 72; // seen from a peer whose VM has 12 vCPUs
  bytes.set([0xff, 0xff, 0xff, 0xff], 76); // vCPU 7: a CPU that the peer does not know
  expect(decodeReply(bytes)).toEqual({
    kind: "frequency-list",
    khz: [2_301_000, 2_300_000, 1_700_000, 1_200_000, undefined, undefined, undefined, undefined],
  });
});

test("replySize() waits for a header, and rejects an invalid one", () => {
  expect(replySize(new Uint8Array(15))).toBeUndefined();
  expect(replySize(new Uint8Array(16))).toEqual({
    kind: "malformed",
    reason: "Unknown command 0 in a reply",
  });
});

test("echoes() recognises the reply to its own request", () => {
  const request = bytesOf("C2_min_lcore7");
  expect(echoes(request, bytesOf("R1_ack_of_C2"))).toBe(true);
  expect(echoes(request, bytesOf("R2_nack_of_C2"))).toBe(true);
  expect(echoes(request, bytesOf("C3_disable_turbo_lcore1"))).toBe(false);
  expect(echoes(request, bytesOf("R4_freq_list_4vcpu"))).toBe(false);
  expect(echoes(bytesOf("C6_policy_workload_medium_physical5"), bytesOf("R3_ack_of_C6"))).toBe(true);
});

test("echoes() compares every byte but the command, and the length", () => {
  const request = bytesOf("C2_min_lcore7");
  const unlike = [...request.keys()].filter((at) => !echoes(request, request.with(at, 0xa5)));
  expect(unlike).toEqual([...request.keys()].filter((at) => at < 12 || at >= 16));
  expect(echoes(request, request.slice(0, 460))).toBe(false);
  expect(echoes(request.slice(0, 460), request)).toBe(false);
});

test("decodeReply() never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 464, maxLength: 464 }), fc.nat(5), (bytes, command) => {
      bytes.set([command, 0, 0, 0], 12);
      const size = replySize(bytes);
      if (typeof size === "number") decodeReply(bytes.subarray(0, size));
    }),
  );
});
