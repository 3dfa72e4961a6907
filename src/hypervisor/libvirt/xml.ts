import { failure, type Result, success } from "../../base/result.ts";

/** Deepest nesting of elements; libvirt's own XML stays below 20. */
const DEPTH_MAX = 200;

/** Called with the parts of the text, in their order. */
export interface XmlVisitor {
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  text(text: string): void;
  /** `at` is where the closing tag begins; undefined for an element that closes itself. */
  close(at: number | undefined): void;
}

/**
 * Reads XML as libvirt prints it: elements, attributes, text, CDATA, comments and processing instructions. Markup
 * inside a comment, a CDATA section or escaped text is text. There is no DTD, so only the five entities of XML exist.
 * Returns what is wrong, or undefined; after an error the visitor has seen only a part.
 */
export function readXml(xml: string, visitor: XmlVisitor): string | undefined {
  const open: string[] = [];
  let at = 0;
  while (at < xml.length) {
    const tag = xml.indexOf("<", at);
    const textEnd = tag < 0 ? xml.length : tag;
    if (textEnd > at) {
      const text = unescapeXml(xml.slice(at, textEnd));
      if (text === undefined) return "an unknown entity";
      if (open.length > 0) visitor.text(text);
      else if (text.trim() !== "") return "text outside of the root element";
    }
    if (tag < 0) break;
    const next = readMarkup(xml, tag, open, visitor);
    if (!next.ok) return next.why;
    at = next.value;
  }
  return open.length === 0 ? undefined : `"${open.at(-1)}" is not closed`;
}

/** Reads what starts at the `<`. Returns where it ends, or what is wrong. */
function readMarkup(xml: string, at: number, open: string[], visitor: XmlVisitor): Result<number> {
  switch (xml[at + 1]) {
    case "!":
      return readDeclaration(xml, at, visitor);
    case "?":
      return endOr("a processing instruction without end", endOf(xml, "?>", at + 2));
    case "/":
      return readClosingTag(xml, at, open, visitor);
    default:
      return readOpeningTag(xml, at, open, visitor);
  }
}

function readDeclaration(xml: string, at: number, visitor: XmlVisitor): Result<number> {
  if (xml.startsWith("<!--", at)) return endOr("a comment without end", endOf(xml, "-->", at + 4));
  if (!xml.startsWith("<![CDATA[", at)) return failure("a document type, which libvirt never sends");
  const end = endOf(xml, "]]>", at + 9);
  if (end === undefined) return failure("a CDATA section without end");
  visitor.text(xml.slice(at + 9, end - 3));
  return success(end);
}

function readClosingTag(xml: string, at: number, open: string[], visitor: XmlVisitor): Result<number> {
  const end = endOf(xml, ">", at);
  const name = open.pop();
  if (end === undefined || xml.slice(at + 2, end - 1).trimEnd() !== name)
    return failure(`"${name}" is not closed`);
  visitor.close(at);
  return success(end);
}

const NAME = /[^\s<>"'=/&!?]+/y;
const ATTRIBUTE = /\s+([^\s<>"'=/&]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;

function readOpeningTag(xml: string, at: number, open: string[], visitor: XmlVisitor): Result<number> {
  const name = match(NAME, xml, at + 1)?.[0];
  if (name === undefined) return failure("a tag without name");
  const attributes = new Map<string, string>();
  let next = at + 1 + name.length;
  for (let found = match(ATTRIBUTE, xml, next); found !== null; found = match(ATTRIBUTE, xml, next)) {
    const value = unescapeXml(found[2] ?? found[3] ?? "");
    if (value === undefined) return failure(`an unknown entity in "${name}"`);
    attributes.set(found[1] as string, value);
    next += found[0].length;
  }
  const end = match(TAG_END, xml, next);
  if (end === null) return failure(`"${name}" is not a tag`);
  if (open.length >= DEPTH_MAX) return failure(`more than ${DEPTH_MAX} elements inside each other`);
  visitor.open(name, attributes);
  if (end[1] === "/") visitor.close(undefined);
  else open.push(name);
  return success(next + end[0].length);
}

function endOr(why: string, end: number | undefined): Result<number> {
  return end === undefined ? failure(why) : success(end);
}

function match(pattern: RegExp, xml: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(xml);
}

function endOf(xml: string, mark: string, from: number): number | undefined {
  const at = xml.indexOf(mark, from);
  return at < 0 ? undefined : at + mark.length;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Replaces the entities of a text; undefined if one is unknown. */
function unescapeXml(text: string): string | undefined {
  if (!text.includes("&")) return text;
  let known = true;
  const plain = text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const character = whole.endsWith(";") ? characterOf(name) : undefined;
    known &&= character !== undefined;
    return character ?? "";
  });
  return known ? plain : undefined;
}

function characterOf(name: string): string | undefined {
  const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (number === null) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  const code = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
