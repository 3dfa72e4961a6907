import { expect, test } from "bun:test";
import { detect, plausible, resynchronise } from "../../src/wire/detect.ts";
import type { Abi } from "../../src/wire/layout.ts";
import { concat, connect, packet, up } from "./packets.ts";

const zeros = (count: number) => new Uint8Array(count);
const shorts = (count: number) => concat(...Array.from({ length: count }, () => up(16)));

test("plausible() knows a header by its command, and that of a scale request by its unit, and where strict its resource", () => {
  const headers: readonly (readonly [resource: number, unit: number, command: number, both: string])[] = [
    [0, 0, 1, "no"],
    [0, 1, 1, "yes"],
    [0, 6, 1, "yes"],
    [0, 7, 1, "no"],
    [65_535, 1, 1, "yes"],
    [65_536, 1, 1, "if not strict"],
    [2 ** 32, 1, 1, "if not strict"],
    [2 ** 40, 99, 0, "no"],
    // Nothing else counts in other requests.
    ...[2, 3, 4, 7, 8, 9, 10, 0x5650_0001].map((command) => [2 ** 40, 99, command, "yes"] as const),
    ...[5, 6, 11, 0x5650_0000, 0x5650_0002].map((command) => [2 ** 40, 99, command, "no"] as const),
  ];
  const judged = headers.map(([resource, unit, command]) => {
    const bytes = concat(zeros(5), packet(16, resource, unit, command));
    const [lenient, strict] = [false, true].map((strict) => plausible(bytes, 5, { strict }));
    const what = lenient === strict ? (lenient ? "yes" : "no") : lenient ? "if not strict" : "if strict";
    return [resource, unit, command, what];
  });
  expect(judged).toEqual(headers.map((each) => [...each]));
});

test("detect() finds the size of the first packet when it is certain, whatever comes before", () => {
  const table: readonly (readonly [what: string, bytes: Uint8Array, size: Abi | undefined])[] = [
    ["15 bytes", up(464).slice(0, 15), undefined],
    ["one request of the largest size", up(464), 464],
    ["one of another size", up(460), undefined],
    ["a CONNECT, which needs no reply", connect(464), undefined],
    ["a CONNECT and a part of the next header", concat(connect(464), up(464).slice(0, 13)), undefined],
    ["a CONNECT and the next header", concat(connect(464), up(464).slice(0, 16)), 464],
    ["two requests of 460", concat(up(460), up(460)), 460],
    ["two requests of 456", concat(up(456), up(456)), 456],
    ["a request for a CPU that no host has", packet(464, 65_536, 1, 1), undefined],
    ["a CONNECT before such a request", concat(connect(464), packet(464, 65_536, 1, 1)), undefined],
    ["29 packets of 16, or one of 464", shorts(29), undefined],
    ["them and a part of the next", concat(shorts(29), up(16).slice(0, 15)), undefined],
    ["30 packets of 16", shorts(30), 16],
    ["two packets of 16 before something else", concat(shorts(2), zeros(464)), undefined],
    ["28 packets of 16 and one that no such guest sends", concat(shorts(28), packet(16, 1, 5, 1)), 464],
    ["28 packets of 16 and a policy", concat(shorts(28), packet(16, 1, 1, 3)), 464],
  ];
  for (const before of [0, 24])
    expect(
      table.map(([what, bytes]) => [what, detect(concat(zeros(before), bytes), before, { quiet: false })]),
    ).toEqual(table.map(([what, , size]) => [what, size]));
});

test("detect() takes what came before a pause for whole packets", () => {
  const table: readonly (readonly [what: string, bytes: Uint8Array, size: Abi | undefined])[] = [
    ...([464, 460, 456, 16] as const).map((size) => [`${size}`, connect(size), size] as const),
    ["three packets of 16", shorts(3), 16],
    ["a part of one", up(16).slice(0, 15), undefined],
    ["three packets of 16 and a part", concat(shorts(3), up(16).slice(0, 8)), undefined],
    ["29 packets of 16", shorts(29), 16],
    ["29 packets of 16, and a CONNECT of another size", concat(shorts(29), connect(464)), 16],
    ["29 packets of 16, and a part", concat(shorts(29), up(16).slice(0, 8)), undefined],
    ["a size that no release has", up(464).slice(0, 458), undefined],
  ];
  for (const before of [0, 8])
    expect(
      table.map(([what, bytes]) => [what, detect(concat(zeros(before), bytes), before, { quiet: true })]),
    ).toEqual(table.map(([what, , size]) => [what, size]));
});

test("resynchronise() finds the first of the packets that end the bytes", () => {
  const looksShort = concat(up(464).slice(0, 448), up(16));
  const policy = packet(464, 0, 0, 3);
  const table: readonly (readonly [bytes: Uint8Array, fixed: 456 | 464 | undefined, found: unknown])[] = [
    [concat(zeros(300), up(464), policy), undefined, { at: 300, abi: 464 }],
    [concat(zeros(300), up(464)), 464, { at: 300, abi: 464 }],
    [concat(zeros(300), up(464)), 456, undefined],
    [concat(zeros(300), packet(464, 65_536, 1, 1)), undefined, undefined],
    [concat(zeros(1), up(460)), undefined, { at: 1, abi: 460 }],
    [up(464), undefined, undefined],
    // The last bytes of a packet of 464 may look like one of 16, and 29 of 16 like one of 464.
    [concat(zeros(8), looksShort), undefined, { at: 8, abi: 464 }],
    [concat(zeros(8), shorts(29)), undefined, { at: 8, abi: 16 }],
  ];
  expect(table.map(([bytes, fixed]) => resynchronise(bytes, fixed))).toEqual(
    table.map(([, , found]) => found as ReturnType<typeof resynchronise>),
  );
});
