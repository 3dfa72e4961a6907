import { expect, test } from "bun:test";
import fc from "fast-check";
import { readXml } from "../../src/hypervisor/libvirt/xml.ts";

function events(xml: string): unknown[] {
  const seen: unknown[] = [];
  const problem = readXml(xml, {
    open: (name, attributes) => seen.push([name, Object.fromEntries(attributes)]),
    text: (text) => text.trim() !== "" && seen.push(text),
    close: () => seen.push("/"),
  });
  return problem === undefined ? seen : [...seen, { problem }];
}

test("readXml() distinguishes markup from text", () => {
  const xml = `<?xml version="1.0"?>
    <!-- <a> -->
    <a one='1' two = "&lt;b/&gt;"  three='"'>x &amp; y<!-- <b/> --><b  /><![CDATA[<b>&amp;</b>]]>&#65;&#x42;</a >
    <!-- after -->`;
  expect(events(xml)).toEqual([
    ["a", { one: "1", two: "<b/>", three: '"' }],
    "x & y",
    ["b", {}],
    "/",
    "<b>&amp;</b>",
    "AB",
    "/",
  ]);
});

test.each([
  ["a document type", "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"],
  ["an entity of its own", "<a>&x;</a>"],
  ["an entity without end", "<a>& b</a>"],
  ["an entity named like a property", "<a>&constructor;</a>"],
  ["a character that does not exist", "<a>&#x110000;</a>"],
  ["an element that is not closed", "<a><b></a>"],
  ["a document cut short", "<a><b/>"],
  ["a tag cut short", "<a x='1'"],
  ["an attribute without quotes", "<a x=1/>"],
  ["a comment without end", "<a><!-- </a>"],
  ["a CDATA section without end", "<a><![CDATA[ </a>"],
  ["text outside", "<a/>b"],
  ["too many elements inside each other", "<a>".repeat(201) + "</a>".repeat(201)],
])("readXml() refuses %s", (_, xml) => {
  expect(events(xml).at(-1)).toEqual({ problem: expect.any(String) });
});

test("readXml() returns any text, escaped or in CDATA", () => {
  const escaped = (text: string): string =>
    text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replaceAll("\r", "&#13;");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const got: string[] = [];
      const visitor = { open: () => {}, close: () => {}, text: (t: string) => got.push(t) };
      expect(readXml(`<a>${escaped(text)}</a>`, visitor)).toBeUndefined();
      expect(got.join("")).toBe(text);
    }),
  );
});

test("readXml() never throws and is never slow", () => {
  const piece = fc.constantFrom(
    "<",
    ">",
    "</",
    "/>",
    "a",
    " ",
    "='",
    "'",
    '"',
    "&",
    ";",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "?",
  );
  const begin = performance.now();
  fc.assert(fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => void events(pieces.join(""))));
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => void events(text)));
  for (const unit of ["<a ", "<a>", "&", "<!--", "<a x='", " ", "<a         ", "&#", "<a x='1' "]) {
    events(`<a>${unit.repeat(100_000)}`);
  }
  expect(performance.now() - begin).toBeLessThan(3000);
});
