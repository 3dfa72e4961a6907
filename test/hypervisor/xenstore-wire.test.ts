import { expect, test } from "bun:test";
import fc from "fast-check";
import { isDom0Own, textsOf, XsFramer } from "../../src/hypervisor/xen/xenstore-wire.ts";

test("isDom0Own() is true only for nodes of dom0 that nobody else can write", () => {
  const cases: [string[], boolean][] = [
    [["n0"], true],
    [["n0", "r5"], true],
    [["r0", "n3"], true],
    [["w0"], false],
    [["b0"], false],
    [["n5"], false],
    [["n5", "r0"], false],
    [["n0", "w5"], false],
    [["n0", "r1", "b5"], false],
    [[], false],
    [[""], false],
  ];
  expect(cases.map(([permissions]) => isDom0Own(permissions))).toEqual(cases.map(([, own]) => own));
});

test("XsFramer gives the same messages however the bytes are cut", () => {
  const bytes = Buffer.concat([
    // A reading of "abc" for request 7, then a watch event.
    Buffer.from("02000000070000000000000003000000616263", "hex"),
    Buffer.from("0f000000000000000000000005000000612f620078", "hex"),
  ]);
  const whole = [
    { type: 2, request: 7, payload: new Uint8Array([97, 98, 99]) },
    { type: 15, request: 0, payload: new Uint8Array([97, 47, 98, 0, 120]) },
  ];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const framer = new XsFramer();
    const found = [
      ...(framer.push(bytes.subarray(0, cut)) ?? []),
      ...(framer.push(bytes.subarray(cut)) ?? []),
    ];
    expect(
      found.map(({ type, request, payload }) => ({ type, request, payload: new Uint8Array(payload) })),
    ).toEqual(whole);
  }
});

test("XsFramer and the readers accept any bytes, in bounded memory", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const framer = new XsFramer();
      for (const chunk of chunks) {
        const messages = framer.push(chunk);
        if (messages === undefined) return;
        for (const { payload } of messages) {
          expect(payload.length).toBeLessThanOrEqual(4096);
          for (const text of textsOf(payload)) isDom0Own([text]);
        }
      }
    }),
  );
});
