import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Found, ObjectCutter } from "../../src/channels/fifos/object-cutter.ts";
import { readObject } from "../../src/channels/fifos/read-object.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (found: Found) =>
  found.kind === "object" ? new TextDecoder().decode(found.bytes) : found.kind;

/** What a cutter finds in pieces that come one after the other; `undefined` is a pause. */
function cut(...pieces: readonly (string | Uint8Array | undefined)[]): string[] {
  const found: string[] = [];
  const cutter = new ObjectCutter();
  const note = (each: Found) => found.push(textOf(each));
  for (const piece of pieces)
    if (piece === undefined) cutter.pause(note);
    else cutter.push(typeof piece === "string" ? bytesOf(piece) : piece, note);
  return found;
}

describe("ObjectCutter", () => {
  test("cuts objects that follow each other, also with braces and quotes in their texts", () => {
    expect(cut('{"a":"}{"}\n {"b":{"c":"\\"}"}}{}')).toEqual(['{"a":"}{"}', '{"b":{"c":"\\"}"}}', "{}"]);
  });

  test("finds the same however the bytes are cut", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
    const stream = fc.array(
      object.map((each) => JSON.stringify(each)),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(9), { maxLength: 200 }), (objects, sizes) => {
        const bytes = bytesOf(objects.join(" \n"));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        expect(cut(...pieces)).toEqual(objects);
      }),
    );
  });

  test("gives up an object that is too long or too deep, and what follows it without a pause", () => {
    const longest = `{"a":"${"x".repeat(4088)}"}`;
    expect(longest.length).toBe(4096);
    expect(cut(longest)).toEqual([longest]);
    expect(cut(`${longest.replace("x", "xx")} {}`, undefined, "{}")).toEqual(["too-long", "{}"]);
    expect(cut(`${'{"a":['.repeat(4)}${"]}".repeat(4)}`)).toHaveLength(1);
    expect(cut(`{"a":${"[".repeat(8)}`, "{}", undefined, "{}")).toEqual(["too-deep", "{}"]);
  });

  test("leaves out bytes between objects, and what follows them up to a pause", () => {
    expect(cut('{}, "policy": {"command":"destroy"}', undefined, "{}")).toEqual(["{}", "stray-bytes", "{}"]);
    expect(cut("[1]", "{}", undefined)).toEqual(["stray-bytes"]);
  });

  test("a pause ends an object that is torn: nothing completes it (R13)", () => {
    expect(cut('{"command":', undefined, '"power"}', undefined, "{}")).toEqual([
      '{"command":',
      "stray-bytes",
      "{}",
    ]);
  });

  test("takes any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined })), (pieces) => {
        expect(cut(...pieces, undefined, "{}").at(-1)).toBe("{}");
      }),
    );
  });
});

/** An object for the FIFO of CPU 3: what it asks for, or its fault. */
function read(text: string | Uint8Array): unknown {
  const result = readObject(typeof text === "string" ? bytesOf(text) : text, 3);
  if (result.ok) return result.value.ignored.length > 0 ? result.value : result.value.request;
  const { line, character, reason } = result.why;
  return `${line}:${character} ${reason}`;
}

const DAY = Array.from({ length: 24 }, (): "max" | "min" | undefined => undefined);
const NO_TRAFFIC = { macs: [], avgPackets: 0, maxPackets: 0 };

describe("readObject() reads", () => {
  test("a request of either generation, in an inner object or not", () => {
    const scale = (action: string) => ({ kind: "scale", action });
    expect(read('{"instruction":{"command":"power","unit":"SCALE_MAX"}}')).toEqual(scale("max"));
    expect(read('{"command":"power","unit":"DISABLE_TURBO"}')).toEqual(scale("no-turbo"));
    // Of 18.11 to 19.05.
    expect(
      read('{"instruction":{"name":"ubuntu","command":"power","unit":"SCALE_DOWN","resource_id":3}}'),
    ).toEqual(scale("down"));
    // As DPDK's guide writes it.
    expect(read('{"policy":{"command":"DESTROY","name":"ubuntu","core_list":[3]}}')).toEqual({
      kind: "remove-policy",
    });
  });

  test("policies, with what DPDK's host takes where nothing is said", () => {
    const workload = (speed: string) => ({ kind: "set-policy", rule: { kind: "workload", speed } });
    expect(read('{"policy":{"policy_type":"WORKLOAD","workload":"HIGH"}}')).toEqual(workload("max"));
    expect(read('{"policy":{"policy_type":"WORKLOAD","command":"create"}}')).toEqual(workload("min"));
    const plan = DAY.with(0, "min").with(22, "max").with(23, "max");
    expect(read('{"policy":{"quiet_hours":[0,22],"busy_hours":[22,23]}}')).toEqual({
      kind: "set-policy",
      rule: { kind: "time", plan, traffic: NO_TRAFFIC },
    });
    const macs = ["52:54:00:12:34:ab", "52:54:00:12:34:cd"];
    expect(
      read(
        '{"policy":{"policy_type":"TRAFFIC","mac_list":["52:54:00:12:34:AB","5254:0012:34cd"],"avg_packet_thresh":10,"max_packet_thresh":20}}',
      ),
    ).toEqual({
      kind: "set-policy",
      rule: { kind: "traffic", traffic: { macs, avgPackets: 10, maxPackets: 20 } },
    });
  });

  test("keys without a meaning, and names them", () => {
    expect(read('{"command":"destroy","colour":"red","__proto__":1}')).toEqual({
      request: { kind: "remove-policy" },
      ignored: ['"colour"', '"__proto__"'],
    });
  });
});

test("readObject() refuses everything else, with the place and the reason: NE1, NE2, NE4 (S5, S10)", () => {
  const hours = Array(90).fill(1);
  const wrong: readonly (readonly [object: string, fault: string])[] = [
    // The five objects that end DPDK's host, and the one that fills its table.
    ['{"command":1}', '1:12 "command" is not one of create, destroy, power'],
    [
      '{"policy_type":"TRAFFIC","mac_list":[5]}',
      '1:37 "mac_list" is not a list whose items are each a MAC address',
    ],
    [`{"busy_hours":[${hours}]}`, '1:15 "busy_hours" is not a list of at most 24'],
    [
      `{"mac_list":[${Array(60).fill('"52:54:00:12:34:56"')}]}`,
      '1:13 "mac_list" is not a list of at most 10',
    ],
    [
      `{"mac_list":["${Array(16).fill("5").join(":")}"]}`,
      '1:13 "mac_list" is not a list whose items are each a MAC address',
    ],
    ["{}", '1:1 a policy by time needs "busy_hours" or "quiet_hours"'],
    // As it stands in DPDK's guide.
    ['{"policy": {\n  "command": "destroy",\n}}', "3:1 it is not JSON: property name expected"],
    ['{"policy": "text"}', '1:2 "policy" is not an object'],
    ['{"policy":{},"unit":"SCALE_MAX"}', '1:14 "unit" may not stand beside "policy"'],
    ['{"policy":{},"policy":{}}', '1:14 "policy" may not stand beside "policy"'],
    ['{"unit":"SCALE_MAX","unit":"SCALE_MIN","command":"power"}', '1:21 "unit" is there twice'],
    ['{"command":"power"}', '1:1 it has the command "power", but no "unit"'],
    [
      '{"command":"power","unit":"scale_max"}',
      '1:27 "unit" is not one of SCALE_UP, SCALE_DOWN, SCALE_MAX, SCALE_MIN, ENABLE_TURBO, DISABLE_TURBO',
    ],
    ['{"workload":"MEDIUM_111"}', '1:13 "workload" is not one of HIGH, MEDIUM, LOW'],
    [
      '{"policy_type":"WORKLOAD_111"}',
      '1:16 "policy_type" is not one of TIME, TRAFFIC, WORKLOAD, BRANCH_RATIO',
    ],
    ['{"policy_type":"TRAFFIC"}', '1:1 a policy by traffic needs a "mac_list"'],
    [
      '{"busy_hours":[24]}',
      '1:15 "busy_hours" is not a list whose items are each a whole number from 0 to 23',
    ],
    [
      `{"avg_packet_thresh":${"9".repeat(30)}}`,
      '1:22 "avg_packet_thresh" is not a whole number from 0 to 4294967295',
    ],
    ['{"resource_id":4}', '1:16 "resource_id" is not CPU 3, for which the FIFO is'],
    ['{"core_list":[3,4]}', '1:14 "core_list" is not a list of at most 1'],
    ['{"command":"power" "unit":1}', "1:20 it is not JSON: comma expected"],
    ['{"command":"pow', "1:12 it is not JSON: unexpected end of string"],
    ['{"a":1 // one\n}', "1:8 it is not JSON: invalid comment token"],
  ];
  for (const [object, fault] of wrong) expect(read(object)).toBe(fault);
  expect(read(`{"${"n".repeat(500)}":1,"${"n".repeat(500)}":1}`)).toBe(
    `1:507 "${"n".repeat(40)}…" is there twice`,
  );
  expect(read('{"policy_type":"BRANCH_RATIO"}')).toStartWith("1:1 a policy by branch ratio needs");
});

test("readObject() never throws, and takes nothing that is not JSON", () => {
  const sound = '{"policy":{"command":"power","unit":"SCALE_MAX","busy_hours":[1,2]}}';
  const piece = fc.constantFrom(
    ...[",", "}", "{", "[", "]", ":", "1e9", "\\", '"', "\u0000", "\n", "é", "//", ""],
  );
  const edited = fc
    .tuple(fc.nat(sound.length), fc.nat(3), piece)
    .map(([at, gone, put]) => sound.slice(0, at) + put + sound.slice(at + gone));
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(edited.map(bytesOf), fc.uint8Array()), (bytes) => {
      if (!readObject(bytes, 3).ok) return;
      JSON.parse(new TextDecoder().decode(bytes));
      taken++;
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(10);
});
