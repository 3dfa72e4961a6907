import { expect, test } from "bun:test";
import { answerPieces, PIECE_LENGTH } from "../../src/admin/answer.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { sampleStruct } from "./sample-values.ts";

test.each([...CONTROL.methods.keys()])(
  "a reply of %s is written in small pieces, however long it is",
  (name) => {
    const reply = CONTROL.methods.get(name)?.reply;
    const parameters = sampleStruct(reply as NonNullable<typeof reply>, 8192);
    const pieces = [...answerPieces({ parameters })];
    expect(pieces.filter(({ length }) => length > 2 * PIECE_LENGTH)).toEqual([]);
    expect(pieces.join("")).toBe(`${JSON.stringify({ parameters })}\0`);
  },
);

test("answerPieces() writes what JSON.stringify() writes", () => {
  const values = [
    {},
    { a: undefined, b: null, c: [], d: {}, e: [undefined, null, {}], __proto__: 1 },
    { a: { b: { c: { d: { e: [1, { f: "é\u0000\u2028" }] } } } } },
    { 'a"b': [[], [[1]], "x".repeat(PIECE_LENGTH)] },
  ];
  for (const parameters of values)
    expect([...answerPieces({ parameters })].join("")).toBe(`${JSON.stringify({ parameters })}\0`);
});

test("answerPieces() cuts a long text between characters", () => {
  for (const lead of ["", "a", "ab"]) {
    const parameters = { text: `${lead}${"😀\n".repeat(PIECE_LENGTH)}` };
    const pieces = [...answerPieces({ parameters })];
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toBe(`${JSON.stringify({ parameters })}\0`);
  }
});
