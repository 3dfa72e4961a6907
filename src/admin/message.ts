/** A varlink call of which only the outer form has been checked. */
export type Incoming =
  | {
      readonly kind: "call";
      readonly method: string;
      readonly parameters: Readonly<Record<string, unknown>>;
      readonly oneway: boolean;
      readonly more: boolean;
    }
  /** An object that is no call: the member that is wrong. */
  | { readonly kind: "invalid"; readonly member: string }
  /** Not varlink. */
  | { readonly kind: "garbage"; readonly reason: string };

/** A varlink reply. */
export interface Reply {
  readonly parameters?: object;
  readonly continues?: boolean;
  readonly error?: string;
}

/** Deepest nesting of a message, including its outer object. The interface needs three. */
const NESTING_MAX = 16;

const METHOD_LENGTH_MAX = 255;

/** Reads a message as a call. */
export function readCall(bytes: Uint8Array): Incoming {
  const json = readJson(bytes);
  if (json.kind === "garbage") return json;
  const { method, parameters = {}, oneway = false, more = false, upgrade = false } = dropNulls(json.value);
  if (typeof method !== "string" || method.length > METHOD_LENGTH_MAX) return invalid("method");
  if (!isObject(parameters)) return invalid("parameters");
  if (typeof oneway !== "boolean") return invalid("oneway");
  // A oneway call cannot expect more than one reply.
  if (typeof more !== "boolean" || (more && oneway)) return invalid("more");
  if (upgrade !== false) return invalid("upgrade");
  return { kind: "call", method, parameters, oneway, more };
}

/** Parses a message as a reply; undefined if it is none. */
export function readReply(bytes: Uint8Array): Reply | undefined {
  const json = readJson(bytes);
  if (json.kind === "garbage") return undefined;
  const { parameters = {}, continues = false, error } = dropNulls(json.value);
  if (!isObject(parameters) || typeof continues !== "boolean") return undefined;
  if (error === undefined) return { parameters, continues };
  return typeof error === "string" ? { parameters, error } : undefined;
}

/** Writes a message, its NUL included. */
export function encodeMessage(message: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(message)}\0`);
}

/** Removes members that are null, which means absent in varlink. */
export function dropNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // fromEntries defines members, so one called "__proto__" is an ordinary member.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

type Json =
  | { readonly kind: "object"; readonly value: Record<string, unknown> }
  | { readonly kind: "garbage"; readonly reason: string };

function readJson(bytes: Uint8Array): Json {
  if (isTooDeep(bytes)) return { kind: "garbage", reason: `nested deeper than ${NESTING_MAX}` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { kind: "garbage", reason: "not JSON" };
  }
  return isObject(value) ? { kind: "object", value } : { kind: "garbage", reason: "not an object" };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, and what ends them. */
const OPENING: readonly number[] = [0x5b, 0x7b];
const CLOSING: readonly number[] = [0x5d, 0x7d];

/** Whether brackets are nested too deep. It is found without parsing, because deep nesting can crash the parser. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  for (const byte of bytes) {
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) inString = !inString;
    else if (!inString && CLOSING.includes(byte)) depth--;
    else if (!inString && OPENING.includes(byte) && ++depth > NESTING_MAX) return true;
  }
  return false;
}

function invalid(member: string): Incoming {
  return { kind: "invalid", member };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
