import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeMessage, readCall, readReply } from "../../src/admin/message.ts";

const call = (text: string) => readCall(Buffer.from(text));

test("readCall() reads calls", () => {
  expect(call('{"method":"a.b.C"}')).toEqual({
    kind: "call",
    method: "a.b.C",
    parameters: {},
    oneway: false,
    more: false,
  });
  expect(call(' {"parameters":{"x":[1]},"more":true,"oneway":null,"method":"a.b.C","extra":1}\n')).toEqual({
    kind: "call",
    method: "a.b.C",
    parameters: { x: [1] },
    oneway: false,
    more: true,
  });
  expect(call('{"method":"a.b.C","parameters":null,"oneway":true}')).toEqual({
    kind: "call",
    method: "a.b.C",
    parameters: {},
    oneway: true,
    more: false,
  });
});

test.each([
  ["{}", "method"],
  ['{"method":1}', "method"],
  [`{"method":"${"x".repeat(256)}"}`, "method"],
  ['{"method":"a.b.C","parameters":[]}', "parameters"],
  ['{"method":"a.b.C","more":1}', "more"],
  ['{"method":"a.b.C","more":true,"oneway":true}', "more"],
  ['{"method":"a.b.C","oneway":"yes"}', "oneway"],
  ['{"method":"a.b.C","upgrade":true}', "upgrade"],
])("readCall() names what is wrong in %s", (text, member) => {
  expect(call(text)).toEqual({ kind: "invalid", member });
});

test.each([
  ["", "not JSON"],
  ["{", "not JSON"],
  ['{"method":"a.b.C"} {}', "not JSON"],
  ["[]", "not an object"],
  ["null", "not an object"],
  ["17", "not an object"],
  [`{"method":"a.b.C","parameters":{"x":${"[".repeat(15)}${"]".repeat(15)}}}`, "nested deeper than 16"],
  ["[".repeat(60_000), "nested deeper than 16"],
  [`{"a":`.repeat(60_000), "nested deeper than 16"],
])("readCall() treats %.40j as garbage", (text, reason) => {
  expect(call(text)).toEqual({ kind: "garbage", reason });
});

test("readCall() accepts a message that is nested 16 deep, and no deeper", () => {
  const nested = (depth: number) =>
    call(`{"method":"a.b.C","parameters":{"x":${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}}}`).kind;
  expect([16, 17, 60_000].map(nested)).toEqual(["call", "garbage", "garbage"]);
});

test("readCall() counts brackets that are open at once, of those outside of strings", () => {
  const with_ = (x: string) => call(`{"method":"a.b.C","parameters":{"x":[${x}]}}`).kind;
  const siblings = (each: string) => with_(new Array(50).fill(each).join(","));
  const deep = `${"[".repeat(14)}${"]".repeat(14)}`;
  expect([siblings("[]"), siblings("{}"), with_(deep), with_(`"]]}}\\"]",${deep}`)]).toEqual([
    ...(["call", "call", "garbage", "garbage"] as const),
  ]);
});

test("readCall() takes the name of a method up to 255 characters", () => {
  const kinds = [255, 256].map((length) => call(`{"method":"${"x".repeat(length)}"}`).kind);
  expect(kinds).toEqual(["call", "invalid"]);
});

test("readCall() treats text that is not UTF-8 as garbage", () => {
  const bytes = Buffer.from('{"method":"a.b.\xff"}', "latin1");
  expect(readCall(bytes)).toEqual({ kind: "garbage", reason: "not JSON" });
});

test("readCall() does not count brackets in strings as nesting", () => {
  const text = `${"[{".repeat(50)}\\"${"[".repeat(50)}\\\\`;
  expect(call(`{"method":"${text}"}`)).toMatchObject({ kind: "call" });
});

test("readReply() reads replies and errors, and nothing else", () => {
  expect(readReply(Buffer.from('{"parameters":{"a":1},"continues":true}'))).toEqual({
    parameters: { a: 1 },
    continues: true,
  });
  expect(readReply(Buffer.from("{}"))).toEqual({ parameters: {}, continues: false });
  expect(readReply(Buffer.from('{"error":"a.b.E","parameters":{"x":1}}'))).toEqual({
    error: "a.b.E",
    parameters: { x: 1 },
  });
  for (const text of ["", "[]", '{"error":1}', '{"parameters":1}', '{"continues":"x"}']) {
    expect(readReply(Buffer.from(text))).toBeUndefined();
  }
});

test("encodeMessage() writes JSON and a NUL, and a NUL only at the end", () => {
  expect(Buffer.from(encodeMessage({ error: "é\0" })).toString()).toBe('{"error":"é\\u0000"}\0');
});

test("readCall() and readReply() never throw, whatever the bytes", () => {
  const json = fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), json), (bytes) => {
      readCall(bytes);
      readReply(bytes);
    }),
  );
});
