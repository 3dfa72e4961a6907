import { PROBLEMS_MAX, type Problem, problem, quote } from "./problem.ts";
import { valueText } from "./value-text.ts";

/** The most bytes of a file. A configuration has a few kilobytes; one with 500 VMs has 100. */
export const FILE_BYTES_MAX = 1024 * 1024;

/** The longest line in bytes: `Vcpus` of the largest VM fits. */
const LINE_BYTES_MAX = 32 * 1024;

/** One `[section]` of a file, with its keys in the order of the file. */
export interface Section {
  readonly name: string;
  readonly line: number;
  readonly entries: readonly Entry[];
}

/** One `Key=Value`. */
interface Entry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** The content of a file. Lines that could not be read are in `problems`, so that all of them are reported at once. */
export interface Ini {
  readonly sections: readonly Section[];
  /** Keys before the first section. */
  readonly loose: readonly Entry[];
  readonly problems: readonly Problem[];
}

const NEWLINE = 0x0a;

/** Splits an INI file. It knows no key or section; the caller checks them. */
export function readIni(bytes: Uint8Array, file: string): Ini {
  const problems: Problem[] = [];
  const sections: Section[] = [];
  const loose: Entry[] = [];
  const seenSections = new Map<string, number>();
  let entries = loose;
  let seenKeys = new Map<string, number>();

  if (bytes.length > FILE_BYTES_MAX) {
    const message = `The file has more than ${FILE_BYTES_MAX} bytes`;
    return { sections, loose, problems: [problem({ file, line: 0 }, message)] };
  }
  for (const [index, raw] of splitLines(bytes).entries()) {
    if (problems.length >= PROBLEMS_MAX) {
      problems.push(
        problem({ file, line: index + 1 }, "Too many problems; the rest of the file was not read"),
      );
      break;
    }
    const at = { file, line: index + 1 };
    const line = judgeLine(raw);
    if (line.kind === "nothing") continue;
    if (line.kind === "wrong") {
      problems.push(problem(at, line.message, line.suggestion));
      continue;
    }
    const [seen, name] = line.kind === "section" ? [seenSections, line.name] : [seenKeys, line.key];
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const what = line.kind === "section" ? `Section [${quote(name).slice(1, -1)}]` : `Key ${quote(name)}`;
      problems.push(
        problem(at, `${what} stands in line ${earlier} and again in line ${at.line}`, "keep one of them"),
      );
    } else {
      seen.set(name, at.line);
    }
    if (line.kind === "section") {
      entries = [];
      seenKeys = new Map();
      sections.push({ name, line: at.line, entries });
    } else if (earlier === undefined) {
      entries.push({ key: line.key, value: line.value, line: at.line });
    }
  }
  return { sections, loose, problems };
}

type Line =
  | { readonly kind: "nothing" }
  | { readonly kind: "section"; readonly name: string }
  | { readonly kind: "entry"; readonly key: string; readonly value: string }
  | { readonly kind: "wrong"; readonly message: string; readonly suggestion?: string };

function judgeLine(bytes: Uint8Array): Line {
  if (bytes.length > LINE_BYTES_MAX) {
    return wrong(`The line has ${bytes.length} bytes, more than ${LINE_BYTES_MAX}`);
  }
  const decoded = decode(bytes);
  if (decoded === undefined) return wrong("The line is not UTF-8 text");
  const text = decoded.trim();
  if (text === "" || text.startsWith("#") || text.startsWith(";")) return { kind: "nothing" };
  if (hasControlCharacter(text)) return wrong(`The line contains a control character: ${quote(text)}`);
  if (text.startsWith("[")) {
    // The last bracket ends the name: "]" may be part of it.
    if (!text.endsWith("]")) return wrong(`Section ${quote(text)} does not end with "]"`);
    // One space after the first word, so that "vm  web1" and "vm web1" are the same.
    const name = text
      .slice(1, -1)
      .trim()
      .replace(/^(\S+)\s+/, "$1 ");
    return name === "" ? wrong("Section without a name") : { kind: "section", name };
  }
  const equals = text.indexOf("=");
  if (equals === -1) {
    return wrong(`${quote(text)} is neither [section], Key=Value nor a comment`, colonHint(text));
  }
  const key = text.slice(0, equals).trim();
  if (key === "") return wrong(`No key before "=" in ${quote(text)}`);
  const value = valueText(text.slice(equals + 1));
  if (hasControlCharacter(value))
    return wrong(`The value of ${quote(key)}contains a control character: ${quote(value)}`);
  return { kind: "entry", key, value };
}

function wrong(message: string, suggestion?: string): Line {
  return suggestion === undefined ? { kind: "wrong", message } : { kind: "wrong", message, suggestion };
}

function colonHint(text: string): string | undefined {
  const match = /^([A-Za-z]\w*)\s*:/.exec(text);
  return match === null ? undefined : `write ${match[1]}=… with an equals sign`;
}

function hasControlCharacter(text: string): boolean {
  // A tab may be around "=".
  return /(?!\t)\p{Cc}/u.test(text);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
