import { expect, test } from "bun:test";
import fc from "fast-check";
import { XdrReader } from "../../src/hypervisor/libvirt/xdr-reader.ts";
import { XdrWriter } from "../../src/hypervisor/libvirt/xdr-writer.ts";
import { hex } from "./bytes.ts";

test("XdrWriter fills strings up to four bytes", () => {
  const written = new XdrWriter().u32(7).string("test:").i32(-1).presentString("").fixed(hex("aabb")).bytes();
  expect(written).toEqual(
    hex(
      "00000007", // u32
      "00000005 746573743a 000000", // string
      "ffffffff", // -1
      "00000001 00000000", // a string that is there, and empty
      "aabb 0000", // fixed
    ),
  );
});

test("XdrReader gives what was written", () => {
  const reader = new XdrReader(hex("ffffffff 00000003 616263 00 00000001 00000001 7a000000 00000000"));
  const read = [reader.i32(), reader.string(3), reader.optionalString(9), reader.optionalString(9)];
  expect([...read, reader.ok, reader.left]).toEqual([-1, "abc", "z", undefined, true, 0]);
});

test("XdrReader gives any floating-point number", () => {
  const reader = new XdrReader(hex("40934a0000000000 fff0000000000000 7ff8000000000000 bff0000000000000"));
  const read = [reader.double(), reader.double(), reader.double(), reader.double()];
  expect([...read, reader.ok, reader.double(), reader.ok]).toEqual([
    1234.5,
    -Infinity,
    NaN,
    -1,
    true,
    0,
    false,
  ]);
});

test.each([
  ["a string longer than its bound", "00000004 61626364", (r: XdrReader) => r.string(3)],
  ["a string longer than the bytes", "ffffffff 61626364", (r: XdrReader) => r.string(4_194_304)],
  ["a string without its padding", "00000003 616263", (r: XdrReader) => r.string(3)],
  ["a number cut short", "000000", (r: XdrReader) => r.u32()],
  ["a count past its bound", "00000005 0000000000", (r: XdrReader) => r.count(4, 1)],
  ["a count that the bytes cannot hold", "00000002 00000000", (r: XdrReader) => r.count(4, 4)],
  ["a presence that is neither yes nor no", "00000002", (r: XdrReader) => r.optionalString(4)],
])("XdrReader refuses %s, for good", (_, bytes, read) => {
  const reader = new XdrReader(hex(bytes));
  read(reader);
  expect([reader.ok, reader.left, reader.u32(), reader.string(9), reader.ok]).toEqual([
    false,
    0,
    0,
    "",
    false,
  ]);
});

test("XdrReader never throws and never reads past the end", () => {
  const step = fc.constantFrom("u32", "string", "opaque", "count", "optionalString", "fixed");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(step, { maxLength: 20 }), (bytes, steps) => {
      const reader = new XdrReader(bytes);
      for (const kind of steps) {
        const read =
          kind === "u32" ? reader.u32() : kind === "count" ? reader.count(99, 1) : reader[kind](40);
        if (typeof read === "object") expect(read.length).toBeLessThanOrEqual(bytes.length);
      }
      expect(reader.left).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
